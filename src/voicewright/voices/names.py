"""What a voice may be called, and when two names are the same.

A name is trimmed, runs of white space become one space, and it is normalised to NFC, so that "é" typed on two
systems is one name. Two names are the same when their keys are: NFKC, case-folded, without invisible
characters. So "Ann" and "ann" are versions of one voice, because nobody hears the capitals of a name. Each
version keeps its own spelling.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING
from uuid import UUID

from voicewright.voices.errors import VoiceNameInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NAME_CHARACTERS = 100

_SPACES = re.compile(r"\s+")
# Controls, surrogates, private use, unassigned, line and paragraph separators.
_FORBIDDEN = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
# They turn the order of what is shown after them, so that one name can look like another.
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SUGGESTIONS = 3


def clean_name(name: str) -> str:
    """The name as it is kept.

    Raises:
        VoiceNameInvalid: with the reason.
    """
    cleaned = unicodedata.normalize("NFC", _SPACES.sub(" ", name).strip())
    if not name_key(cleaned):
        raise VoiceNameInvalid("A voice needs a name with at least one visible character.")
    if len(cleaned) > MAX_NAME_CHARACTERS:
        raise VoiceNameInvalid(
            f"The name of a voice has at most {MAX_NAME_CHARACTERS} characters, and this one has "
            f"{len(cleaned)}."
        )
    for character in cleaned:
        if unicodedata.category(character) in _FORBIDDEN or character in _DIRECTIONS:
            raise VoiceNameInvalid(
                f"The name of a voice can't hold the character U+{ord(character):04X}; leave it out of "
                f"{cleaned!r}."
            )
    if as_id(cleaned) is not None:
        raise VoiceNameInvalid(f"{cleaned} looks like the id of a voice, so it can't be the name of one.")
    return cleaned


def name_key(name: str) -> str:
    """What two spellings of one name have in common."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    visible = "".join(character for character in folded if unicodedata.category(character) != "Cf")
    return _SPACES.sub(" ", visible).strip()


def as_id(reference: str) -> UUID | None:
    """The id that a reference spells, if it spells one in the usual form with hyphens."""
    text = reference.strip()
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None


def close_names(wanted: str, names: Iterable[str]) -> list[str]:
    """The names that somebody who typed `wanted` may have meant, best first."""
    by_key = {name_key(name): name for name in names}
    key = name_key(wanted)
    close = get_close_matches(key, by_key, n=_SUGGESTIONS, cutoff=0.6)
    starts = [known for known in sorted(by_key) if key and known.startswith(key) and known not in close]
    return [by_key[known] for known in [*close, *starts][:_SUGGESTIONS]]
