from __future__ import annotations

import wave

import numpy as np
import pytest

from voicewright.engines.errors import EngineError
from voicewright.engines.port import TrainingClip
from voicewright.plugins.xtts_v2.clips import LONGEST_S, RATE_HZ, LeftOut, hold_out, prepare
from voicewright.plugins.xtts_v2.cutting import cut_at_pauses


class Context:
    def check_cancelled(self) -> None: ...


def speech(*parts_s: float) -> np.ndarray:
    """Noise and silence in turns."""
    random = np.random.default_rng(0)
    return np.concatenate(
        [
            (0.2 if number % 2 == 0 else 0.0) * random.standard_normal(round(part_s * RATE_HZ))
            for number, part_s in enumerate(parts_s)
        ]
    ).astype(np.float32)


def write(path, samples, rate_hz=RATE_HZ):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def test_long_clip_is_cut_where_a_pause_and_a_comma_are_at_the_same_place():
    samples = speech(2.0, 0.3, 5.0, 0.4, 7.0)
    text = "Two here, then there are five of them, and in the end there are seven of them."
    parts = cut_at_pauses(samples, text, RATE_HZ, longest=round(LONGEST_S * RATE_HZ))
    assert [words for _, words in parts] == [
        "Two here, then there are five of them,",
        "and in the end there are seven of them.",
    ]
    assert [len(sound) / RATE_HZ for sound, _ in parts] == pytest.approx([7.5, 7.2], abs=0.05)
    assert sum(len(sound) for sound, _ in parts) == len(samples)


def test_very_long_clip_is_cut_again():
    samples = speech(8.0, 0.4, 8.0, 0.4, 8.0, 0.4, 8.0)
    text = "Eight of them here, eight of them here. Eight of them here; eight of them here."
    parts = cut_at_pauses(samples, text, RATE_HZ, longest=round(LONGEST_S * RATE_HZ))
    assert [words.rstrip(".,;").lower() for _, words in parts] == ["eight of them here"] * 4


@pytest.mark.parametrize(
    ("parts_s", "text"),
    [
        ((7.0, 0.4, 7.0), "there is no comma anywhere in this text at all"),
        ((14.0,), "There is a comma, but nobody pauses there at all."),
        ((7.0, 0.4, 7.0), "No, the comma is far from where the pause is in this one."),
    ],
)
def test_what_can_not_be_told_is_not_cut(parts_s, text):
    assert cut_at_pauses(speech(*parts_s), text, RATE_HZ, longest=round(LONGEST_S * RATE_HZ)) == []


def test_what_is_left_out_is_counted_and_named(tmp_path):
    good = TrainingClip(write(tmp_path / "good.wav", speech(2.0)), "good \u2013 enough")
    clips = [
        good,
        *(TrainingClip(write(tmp_path / f"short-{n}.wav", speech(0.4)), "short") for n in range(10)),
        TrainingClip(good.path, None),
        TrainingClip(good.path, "text", weight=0.0),
        TrainingClip(good.path, "b\u00e4d"),
        TrainingClip(write(tmp_path / "long.wav", speech(6.0, 0.4, 6.5)), "The first half, the second half."),
        TrainingClip(write(tmp_path / "stuck.wav", speech(13.0)), "no comma"),
    ]
    left_out = LeftOut()
    fault = "their text has an \u00e4"
    kept = prepare(clips, tmp_path, lambda text: fault if "\u00e4" in text else "", left_out, Context())
    assert [(each.source, each.text) for each in kept] == [
        ("good.wav", "good - enough"),
        ("long.wav", "The first half,"),
        ("long.wav", "the second half."),
    ]
    assert sum(each.duration_s for each in kept) == pytest.approx(14.9, abs=0.01)
    notes = left_out.notes()
    assert any(
        note.startswith("10 clips were left out: they are shorter") and "2 more" in note for note in notes
    )
    assert any("nobody trusts" in note for note in notes)
    assert any("nothing in their text" in note for note in notes)
    assert any(fault in note for note in notes)
    assert any("longer than 11.6 s" in note and "stuck.wav" in note for note in notes)


def test_files_that_are_no_clips_are_named(tmp_path):
    (tmp_path / "broken.wav").write_bytes(b"RIFF but no more")
    write(tmp_path / "other.wav", speech(1.0), rate_hz=8000)
    for name in ("broken.wav", "other.wav", "missing.wav"):
        with pytest.raises(EngineError, match=name):
            prepare([TrainingClip(tmp_path / name, "a")], tmp_path, lambda _: "", LeftOut(), Context())


def test_held_out_clips_are_drawn_by_the_seed_and_never_all():
    numbers = list(range(20))
    learnt, judging = hold_out(numbers, 0.1, seed=1)
    assert (len(learnt), len(judging)) == (18, 2)
    assert sorted([*learnt, *judging]) == numbers
    assert hold_out(numbers, 0.1, seed=1) == (learnt, judging)
    assert hold_out(numbers, 0.1, seed=2) != (learnt, judging)
    assert hold_out([1, 2], 0.01, seed=0)[1]  # somebody has to judge
    assert hold_out([1], 0.9, seed=0) == ([1], [])
    assert hold_out(numbers, 0.0, seed=0) == (numbers, [])
