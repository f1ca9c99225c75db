"""Sounds for the tests of audio: made with numpy, a voice-like buzz among them."""

from __future__ import annotations

import numpy as np
import pytest


def _voice(seconds, rate_hz=22_050, *, level=0.3):
    """Harmonics under moving formants: the speech detector takes it for a voice."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    pitch = 120 * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * time))
    phase = 2 * np.pi * np.cumsum(pitch) / rate_hz
    first = 500 + 250 * np.sin(2 * np.pi * 2.3 * time)
    second = 1500 + 500 * np.sin(2 * np.pi * 1.7 * time + 1)
    sound = np.zeros(len(time))
    for harmonic in range(1, 30):
        frequency = harmonic * pitch
        gain = (
            1 / (1 + ((frequency - first) / 90) ** 2)
            + 0.5 / (1 + ((frequency - second) / 120) ** 2)
            + 0.25 / (1 + ((frequency - 2600) / 200) ** 2)
        )
        sound += gain * np.sin(harmonic * phase)
    sound *= np.clip(0.6 + 0.6 * np.sin(2 * np.pi * 2.5 * time), 0, 1)
    return (level * sound / np.abs(sound).max()).astype(np.float32)


def _sine(frequency_hz, seconds, rate_hz=22_050, *, level=0.5):
    return (level * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(
        np.float32
    )


@pytest.fixture
def voice():
    return _voice


@pytest.fixture
def sine():
    return _sine


@pytest.fixture
def noise():
    generator = np.random.default_rng(7)
    return lambda seconds, rate_hz=22_050, *, level=0.1: generator.normal(
        0, level, round(seconds * rate_hz)
    ).astype(np.float32)
