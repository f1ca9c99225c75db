"""A text without what can neither be seen nor said."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

HELD: Final = ("\ue000", "\uf8ff")
"""The ends of the range of characters that mean nothing to anybody: no text keeps them, so that they may
stand for something that is put in later (`text.ssml`)."""

_LINE_BREAKS: Final = re.compile("[\x0b\x0c\x85\u2028]")
_UNSPOKEN: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad"
    "\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffc\U000e0000-\U0010ffff]"
)
"""Control characters, marks of direction, what has no width, halves of pairs, private characters, tags."""
_JOINERS: Final = re.compile(
    "(?<![^\\W\\d_\u0000-\u024f])[\u200c\u200d]|[\u200c\u200d](?![^\\W\\d_\u0000-\u024f])"
)
"""Persian and the scripts of India need them between two letters; elsewhere they hide something."""
_MARKS: Final = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_MARKS_FLOOD: Final = re.compile(f"([{_MARKS}]{{4}})[{_MARKS}]+")
"""No writing puts more than four accents on a letter."""
_STYLED: Final = re.compile("[\U0001d400-\U0001d7ff\ufb00-\ufb06\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+")
"""Letters and digits that are others in a costume: mathematical, wide, ligatures."""
UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
"""NUL, and halves of surrogate pairs: PostgreSQL keeps neither, and nobody can say them."""
_BEFORE_MARK: Final = re.compile(r"(?<=\S) (?=[,.;:!?](?!\S))")


def legible(text: str) -> str:
    """The text as a reader sees it: composed, without control characters and floods of accents."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2029", "\n\n")
    text = _UNSPOKEN.sub("", _LINE_BREAKS.sub("\n", text))
    if text.isascii():
        return text
    text = _MARKS_FLOOD.sub(r"\1", _JOINERS.sub("", text))
    text = _STYLED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return unicodedata.normalize("NFC", text)


def storable(text: str) -> str:
    """The text without what no table keeps."""
    return UNSTORABLE.sub("", text)


def can_be_said(text: str) -> bool:
    """Whether there is a letter, a digit, or what stands for some."""
    return any(letter.isalnum() or HELD[0] <= letter <= HELD[1] for letter in text)


def tidy(text: str) -> str:
    """The text with single spaces, and none before a comma or full stop."""
    return _BEFORE_MARK.sub("", " ".join(text.split()))
