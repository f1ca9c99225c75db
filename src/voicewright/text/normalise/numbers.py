"""Ordinals, ranges, years, versions and plain numbers."""
# ruff: noqa: RUF001 - the signs that people write are the point of this file

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from voicewright.text.normalise.numerals import number_pattern
from voicewright.text.normalise.rules import SIGN, Rule, after, alternatives, before, constant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voicewright.text.normalise.lexicon import Lexicon
    from voicewright.text.normalise.numerals import Numerals

_YEAR_CUES: Final = frozenset([
    "in", "since", "by", "of", "year", "from", "until", "till", "to", "before", "after", "circa",
    "around", "during", "between", "and", "or", "©", "early", "late", "mid", "summer", "winter",
    "spring", "autumn", "fall", "january", "february", "march", "april", "may", "june", "july",
    "august", "september", "october", "november", "december", "christmas", "ad", "bc", "copyright",
    "through", "for",
])  # fmt: skip
_NO_PLURALS: Final = frozenset(["was", "is", "has", "his", "its", "this", "as", "plus", "versus", "towards"])
"""Words that end in s and count nothing."""
_LAST_NO_YEAR, _FIRST_SURE_YEAR, _LAST_YEAR = 1100, 1900, 2100
_YEAR_DIGITS, _SHORT_YEAR_DIGITS = 4, 2
_DATIVE: Final = frozenset(["am", "vom", "zum", "beim", "dem", "den", "des", "im", "bis", "seit", "ab"])
_WEAK: Final = frozenset(["der", "die", "das", "jeder", "jede", "jedes", "dieser", "diese", "dieses"])
_MASCULINE: Final = frozenset(
    ["Teil", "Band", "Akt", "Platz", "Tag", "Stock", "Weltkrieg", "Monat", "Bezirk", "FC", "SC", "SV"]
)
_NEUTER: Final = frozenset(
    ["Kapitel", "Jahrhundert", "Buch", "Mal", "Semester", "Bild", "Spiel", "Jahr", "Gebot"]
)
_MOST_MIXED: Final = 4
"""Digits in a word of letters and digits that are read as a number."""
_NO_NOUN: Final = (
    "von|vom|ist|war|de|del|du|di|da|do|van|af|av|es|est|è|é|si|que|che|por|per|als|im|in|am|a|à"
)
"""Words after a number that say nothing of what is counted."""


class Numbers:
    """The numbers of one language.

    Args:
        lexicon: of the language.
        numerals: of the language.
    """

    def __init__(self, lexicon: Lexicon, numerals: Numerals) -> None:
        self._lexicon = lexicon
        self._numerals = numerals
        self._number = number_pattern(lexicon)
        words = (
            lexicon.and_, lexicon.or_, lexicon.to, lexicon.plus, lexicon.minus,
            lexicon.divided,
        )  # fmt: skip
        self._noun = re.compile(rf"\s(?!(?:{alternatives(words)}|{_NO_NOUN})\b)([^\W\d_]{{2,}})")

    def decades(self) -> Iterable[Rule]:
        """`1990s`, which is no number of seconds."""
        if self._lexicon.years == "pairs":
            yield Rule(re.compile(r"(?<![\w.,$€£])['’]?((?:1[1-9]|20)?[0-9]0)['’]?s\b"), self._decade)

    def rules(self) -> Iterable[Rule]:
        """In the order in which they have to be tried."""
        return (*self._ordinals(), *self._ranges(), *self._years(), *self._codes(), *self._plain())

    def _ordinals(self) -> Iterable[Rule]:
        lexicon = self._lexicon
        if lexicon.ordinals:
            written = r"[0-9]{1,3}(?:,[0-9]{3}){0,3}|[0-9]{1,12}"
            yield Rule(
                re.compile(rf"(?<![\w.,])({written})({lexicon.ordinals})(?!\w)", re.IGNORECASE), self._ordinal
            )
        if lexicon.dotted_ordinals:
            noun = r"(?=\s([A-ZÄÖÜ]\w*))" if lexicon.num2words == "de" else r"(?=\s(\w+))"
            yield Rule(
                re.compile(rf"(?<![\w.,])([0-9]{{1,2}})\.{noun}"),
                lambda m: inflected_ordinal(self._numerals, lexicon, int(m[1]), before(m), noun=m[2]),
            )

    def _ordinal(self, match: re.Match[str]) -> str:
        feminine = self._lexicon.feminine_ordinals
        is_feminine = bool(feminine and re.fullmatch(feminine, match[2]))
        return self._numerals.ordinal(int(match[1].replace(",", "")), feminine=is_feminine)

    def _ranges(self) -> Iterable[Rule]:
        number = self._number
        patterns = (
            rf"(?<![\w.,–-])({number})\s?–\s?({number})(?![\w–-])",
            r"(?<![\w.,–/-])([0-9]{1,4})-([0-9]{1,4})(?![\w–/-]|[.,]\d)",
        )
        for pattern in patterns:
            yield Rule(re.compile(pattern), lambda m: self._range(m[1], m[2]))

    def _range(self, first: str, last: str) -> str:
        both = [
            self._numerals.year(int(each)) if _is_sure_year(each) else self._numerals.read(each)
            for each in (first, last)
        ]
        if _is_sure_year(first) and len(last) == _SHORT_YEAR_DIGITS and last.isdigit():  # 1914-18
            both[1] = self._numerals.cardinal(int(last))
        return f" {self._lexicon.to} ".join(both)

    def _years(self) -> Iterable[Rule]:
        style = self._lexicon.years
        if style == "pairs":
            year = r"(?<![\w.,$€£/-])(1[1-9][0-9]{2}|20[0-9]{2})(?![\w/]|[.,:-]\d)"
            yield Rule(re.compile(year), self._maybe_year)
        elif style == "hundreds":
            year = r"(?<![\w.,/-])(1[1-9][0-9]{2})(?![\w/]|[.,:-]\d)"
            yield Rule(re.compile(year), lambda m: self._numerals.year(int(m[1])))

    def _decade(self, match: re.Match[str]) -> str:
        said = self._numerals.year(int(match[1]))
        return said[:-1] + "ies" if said.endswith("y") else said + ("es" if said.endswith("x") else "s")

    def _maybe_year(self, match: re.Match[str]) -> str:
        year, word = int(match[1]), before(match).strip("(\"'“").lower()
        following = after(match).rstrip(".,;:!?")
        counts = re.fullmatch(r"[a-z]{3,}s", following) and following not in _NO_PLURALS
        cued = word in _YEAR_CUES or match.string[match.end() :].startswith(")")
        sure = year >= _FIRST_SURE_YEAR and (not counts or word == "the")
        return self._numerals.year(year) if sure or (cued and not counts) else self._numerals.read(match[1])

    def _codes(self) -> Iterable[Rule]:
        """1.2.3 and 192.168.0.1; 978-3-16-148410-0."""
        numerals, lexicon = self._numerals, self._lexicon
        grouped = r"(?![0-9]{1,3}(?:\.[0-9]{3})++(?![0-9.]))" if lexicon.decimal == "," else ""
        point = f" {lexicon.point if lexicon.decimal == '.' else lexicon.dot} "
        yield Rule(
            re.compile(rf"(?<![0-9.,])(v?){grouped}([0-9]{{1,9}}(?:\.[0-9]{{1,9}}){{2,}})(?![0-9])"),
            lambda m: f"{m[1]} {point.join(map(numerals.whole, m[2].split('.')))}".strip(),
        )
        yield Rule(
            re.compile(r"(?<![\w-])([0-9]{1,9}(?:-[0-9]{1,9}){2,})(?![\w-])"),
            lambda m: ", ".join(map(numerals.digits, m[1].split("-"))),
        )

    def _plain(self) -> Iterable[Rule]:
        numerals, lexicon = self._numerals, self._lexicon
        for sign, word in {"#": lexicon.number_sign, "[~≈]": lexicon.about, **lexicon.comparisons}.items():
            yield Rule(re.compile(rf"(?<!\w){sign}\s?(?=[0-9])"), constant(f"{word} "))
        yield Rule(re.compile(rf"{SIGN}(?=[0-9])"), constant(f"{lexicon.minus} "))
        yield Rule(
            re.compile(r"(?<!\w)\.([0-9]{1,15})(?![\w.])"),
            lambda m: numerals.read(f"0{lexicon.decimal}{m[1]}"),
        )
        if lexicon.decimal == ".":
            # 1,5
            yield Rule(re.compile(r"(?<=[0-9]),(?=[0-9]{1,2}(?![0-9]))"), constant(", "))
        if any(lexicon.powers):
            square, cube = lexicon.powers
            yield Rule(
                re.compile(r"(?<=[A-Za-z0-9])([²³])(?!\w)"), lambda m: f" {square if m[1] == '²' else cube}"
            )
        yield Rule(re.compile(rf"(?<![0-9])({self._number})(?![0-9])"), self._in_text)

    def _in_text(self, match: re.Match[str]) -> str:
        text, written = match.string, match[1]
        left = text[match.start() - 1 : match.start()].isalpha()
        right = text[match.end() : match.end() + 1].isalpha()
        if not (left or right):
            noun = self._noun.match(text, match.end())
            return self._numerals.counted(written, noun[1]) if noun else self._numerals.read(written)
        if len(written) <= _MOST_MIXED:
            said = self._numerals.read(written)
        else:
            parts = filter(None, re.split(r"([^0-9])", written))
            said = " ".join(self._numerals.digits(each) if each.isdigit() else each for each in parts)
        return " " * left + said + " " * right


def inflected_ordinal(
    numerals: Numerals, lexicon: Lexicon, number: int, word_before: str, *, noun: str
) -> str:
    """An ordinal with the ending that the words around it ask for; only German has such endings here."""
    words = numerals.ordinal(number)
    if lexicon.num2words != "de":
        return words
    word = word_before.lower().strip('(„"»,')
    if word in _DATIVE:
        return words + "n"
    if word in _WEAK:
        return words
    if noun in _MASCULINE:
        return words + "r"
    # 1. at the beginning counts: first, second
    return words + ("s" if word or noun in _NEUTER else "ns,")


def _is_sure_year(written: str) -> bool:
    return len(written) == _YEAR_DIGITS and written.isdigit() and _LAST_NO_YEAR < int(written) < _LAST_YEAR
