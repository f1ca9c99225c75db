# ruff: noqa: RUF001 - the punctuation of many scripts is the point of this file
"""Cuts a text into sentences that can be spoken one by one, without breaking abbreviations or quotes.

Rules, not a model: they must work offline in every language that an engine speaks, and give the same pieces
on every machine. A wrong cut costs a pause in the wrong place, so a full stop that may belong to an
abbreviation is not cut at unless what follows can only be a new sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from voicewright.text.errors import TextEmpty

LONGEST = 300
"""Characters. Longer pieces are cut at the best inner boundary: engines slow down and drift on long input."""

_ENDERS = ".!?…。！？｡؟۔।॥"
_WIDE_ENDERS = "。！？｡"
_CLOSERS = "\"'”’“‘»›«‹)]}」』）】"
"""“ and « close a quote in some languages and open one in others; what opens comes after white space."""
_OPENERS = "\"'“‘„«‹([{「『（【¿¡"
_BOUNDARY = re.compile(
    rf"([{_ENDERS}]+)([{re.escape(_CLOSERS)}]*)(\s+|(?<=[{_WIDE_ENDERS}{re.escape(_CLOSERS)}])|$)"
)
_PARAGRAPH = re.compile(r"\n[ \t\r\f\v]*\n\s*")
_UNSPOKEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")
_LAST_WORD = re.compile(r"(\S+)$")
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

_ORDINAL_DIGITS = 2


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
    sentences: list[Sentence] = []
    for paragraph in _PARAGRAPH.split(_UNSPOKEN.sub("", text)):
        joined = " ".join(paragraph.split())
        pieces = [short for piece in _pieces(joined) for short in _shorten(piece, longest)]
        spoken = [piece for piece in pieces if any(letter.isalnum() for letter in piece)]
        sentences.extend(
            Sentence(piece, ends_paragraph=place == len(spoken) - 1) for place, piece in enumerate(spoken)
        )
    return tuple(sentences)


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
        before, after = paragraph[begin : mark.start()], paragraph[mark.end() :]
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
    found = _LAST_WORD.search(before)
    return found is not None and _may_be_last(found[1].strip(_OPENERS + _CLOSERS).lower(), following)


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


def _shorten(piece: str, longest: int) -> Iterator[str]:
    """Cut a piece that is too long where a reader would breathe: after ; : , or a dash, else at a space."""
    while len(piece) > longest:
        window = piece[: longest + 1]
        cut = 0
        for pattern in (r"[;:；：]\s*", r"[,，、،]\s*|\s[—–-]\s", r"\s"):
            ends = [found.end() for found in re.finditer(pattern, window) if found.end() <= longest]
            if ends and ends[-1] >= longest // 3:
                cut = ends[-1]
                break
        cut = cut or longest
        yield piece[:cut].strip()
        piece = piece[cut:].strip()
    if piece:
        yield piece
