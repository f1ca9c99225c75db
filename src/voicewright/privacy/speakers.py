"""What a speaker may be called, and when two names are the same person's."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from voicewright.privacy.errors import SpeakerInvalid

OWN_VOICE: Final = "self"
"""The speaker of a sample whose owner named nobody: they themselves."""
_MAX_CHARACTERS: Final = 100
_SPACES: Final = re.compile(r"\s+")
# Controls, invisible marks (some turn the order of what follows), surrogates, private use, unassigned.
_FORBIDDEN: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean_speaker(name: str) -> str:
    """The name as it is kept: composed letters, single spaces.

    Raises:
        SpeakerInvalid: with the reason.
    """
    cleaned = unicodedata.normalize("NFC", _SPACES.sub(" ", name).strip())
    if not cleaned:
        raise SpeakerInvalid("A speaker needs a name; give the one that the consent names.")
    if len(cleaned) > _MAX_CHARACTERS:
        raise SpeakerInvalid(
            f"The name of a speaker has at most {_MAX_CHARACTERS} characters, and this one has "
            f"{len(cleaned)}."
        )
    for character in cleaned:
        if unicodedata.category(character) in _FORBIDDEN:
            raise SpeakerInvalid(
                f"The name of a speaker can't hold the character U+{ord(character):04X}; leave it out."
            )
    return cleaned


def speaker_key(name: str) -> str:
    """What two spellings of one name have in common: "Ann" and "ann" are one person."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return _SPACES.sub(" ", folded).strip()
