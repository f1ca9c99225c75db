"""Puts what was read aloud where its owner wants it: one file or one for each paragraph, with subtitles."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from voicewright.speech.long.fetching import fetch_part, fetch_whole, file_name, format_of, words_of_whole
from voicewright.speech.long.joining import lay_out, words_of
from voicewright.speech.subtitles import to_json, to_srt, to_webvtt

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator, Sequence

    from voicewright.engines.port import SpokenWord
    from voicewright.speech.long.models import LongChunk
    from voicewright.speech.long.service import LongSpeechService

Subtitles = Literal["vtt", "srt", "json"]

_ASIDE: Final = ".voicewright-"


def write_whole(
    service: LongSpeechService,
    user_id: uuid.UUID,
    speech_id: uuid.UUID,
    target: Path,
    subtitles: Subtitles | None = None,
) -> list[Path]:
    """Write the joined file, and its subtitles beside it under the same name; answers with what was written.

    Each file appears when it is whole, in place of one that was there.

    Raises:
        LongSpeechNotFound, LongSpeechNotReady: there is nothing to write.
        SynthesisTimingsNotKept: there are no subtitles; the sound is written.
        StorageFull, StorageReadOnly, BlobNotFound, BlobCorrupt: it can't be had, or not written.
    """
    shown, chunks = service.chunks(user_id, speech_id)
    written = [target]
    with _aside(target.parent) as folder:
        fetch_whole(service.vault, shown, chunks, format_of(shown.speech), folder).replace(target)
        if subtitles is not None:
            words = words_of_whole(shown, chunks)
            written.append(_write(target.with_suffix(f".{subtitles}"), folder, words, chunks, subtitles))
    return written


def write_paragraphs(
    service: LongSpeechService,
    user_id: uuid.UUID,
    speech_id: uuid.UUID,
    target: Path,
    subtitles: Subtitles | None = None,
) -> list[Path]:
    """Write a file for each paragraph into a folder: `001.mp3`, `001.vtt`; otherwise as `write_whole`."""
    shown, chunks = service.chunks(user_id, speech_id)
    if subtitles is not None:
        words_of_whole(shown, chunks)  # are there any?
    written: list[Path] = []
    with _aside(target) as folder:
        for part in shown.parts:
            path = target / f"{file_name(shown.speech, part)}.{shown.speech.output_format}"
            fetch_part(service.vault, shown, part.number, folder).replace(path)
            written.append(path)
            if subtitles is not None:
                theirs = [chunk for chunk in chunks if chunk.part == part.number]
                words = words_of(lay_out(theirs, part.speed))
                written.append(_write(path.with_suffix(f".{subtitles}"), folder, words, theirs, subtitles))
    return written


def _write(
    path: Path,
    folder: Path,
    words: Sequence[SpokenWord],
    chunks: Sequence[LongChunk],
    subtitles: Subtitles,
) -> Path:
    match subtitles:
        case "vtt":
            text = to_webvtt(words)
        case "srt":
            text = to_srt(words)
        case "json":
            text = to_json(words, estimated=any(chunk.words_estimated for chunk in chunks))
    aside = folder / path.name
    aside.write_text(text, encoding="utf-8")
    return aside.replace(path)


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=folder) as made:
        yield Path(made)
