"""A voice of Google's on disk: the key that is the voice, or the name of one of its own.

The key speaks wherever it goes, with any project that Google has admitted, so it is as secret as the voice;
the platform keeps artefacts sealed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

from voicewright.engines.voice_note import read_note, write_note
from voicewright.plugins.google_cloud_tts.plugin import ENGINE

if TYPE_CHECKING:
    from pathlib import Path

_VERSION: Final = 1
MODEL: Final = "chirp-3-instant-custom-voice"
STOCK_MODEL: Final = "chirp-3-hd"


class Voice(NamedTuple):
    """As it speaks."""

    key: str
    """Empty: it is one of Google's own."""
    persona: str
    """The name of one of Google's own, as in `Kore`; empty: it was made."""
    language: str
    """One of ours."""


def write_voice(directory: Path, voice: Voice) -> None:
    """Write a voice."""
    facts = {
        "cloning_key": voice.key,
        "persona": voice.persona,
        "language": voice.language,
        "model": MODEL if voice.key else STOCK_MODEL,
        "created_at": int(time.time()),
    }
    write_note(directory, ENGINE.id, _VERSION, facts)


def read_voice(directory: Path) -> Voice:
    """Read it.

    Raises:
        ArtefactInvalid: it is no voice of this engine, or damaged.
    """
    texts = ("cloning_key", "persona", "language")
    note = read_note(directory, ENGINE.id, _VERSION, texts=texts)
    return Voice(*(note[text] for text in texts))
