"""What a voice may be called, and how a name that was typed finds its voice.

"Ann" and "ann" are versions of one voice, because nobody hears the capitals of a name (`voicewright.naming`).
Each version keeps its own spelling.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING
from uuid import UUID

from voicewright.naming import MAX_NAME_CHARACTERS, composed, name_key, unusable_character
from voicewright.voices.errors import VoiceNameInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MAX_NAME_CHARACTERS", "as_id", "clean_name", "close_names", "name_key"]

_SUGGESTIONS = 3


def clean_name(name: str) -> str:
    """The name as it is kept.

    Raises:
        VoiceNameInvalid: with the reason.
    """
    cleaned = composed(name)
    if not name_key(cleaned):
        raise VoiceNameInvalid("A voice needs a name with at least one visible character.")
    if len(cleaned) > MAX_NAME_CHARACTERS:
        raise VoiceNameInvalid(
            f"The name of a voice has at most {MAX_NAME_CHARACTERS} characters, and this one has "
            f"{len(cleaned)}."
        )
    if odd := unusable_character(cleaned):
        raise VoiceNameInvalid(
            f"The name of a voice can't hold the character {odd}; leave it out of {cleaned!r}."
        )
    if as_id(cleaned) is not None:
        raise VoiceNameInvalid(f"{cleaned} looks like the id of a voice, so it can't be the name of one.")
    return cleaned


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
