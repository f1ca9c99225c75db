"""What datasets may be called, and what is kept of names of files and of transcripts that people send.

The name of a dataset is the name of a folder to those who download it, and a part of addresses: it has
letters and digits of any script, spaces, dots, dashes and underscores, and nothing that leads anywhere. Two
names are the same when their keys are (`voicewright.naming`): "My voice" and "my voice" are one dataset.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from typing import Final

from voicewright.audio.sniff import AUDIO_EXTENSIONS
from voicewright.naming import MAX_NAME_CHARACTERS, composed
from voicewright.naming import name_key as dataset_key
from voicewright.recordings.errors import DatasetNameInvalid, LanguageInvalid, TranscriptInvalid
from voicewright.recordings.metadata import clean_text

__all__ = [
    "clean_dataset_name",
    "clean_filename",
    "clean_language",
    "clean_transcript",
    "dataset_key",
    "safe_suffix",
]

MAX_TRANSCRIPT_CHARACTERS: Final = 10_000
_MAX_NAME_BYTES: Final = 200
"""Disks take 255 for the name of a file."""
_MAX_FILENAME_CHARACTERS: Final = 200
_LONGEST_SUFFIX: Final = 10
_PUNCTUATION: Final = " ._-"
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,4}")
_LETTERS: Final = ("L", "N", "M")
"""Categories of Unicode: letters, numbers, and the marks without which some scripts have no vowels."""


def clean_dataset_name(name: str) -> str:
    """The name as it is kept: composed letters, single spaces.

    Raises:
        DatasetNameInvalid: says what to change.
    """
    cleaned = composed(name)
    if not cleaned:
        raise DatasetNameInvalid("A dataset needs a name: letters and digits, say 'my_voice'.")
    if len(cleaned) > MAX_NAME_CHARACTERS or len(cleaned.encode(errors="replace")) > _MAX_NAME_BYTES:
        raise DatasetNameInvalid(
            f"The name of a dataset has at most {MAX_NAME_CHARACTERS} characters ({_MAX_NAME_BYTES} bytes),"
            f" and this one has {len(cleaned)}. Shorten it."
        )
    odd = sorted({character for character in cleaned if not _is_allowed(character)})
    if odd:
        shown = ", ".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in odd[:5])
        raise DatasetNameInvalid(
            "The name of a dataset has letters, digits, spaces, dots, dashes and underscores. Take out or"
            f" replace: {shown}"
        )
    if not unicodedata.category(cleaned[0]).startswith(("L", "N")) or cleaned.endswith("."):
        raise DatasetNameInvalid(
            "The name of a dataset begins with a letter or a digit and does not end with a dot. Change"
            f" {cleaned!r}."
        )
    return cleaned


def clean_language(tag: str) -> str:
    """The tag of a language as it is kept: in small letters.

    Raises:
        LanguageInvalid: it does not look like one.
    """
    if not _LANGUAGE.fullmatch(tag.strip()):
        raise LanguageInvalid(f"{tag[:40]!r} is no tag of a language. Write one such as en-us, de or pt-br.")
    return tag.strip().lower()


def clean_filename(sent: str) -> str:
    """The name of a file as it is shown: without folders and without what can't be shown."""
    base = sent.replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = composed("".join(c if unicodedata.category(c)[0] != "C" else " " for c in base))
    path = PurePosixPath(name if name.strip(".") else "audio")  # dots alone are a folder
    suffix = path.suffix if len(path.suffix) <= _LONGEST_SUFFIX else ""
    stem = path.name.removesuffix(suffix)
    return stem[: _MAX_FILENAME_CHARACTERS - len(suffix)] + suffix


def safe_suffix(filename: str) -> str:
    """The extension that a copy of the file may have: that of a recording, or none."""
    suffix = PurePosixPath(filename).suffix.lower()
    return suffix if suffix in AUDIO_EXTENSIONS else ""


def clean_transcript(text: str | None) -> str | None:
    """The transcript as it is kept; None where there is none.

    Raises:
        TranscriptInvalid: it is longer than anybody speaks in a clip.
    """
    cleaned = clean_text(text or "")
    if len(cleaned) > MAX_TRANSCRIPT_CHARACTERS:
        raise TranscriptInvalid(
            f"A transcript has at most {MAX_TRANSCRIPT_CHARACTERS:,} characters, and this one has"
            f" {len(cleaned):,}. Give what is said in this one recording."
        )
    return cleaned or None


def _is_allowed(character: str) -> bool:
    return character in _PUNCTUATION or unicodedata.category(character).startswith(_LETTERS)
