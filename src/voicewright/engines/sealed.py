"""A voice on disk as most engines write it: `voice.safetensors` for numbers, `voice.json` for their meaning.

No pickle: loading a voice never runs code. The note (`engines.voice_note`) names the engine and has a digest
of the numbers and one of itself, so that a damaged or foreign artefact is told before anything is spoken.
Standard library only.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from voicewright.engines.errors import ArtefactInvalid
from voicewright.engines.voice_note import read_note, write_note

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NUMBERS: Final = "voice.safetensors"
_NUMBERS_DIGEST: Final = "numbers_sha256"


def write_sealed(
    directory: Path, numbers: bytes, about: Mapping[str, Any], *, engine: str, version: int
) -> None:
    """Write a voice into an empty directory.

    Args:
        directory: where to.
        numbers: a safetensors file.
        about: what they mean, JSON.
        engine: that reads it.
        version: of its form.
    """
    (directory / NUMBERS).write_bytes(numbers)
    write_note(directory, engine, version, {**about, _NUMBERS_DIGEST: hashlib.sha256(numbers).hexdigest()})


def read_sealed(directory: Path, *, engine: str, version: int) -> tuple[dict[str, Any], bytes]:
    """Read what `write_sealed` wrote: the note and the numbers, whole and unchanged.

    Raises:
        ArtefactInvalid: the files are missing, damaged, of another engine or of another version.
    """
    note = read_note(directory, engine, version, texts=(_NUMBERS_DIGEST,))
    try:
        numbers = (directory / NUMBERS).read_bytes()
    except OSError as error:
        raise ArtefactInvalid(
            f"{directory} is not a readable voice ({error}); restore it from a backup or make it again."
        ) from error
    if hashlib.sha256(numbers).hexdigest() != note[_NUMBERS_DIGEST]:
        raise ArtefactInvalid(f"{directory / NUMBERS} is damaged; restore it or make the voice again.")
    return note, numbers
