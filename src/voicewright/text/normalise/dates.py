"""Dates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from babel import Locale

from voicewright.text.normalise.numbers import inflected_ordinal
from voicewright.text.normalise.rules import Rule, alternatives, before

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voicewright.text.normalise.lexicon import Lexicon
    from voicewright.text.normalise.numerals import Numerals

_MONTHS, _LONGEST_MONTH = 12, 31
_SHORT_YEAR, _PIVOT = 100, 50
_EXTRA_MONTHS: Final = {"en": {"Sept": 9}, "de": {"Mrz": 3}}


class Dates:
    """The dates of one language.

    Args:
        lexicon: of the language.
        numerals: of the language.
    """

    def __init__(self, lexicon: Lexicon, numerals: Numerals) -> None:
        self._lexicon = lexicon
        self._numerals = numerals
        months = Locale.parse(lexicon.cldr).months["format"]
        self._names: Mapping[int, str] = months["wide"]
        known = dict(_EXTRA_MONTHS.get(lexicon.num2words, {}))
        for width in ("abbreviated", "wide"):
            known.update({name.rstrip("."): number for number, name in months[width].items()})
        if lexicon.month_first or lexicon.date == "ordinal_of":
            self._months = known
        else:
            self._months = known | {name.capitalize(): number for name, number in known.items()}

    def rules(self) -> list[Rule]:
        """The fullest forms first."""
        month = f"(?:{alternatives(self._months)})"
        day, year = r"(?:0?[1-9]|[12][0-9]|3[01])", r"[12][0-9]{3}"
        ending = f"(?:{self._lexicon.ordinals})?" if self._lexicon.ordinals else ""
        of = r"(?:\s(?:of|de))?" if self._lexicon.date in {"ordinal_of", "month_first", "cardinal_de"} else ""
        dot = r"\.?" if self._lexicon.dotted_ordinals else ""
        found = [
            Rule(
                re.compile(r"(?<![\w.,/-])([12][0-9]{3})-([01][0-9])-([0-3][0-9])(?:T(?=[0-9])|(?![\w-]))"),
                lambda m: self._numeric(m, m[1], m[2], m[3]),
            ),
            Rule(
                re.compile(
                    r"(?<![\w.,/-])([0-3]?[0-9])([./-])([0-3]?[0-9])\2((?:[12][0-9])?[0-9]{2})(?![\w/]|[.-]\d)"
                ),
                self._short,
            ),
            Rule(
                re.compile(
                    rf"(?<![\w.,/-])({day}){ending}{dot}{of}\s({month})\b\.?(?:,?\s(?:de\s|of\s)?({year})(?![\w,.]\d|\w))?"
                ),
                lambda m: self._named(m, m[3], m[2], m[1], day_first=True),
            ),
        ]
        if self._lexicon.num2words == "en":
            found.append(
                Rule(
                    re.compile(
                        rf"(?<!\w)({month})\.?\s({day}){ending}(?![\w:]|[.,%]\d|-\d)(?:,?\s({year})(?![\w,.]\d|\w))?"
                    ),
                    lambda m: self._named(m, m[3], m[1], m[2]),
                )
            )
        if self._lexicon.dotted_ordinals:
            found.append(
                Rule(
                    re.compile(r"(?<![\w.,/-])([0-3]?[0-9])\.([01]?[0-9])\.(?![\w.])"),
                    lambda m: self._numeric(m, "", m[2], m[1]),
                )
            )
        return found

    def say(
        self,
        year: int | None,
        month: int | None,
        day: int | None,
        *,
        word_before: str = "",
        day_first: bool = False,
    ) -> str:
        """A date of which any part may be missing."""
        name = self._names[month] if month else ""
        spoken_year = self._numerals.year(year) if year else ""
        style = self._lexicon.date
        if style == "month_first" and day_first:
            style = "ordinal_of"
        if style == "month_first":
            first = f"{name} {self._numerals.ordinal(day)}".strip() if day else name
            return ", ".join(filter(None, (first, spoken_year))) if day else f"{first} {spoken_year}".strip()
        if style == "ordinal_of" and day:
            the = "" if word_before.lower() == "the" else "the "
            return (
                f"{the}{self._numerals.ordinal(day)}"
                + (f" of {name}" if name else "")
                + f" {spoken_year}".rstrip()
            )
        of = " de " if style == "cardinal_de" else " "
        return of.join(filter(None, (self._day(day, word_before) if day else "", name, spoken_year)))

    def _day(self, day: int, word_before: str) -> str:
        if day == 1 and self._lexicon.day_one:
            return self._lexicon.day_one
        if self._lexicon.date != "ordinal":
            return self._numerals.cardinal(day)
        # Januar to Dezember are masculine
        return inflected_ordinal(self._numerals, self._lexicon, day, word_before, noun="Tag")

    def _named(
        self, match: re.Match[str], year: str | None, month: str, day: str, *, day_first: bool = False
    ) -> str:
        number = int(year) if year else None
        return self.say(number, self._months[month], int(day), word_before=before(match), day_first=day_first)

    def _short(self, match: re.Match[str]) -> str:
        first, sign, second, year = match.groups()
        month_first = sign == "/" and self._lexicon.month_first
        day, month = (second, first) if month_first else (first, second)
        if sign == "/" and int(month) > _MONTHS >= int(day):
            day, month = month, day
        return self._numeric(match, year, month, day)

    def _numeric(self, match: re.Match[str], year: str, month: str, day: str) -> str:
        if not (1 <= int(month) <= _MONTHS and 1 <= int(day) <= _LONGEST_MONTH):
            return match[0]
        number = int(year) if year else None
        if year and number is not None and number < _SHORT_YEAR:
            number += 2000 if number < _PIVOT else 1900
        said = self.say(number, int(month), int(day), word_before=before(match))
        return said + (", " if match[0].endswith("T") else "")
