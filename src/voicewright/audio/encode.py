"""Writes audio files, streaming: aside first, then into place, so that no half-written file is ever seen."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, get_args

from voicewright.audio.codecs import CODECS, AudioFormat, FfmpegEncoder, to_pcm16
from voicewright.audio.errors import AudioDiskFull, AudioFormatUnknown, AudioNotWritten

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_FROM_EXTENSION: Final[dict[str, AudioFormat]] = {
    ".wav": "wav",
    ".flac": "flac",
    ".mp3": "mp3",
    ".ogg": "opus",
    ".opus": "opus",
    ".aac": "aac",
    ".m4a": "m4a",
    ".webm": "webm",
}


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
            samples = _write(file, chunks, sample_rate_hz, format)
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


def _write(
    file: Any, chunks: Iterable[NDArray[np.float32]], sample_rate_hz: int, format_: AudioFormat
) -> int:
    """Write all chunks; answers how many samples they had."""
    if format_ in {"wav", "flac"}:
        return _write_by_libsndfile(file, chunks, sample_rate_hz, format_)
    total = 0
    if format_ == "pcm":
        for chunk in chunks:
            file.write(to_pcm16(chunk).astype("<i2", copy=False).tobytes())
            total += len(chunk)
        return total
    encoder = FfmpegEncoder(file, CODECS[format_], sample_rate_hz)
    try:
        for chunk in chunks:
            encoder.feed(chunk)
            total += len(chunk)
        encoder.finish()
    finally:
        encoder.abandon()
    return total


def _write_by_libsndfile(
    file: Any, chunks: Iterable[NDArray[np.float32]], sample_rate_hz: int, format_: AudioFormat
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


def _write_error(path: Path, error: OSError) -> AudioDiskFull | AudioNotWritten:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return AudioDiskFull(f"{path}: the disk is full. Free some space; no file was changed.")
    reason = error.strerror or str(error)
    return AudioNotWritten(f"{path}: can't be written ({reason}). Check the folder and its permissions.")
