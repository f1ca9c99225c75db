"""Decodes through FFmpeg (PyAV, in this process): M4A/AAC, WebM, WMA, AMR and what libsndfile gives up on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np
from av.error import FFmpegError

from voicewright.audio.formats import AudioInfo
from voicewright.audio.libsndfile import BLOCK_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

# A playlist or a concat script dressed up as audio could make FFmpeg open other files or addresses. It gets
# an open file instead of a path, and knows these containers only.
_CONTAINERS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,mp3,aac,wav,w64,flac,aiff,au,caf,amr,asf,wv,avi,mpegts"
)
_NAMES: Final = {"mov": "mp4", "matroska": "matroska", "matroska,webm": "matroska", "wv": "wavpack"}
_LOSSLESS: Final = frozenset({"flac", "alac", "wavpack", "tta", "ape"})
_MAX_BAD_PACKETS: Final = 100
_MICROSECONDS: Final = 1_000_000


class FfmpegDecoder:
    """One file opened by FFmpeg. See `formats.Decoder`."""

    def __init__(self, file: BinaryIO, container: Any, name: str | None) -> None:
        self._file = file
        self._container = container
        self._stream = next(stream for stream in container.streams.audio if stream.codec_context is not None)
        self.problem: str | None = None
        self._frames = self._decode()
        # The header of AAC may say half the rate (spectral band replication): only a frame tells the truth.
        self._first = next(self._frames, None)
        codec = self._stream.codec_context
        format_name = container.format.name
        duration = container.duration
        self.info = AudioInfo(
            container=name or _NAMES.get(format_name, format_name.split(",")[0]),
            codec=codec.name,
            sample_rate_hz=int(self._first.sample_rate if self._first else codec.sample_rate or 0),
            channels=int(_channels(self._first) if self._first else codec.channels),
            duration_s=duration / _MICROSECONDS if duration and duration > 0 else None,
            lossy=not (codec.name.startswith("pcm_") or codec.name in _LOSSLESS),
            coarse=codec.name in {"pcm_u8", "pcm_s8", "pcm_mulaw", "pcm_alaw"},
        )

    @classmethod
    def open(cls, path: Path, container: str | None) -> FfmpegDecoder | str:
        """Open a file, or say in a few words why it can't be."""
        file = path.open("rb")
        opened: Any = None
        try:
            opened = av.open(file, options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"})
            if any(stream.codec_context is not None for stream in opened.streams.audio):
                return cls(file, opened, container)
            reason = "its codec is unknown" if opened.streams.audio else "it holds no sound"
        except (FFmpegError, ValueError, IndexError) as error:
            reason = _words(error)
        if opened is not None:
            opened.close()
        file.close()
        return reason

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield arrays (n, channels); FFmpeg's small frames are gathered into larger blocks."""
        info = self.info
        pending: list[NDArray[np.float32]] = []
        size = 0
        frame = self._first
        while frame is not None:
            if frame.sample_rate != info.sample_rate_hz or _channels(frame) != info.channels:
                self.problem = "the sample rate or the number of channels changes on the way"
                break
            samples = _to_float(frame)
            pending.append(samples)
            size += samples.size
            if size >= BLOCK_SAMPLES:
                yield np.concatenate(pending)
                pending, size = [], 0
            frame = next(self._frames, None)
        if pending:
            yield np.concatenate(pending)

    def _decode(self) -> Iterator[Any]:
        """Yield frames; a bad packet costs its own sound only."""
        bad = 0
        packets = self._container.demux(self._stream)
        while bad <= _MAX_BAD_PACKETS:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                yield from packet.decode()
            except FFmpegError as error:
                bad += 1
                self.problem = _words(error)
                if isinstance(error, EOFError):
                    return

    def close(self) -> None:
        """Free the file."""
        self._container.close()
        self._file.close()


def _channels(frame: Any) -> int:
    return int(frame.layout.nb_channels)


def _to_float(frame: Any) -> NDArray[np.float32]:
    """Convert FFmpeg's sample formats (planar or packed, u8/s16/s32/flt/dbl) to (n, channels) in +-1."""
    data: NDArray[Any] = frame.to_ndarray()
    samples = data.T if frame.format.is_planar else data.reshape(-1, _channels(frame))
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128.0) / 128.0
    if np.issubdtype(samples.dtype, np.integer):
        return samples.astype(np.float32) / np.float32(-float(np.iinfo(samples.dtype).min))
    return np.ascontiguousarray(samples, dtype=np.float32)


def _words(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__).strip().lower()
