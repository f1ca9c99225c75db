"""The small file that says what a voice is: which engine reads it, and what it needs to know.

Of a voice that lies at a provider it is the whole artefact. It has a digest of itself. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any, Final

from voicewright.engines.errors import ArtefactInvalid

if TYPE_CHECKING:
    from pathlib import Path

VOICE: Final = "voice.json"
_SEAL: Final = "sha256"


def new_label() -> str:
    """A name for what is made at a provider: nothing else there has it, and it names nobody."""
    return f"voicewright-{secrets.token_hex(8)}"


def write_note(directory: Path, engine: str, version: int, facts: dict[str, Any]) -> None:
    """Write it.

    Args:
        directory: of the artefact.
        engine: that reads it.
        version: of its form.
        facts: what it says, JSON.
    """
    note = {"engine": engine, "format_version": version, **facts}
    note[_SEAL] = _digest(note)
    (directory / VOICE).write_text(json.dumps(note, indent=1, ensure_ascii=False), "utf-8")


def read_note(directory: Path, engine: str, version: int, *, texts: tuple[str, ...]) -> dict[str, Any]:
    """Read it.

    Args:
        directory: of the artefact.
        engine: that wrote it.
        version: of its form that is known here.
        texts: facts that have to be there, as text.

    Raises:
        ArtefactInvalid: it is missing, damaged, of another engine or of a newer version.
    """
    try:
        note = json.loads((directory / VOICE).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ArtefactInvalid(
            f"{directory} is not a readable voice ({error}); restore it from a backup or make it again."
        ) from error
    if not isinstance(note, dict) or note.get("engine") != engine:
        raise ArtefactInvalid(f"{directory} is not a voice of the engine {engine}.")
    if note.get("format_version") != version:
        raise ArtefactInvalid(
            f"{directory} has format version {note.get('format_version')}, and this engine reads {version}; "
            "update Voicewright or make the voice again."
        )
    whole = note.get(_SEAL) == _digest(note)
    if not whole or not all(isinstance(note.get(name), str) for name in texts):
        raise ArtefactInvalid(f"{directory / VOICE} is damaged; restore it or make the voice again.")
    return note


def _digest(note: dict[str, Any]) -> str:
    rest = {key: value for key, value in note.items() if key != _SEAL}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
