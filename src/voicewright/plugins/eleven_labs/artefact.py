"""A voice of ElevenLabs' on disk: what it is called there, and how it speaks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from voicewright.engines.errors import ArtefactInvalid
from voicewright.engines.port import PROVIDER_VOICE
from voicewright.engines.voice_note import read_note, write_note
from voicewright.plugins.eleven_labs.options import ElevenLabsOptions
from voicewright.plugins.eleven_labs.plugin import ENGINE, PROVIDER

if TYPE_CHECKING:
    from pathlib import Path

_VERSION: Final = 1
_SETTINGS: Final = ("stability", "similarity_boost", "style")
_VOICE_ID: Final = re.compile(r"[A-Za-z0-9]{1,64}")
"""An id becomes a part of the addresses that are asked, and the SDK puts it there as it is."""
_WORK: Final = "elevenlabs.json"
"""Among the checkpoints: what the voice beside it is made of, and how far that is."""


class Voice(NamedTuple):
    """As it speaks."""

    id: str
    language: str
    model: str
    settings: dict[str, float]
    """Of `voice_settings`; empty: those that it has there."""


def write_voice(directory: Path, voice_id: str, language: str, options: ElevenLabsOptions | None) -> None:
    """Write what speaking needs.

    Args:
        directory: of the artefact.
        voice_id: as ElevenLabs calls it.
        language: of what it was made of.
        options: what it was made with; None: it was there, and nothing is deleted there.
    """
    chosen = options or ElevenLabsOptions()
    settings = {} if options is None else {name: getattr(options, name) for name in _SETTINGS}
    facts = {"voice": voice_id, "made": options is not None, "language": language, "model": chosen.model}
    write_note(directory, ENGINE.id, _VERSION, {**facts, "settings": settings})


def read_voice(directory: Path) -> Voice:
    """Read it.

    Raises:
        ArtefactInvalid: it is no voice of this engine, or damaged.
    """
    note = read_note(directory, ENGINE.id, _VERSION, texts=("voice", "language", "model"))
    made = read_made(directory)
    if made != (note["voice"] if note.get("made") is True else None):
        raise ArtefactInvalid(f"{directory / PROVIDER_VOICE} is damaged; restore it from a backup.")
    if not is_voice_id(note["voice"]) or not isinstance(note.get("settings"), dict):
        raise ArtefactInvalid(f"{directory} names no voice of {PROVIDER.name}; make the voice again.")
    return Voice(note["voice"], note["language"], note["model"], dict(note["settings"]))


def is_voice_id(told: object) -> bool:
    """Whether ElevenLabs may call a voice so."""
    return isinstance(told, str) and _VOICE_ID.fullmatch(told) is not None


def write_made(directory: Path, voice_id: str) -> None:
    """Write what deleting it there needs."""
    _write(directory / PROVIDER_VOICE, {"voice": voice_id})


def read_made(directory: Path) -> str | None:
    """Read it; None: nothing was made.

    Raises:
        ArtefactInvalid: it is damaged.
    """
    path = directory / PROVIDER_VOICE
    try:
        note: Any = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ArtefactInvalid(f"{path} is damaged ({error}); restore it from a backup.") from error
    match note:
        case {"voice": str(voice_id)} if is_voice_id(voice_id):
            return voice_id
    raise ArtefactInvalid(f"{path} is damaged; restore it from a backup.")


def write_work(directory: Path, work: dict[str, str]) -> None:
    """Write what the voice beside it is made of."""
    _write(directory / _WORK, work)


def read_work(directory: Path) -> dict[str, str]:
    """Read it; empty: nothing is there, or nothing of use."""
    try:
        work = json.loads((directory / _WORK).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return work if isinstance(work, dict) else {}


def _write(path: Path, content: dict[str, str]) -> None:
    aside = path.with_name(f"{path.name}.part")
    aside.write_text(json.dumps(content), "utf-8")
    aside.replace(path)
