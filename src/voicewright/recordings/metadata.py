"""Finds what is said in each recording: `metadata.csv` in its several forms, or a text file beside each.

Forms, in order of preference:

- LJSpeech: `id|text` or `id|text|normalized text` without a header; the normalized text wins. Piper's
  `file|text` is the same thing with a file name for the id.
- Coqui: a header that names its columns (`audio_file|text|speaker_name`), separated by `|`, tab, comma or
  semicolon.
- `clip.txt` or `clip.lab` beside `clip.wav`.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from voicewright.audio.sniff import AUDIO_EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_METADATA_NAMES: Final = ("metadata.csv", "metadata.txt")
_FILE_COLUMNS: Final = ("audio_file", "file", "file_name", "filename", "path", "audio", "wav", "id")
_TEXT_COLUMNS: Final = ("normalized_text", "normalized", "text", "transcript", "transcription", "sentence")
_SPEAKER_COLUMNS: Final = ("speaker_name", "speaker", "speaker_id")
_DELIMITERS: Final = "|\t;,"
_TEXT_BYTES: Final = 100_000
_METADATA_BYTES: Final = 64_000_000
_NAMED: Final = 5
_RULED_OUT: Final = "\x00"


@dataclass(frozen=True, slots=True)
class TranscriptSource:
    """The texts of a folder and where they come from."""

    kind: str
    """`ljspeech`, `coqui`, `files` (a text beside each clip) or `none`."""
    texts: Mapping[str, str]
    """Key -> text; a key is the path of the recording in the folder, without its audio extension."""
    notes: tuple[str, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)
    """Key -> name of another speaker than the one that most lines name."""

    def match(self, files: Iterable[str]) -> dict[str, str]:
        """Find the key for each file that has one.

        Args:
            files: paths in the folder, with forward slashes (`wavs/LJ001-0001.wav`).

        Returns:
            file -> key (of `texts` or of `others`). By the whole path where that is known; else by the name
            alone, since `metadata.csv` seldom says that the clips lie in `wavs/`.
        """
        keys = [*self.texts, *(key for key in self.others if key not in self.texts)]
        by_path = {key.casefold(): key for key in keys}
        by_name: dict[str, str | None] = {}
        for key in keys:
            name = PurePosixPath(key).name.casefold()
            by_name[name] = None if name in by_name else key
        found: dict[str, str] = {}
        for file in files:
            path = key_of(file).casefold()
            match = by_path.get(path) or by_name.get(PurePosixPath(path).name)
            if match is not None:
                found[file] = match
        return found

    def missing(self, matched: Iterable[str]) -> str | None:
        """Say in a sentence which texts have no recording; `matched` are the keys that have one."""
        left = sorted(set(self.texts) - set(matched))
        if not left or self.kind == "files":
            return None
        more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        return (
            f"{len(left)} of {len(self.texts)} lines of the transcript file name recordings that are not"
            f" there: {', '.join(left[:_NAMED])}{more}."
        )


def key_of(name: str) -> str:
    """Bring the name of a recording to one form: forward slashes, no audio extension, composed letters."""
    path = PurePosixPath(unicodedata.normalize("NFC", name.strip()).replace("\\", "/"))
    if path.suffix.lower() in AUDIO_EXTENSIONS:
        path = path.with_suffix("")
    return str(path).removeprefix("/")


def read_transcripts(folder: Path) -> TranscriptSource:
    """Read the texts of a folder in the form that is there; nothing that is wrong with them is an error.

    Lines that can't be used, an encoding that had to be guessed and several speakers are told in `notes`.
    """
    found = read_metadata(folder)
    if found.texts:
        return found
    beside = _read_beside(folder, sorted(folder.rglob("*")))
    return replace(beside, notes=found.notes + beside.notes)


def read_transcript_of(recording: Path) -> TranscriptSource:
    """Read the text of a single recording, and no text file of its neighbours.

    `metadata.csv` counts only where it names the recording; else the text file beside it does.
    """
    found = read_metadata(recording.parent)
    if found.match([recording.name]):
        return found
    return _read_beside(recording.parent, [recording])


def read_metadata(folder: Path) -> TranscriptSource:
    """Read `metadata.csv` of a folder, and nothing else; without one there are no texts and no notes."""
    candidates = (folder / name for name in _METADATA_NAMES)
    path = next((candidate for candidate in candidates if _readable(candidate, folder)), None)
    if path is None:
        return TranscriptSource("none", {})
    content, notes = _read_text(path, _METADATA_BYTES)
    lines = [line for line in content.splitlines() if line.strip()]
    if not lines:
        return TranscriptSource("none", {}, (*notes, f"{path.name} is empty."))
    header = _header(lines[0])
    if header is not None:
        delimiter, columns = header
        return _read_coqui(path.name, lines[1:], delimiter, columns, notes)
    return _read_ljspeech(path.name, lines, notes)


def _read_ljspeech(name: str, lines: list[str], notes: list[str]) -> TranscriptSource:
    rows: list[tuple[str, str]] = []
    odd: list[str] = []
    for line in lines:
        fields = [_unquoted(part) for part in line.split("|")]
        if len(fields) < 2 or not fields[0]:  # noqa: PLR2004 - an id and a text
            odd.append(line[:40])
            continue
        # The third column is the text with its numbers written out; some tools leave it empty.
        rows.append((fields[0], fields[2] if len(fields) > 2 and fields[2] else fields[1]))  # noqa: PLR2004 - see above
    if odd:
        notes.append(f"{name}: {len(odd)} lines are not 'id|text' and were left out, the first: {odd[0]!r}.")
    texts = _collect(name, rows, notes)
    return TranscriptSource("ljspeech" if texts else "none", texts, tuple(notes))


def _read_coqui(
    name: str, lines: list[str], delimiter: str, columns: tuple[int, int, int | None], notes: list[str]
) -> TranscriptSource:
    file_at, text_at, speaker_at = columns
    # `|` files are written without quoting rules, the others by spreadsheets.
    table = (
        [[_unquoted(part) for part in line.split("|")] for line in lines]
        if delimiter == "|"
        else list(csv.reader(lines, delimiter=delimiter))
    )
    rows = [row for row in table if len(row) > max(file_at, text_at) and row[file_at].strip()]
    if len(rows) < len(table):
        notes.append(f"{name}: {len(table) - len(rows)} lines have too few columns and were left out.")
    speakers = [
        row[speaker_at].strip() if speaker_at is not None and len(row) > speaker_at else "" for row in rows
    ]
    main, others = _main_speaker(name, speakers, notes)
    texts = _collect(
        name, [(r[file_at], r[text_at]) for r, who in zip(rows, speakers, strict=True) if who == main], notes
    )
    strangers = {key_of(row[file_at]): who for row, who in zip(rows, speakers, strict=True) if who in others}
    return TranscriptSource("coqui" if texts else "none", texts, tuple(notes), strangers)


def _main_speaker(name: str, speakers: list[str], notes: list[str]) -> tuple[str, set[str]]:
    counts = Counter(speakers)
    if not counts:
        return "", set()
    main = counts.most_common(1)[0][0]
    others = set(counts) - {main}
    if others:
        notes.append(
            f"{name} names {len(counts)} speakers"
            f" ({', '.join(sorted(who or 'nobody' for who in counts)[:_NAMED])});"
            f" a voice is of one: only the {counts[main]} lines of '{main or 'nobody'}' are used."
            " Put the recordings of another speaker into a folder of their own."
        )
    return main, others


def _collect(name: str, rows: Iterable[tuple[str, str]], notes: list[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    empty: list[str] = []
    twice: list[str] = []
    for file, raw in rows:
        key, text = key_of(file), clean_text(raw)
        if not text:
            empty.append(key)
        elif texts.setdefault(key, text) != text:
            twice.append(key)
    if empty:
        notes.append(f"{name}: no text for {', '.join(empty[:_NAMED])}.")
    if twice:
        notes.append(f"{name}: two different texts for {', '.join(twice[:_NAMED])}; the first one is used.")
    return texts


def _read_beside(folder: Path, paths: Iterable[Path]) -> TranscriptSource:
    texts: dict[str, str] = {}
    notes: list[str] = []
    for path in paths:
        relative = path.relative_to(folder)
        if path.suffix.lower() not in AUDIO_EXTENSIONS or any(
            part.startswith(".") for part in relative.parts
        ):
            continue
        for beside in (
            path.with_suffix(".txt"),
            path.with_suffix(".lab"),
            path.with_name(path.name + ".txt"),
        ):
            if _readable(beside, folder):
                content, found = _read_text(beside, _TEXT_BYTES)
                notes.extend(found)
                if text := clean_text(content):
                    texts[key_of(relative.as_posix())] = text
                else:
                    notes.append(f"{beside.name} is empty.")
                break
    return TranscriptSource("files" if texts else "none", texts, tuple(notes))


def _readable(path: Path, folder: Path) -> bool:
    try:
        there = path.is_file()
    except OSError:
        # The name of a recording plus `.txt` may be longer than a disk allows.
        return False
    # A link in a folder that somebody sent could show any file of the disk as a transcript.
    return there and (not path.is_symlink() or path.resolve().is_relative_to(folder.resolve()))


def clean_text(text: str) -> str:
    """Compose letters, drop control characters, make every white space one space."""
    composed = unicodedata.normalize("NFC", text)
    printable = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in composed)
    return re.sub(r"\s+", " ", printable).strip()


def _read_text(path: Path, most_bytes: int) -> tuple[str, list[str]]:
    """Read UTF-8 with or without BOM, UTF-16 with BOM, or else Windows Latin, which never fails."""
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        return "", [f"{path.name} can't be read ({error.strerror})."]
    notes = []
    if cut := len(data) > most_bytes:
        data = data[:most_bytes]
        notes.append(f"{path.name} is longer than {most_bytes:,} bytes; the rest was left out.")
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        # The cut may go through a letter: an incremental decoder leaves the half of it out.
        content = codecs.getincrementaldecoder(encoding)().decode(data, final=not cut)
    except UnicodeDecodeError:
        notes.append(f"{path.name} is not UTF-8; it was read as Latin-1. Check accents and quotes.")
        content = data.decode("cp1252", errors="replace")
    if _RULED_OUT in content:
        return "", [f"{path.name} is not a text file."]
    return content, notes


def _header(line: str) -> tuple[str, tuple[int, int, int | None]] | None:
    """Recognise a header: the separator, and the places of file, text and speaker."""
    for delimiter in _DELIMITERS:
        names = [_unquoted(part).lower().replace(" ", "_") for part in line.split(delimiter)]
        file_at = _first(names, _FILE_COLUMNS)
        text_at = _first(names, _TEXT_COLUMNS)
        if file_at is not None and text_at is not None:
            return delimiter, (file_at, text_at, _first(names, _SPEAKER_COLUMNS))
    return None


def _first(names: list[str], wanted: tuple[str, ...]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _unquoted(part: str) -> str:
    """Take off the quotes that a spreadsheet put around a whole field; quotes inside a text stay."""
    part = part.strip()
    if len(part) > 1 and part[0] == part[-1] == '"' and '"' not in part[1:-1].replace('""', ""):
        return part[1:-1].replace('""', '"').strip()
    return part
