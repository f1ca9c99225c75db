"""Encodes sound while it is made: float blocks in, bytes of a file format out, each as soon as it can be."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any, Final

from voicewright.audio.codecs import CODECS, MEDIA_TYPES, FfmpegEncoder, to_pcm16
from voicewright.audio.resample import Resampler

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from voicewright.audio.codecs import AudioFormat

_UNKNOWN: Final = 0xFFFF_FFFF
"""The size of a WAV whose end is not known yet: what OpenAI sends and FFmpeg writes, and players take."""


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
        self._blocks = Resampler(sample_rate_hz, self.sample_rate_hz).stream(blocks)
        self._format = format
        self._codec = codec

    def __iter__(self) -> Iterator[bytes]:
        """Encode, never yielding nothing."""
        if self._codec is None:
            if self._format == "wav":
                yield _wav_header(self.sample_rate_hz)
            for block in self._blocks:
                yield to_pcm16(block).astype("<i2", copy=False).tobytes()
            return
        sink = _Sink()
        encoder = FfmpegEncoder(sink, self._codec, self.sample_rate_hz, streamed=True)
        try:
            for block in self._blocks:
                encoder.feed(block)
                if ready := sink.take():
                    yield ready
            encoder.finish()
            if rest := sink.take():
                yield rest
        finally:
            encoder.abandon()


def _wav_header(sample_rate_hz: int) -> bytes:
    """Of 16-bit mono without an end."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, sample_rate_hz, 2 * sample_rate_hz, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", _UNKNOWN, b"WAVE") + form + struct.pack("<4sI", b"data", _UNKNOWN)


class _Sink(io.RawIOBase):
    """Where FFmpeg writes to, until it is taken; nobody can go back in it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """As a file that is written to."""
        return True

    def write(self, data: Any) -> int:
        """Keep what came: FFmpeg uses its buffer again."""
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What came since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
