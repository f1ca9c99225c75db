"""A voice of OpenAI's on disk: what it is called there, and how it speaks."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from voicewright.engines.errors import ArtefactInvalid
from voicewright.engines.port import PROVIDER_VOICE
from voicewright.engines.voice_note import read_note, write_note
from voicewright.plugins.openai_tts.making import MadeVoice
from voicewright.plugins.openai_tts.plugin import ENGINE

if TYPE_CHECKING:
    from pathlib import Path

    from openai.types.audio.speech_create_params import VoiceID

_VERSION: Final = 1


class Voice(NamedTuple):
    """As it speaks."""

    voice: str | VoiceID
    """What `audio.speech` takes: the name of a stock voice, or the id of one that was made."""
    language: str
    model: str
    instructions: str


def write_voice(
    directory: Path, *, name: str, language: str, model: str, instructions: str = "", made: bool
) -> None:
    """Write what speaking needs.

    Args:
        directory: of the artefact.
        name: of a stock voice, or the id of one that was made.
        language: of what it was made of.
        model: that speaks.
        instructions: for it.
        made: whether it was made of recordings.
    """
    facts = {
        "voice": name,
        "made": made,
        "language": language,
        "model": model,
        "instructions": instructions,
        "created_at": int(time.time()),
    }
    write_note(directory, ENGINE.id, _VERSION, facts)


def read_voice(directory: Path) -> Voice:
    """Read it.

    Raises:
        ArtefactInvalid: it is no voice of this engine, or damaged.
    """
    texts = ("voice", "language", "model", "instructions")
    note = read_note(directory, ENGINE.id, _VERSION, texts=texts)
    name: str = note["voice"]
    made, is_made = read_made(directory), note.get("made") is True
    if (None if made is None else made.voice) != (name if is_made else None):
        raise ArtefactInvalid(f"{directory / PROVIDER_VOICE} is damaged; make the voice again.")
    if is_made:
        return Voice({"id": name}, *(note[text] for text in texts[1:]))
    return Voice(name, *(note[text] for text in texts[1:]))


def write_made(directory: Path, made: MadeVoice) -> None:
    """Write what deleting it there needs."""
    aside = directory / f"{PROVIDER_VOICE}.part"
    aside.write_text(json.dumps(made._asdict()), "utf-8")
    aside.replace(directory / PROVIDER_VOICE)


def read_made(directory: Path) -> MadeVoice | None:
    """Read it; None: nothing was made.

    Raises:
        ArtefactInvalid: it is damaged.
    """
    file = directory / PROVIDER_VOICE
    try:
        note: Any = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ArtefactInvalid(f"{file} is damaged ({error}); restore it from a backup.") from error
    match note:
        case {"voice": str(voice), "consent": str(consent)} if voice and consent:
            return MadeVoice(voice, consent)
    raise ArtefactInvalid(f"{file} is damaged; restore it from a backup.")
