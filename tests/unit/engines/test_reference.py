from __future__ import annotations

import wave
from dataclasses import replace

import pytest

from voicewright.engines.errors import TooLittleSpeech
from voicewright.engines.reference import choose_clips, clip_s, write_reference
from voicewright.engines.testing import write_tone_clips


@pytest.fixture
def clips(tmp_path):
    short = write_tone_clips(tmp_path / "short", count=2, duration_s=1.0)
    (long,) = write_tone_clips(tmp_path / "long", count=1, duration_s=3.0)
    (doubtful,) = write_tone_clips(tmp_path / "doubtful", count=1, duration_s=4.0)
    return (*short, long, replace(doubtful, weight=0.3))


def test_trusted_clips_come_first_and_long_ones_before_short_ones(clips):
    chosen = choose_clips(clips, most_s=4.5)
    assert [clip.path.parent.name for clip in chosen] == ["long", "short"]


def test_a_single_clip_that_is_too_long_is_cut(clips, tmp_path):
    (used,) = write_reference(clips[2:3], tmp_path / "reference.wav", most_s=1.5, least_s=1.0)
    assert used == clips[2]
    with wave.open(str(tmp_path / "reference.wav")) as file:
        assert file.getnframes() / file.getframerate() == 1.5


def test_a_clip_that_does_not_fit_is_cut_where_the_others_are_too_little(clips, tmp_path):
    (trusted,) = write_tone_clips(tmp_path / "trusted", count=1, duration_s=1.0)
    doubtful = clips[3]
    used = write_reference((doubtful, trusted), tmp_path / "reference.wav", most_s=3.5, least_s=2.0)
    assert used == (trusted, doubtful)
    with wave.open(str(tmp_path / "reference.wav")) as file:
        assert file.getnframes() / file.getframerate() == 3.5


def test_the_joined_file_has_all_of_them_with_silence_between(clips, tmp_path):
    path = tmp_path / "reference.wav"
    used = write_reference(clips, path, most_s=60, least_s=1)
    assert len(used) == 4
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (22_050, 1, 2)
        assert file.getnframes() / file.getframerate() == pytest.approx(sum(map(clip_s, used)) + 0.6)


def test_too_little_is_refused_with_both_amounts(clips, tmp_path):
    with pytest.raises(TooLittleSpeech, match=r"9\.0 s .* 10 s"):
        write_reference(clips, tmp_path / "reference.wav", most_s=60, least_s=10)
    assert not (tmp_path / "reference.wav").exists()
