"""When a voice in training says something, and how an engine writes down what it said."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_TIMES: Final = 5
"""As the first epochs change a voice most, each pause is twice as long as the one before."""


def rehearsal_epochs(epochs: int) -> frozenset[int]:
    """After which of so many epochs a voice speaks: of 40 after 2, 5, 10, 20 and 40."""
    return frozenset(max(1, epochs >> halvings) for halvings in range(_TIMES))


def write_rehearsal(folder: Path, step: int, pcm: bytes, sample_rate_hz: int) -> Path:
    """Write what was said after an epoch: signed 16-bit little-endian mono samples, as a WAV file."""
    path = folder / f"{step}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate_hz)
        file.writeframes(pcm)
    return path
