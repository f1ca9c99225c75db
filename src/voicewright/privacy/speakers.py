"""What a speaker may be called; two spellings of one name are one person (`voicewright.naming`)."""

from __future__ import annotations

from typing import Final

from voicewright.naming import MAX_NAME_CHARACTERS, composed, unusable_character
from voicewright.naming import name_key as speaker_key
from voicewright.privacy.errors import SpeakerInvalid

__all__ = ["OWN_VOICE", "clean_speaker", "speaker_key"]

OWN_VOICE: Final = "self"
"""The speaker of a sample whose owner named nobody: they themselves."""


def clean_speaker(name: str) -> str:
    """The name as it is kept.

    Raises:
        SpeakerInvalid: with the reason.
    """
    cleaned = composed(name)
    if not speaker_key(cleaned):
        raise SpeakerInvalid("A speaker needs a name; give the one that the consent names.")
    if len(cleaned) > MAX_NAME_CHARACTERS:
        raise SpeakerInvalid(
            f"The name of a speaker has at most {MAX_NAME_CHARACTERS} characters, and this one has "
            f"{len(cleaned)}."
        )
    if odd := unusable_character(cleaned):
        raise SpeakerInvalid(f"The name of a speaker can't hold the character {odd}; leave it out.")
    return cleaned
