"""Texts as XTTS-v2 takes them: plain punctuation, and pieces that it can say at once. Pure."""

from __future__ import annotations

import re
from typing import Final

from voicewright.plugins.xtts_v2.languages import CHARACTERS

_SHORTEST: Final = 16
"""A shorter sentence is said together with the next one: alone it comes out unsteady."""
_PLAIN: Final = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u00ab": '"',
        "\u00bb": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u2026": "...",
        "\u00a0": " ",
        "\u202f": " ",
    }
)
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]"
)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?\u061f\u0964])\s+|(?<=[\u3002\uff01\uff1f])|\n+")
_PHRASE_END: Final = re.compile(r"(?<=[,;:\u060c\u061b])\s+|(?<=[\uff0c\u3001\uff1b\uff1a])|\s+-\s+")


def plain(text: str) -> str:
    """Write typographic signs as the model has learnt them, and leave out what nobody sees."""
    return " ".join(_UNSEEN.sub("", text).translate(_PLAIN).split())


def is_sayable(text: str) -> bool:
    """Whether there is a letter or a digit in it."""
    return any(map(str.isalnum, text))


def pieces(text: str, language: str) -> list[str]:
    """Cut a text at the ends of sentences, then of phrases, of words, and anywhere, until each part fits.

    Args:
        text: any length, may be several sentences.
        language: one of `LANGUAGES`.
    """
    limit = CHARACTERS[language]
    sentences = [plain(each) for each in _SENTENCE_END.split(text)]
    cut = [part for each in sentences if is_sayable(each) for part in _fitting(each, limit)]
    joined: list[str] = []
    for part in cut:
        if joined and len(joined[-1]) < _SHORTEST and len(joined[-1]) + 1 + len(part) <= limit:
            joined[-1] = f"{joined[-1]} {part}"
        else:
            joined.append(part)
    return joined


def halves(text: str) -> tuple[str, str]:
    """Cut a text in two near its middle, between words where it has any."""
    middle = len(text) // 2
    space = text.find(" ", middle)
    at = middle if space < 0 else space
    return text[:at].strip(), text[at:].strip()


def _fitting(sentence: str, limit: int) -> list[str]:
    if len(sentence) <= limit:
        return [sentence]
    for parts in (_PHRASE_END.split(sentence), sentence.split(" ")):
        if len(parts) > 1:
            return [piece for run in _filled(parts, limit) for piece in _fitting(run, limit)]
    return [sentence[start : start + limit] for start in range(0, len(sentence), limit)]


def _filled(parts: list[str], limit: int) -> list[str]:
    """Join parts again, as many as fit; never all of them, as they are too long together."""
    runs: list[str] = []
    for part in parts:
        if runs and len(runs[-1]) + 1 + len(part) <= limit:
            runs[-1] = f"{runs[-1]} {part}"
        else:
            runs.append(part)
    return runs
