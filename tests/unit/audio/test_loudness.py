from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicewright.audio.loudness import integrated_loudness, normalising_gain, true_peak


@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
def test_the_reference_tone_of_the_standard_reads_minus_three(sine, rate):
    # BS.1770-4: a 0 dBFS sine of 997 Hz in one front channel is -3.01 LUFS.
    assert integrated_loudness(sine(997, 5, rate, level=1.0), rate) == pytest.approx(-3.01, abs=0.05)


def test_it_agrees_with_pyloudnorm(voice, noise):
    for sound in (voice(6), noise(6), np.concatenate((voice(3), np.zeros(22_050, np.float32)))):
        theirs = pyloudnorm.Meter(22_050).integrated_loudness(sound.astype(np.float64))
        assert integrated_loudness(sound, 22_050) == pytest.approx(theirs, abs=0.2)


def test_silence_has_no_loudness_and_keeps_its_level():
    silence = np.zeros(22_050, np.float32)
    loudness = integrated_loudness(silence, 22_050)
    assert loudness == float("-inf")
    assert normalising_gain(silence, 22_050, loudness) == 1.0
    assert integrated_loudness(silence[:0], 22_050) == float("-inf")


def test_very_short_clips_are_measured_whole(sine):
    short = integrated_loudness(sine(997, 0.1, level=1.0), 22_050)
    assert short == pytest.approx(-3.01, abs=0.6)


def test_the_peak_between_the_samples_is_found():
    # A sine at a quarter of the rate, sampled 45 degrees off its tops: they are 3 dB above the samples.
    tone = np.sin(np.pi / 2 * np.arange(4000) + np.pi / 4).astype(np.float32)
    assert np.abs(tone).max() < 0.71
    assert true_peak(tone, 22_050) == pytest.approx(1.0, abs=0.05)


@settings(max_examples=40, deadline=None)
@given(st.floats(1e-5, 50), st.floats(0, 1))
def test_levelling_never_passes_the_peak_limit(level, spikiness):
    generator = np.random.default_rng(5)
    sound = generator.normal(0, 1, 11_025)
    sound[generator.random(11_025) < 0.001] *= 1 + 30 * spikiness
    sound = (level * sound).astype(np.float32)
    gain = normalising_gain(sound, 22_050, integrated_loudness(sound, 22_050))
    assert true_peak(sound * np.float32(gain), 22_050) <= 10 ** (-1 / 20) * 1.01


def test_ordinary_speech_comes_to_the_target(voice):
    sound = voice(5, level=0.02)
    gain = normalising_gain(sound, 22_050, integrated_loudness(sound, 22_050))
    assert integrated_loudness(sound * np.float32(gain), 22_050) == pytest.approx(-23, abs=0.1)
