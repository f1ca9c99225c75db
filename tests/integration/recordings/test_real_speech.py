"""Intake of real people's recordings, where they are at hand."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import soundfile

from voicewright.audio.decode import read_mono
from voicewright.audio.resample import resample
from voicewright.recordings.intake import take_in
from voicewright.recordings.report import Verdict

pytestmark = pytest.mark.speech


@pytest.fixture
def measurer():
    pytest.importorskip("torch")
    from voicewright.quality.measurer import Measurer

    with Measurer() as found:
        yield found


def test_a_reader_is_good_throughout(speech_dir, tmp_path):
    report = take_in(speech_dir / "ljspeech" / "mp3", tmp_path / "work", measurer=None)
    assert len(report.clips) == 32
    assert all(clip.verdict is Verdict.GOOD for clip in report.clips)
    assert all(clip.text for clip in report.clips)
    assert 195 < report.speech_s < 222


def test_the_data_set_folder_is_taken_in_once_though_it_holds_two_copies(speech_dir, tmp_path):
    report = take_in(speech_dir / "ljspeech", tmp_path / "work", measurer=None)
    assert len(report.clips) == 32
    assert all(clip.source.suffix == ".flac" for clip in report.clips)
    assert {refused.code for refused in report.refused} == {"DUPLICATE"}


@pytest.mark.parametrize("reader", ["1998", "3331", "2609", "3005"])
def test_readers_at_16_khz_are_not_called_telephones(speech_dir, tmp_path, reader):
    report = take_in(speech_dir / "librispeech" / reader, tmp_path / "work", measurer=None)
    assert all(7_000 < clip.measures.bandwidth_hz < 8_200 for clip in report.clips)
    assert all(clip.verdict is not Verdict.REJECTED for clip in report.clips)


def test_the_same_reader_over_a_telephone_is(speech_dir, tmp_path):
    sound = read_mono(next((speech_dir / "ljspeech" / "wavs").glob("*.flac")), 8_000)
    soundfile.write(tmp_path / "x.wav", resample(sound, 8_000, 44_100), 44_100)
    [clip] = take_in(tmp_path / "x.wav", tmp_path / "work", measurer=None).clips
    assert any("telephone" in reason for reason in clip.reasons)


@pytest.mark.slow
def test_a_stranger_among_a_readers_clips_is_named(speech_dir, tmp_path, measurer):
    folder = tmp_path / "in"
    folder.mkdir()
    for path in sorted((speech_dir / "librispeech" / "1998").glob("*.flac"))[:5]:
        shutil.copy(path, folder)
    strangers = sorted((speech_dir / "librispeech" / "3331").glob("*.flac"))[:2]
    for path in strangers:
        shutil.copy(path, folder)
    report = take_in(folder, tmp_path / "work", measurer=measurer)
    assert sorted(report.speaker_outliers) == sorted(path.stem for path in strangers)
    own = [clip for clip in report.clips if clip.id not in report.speaker_outliers]
    assert all(clip.measures.speaker_cosine > 0.75 for clip in own)
    assert np.mean([clip.measures.dnsmos_ovrl for clip in own if clip.measures.dnsmos_ovrl]) > 2.0
