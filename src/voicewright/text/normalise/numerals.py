"""Numbers in the words of a language."""
# ruff: noqa: RUF001 - the signs that people write are the point of this file

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from num2words import num2words

if TYPE_CHECKING:
    from voicewright.text.normalise.lexicon import Lexicon

LONGEST_NUMBER: Final = 15
"""Digits. More of them are no amount but a code, and are read one by one."""
_GROUPS: Final = {
    ".": r"(?:[,\u00a0\u202f\u2009]|\x20(?=000))",
    ",": r"[.'’\u00a0\u202f\u2009 ]",
}
"""What may stand between thousands; in English a space only where noughts follow."""
_AND: Final = re.compile(r"(hundred|thousand|illion) and\b")
_COUNTED_AS_NUMBER: Final = 3
_FIRST_PAIRED, _LAST_PAIRED = 1100, 2100
_CENTURY: Final = 100

Kind = Literal["cardinal", "ordinal", "year"]


def number_pattern(lexicon: Lexicon) -> str:
    """A piece of a regular expression for a number as the language writes it, without a sign."""
    groups = rf"[0-9]{{1,3}}(?:{_GROUPS[lexicon.decimal]}[0-9]{{3}})++(?![0-9])"
    return rf"(?:{groups}|[0-9]++)(?:{re.escape(lexicon.decimal)}[0-9]++)?"


class Numerals:
    """The numbers of one language.

    Args:
        lexicon: of the language.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._grouping = re.compile(_GROUPS[lexicon.decimal])
        self._feminine = re.compile(lexicon.feminine)

    def split(self, written: str) -> tuple[str, str]:
        """The digits before and after the decimal sign."""
        whole, _, decimals = written.partition(self._lexicon.decimal)
        return self._grouping.sub("", whole), decimals

    def read(self, written: str) -> str:
        """Say a number as it is written, `number_pattern`."""
        whole, decimals = self.split(written)
        if not decimals:
            return self.whole(whole)
        return f"{self.whole(whole)} {self._lexicon.point} {self._decimals(decimals)}"

    def whole(self, digits: str) -> str:
        """Say digits as a number where they can be one, else one by one."""
        if len(digits) > LONGEST_NUMBER or (len(digits) > 1 and digits[0] == "0"):
            return self.digits(digits)
        return self.cardinal(int(digits))

    def cardinal(self, number: int) -> str:
        """`twenty-one`."""
        words = _in_words(number, self._lexicon.num2words, "cardinal")
        return _AND.sub(r"\1", words) if self._lexicon.drop_and else words

    def ordinal(self, number: int, *, feminine: bool = False) -> str:
        """`twenty-first`."""
        words = _in_words(number, self._lexicon.num2words, "ordinal")
        if self._lexicon.drop_and:
            words = _AND.sub(r"\1", words)
        if feminine and self._lexicon.num2words == "fr":
            return re.sub(r"premier$", "première", words)
        return re.sub(r"o\b", "a", words) if feminine else words

    def year(self, number: int) -> str:
        """`nineteen ninety-nine`."""
        style = self._lexicon.years
        if style == "pairs" and _FIRST_PAIRED <= number < _LAST_PAIRED:
            return _in_words(number, self._lexicon.num2words, "year")
        if style == "hundreds" and _FIRST_PAIRED <= number < 2000:  # noqa: PLR2004 - then no more
            if self._lexicon.num2words == "sv":
                rest = number % _CENTURY
                return self.cardinal(number // _CENTURY) + "hundra" + (self.cardinal(rest) if rest else "")
            return _in_words(number, self._lexicon.num2words, "year")
        return self.cardinal(number)

    def counted(self, written: str, noun: str = "") -> str:
        """A number before what is counted: `ein Euro`, `una libra`."""
        words = self.read(written)
        alone, before, before_feminine = self._lexicon.one
        if not alone or not words.endswith(alone) or (self._lexicon.num2words == "it" and words != alone):
            return words
        if self._feminine.match(noun):
            return words[: -len(alone)] + before_feminine
        words = words[: -len(alone)] + before
        return words[: -len("un")] + "ún" if words.endswith("veintiun") else words

    def is_one(self, written: str) -> bool:
        """Whether what is counted stands in the singular."""
        whole, decimals = self.split(written)
        return whole == "1" and not decimals

    def digits(self, digits: str) -> str:
        """One by one."""
        return " ".join(self.cardinal(int(digit)) for digit in digits)

    def _decimals(self, digits: str) -> str:
        if not self._lexicon.decimals_as_number or len(digits) > _COUNTED_AS_NUMBER:
            return self.digits(digits)
        rest = digits.lstrip("0")
        zeros = self.digits("0" * (len(digits) - len(rest)))
        return " ".join(filter(None, (zeros, self.cardinal(int(rest)) if rest else "")))


@lru_cache(maxsize=4096)
def _in_words(number: int, language: str, kind: Kind) -> str:
    words: str = num2words(number, lang=language, to=kind)
    return " ".join(words.replace(",", "").replace("\u00ad", "").split())
