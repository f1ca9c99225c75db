"""What people and API keys may be called."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from voicewright.accounts.errors import PersonNameInvalid, of_field

MAX_NAME_CHARACTERS: Final = 100

_SPACES: Final = re.compile(r"\s+")
_FORBIDDEN: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
# They turn the order of what is shown after them, so that one name can look like another.
_DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_person_name(name: str) -> str:
    """The name as it is kept: trimmed, one space between words, NFC; it may be empty.

    Raises:
        PersonNameInvalid: with the reason.
    """
    cleaned = unicodedata.normalize("NFC", _SPACES.sub(" ", name).strip())
    if len(cleaned) > MAX_NAME_CHARACTERS:
        raise of_field(PersonNameInvalid, "name", f"A name has at most {MAX_NAME_CHARACTERS} characters.")
    for character in cleaned:
        if unicodedata.category(character) in _FORBIDDEN or character in _DIRECTIONS:
            message = f"A name can't hold the character U+{ord(character):04X}."
            raise of_field(PersonNameInvalid, "name", message)
    return cleaned
