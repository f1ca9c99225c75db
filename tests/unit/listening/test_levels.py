from __future__ import annotations

import numpy as np
import pytest

from voicewright.audio.loudness import MAX_TRUE_PEAK_DB, TARGET_LUFS, integrated_loudness, true_peak
from voicewright.listening.levels import RATE_HZ, matched, trim


def tone(level, rate_hz=22_050, seconds=1.0, hertz=300.0):
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype("f4")


def clicks(level, rate_hz=22_050):
    """Quiet, with high peaks."""
    sound = tone(level / 50, rate_hz)
    sound[:: rate_hz // 10] = level
    return sound


def test_the_louder_one_does_not_win():
    made = matched([(tone(0.9), 22_050), (tone(0.01, 16_000), 16_000)])
    levels = [integrated_loudness(sound, RATE_HZ) for sound in made]
    assert levels == pytest.approx([TARGET_LUFS] * 2, abs=0.1)
    assert [sound.dtype for sound in made] == [np.float32] * 2


def test_all_are_lowered_where_a_peak_of_one_leaves_no_room():
    made = matched([(tone(0.5), 22_050), (clicks(0.9), 22_050)])
    loud, peaky = (integrated_loudness(sound, RATE_HZ) for sound in made)
    assert loud == pytest.approx(peaky, abs=0.1)
    assert loud < TARGET_LUFS - 3
    assert 20 * np.log10(true_peak(made[1], RATE_HZ)) <= MAX_TRUE_PEAK_DB + 0.1


def test_silence_stays_silence():
    silent, _ = matched([(np.zeros(22_050, "f4"), 22_050), (tone(0.5), 22_050)])
    assert not silent.any()
    nothing, _ = matched([(np.zeros(0, "f4"), 22_050), (tone(0.5), 22_050)])
    assert len(nothing) == 0


def test_nobody_is_known_by_the_silence_around_what_is_said():
    spoken = tone(0.5, RATE_HZ)
    gap = np.zeros(RATE_HZ, "f4")
    assert len(trim(np.concatenate([gap, spoken, gap]))) / RATE_HZ == pytest.approx(1.2, abs=0.03)
    assert len(trim(spoken)) == len(spoken)
