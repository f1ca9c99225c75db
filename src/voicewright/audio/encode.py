"""Writes audio files, streaming: aside first, then into place, so that no half-written file is ever seen."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np

from voicewright.audio.errors import AudioDiskFull, AudioFormatUnknown, AudioNotWritten
from voicewright.audio.resample import Resampler

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

AudioFormat = Literal["wav", "flac", "mp3", "ogg", "m4a", "webm"]
"""WAV and FLAC have 16 bits; `ogg` and `webm` carry Opus, `m4a` AAC."""

_FROM_EXTENSION: Final[dict[str, AudioFormat]] = {
    ".wav": "wav",
    ".flac": "flac",
    ".mp3": "mp3",
    ".ogg": "ogg",
    ".opus": "ogg",
    ".m4a": "m4a",
    ".webm": "webm",
}
# format -> (FFmpeg container, encoder, sample rates that it takes, bits per second)
_LOSSY: Final[dict[str, tuple[str, str, tuple[int, ...], int]]] = {
    "mp3": ("mp3", "libmp3lame", (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000), 96_000),
    "ogg": ("ogg", "libopus", (8000, 12000, 16000, 24000, 48000), 64_000),
    "webm": ("webm", "libopus", (8000, 12000, 16000, 24000, 48000), 64_000),
    "m4a": ("ipod", "aac", (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000), 96_000),
}
_FULL_SCALE: Final = 32767.0


def format_of(path: Path) -> AudioFormat:
    """Name the format that the extension of an output file asks for.

    Raises:
        AudioFormatUnknown: names the extensions that there are.
    """
    try:
        return _FROM_EXTENSION[path.suffix.lower()]
    except KeyError as error:
        raise AudioFormatUnknown(
            f"{path}: can't write '{path.suffix}' files. Use one of {', '.join(_FROM_EXTENSION)}."
        ) from error


def to_pcm16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Round float samples in +-1 to 16 bits; what passes full scale is limited to it."""
    scaled = samples * np.float32(_FULL_SCALE)
    np.rint(scaled, out=scaled)
    np.clip(scaled, -_FULL_SCALE - 1, _FULL_SCALE, out=scaled)
    return scaled.astype(np.int16)


def write_audio(
    path: Path,
    chunks: Iterable[NDArray[np.float32]],
    sample_rate_hz: int,
    format: AudioFormat,  # noqa: A002 - the word of the contract
    *,
    durable: bool = True,
) -> float:
    """Write mono float32 chunks (n,) in +-1 as they come, and give the seconds written.

    The file appears under its name only when it is whole; on any failure what was there before stays.
    Formats that do not know `sample_rate_hz` get the next higher rate that they know.

    Args:
        path: the target; its folder must exist.
        chunks: any iterable; it is consumed once and never held as a whole.
        sample_rate_hz: of the chunks.
        format: see `AudioFormat`; the extension of `path` is not looked at.
        durable: flush to the disk before the rename; leave it out for copies that can be made again.

    Raises:
        AudioFormatUnknown, AudioNotWritten, AudioDiskFull: nothing was changed.
    """
    if format not in get_args(AudioFormat):
        raise AudioFormatUnknown(
            f"{path}: the format '{format}' is not offered. Use one of {', '.join(get_args(AudioFormat))}."
        )
    aside: Path | None = None
    try:
        aside = path.with_name(f".{path.stem[:40]}-{secrets.token_hex(4)}.part")
        with aside.open("x+b") as file:
            write = _write_lossy if format in _LOSSY else _write_lossless
            samples = write(file, chunks, sample_rate_hz, format)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        raise _write_error(path, error) from error
    except RuntimeError as error:
        # soundfile's errors are RuntimeErrors; what libsndfile can't write is a full or failing disk.
        raise AudioDiskFull(
            f"{path}: could not be written ({error}). Free some space; no file was changed."
        ) from error
    finally:
        if aside is not None:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
    return samples / sample_rate_hz


def _write_lossless(
    file: Any, chunks: Iterable[NDArray[np.float32]], sample_rate_hz: int, format_: str
) -> int:
    import soundfile  # noqa: PLC0415 - only when something is written

    total = 0
    # By descriptor, so that libsndfile writes itself instead of through Python calls.
    with soundfile.SoundFile(
        os.dup(file.fileno()), "w", sample_rate_hz, 1, "PCM_16", format=format_.upper()
    ) as sound:
        for chunk in chunks:
            sound.write(to_pcm16(chunk))
            total += len(chunk)
    return total


def _write_lossy(file: Any, chunks: Iterable[NDArray[np.float32]], sample_rate_hz: int, format_: str) -> int:
    import av  # noqa: PLC0415 - a third of a second, only where it is needed

    container_name, codec, rates, bit_rate = _LOSSY[format_]
    rate_hz = next((rate for rate in rates if rate >= sample_rate_hz), rates[-1])
    resampler = Resampler(sample_rate_hz, rate_hz)
    total = 0
    with av.open(file, "w", format=container_name) as container:
        stream: Any = container.add_stream(codec, rate=rate_hz)
        stream.layout = "mono"
        stream.bit_rate = bit_rate
        position = 0

        def encode(samples: NDArray[np.float32]) -> None:
            nonlocal position
            if not len(samples):
                return
            frame: Any = av.AudioFrame.from_ndarray(
                to_pcm16(samples)[np.newaxis, :], format="s16", layout="mono"
            )
            frame.sample_rate = rate_hz
            frame.pts = position
            position += len(samples)
            container.mux(stream.encode(frame))

        for chunk in chunks:
            total += len(chunk)
            encode(resampler.feed(chunk))
        if rate_hz != sample_rate_hz:
            encode(resampler.feed(np.zeros(0, np.float32), last=True))
        container.mux(stream.encode(None))
    return total


def _write_error(path: Path, error: OSError) -> AudioDiskFull | AudioNotWritten:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return AudioDiskFull(f"{path}: the disk is full. Free some space; no file was changed.")
    reason = error.strerror or str(error)
    return AudioNotWritten(f"{path}: can't be written ({reason}). Check the folder and its permissions.")
