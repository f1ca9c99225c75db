"""Reads audio files by their content: as a stream of blocks, or a short file as one mono array."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voicewright.audio.mono import mono_blocks
from voicewright.audio.reader import AudioReader, open_audio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["AudioReader", "iter_blocks", "open_audio", "read_mono"]


def iter_blocks(path: Path) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Stream a file as pairs (samples (n, channels) in +-1, sample rate in Hz); memory stays bounded.

    Raises:
        AudioError: as `open_audio` and `AudioReader.blocks`.
    """
    with open_audio(path) as reader:
        for block in reader.blocks():
            yield block, reader.info.sample_rate_hz


def read_mono(path: Path, sample_rate_hz: int, *, max_s: float | None = None) -> NDArray[np.float32]:
    """Read a short file whole: mixed to mono, resampled, float32 (n,); at most `max_s` seconds.

    Raises:
        AudioError: as `open_audio` and `AudioReader.blocks`.
    """
    limit = None if max_s is None else round(max_s * sample_rate_hz)
    parts: list[NDArray[np.float32]] = []
    length = 0
    with open_audio(path) as reader:
        for part in mono_blocks(reader, sample_rate_hz):
            parts.append(part)
            length += len(part)
            if limit is not None and length >= limit:
                break
    return np.concatenate(parts)[:limit] if parts else np.zeros(0, np.float32)
