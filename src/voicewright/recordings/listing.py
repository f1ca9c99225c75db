"""Finds the recordings in a folder, and says what it left out and why."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from voicewright.audio.sniff import AUDIO_EXTENSIONS
from voicewright.recordings.errors import NoRecordings, RecordingsNotFound
from voicewright.recordings.report import RefusedFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CUT_MARK: Final = "+"
"""Between the id of a file and the number of a cut. No id of a file holds it, so `take.wav`, cut, never
becomes a namesake of `take-0001.wav`."""
_LONGEST_ID: Final = 80
_LONGEST_ID_BYTES: Final = 200
"""Disks take 255 bytes for a name, and numbers and an extension come behind the id."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that intake will look into."""

    path: Path
    relative: str
    """The path inside the folder, with forward slashes."""
    clip_id: str
    """Unique among the files of a listing, whatever the case, and safe as a file name; without `CUT_MARK`."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The recordings of one folder, in the order of their names."""

    root: Path
    files: tuple[SourceFile, ...]
    refused: tuple[RefusedFile, ...]
    notes: tuple[str, ...]


def list_recordings(source: Path, *, leave_out: Path | None = None, max_files: int = 20_000) -> Listing:
    """List the audio files of a folder and its subfolders; a single file counts as a folder of one.

    Only names are looked at here: files without an audio extension are left alone silently, hidden ones
    (also macOS's `._name.wav`) with a note. Links that lead out of the folder are refused, since a folder
    that somebody sent must not reach into the rest of the disk.

    Args:
        source: folder or file.
        leave_out: a folder that is not entered, even when it lies inside `source`.
        max_files: of more files than this only the first are taken, with a note.

    Raises:
        RecordingsNotFound: when `source` does not exist or can't be opened.
        NoRecordings: when no file in it has an audio extension.
    """
    try:
        root = source.expanduser().resolve(strict=True)
        if not root.is_dir():
            size = root.stat().st_size
            return Listing(root.parent, (SourceFile(root, root.name, _safe_id(root.stem), size),), (), ())
        walked = list(_walk(root, leave_out.resolve() if leave_out else None))
    except (OSError, RuntimeError) as error:  # the second for links in a circle and for unknown users
        reason = getattr(error, "strerror", None) or error
        raise RecordingsNotFound(
            f"{source}: can't be opened ({reason}). Check the path and its permissions."
        ) from error
    refused: list[RefusedFile] = []
    hidden: list[str] = []
    paths: list[Path] = []
    for path in walked:
        if path.suffix.lower() not in AUDIO_EXTENSIONS:
            continue
        if path.name.startswith("."):
            hidden.append(path.name)
        elif (refusal := _refusal(path, root)) is not None:
            refused.append(refusal)
        else:
            paths.append(path)
    if not paths and not refused:
        raise NoRecordings(
            f"{source}: no recordings found. Put audio files there (WAV, FLAC, MP3, M4A, OGG, Opus or WebM)."
        )
    notes = []
    if hidden:
        notes.append(f"{_count(len(hidden), 'hidden file')} left out: {_few(sorted(hidden))}.")
    if len(paths) > max_files:
        notes.append(f"Only the first {max_files:,} of {len(paths):,} files are looked at.")
        paths = paths[:max_files]
    return Listing(root, tuple(_named(paths, root)), tuple(refused), tuple(notes))


def _walk(root: Path, leave_out: Path | None) -> Iterator[Path]:
    """All entries in the order of their names; a folder that is named like a recording is one of them."""
    for folder, names, files in os.walk(root):
        here = Path(folder)
        names[:] = sorted(name for name in names if not name.startswith(".") and here / name != leave_out)
        yield from (here / name for name in names if (here / name).suffix.lower() in AUDIO_EXTENSIONS)
        yield from (here / name for name in sorted(files))


def _refusal(path: Path, root: Path) -> RefusedFile | None:
    if path.is_dir() and not path.is_symlink():
        return RefusedFile(
            path, "NOT_A_REGULAR_FILE", f"{path}: this is a folder with the name of a recording."
        )
    if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
        return RefusedFile(
            path,
            "OUTSIDE_FOLDER",
            f"{path}: this link leads out of the folder. Copy the recording itself into the folder.",
        )
    return None


def _named(paths: list[Path], root: Path) -> Iterator[SourceFile]:
    for path, clip_id in zip(paths, unique_ids(path.stem for path in paths), strict=True):
        try:
            size = path.stat().st_size
        except OSError:
            size = 0
        yield SourceFile(path, path.relative_to(root).as_posix(), clip_id, size)


def unique_ids(stems: Iterable[str]) -> Iterator[str]:
    """Make an id of each name: usable as the name of a file, and no two alike, whatever the case."""
    taken: set[str] = set()
    for stem in stems:
        base = _safe_id(stem)
        clip_id, number = base, 1
        while clip_id.casefold() in taken:
            number += 1
            clip_id = f"{base}~{number}"
        taken.add(clip_id.casefold())
        yield clip_id


def _safe_id(stem: str) -> str:
    """Letters and digits of any script, dots, dashes and underscores; nothing a shell or a disk minds."""
    text = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", stem)).strip("._")[:_LONGEST_ID]
    return text.encode()[:_LONGEST_ID_BYTES].decode(errors="ignore") or "clip"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _few(names: list[str], most: int = 3) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
