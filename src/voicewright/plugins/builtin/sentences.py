"""Cutting a text into what is spoken at once: sentences, and pieces of those that are too long."""

from __future__ import annotations

import re
from typing import Final

LONGEST_PIECE: Final = 220
"""Characters spoken at once: longer sentences are cut at the clause, or the first audio would be late."""
_LONGEST_WORD = 80
_SENTENCE_END = re.compile(
    r"""(?<=[.!?\u2026])["'\u201d\u2019)\]]*\s+"""  # a full stop within a number or a name is none
    r"""|(?<=[\u3002\uff01\uff1f\u0964])\s*"""  # of scripts that put no space between sentences
    r"""|\n\s*\n"""
)
_CLAUSE_END = re.compile(r"(?<=[,;:])\s+|(?<=[\uff0c\uff1b\uff1a\u3001\u060c])\s*")
_SHORT_FORM = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|Mt|vs|cf|ca|approx|No|Nr|Hr|Fr|Sra|Mme|Mlle)\.$"
)
"""An initial or a title: the full stop is not the end of a sentence."""


def sentences(text: str) -> list[str]:
    """Cut a text at the ends of sentences, and sentences that are too long at clauses or words."""
    whole: list[str] = []
    for part in _SENTENCE_END.split(text):
        sentence = " ".join(part.split())
        if not sentence:
            continue
        if whole and _SHORT_FORM.search(whole[-1]):
            whole[-1] += " " + sentence
        else:
            whole.append(sentence)
    return [piece for sentence in whole for piece in _shortened(sentence)]


def _shortened(sentence: str) -> list[str]:
    """Pieces of at most `LONGEST_PIECE` characters, cut at clauses, else at words, else anywhere."""
    if len(sentence) <= LONGEST_PIECE:
        return [sentence]
    parts = [clause.strip() for clause in _CLAUSE_END.split(sentence) if clause.strip()]
    if len(parts) > 1:
        parts = [piece for clause in parts for piece in _shortened(clause)]
    else:
        parts = re.findall(rf"\S{{1,{_LONGEST_WORD}}}", sentence)
    pieces = parts[:1]
    for part in parts[1:]:
        if len(pieces[-1]) + 1 + len(part) > LONGEST_PIECE:
            pieces.append(part)
        else:
            pieces[-1] += " " + part
    return pieces
