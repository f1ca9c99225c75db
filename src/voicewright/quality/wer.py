"""Owns the word error rate: how texts are brought to words and how many words differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_NOT_A_WORD = re.compile(r"[^a-z' ]")


def words_of(text: str) -> list[str]:
    """The words of an English text: lower case, hyphens split, everything but letters and ' dropped."""
    return _NOT_A_WORD.sub(" ", text.lower().replace("-", " ").replace("\u2019", "'")).split()


def edits(reference: Sequence[str], heard: Sequence[str]) -> int:
    """The least number of words to insert, delete or replace (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(reference, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


def word_error_rate(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Edits over words, pooled over (text, heard) pairs; may exceed 1; None where there are no words."""
    wrong = total = 0
    for text, heard in pairs:
        reference = words_of(text)
        wrong += edits(reference, words_of(heard))
        total += len(reference)
    return wrong / total if total else None
