"""A text in portions that a provider takes at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WORD: Final = re.compile(r"\S+\s*")


def speakable(text: str) -> str:
    """The text without what no voice says: control characters become spaces; empty: there are no words."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text).strip()
    return plain if any(map(str.isalnum, plain)) else ""


def portions(text: str, most: int, size: Callable[[str], int] = len) -> Iterator[str]:
    """Split between words, each portion as long as it may be; a word that is too long is cut.

    Args:
        text: to be split.
        most: of what `size` counts in each.
        size: counts characters, if nothing else.
    """
    portion = ""
    for word in _WORD.findall(text):
        if size(portion + word.rstrip()) <= most:
            portion += word
            continue
        if portion:
            yield portion.strip()
        portion = word
        while size(portion.rstrip()) > most:
            cut = _fitting(portion, most, size)
            yield portion[:cut]
            portion = portion[cut:]
    if portion.strip():
        yield portion.strip()


def _fitting(word: str, most: int, size: Callable[[str], int]) -> int:
    """How many of its signs fit; at least one."""
    count = min(len(word), most)
    while count > 1 and size(word[:count]) > most:
        count = count * 3 // 4
    return max(count, 1)
