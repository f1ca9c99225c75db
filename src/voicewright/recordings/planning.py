"""Brings the files of a folder and their transcripts together, before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from voicewright.recordings.metadata import (
    TranscriptSource,
    read_metadata,
    read_transcript_of,
    read_transcripts,
)
from voicewright.recordings.report import RefusedFile

if TYPE_CHECKING:
    from pathlib import Path

    from voicewright.recordings.listing import Listing, SourceFile

_ENOUGH_MATCHES: Final = 0.5
_LOSSLESS: Final = frozenset({".wav", ".flac", ".aiff", ".aif"})


@dataclass(frozen=True, slots=True)
class Plan:
    """Which files are read, with what text."""

    files: tuple[SourceFile, ...]
    texts: dict[Path, str]
    transcripts: TranscriptSource
    refused: tuple[RefusedFile, ...]
    notes: tuple[str, ...]


def plan_intake(listing: Listing, *, single: bool) -> Plan:
    """Bring files and transcripts together, before anything is decoded.

    Args:
        listing: the recordings.
        single: they are one file that was named itself, so that its neighbours are nobody's business.
    """
    transcripts, notes = (
        (read_transcript_of(listing.files[0].path), []) if single else _find_transcripts(listing)
    )
    matched = transcripts.match(file.relative for file in listing.files)
    texts: dict[Path, str] = {}
    refused: list[RefusedFile] = []
    first_of: dict[str, SourceFile] = {}
    kept: list[SourceFile] = []
    # The same clip may lie there twice, say as wavs/a.flac and mp3/a.mp3: the better copy comes first.
    for file in sorted(listing.files, key=_copy_rank):
        key = matched.get(file.relative)
        if key in transcripts.others and key is not None:
            reason = f"{file.path}: is of '{transcripts.others[key]}', another speaker, says metadata.csv."
            refused.append(RefusedFile(file.path, "OTHER_SPEAKER", reason))
            continue
        if key is not None and transcripts.kind != "files":
            first = first_of.setdefault(key, file)
            if first is not file:
                reason = f"{file.path}: is another copy of {first.relative}, by its name in metadata.csv."
                refused.append(RefusedFile(file.path, "DUPLICATE", reason))
                continue
        if key is not None:
            texts[file.path] = transcripts.texts[key]
        kept.append(file)
    notes.extend(transcripts.notes)
    if not single and (missing := transcripts.missing(matched.values())) is not None:
        notes.append(missing)
    order = {file.path: place for place, file in enumerate(listing.files)}
    kept.sort(key=lambda file: order[file.path])
    return Plan(tuple(kept), texts, transcripts, tuple(refused), tuple(notes))


def _copy_rank(file: SourceFile) -> tuple[bool, bool, str]:
    in_wavs = file.relative.startswith("wavs/") or "/" not in file.relative
    return (not in_wavs, file.path.suffix.lower() not in _LOSSLESS, file.relative)


def _find_transcripts(listing: Listing) -> tuple[TranscriptSource, list[str]]:
    """Read the folder's transcripts, or those of the folder above where they are about these files.

    Data sets keep `metadata.csv` beside the folder of clips, and people name the folder of clips.
    """
    found = read_transcripts(listing.root)
    if found.kind != "none":
        return found, []
    above = listing.root.parent
    candidate = read_metadata(above)
    names = [f"{listing.root.name}/{file.relative}" for file in listing.files]
    matched = candidate.match(names)
    if not candidate.texts or len(matched) < max(1.0, _ENOUGH_MATCHES * len(names)):
        return found, []
    return candidate, [f"The transcripts are those of {above.name}/metadata.csv, one folder above."]
