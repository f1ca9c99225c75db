"""The formats that sound is written in, and the encoder of those that FFmpeg writes, to files and streams."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from voicewright.audio.resample import Resampler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

AudioFormat = Literal["mp3", "wav", "flac", "opus", "aac", "pcm", "m4a", "webm"]
"""WAV, FLAC and PCM have 16 bits. `opus` is Opus in Ogg and `webm` in WebM; `aac` is AAC as ADTS and `m4a` in
MP4. PCM is bare samples, little-endian: whoever reads them has to be told the sample rate.
"""

_FULL_SCALE: Final = 32767.0
_OPUS_HZ: Final = (8000, 12000, 16000, 24000, 48000)
_MPEG_HZ: Final = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)

_AAC: Final = {"aac_coder": "fast"}
"""FFmpeg's other coder begins a sound with a click, up to twice as loud as what it should be."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How FFmpeg writes a format.

    Attributes:
        container: FFmpeg's name of the form of a file.
        encoder: its name of the encoder.
        rates_hz: sample rates that the encoder takes, from the lowest; none: every one.
        bits_per_s: None: lossless.
        streamed_as: the form of a stream, where it has another one than a file.
        stream_options: what the writer of a stream is told, so that every packet leaves at once.
        encoder_options: what the encoder is told.
    """

    container: str
    encoder: str
    rates_hz: tuple[int, ...] = ()
    bits_per_s: int | None = None
    streamed_as: str | None = None
    stream_options: Mapping[str, str] = field(default_factory=dict)
    encoder_options: Mapping[str, str] = field(default_factory=dict)

    def rate_for(self, sample_rate_hz: int) -> int:
        """The rate itself, or the next higher one that the encoder takes."""
        if not self.rates_hz:
            return sample_rate_hz
        return next((rate for rate in self.rates_hz if rate >= sample_rate_hz), self.rates_hz[-1])


CODECS: Final[Mapping[AudioFormat, Codec]] = {
    # a stream can't be gone back in, so it has no frame at the front that counts all others
    "mp3": Codec(
        "mp3", "libmp3lame", _MPEG_HZ, 96_000, stream_options={"write_xing": "0", "id3v2_version": "0"}
    ),
    "opus": Codec("ogg", "libopus", _OPUS_HZ, 64_000, stream_options={"page_duration": "20000"}),
    "webm": Codec(
        "webm", "libopus", _OPUS_HZ, 64_000, stream_options={"live": "1", "cluster_time_limit": "100"}
    ),
    "aac": Codec("adts", "aac", _MPEG_HZ, 96_000, encoder_options=_AAC),
    "m4a": Codec(
        "ipod",
        "aac",
        _MPEG_HZ,
        96_000,
        streamed_as="mp4",
        stream_options={"movflags": "empty_moov+default_base_moof", "frag_duration": "50000"},
        encoder_options=_AAC,
    ),
    # the low levels have short blocks, of 27 ms
    "flac": Codec("flac", "flac", encoder_options={"compression_level": "2"}),
}
"""Those that FFmpeg writes; libsndfile writes files of WAV and FLAC, and PCM needs nobody."""

MEDIA_TYPES: Final[Mapping[AudioFormat, str]] = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "pcm": "audio/pcm",
    "m4a": "audio/mp4",
    "webm": "audio/webm",
}


def to_pcm16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Round float samples in +-1 to 16 bits; what passes full scale is limited to it."""
    scaled = samples * np.float32(_FULL_SCALE)
    np.rint(scaled, out=scaled)
    np.clip(scaled, -_FULL_SCALE - 1, _FULL_SCALE, out=scaled)
    return scaled.astype(np.int16)


class FfmpegEncoder:
    """Encodes mono sound into an open file: `feed` it blocks, then `finish` it; `abandon` it otherwise.

    Args:
        file: anything that can be written to; `seekable()` where it is a file that is gone back in.
        codec: of `CODECS`.
        sample_rate_hz: of the blocks.
        streamed: it is read while it is written: every packet leaves at once.

    Attributes:
        sample_rate_hz: of what is written.
    """

    def __init__(self, file: Any, codec: Codec, sample_rate_hz: int, *, streamed: bool = False) -> None:
        import av  # noqa: PLC0415 - a third of a second, only where it is needed

        self.sample_rate_hz = codec.rate_for(sample_rate_hz)
        self._resampler = Resampler(sample_rate_hz, self.sample_rate_hz)
        self._position = 0
        self._frame = av.AudioFrame
        options = {"flush_packets": "1", **codec.stream_options} if streamed else {}
        form = (codec.streamed_as if streamed else None) or codec.container
        self._container = av.open(file, "w", format=form, options=options)
        try:
            stream: Any = self._container.add_stream(
                codec.encoder, rate=self.sample_rate_hz, options=dict(codec.encoder_options)
            )
            stream.layout = "mono"
            if codec.bits_per_s is not None:
                stream.bit_rate = codec.bits_per_s
        except BaseException:
            self.abandon()
            raise
        self._stream = stream

    def feed(self, block: NDArray[np.float32]) -> None:
        """Encode (n,) samples in +-1."""
        self._encode(self._resampler.feed(block))

    def finish(self) -> None:
        """Encode what is left, and end the file."""
        self._encode(self._resampler.flush())
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        """Free everything; what was written is of no use. After `finish` it does nothing."""
        with suppress(Exception):  # a container that was not begun, or can't be ended
            self._container.close()

    def _encode(self, samples: NDArray[np.float32]) -> None:
        if not len(samples):
            return
        frame: Any = self._frame.from_ndarray(to_pcm16(samples)[np.newaxis, :], format="s16", layout="mono")
        frame.sample_rate = self.sample_rate_hz
        frame.pts = self._position
        self._position += len(samples)
        self._container.mux(self._stream.encode(frame))
