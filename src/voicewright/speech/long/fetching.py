"""The files of long texts and batches as their owners get them: whole, by part, all parts in one archive."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from voicewright.audio.encode import write_audio
from voicewright.recordings.zip_streams import ZipStream
from voicewright.speech.errors import SynthesisTimingsNotKept
from voicewright.speech.long.errors import LongSpeechNotReady
from voicewright.speech.long.joining import from_flac, joined, lay_out, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from voicewright.audio.codecs import AudioFormat
    from voicewright.engines.port import SpokenWord
    from voicewright.speech.long.models import LongChunk, LongPart, LongSpeech
    from voicewright.speech.long.showing import Shown
    from voicewright.storage.blobs import BlobStore
    from voicewright.storage.vault import Vault

_UNSAFE: Final = re.compile(r"[^\w()+,=@ -]+")
_NAME_CHARACTERS: Final = 80


def fetch_whole(
    vault: Vault, shown: Shown, chunks: Sequence[LongChunk], format_: AudioFormat, folder: Path
) -> Path:
    """Write the joined file out; in another format than it is kept in it is joined anew, and to be signed.

    Raises:
        LongSpeechNotReady: there is no joined file.
        BlobNotFound, BlobCorrupt, StorageUnavailable, AudioDiskFull: it can't be had.
    """
    speech, blobs = shown.speech, vault.of(shown.speech.owner_id)
    digest = _digest_of_whole(speech)
    target = folder / f"speech.{format_}"
    if format_ == speech.output_format:
        blobs.fetch_file(digest, target)
        return target
    rate_hz = chunks[0].sample_rate_hz or 0
    seams = lay_out(chunks, shown.parts[0].speed)
    sound = joined(seams, lambda chunk: from_flac(blobs.read(chunk.digest or "")), rate_hz)
    write_audio(target, sound, rate_hz, format_, durable=False)
    return target


def fetch_part(vault: Vault, shown: Shown, number: int, folder: Path) -> Path:
    """Write the file of a paragraph or an item out; errors as `fetch_whole`."""
    speech, part = shown.speech, shown.parts[number - 1]
    digest = _digest_of(speech, part)
    target = folder / f"part.{speech.output_format}"
    vault.of(speech.owner_id).fetch_file(digest, target)
    return target


def words_of_whole(shown: Shown, chunks: Sequence[LongChunk]) -> list[SpokenWord]:
    """When each word is said in the joined file.

    Raises:
        LongSpeechNotReady: there is no joined file.
        SynthesisTimingsNotKept: its owner keeps no texts, or nobody could tell.
    """
    _digest_of_whole(shown.speech)
    words = words_of(lay_out(chunks, shown.parts[0].speed))
    if not words:
        raise SynthesisTimingsNotKept("It is not kept when the words of this text are said.")
    return words


def archive(vault: Vault, shown: Shown) -> Iterator[bytes]:
    """A zip of all files of parts, made while it is sent.

    Raises:
        LongSpeechNotReady: there are none; raised at once.
    """
    speech = shown.speech
    there = [part for part in shown.parts if part.file_digest is not None]
    if not there:
        _digest_of(speech, shown.parts[0])
    return _zipped(vault.of(speech.owner_id), speech, there)


def file_name(speech: LongSpeech, part: LongPart | None = None) -> str:
    """What a file is called, without its extension: nothing in it leads anywhere.

    Args:
        speech: whose file.
        part: None: the whole.
    """
    if part is None:
        return _safe(speech.title) or f"speech-{speech.id}"
    called = _safe(part.name)
    return f"{part.number:03d}-{called}" if called else f"{part.number:03d}"


def format_of(speech: LongSpeech) -> AudioFormat:
    """The format of its files."""
    return cast("AudioFormat", speech.output_format)


def _zipped(blobs: BlobStore, speech: LongSpeech, parts: Sequence[LongPart]) -> Iterator[bytes]:
    stream = ZipStream()
    for part in parts:
        name = f"{file_name(speech, part)}.{speech.output_format}"
        content = blobs.stream(part.file_digest or "")
        yield from stream.add(name, content, size_bytes=part.file_bytes or 0)
    yield from stream.end()


def _digest_of_whole(speech: LongSpeech) -> str:
    if speech.kind == "batch":
        raise LongSpeechNotReady("A batch is not joined. Fetch its items one by one, or the archive.")
    if speech.file_digest is None:
        raise LongSpeechNotReady(f"It is {speech.state}, so there is no joined file{_why(speech)}")
    return speech.file_digest


def _digest_of(speech: LongSpeech, part: LongPart) -> str:
    if part.file_digest is not None:
        return part.file_digest
    if speech.kind == "text" and not speech.paragraphs:
        raise LongSpeechNotReady("No files of its paragraphs were asked for. Order it with `paragraphs`.")
    if part.error_code is not None:
        raise LongSpeechNotReady(f"It could not be spoken: {part.error}")
    raise LongSpeechNotReady(f"It is {speech.state}, and this file is not made yet{_why(speech)}")


def _why(speech: LongSpeech) -> str:
    return "." if speech.error is None else f": {speech.error}"


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", text).strip(" _-")[:_NAME_CHARACTERS].rstrip(" _-")
