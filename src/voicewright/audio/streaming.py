"""Encodes sound while it is made: float blocks in, bytes of a file format out, each as soon as it can be."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from voicewright.audio.codecs import CODECS, MEDIA_TYPES, FfmpegEncoder, to_pcm16
from voicewright.audio.resample import Resampler
from voicewright.byte_sink import ByteSink

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from voicewright.audio.codecs import AudioFormat

_UNKNOWN: Final = 0xFFFF_FFFF
"""The size of a WAV whose end is not known yet: what OpenAI sends and FFmpeg writes, and players take."""
_RIFF_BYTES: Final = 36
"""Of a WAV besides its first 8 bytes and its sound."""
_FLAC_SAMPLES_AT: Final = 21
"""Where STREAMINFO, the first block of a FLAC, has the number of samples."""


class EncodedStream:
    """The bytes of one sound; iterate once. What the blocks raise comes out of the iteration.

    Args:
        blocks: mono float32 (n,) in +-1, as they are made.
        sample_rate_hz: of the blocks.
        format: of the bytes.
        target_rate_hz: of the sound that the bytes hold; None: as the blocks have it. Formats that do not
            know the rate get the next higher one that they know.

    Attributes:
        media_type: for `Content-Type`.
        sample_rate_hz: of the sound that the bytes hold.
    """

    def __init__(
        self,
        blocks: Iterable[NDArray[np.float32]],
        sample_rate_hz: int,
        format: AudioFormat,  # noqa: A002 - the word of the contract
        *,
        target_rate_hz: int | None = None,
    ) -> None:
        self.media_type = MEDIA_TYPES[format]
        codec = CODECS.get(format)
        wanted_hz = target_rate_hz or sample_rate_hz
        self.sample_rate_hz = wanted_hz if codec is None else codec.rate_for(wanted_hz)
        self._blocks = self._counted(Resampler(sample_rate_hz, self.sample_rate_hz).stream(blocks))
        self._samples = 0
        self.format = format
        self._codec = codec

    def __iter__(self) -> Iterator[bytes]:
        """Encode, never yielding nothing."""
        if self._codec is None:
            header = _wav_header(self.sample_rate_hz) if self.format == "wav" else b""
            for block in self._blocks:
                yield header + to_pcm16(block).astype("<i2", copy=False).tobytes()
                header = b""
            return
        sink = ByteSink()
        encoder = FfmpegEncoder(sink, self._codec, self.sample_rate_hz, streamed=True)
        try:
            for block in self._blocks:
                encoder.feed(block)
                if ready := b"".join(sink.take()):
                    yield ready
            encoder.finish()
            if rest := b"".join(sink.take()):
                yield rest
        finally:
            encoder.abandon()

    def complete(self, path: Path) -> None:
        """Write the length into a file of all the bytes: WAV and FLAC have it where it was not known yet.

        Raises:
            OSError: it can't be written.
        """
        if self.format not in {"wav", "flac"}:
            return
        with path.open("rb+") as file:
            if self.format == "wav":
                header = _wav_header(self.sample_rate_hz, min(2 * self._samples, _UNKNOWN - _RIFF_BYTES))
                file.write(header)
            else:  # 36 bits for the samples, the highest 4 of them in the byte that ends the sample size
                file.seek(_FLAC_SAMPLES_AT)
                (first,) = file.read(1)
                file.seek(_FLAC_SAMPLES_AT)
                file.write(bytes([first & 0xF0 | self._samples >> 32]))
                file.write(struct.pack(">I", self._samples & 0xFFFF_FFFF))

    def _counted(self, blocks: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        for block in blocks:
            if len(block):
                self._samples += len(block)
                yield block


def _wav_header(sample_rate_hz: int, data_bytes: int = _UNKNOWN) -> bytes:
    """Of 16-bit mono."""
    whole_bytes = _UNKNOWN if data_bytes == _UNKNOWN else data_bytes + _RIFF_BYTES
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, sample_rate_hz, 2 * sample_rate_hz, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", whole_bytes, b"WAVE") + form + struct.pack("<4sI", b"data", data_bytes)
    )
