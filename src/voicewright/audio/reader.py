"""Opens an audio file by its content and streams it as float32 blocks; picks the decoder.

libsndfile is asked first where it knows the container (two to three times as fast as FFmpeg on MP3),
FFmpeg through PyAV otherwise and where libsndfile gives up. Both run in this process: no program is started
per file.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final, Self

from voicewright.audio.errors import (
    AudioFileMissing,
    AudioFileUnreadable,
    DamagedAudio,
    EmptyAudioFile,
    NotARegularFile,
    NotAudio,
)
from voicewright.audio.sniff import HEAD_BYTES, container_of, missing_wav_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from voicewright.audio.ffmpeg import FfmpegDecoder
    from voicewright.audio.formats import Decoder

_SNDFILE_CONTAINERS: Final = frozenset({"wav", "w64", "flac", "mp3", "ogg", "aiff", "au", "caf"})
_MIN_RATE_HZ: Final = 4_000
_MAX_RATE_HZ: Final = 768_000
_MAX_CHANNELS: Final = 64
_SHORTFALL_S: Final = 0.25
"""Encoders pad and trim by a frame or two; less than this missing is not a truncation."""


class AudioReader:
    """A file being read: a context manager around a decoder that also notices truncation.

    Attributes:
        info: what the header says.
        problem: after reading, what was wrong with the file in words, or None.
    """

    def __init__(self, path: Path, decoder: Decoder) -> None:
        self._path = path
        self._decoder = decoder
        self.info = decoder.info
        self.problem: str | None = None

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the sound as arrays (n, channels) of at most about a quarter of a million samples.

        Raises:
            DamagedAudio: when not a single sample can be decoded although the header promises some.
            EmptyAudioFile: when the file holds a header and no sound.
        """
        frames = 0
        for block in self._decoder.blocks():
            frames += len(block)
            yield block
        if self._decoder.problem and (other := self._second_opinion()) is not None:
            first, self._decoder = self._decoder, other
            first.close()
            for block in _without_first(other.blocks(), frames):
                frames += len(block)
                yield block
        read_s = frames / self.info.sample_rate_hz
        claimed_s = self.info.duration_s or 0.0
        if not frames:
            if self._decoder.problem or claimed_s > 0:
                raise DamagedAudio(
                    f"{self._path}: nothing of this {self.info.container} file can be decoded"
                    f" ({self._decoder.problem or 'no samples'}). Record or export it again."
                )
            raise EmptyAudioFile(
                f"{self._path}: the file has a header but no sound. Record or export it again."
            )
        if self._decoder.problem:
            self.problem = f"damaged: {self._decoder.problem}"
        if self.info.container == "wav" and (missing := missing_wav_bytes(self._path)):
            self.problem = f"cut off: {missing:,} bytes are missing at the end"
        elif claimed_s - read_s > max(_SHORTFALL_S, 0.01 * claimed_s):
            self.problem = f"cut off: {read_s:.1f} s of {claimed_s:.1f} s are there"

    def _second_opinion(self) -> Decoder | None:
        """Where libsndfile stumbles it gives up a whole block; FFmpeg often reads on."""
        if isinstance(self._decoder, _ffmpeg()):
            return None
        other = _ffmpeg().open(self._path, self.info.container)
        if isinstance(other, str):
            return None
        if (other.info.sample_rate_hz, other.info.channels) != (self.info.sample_rate_hz, self.info.channels):
            other.close()
            return None
        return other

    def close(self) -> None:
        """Free the file."""
        self._decoder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_audio(path: Path) -> AudioReader:
    """Open an audio file by its content, whatever its name.

    Raises:
        AudioFileMissing, AudioFileUnreadable, NotARegularFile: the file can't be opened.
        EmptyAudioFile: it has no bytes.
        NotAudio: its content is something else.
        DamagedAudio: it starts like audio but no decoder can open it.
    """
    head = _read_head(path)
    container = container_of(head)
    decoder = _try_decoders(path, container)
    info = decoder.info
    if not _MIN_RATE_HZ <= info.sample_rate_hz <= _MAX_RATE_HZ or not 1 <= info.channels <= _MAX_CHANNELS:
        decoder.close()
        raise DamagedAudio(
            f"{path}: the header says {info.sample_rate_hz} Hz and {info.channels} channels, which no"
            " recording has. Export it again."
        )
    return AudioReader(path, decoder)


def _read_head(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "not a file (a pipe, socket or device)"
            raise NotARegularFile(f"{path}: this is {kind}. Give an audio file.")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise AudioFileMissing(f"{path}: there is no such file. Check the path.") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise AudioFileUnreadable(f"{path}: can't be read ({reason}). Check its permissions.") from error
    if not head:
        raise EmptyAudioFile(f"{path}: the file is empty (zero bytes). Record or export it again.")
    return head


def _try_decoders(path: Path, container: str | None) -> Decoder:
    """Ask libsndfile, then FFmpeg; imports wait until here so that importing this package stays cheap."""
    if container in _SNDFILE_CONTAINERS:
        from voicewright.audio.libsndfile import SndfileDecoder  # noqa: PLC0415 - see above

        decoder = SndfileDecoder.open(path, container)
        if decoder is not None:
            return decoder
    found = _ffmpeg().open(path, container)
    if not isinstance(found, str):
        return found
    if container is None:
        raise NotAudio(
            f"{path}: the content is not audio, whatever the name says ({found}). Remove or replace it."
        )
    raise DamagedAudio(
        f"{path}: starts like {container} audio but can't be decoded ({found}); it is probably cut off or"
        " damaged. Record or export it again."
    )


def _ffmpeg() -> type[FfmpegDecoder]:
    """Import PyAV (a quarter of a second) only when a file needs it."""
    from voicewright.audio.ffmpeg import FfmpegDecoder  # noqa: PLC0415 - see above

    return FfmpegDecoder


def _without_first(blocks: Iterator[NDArray[np.float32]], frames: int) -> Iterator[NDArray[np.float32]]:
    """Leave out so many frames that another decoder has given already."""
    for block in blocks:
        if frames < len(block):
            yield block[frames:]
        frames = max(0, frames - len(block))
