"""Owns the word error rate: how texts are brought to words and how many words differ."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from voicewright.quality.languages import primary_language

_NOT_ENGLISH = re.compile(r"[^a-z' ]")
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])"
)
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese are written without spaces: each character is a word, so
that the rate becomes a character error rate."""


def words_of(text: str, language: str = "en") -> list[str]:
    """Bring a text to the words that can be heard: lower case, hyphens split, punctuation dropped.

    English keeps letters and apostrophes only. Other languages keep every letter, mark and digit.
    """
    text = text.lower().replace("-", " ").replace("\u2019", "'")
    if primary_language(language) == "en":
        return _NOT_ENGLISH.sub(" ", text).split()
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(
        letter if unicodedata.category(letter)[0] in "LMN" or letter == "'" else " " for letter in text
    )
    return _UNSPACED.sub(r" \1 ", kept).split()


def edits(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Count the fewest words to insert, delete or replace (Levenshtein's distance)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(reference, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


def word_error_rate(pairs: Iterable[tuple[str, str]], language: str = "en") -> float | None:
    """Divide edits by words, pooled over pairs (text, heard); may exceed 1; None where there are no words."""
    wrong = total = 0
    for text, heard in pairs:
        reference = words_of(text, language)
        wrong += edits(reference, words_of(heard, language))
        total += len(reference)
    return wrong / total if total else None
