"""What people and API keys may be called."""

from __future__ import annotations

from voicewright.accounts.errors import PersonNameInvalid, of_field
from voicewright.naming import MAX_NAME_CHARACTERS, composed, unusable_character

__all__ = ["MAX_NAME_CHARACTERS", "clean_person_name"]


def clean_person_name(name: str) -> str:
    """The name as it is kept: trimmed, one space between words, NFC; it may be empty.

    Raises:
        PersonNameInvalid: with the reason.
    """
    cleaned = composed(name)
    if len(cleaned) > MAX_NAME_CHARACTERS:
        raise of_field(PersonNameInvalid, "name", f"A name has at most {MAX_NAME_CHARACTERS} characters.")
    if odd := unusable_character(cleaned):
        raise of_field(PersonNameInvalid, "name", f"A name can't hold the character {odd}.")
    return cleaned
