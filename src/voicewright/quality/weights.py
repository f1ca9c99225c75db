"""Owns whether a directory holds a Whisper model that can be used, told by its files without loading it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from voicewright.quality.judges.packages import is_installed

if TYPE_CHECKING:
    from pathlib import Path

MULTILINGUAL_VOCABULARY: Final = 51_865
"""Whisper models with fewer tokens know English only."""
_MODEL: Final = "model.bin"
_LISTED, _LINED = "vocabulary.json", "vocabulary.txt"
_OR_UNSET: Final = "or unset VOICEWRIGHT_WHISPER_DIR."


@dataclass(frozen=True, slots=True)
class WeightsFault:
    """Why a Whisper model that somebody named can't be used."""

    what: str
    fix: str


def find_weights_fault(directory: Path) -> WeightsFault | None:
    """Return what keeps faster-whisper from using the model in this directory; None where nothing does."""
    if not is_installed("faster_whisper"):
        return WeightsFault("not installed", f"pip install faster-whisper, {_OR_UNSET}")
    try:
        absent = _find_absent(directory)
        if absent:
            elsewhere = f"Name the folder with {_MODEL} and its vocabulary (CTranslate2 form), {_OR_UNSET}"
            return WeightsFault(f"there is no {absent}", elsewhere)
        _count_tokens(directory)
    except OSError as error:
        return WeightsFault(
            f"{directory} can't be read: {error.strerror}", f"Let this user read it, {_OR_UNSET}"
        )
    except ValueError as error:
        return WeightsFault(
            f"the vocabulary in {directory} is damaged: {error}", f"Copy the weights again, {_OR_UNSET}"
        )
    return None


def is_multilingual(directory: Path) -> bool:
    """Whether the model, in which no fault was found, knows more than English."""
    return _count_tokens(directory) >= MULTILINGUAL_VOCABULARY


def _find_absent(directory: Path) -> str:
    if not directory.is_dir():
        return f"folder {directory}"
    if not (directory / _MODEL).is_file():
        return f"{_MODEL} in {directory}"
    if not any((directory / name).is_file() for name in (_LISTED, _LINED)):
        return f"{_LISTED} or {_LINED} in {directory}"
    return ""


def _count_tokens(directory: Path) -> int:
    if not (directory / _LISTED).is_file():
        return len((directory / _LINED).read_text(encoding="utf-8").split("\n"))
    tokens = json.loads((directory / _LISTED).read_text(encoding="utf-8"))
    if not isinstance(tokens, list):
        raise ValueError(f"{_LISTED} is no list")  # noqa: TRY004 - damage, however it shows
    return len(tokens)
