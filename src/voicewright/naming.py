"""What all names that people give have in common: how they are kept, when two are one, what none may hold.

A name is trimmed, runs of white space become one space, and it is normalised to NFC, so that "é" typed on two
systems is one name. Two names are the same when their keys are: NFKC, case-folded, without invisible
characters. What is named (voices, speakers, datasets, people) adds rules and errors of its own.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_NAME_CHARACTERS: Final = 100

_SPACES: Final = re.compile(r"\s+")
# Controls, surrogates, private use, unassigned, line and paragraph separators.
_FORBIDDEN: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
# They turn the order of what is shown after them, so that one name can look like another.
_DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def composed(name: str) -> str:
    """The name as it is kept."""
    return unicodedata.normalize("NFC", _SPACES.sub(" ", name).strip())


def name_key(name: str) -> str:
    """What two spellings of one name have in common; empty where nothing of it can be seen."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    visible = "".join(character for character in folded if unicodedata.category(character) != "Cf")
    return _SPACES.sub(" ", visible).strip()


def unusable_character(name: str) -> str | None:
    """The first character that can't be shown, or deceives, as `U+202E`."""
    for character in name:
        if unicodedata.category(character) in _FORBIDDEN or character in _DIRECTIONS:
            return f"U+{ord(character):04X}"
    return None
