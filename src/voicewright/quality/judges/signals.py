"""Owns how a recording is read and conditioned before any judge hears it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicewright.audio.decode import read_mono
from voicewright.audio.errors import EmptyAudioFile

if TYPE_CHECKING:
    from pathlib import Path

Samples: TypeAlias = NDArray[np.float32]

JUDGE_RATE_HZ = 16_000
"""Every judge (Resemblyzer, DNSMOS, pocketsphinx, Whisper) was trained at this rate."""

PEAK = 0.7
"""The judges of naturalness and of words hear every clip at this peak, so that a quiet copy of a clip gets
the same figures as a loud one; the level is judged elsewhere."""


def read_for_judging(path: Path) -> Samples:
    """Read a recording as mono float32 at 16 kHz; a file without a sample is an empty array.

    Raises:
        AudioError: when the file is missing, is no audio or can't be decoded.
    """
    try:
        return read_mono(path, JUDGE_RATE_HZ)
    except EmptyAudioFile:
        return np.zeros(0, dtype=np.float32)


def at_peak(samples: Samples, peak: float = PEAK) -> Samples:
    """Scale to the given peak; silence stays silence."""
    highest = float(np.abs(samples).max(initial=0.0))
    if highest <= 0.0:
        return samples
    return np.asarray(samples * (peak / highest), dtype=np.float32)
