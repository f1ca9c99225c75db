"""The one way from an opened file to clean mono sound: repair, mix down, resample, as a bounded stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.audio.downmix import Downmixer
from voicewright.audio.encode import write_audio
from voicewright.audio.reader import open_audio
from voicewright.audio.resample import Resampler

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from voicewright.audio.clipping import ClippingMeter
    from voicewright.audio.codecs import AudioFormat
    from voicewright.audio.downmix import Mix
    from voicewright.audio.reader import AudioReader

WORKING_RATE_HZ: Final = 22_050
"""The sample rate of every working copy."""


class MonoStream:
    """Streams an opened file as mono float32 at one rate, and remembers what was odd on the way.

    Attributes:
        invalid_samples: how many samples were NaN or infinite; they became silence.
        read_s: how many seconds of the source have been decoded so far.
    """

    def __init__(
        self, reader: AudioReader, sample_rate_hz: int, clipping: ClippingMeter | None = None
    ) -> None:
        self._reader = reader
        self._clipping = clipping
        self._downmixer = Downmixer(reader.info.sample_rate_hz, reader.info.channels)
        self._resampler = Resampler(reader.info.sample_rate_hz, sample_rate_hz)
        self.invalid_samples = 0
        self.read_s = 0.0

    @property
    def mix(self) -> Mix | None:
        """How the channels are mixed, once the first block is out."""
        return self._downmixer.mix

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        return self._resampler.stream(self._downmixer.stream(self._repaired(self._reader.blocks())))

    def _repaired(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        for block in blocks:
            self.read_s += len(block) / self._reader.info.sample_rate_hz
            # The sum of the block is finite unless a sample is not: cheaper than a mask for each block.
            if not np.isfinite(block.sum(dtype=np.float64)):
                finite = np.isfinite(block)
                self.invalid_samples += int(block.size - np.count_nonzero(finite))
                block = np.where(finite, block, np.float32(0.0))  # noqa: PLW2901 - the same block, repaired
            if self._clipping is not None:
                self._clipping.feed(block)
            yield block


def mono_blocks(reader: AudioReader, sample_rate_hz: int) -> Iterator[NDArray[np.float32]]:
    """Stream an opened file as mono float32 blocks (n,) at `sample_rate_hz`.

    Raises:
        AudioError: as `AudioReader.blocks`.
    """
    return iter(MonoStream(reader, sample_rate_hz))


def convert(
    source: Path,
    target: Path,
    sample_rate_hz: int = WORKING_RATE_HZ,
    format: AudioFormat = "wav",  # noqa: A002 - as `write_audio`
) -> None:
    """Decode, mix down and resample `source` into `target`, streaming; what `ffmpeg -ar -ac 1` would do.

    Raises:
        AudioError: when the source can't be read or the target can't be written.
    """
    with open_audio(source) as reader:
        write_audio(target, mono_blocks(reader, sample_rate_hz), sample_rate_hz, format, durable=False)
