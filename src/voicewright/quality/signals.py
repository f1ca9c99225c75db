"""Owns how a recording is read and conditioned before any judge hears it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pathlib import Path

Samples: TypeAlias = NDArray[np.float32]

JUDGE_RATE_HZ = 16_000
"""Every judge (Resemblyzer, DNSMOS, pocketsphinx, Whisper) was trained at this rate."""

PEAK = 0.7
"""The judges of naturalness and of words hear every clip at this peak, so that a quiet copy of a clip gets
the same figures as a loud one; the level is judged elsewhere."""


def read_for_judging(path: Path) -> Samples:
    """Read a recording as mono float32 at 16 kHz; samples that are not finite become silence."""
    data, rate_hz = soundfile.read(str(path), dtype="float32", always_2d=True)
    mono = np.nan_to_num(data.mean(axis=1), nan=0.0, posinf=0.0, neginf=0.0)
    if rate_hz != JUDGE_RATE_HZ and mono.size:
        mono = soxr.resample(mono, rate_hz, JUDGE_RATE_HZ)
    return np.asarray(mono, dtype=np.float32)


def at_peak(samples: Samples, peak: float = PEAK) -> Samples:
    """Scale to the given peak; silence stays silence."""
    highest = float(np.abs(samples).max(initial=0.0))
    if highest <= 0.0:
        return samples
    return np.asarray(samples * (peak / highest), dtype=np.float32)
