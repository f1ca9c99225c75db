# ruff: noqa: RUF001 - the punctuation of many scripts is the point of this file
"""Cuts a text into sentences that can be spoken one by one, without breaking abbreviations or quotes.

Rules, not a model: they must work offline in every language that an engine speaks, and give the same pieces
on every machine. A wrong cut costs a pause in the wrong place, so a full stop that may belong to an
abbreviation is not cut at unless what follows can only be a new sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from voicewright.text.errors import TextEmpty
from voicewright.text.legible import can_be_said, legible

LONGEST = 300
"""Characters. Longer pieces are cut at the best inner boundary: engines slow down and drift on long input."""

_ENDERS = ".!?…。！？｡؟۔।॥"
_WIDE_ENDERS = "。！？｡"
_CLOSERS = "\"'”’“‘»›«‹)]}」』）】"
"""“ and « close a quote in some languages and open one in others; what opens comes after white space."""
_OPENERS = "\"'“‘„«‹([{「『（【¿¡"
SENTENCE_ENDS = (*_ENDERS, *(ender + closer for ender in _ENDERS for closer in _CLOSERS))
"""What a whole sentence ends with."""
_BOUNDARY = re.compile(
    rf"(?<![{_ENDERS}])([{_ENDERS}]++)([{re.escape(_CLOSERS)}]*+)(\s++|(?<=[{_WIDE_ENDERS}{re.escape(_CLOSERS)}])|$)"
)
_PARAGRAPH = re.compile(r"\n[ \t\r\f\v]*\n\s*")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BEFORE_A_NAME = _words("""
    mr mrs ms mx dr prof st rev hon sen rep gov gen col maj capt cpt lt sgt cmdr fr sr messrs mme mlle
    hr herr dipl ing geb sra srta dña ud uds sig dott mons
    no nos nr nº núm num vol vols fig figs eq sec ch chap pp art abb bd kap vs cf ca approx
    z.b d.h u.a e.g i.e viz
""")
"""Never the end of a sentence: a name or a number follows."""

_SOMETIMES_LAST = _words("""
    etc inc ltd corp co jr sr esq al usw a.m p.m u.s u.k e.u b.c a.d ph.d m.d b.a m.a
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun
    ave blvd rd mt ft dept est min max
""")
"""The end of a sentence only where the next word looks like a beginning."""

_BEGINNERS = _words("""
    the a an i he she it we they you this that these those there his her my our your their
    in on at for but and or so if when while then after before now
    what who why how where which is was do did no yes not as
    der die das ein eine er sie es wir ich ihr und aber le la les un une il elle nous vous je el los las ella
""")
"""Words that begin a sentence and are not written with a capital letter inside one."""

_BREATHS = tuple(
    re.compile(pattern) for pattern in (r"[;:](?!\S)\s*|[；：]", r",(?!\S)\s*|[，、،]\s*|\s[—–-]\s", r"\s")
)
"""Where a reader breathes, the best place first; not within 14:30 or 1,000."""
_ORDINAL_DIGITS = 2
_AROUND = 64
"""Characters before and after a full stop that say what it is."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One piece to be spoken in one breath."""

    text: str
    """Without leading or trailing white space, with its punctuation and quotes."""
    ends_paragraph: bool = False
    """A longer pause follows."""


def split_sentences(text: str, *, longest: int = LONGEST) -> tuple[Sentence, ...]:
    """Cut a text into sentences of at most `longest` characters.

    An empty line ends a paragraph, a single line break is a space. Pieces without a letter or digit (a row
    of asterisks) are dropped, so the result is empty where nothing can be said.
    """
    return tuple(sentences_of(legible(text), longest=longest))


def sentences_of(text: str, *, longest: int = LONGEST) -> Iterator[Sentence]:
    """The same of a text that is `legible` already."""
    for paragraph in _PARAGRAPH.split(text):
        joined = " ".join(paragraph.split())
        pieces = [short for piece in _pieces(joined) for short in shorten(piece, longest)]
        spoken = [piece for piece in pieces if can_be_said(piece)]
        for place, piece in enumerate(spoken):
            yield Sentence(piece, ends_paragraph=place == len(spoken) - 1)


def require_sentences(text: str) -> tuple[Sentence, ...]:
    """Cut a text into sentences, of which there has to be one.

    Raises:
        TextEmpty: nothing in the text can be said.
    """
    sentences = split_sentences(text)
    if not sentences:
        raise TextEmpty("There is nothing to say: the text has no letters and no digits. Give some words.")
    return sentences


def _pieces(paragraph: str) -> Iterator[str]:
    """Cut at every mark that ends a sentence."""
    begin = 0
    for mark in _BOUNDARY.finditer(paragraph):
        before = paragraph[max(begin, mark.start() - _AROUND) : mark.start()]
        after = paragraph[mark.end() : mark.end() + _AROUND]
        if not after or _ends_here(before, mark[1], mark[2], after):
            yield paragraph[begin : mark.end()].strip()
            begin = mark.end()
    if begin < len(paragraph):
        yield paragraph[begin:].strip()


def _ends_here(before: str, enders: str, closers: str, after: str) -> bool:
    """Whether the mark between `before` and `after` ends a sentence."""
    following = after.lstrip(_OPENERS + "—–- ")
    if following[:1].islower():
        # "Stop!" he said; e.g. this; a pause of three dots.
        return False
    if enders != "." or closers or not following:
        return True
    words = before.split()
    if not words or before[-1].isspace():
        return False
    return _may_be_last(words[-1].strip(_OPENERS + _CLOSERS).lower(), following)


def _may_be_last(word: str, following: str) -> bool:
    """Whether the full stop after `word` ends a sentence and does not belong to the word."""
    if word in _BEFORE_A_NAME:
        return False
    if word in _SOMETIMES_LAST:
        return _begins_a_sentence(following)
    if _INITIALS.fullmatch(word):
        # J. R. R. Tolkien; but "It is I."
        return word == "i"
    # 3. Mai, 21. Jahrhundert: an ordinal; but "in 1999. Then" ends.
    return not (word.isdigit() and len(word) <= _ORDINAL_DIGITS)


def _begins_a_sentence(following: str) -> bool:
    first = re.match(r"[^\W\d_]+", following)
    return first is not None and first[0].lower() in _BEGINNERS


def shorten(piece: str, longest: int) -> Iterator[str]:
    """Cut a piece that is too long where a reader would breathe: after ; : , or a dash, else at a space.

    A word that is longer than that is cut anywhere, but not between a letter and its accents.
    """
    while len(piece) > longest:
        window = piece[: longest + 1]
        cut = 0
        for pattern in _BREATHS:
            ends = [found.end() for found in pattern.finditer(window) if found.end() <= longest]
            if ends and ends[-1] >= longest // 3:
                cut = ends[-1]
                break
        cut = cut or _between_letters(piece, longest)
        yield piece[:cut].strip()
        piece = piece[cut:].strip()
    if piece:
        yield piece


def _between_letters(word: str, longest: int) -> int:
    """Where to cut a word without end."""
    cut = longest
    while cut > 1 and unicodedata.combining(word[cut]):
        cut -= 1
    return cut if cut > 1 else longest
