"""Money, percentages, units, ranges, fractions, ordinals, years and plain numbers."""
# ruff: noqa: RUF001 - the signs that people write are the point of this file

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from babel import numbers as babel_numbers
from babel import units as babel_units

from voicewright.text.normalise.dates import german_ordinal
from voicewright.text.normalise.numerals import LONGEST_NUMBER, Numerals, number_pattern
from voicewright.text.normalise.rules import Rule, after, alternatives, before

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voicewright.text.normalise.lexicon import Lexicon

_UNITS: Final = {
    "km/h": "speed-kilometer-per-hour", "kmh": "speed-kilometer-per-hour", "mph": "speed-mile-per-hour",
    "m/s": "speed-meter-per-second", "km": "length-kilometer", "m": "length-meter", "cm": "length-centimeter",
    "mm": "length-millimeter", "µm": "length-micrometer", "nm": "length-nanometer", "mi": "length-mile",
    "ft": "length-foot", "yd": "length-yard", "kg": "mass-kilogram", "g": "mass-gram", "mg": "mass-milligram",
    "t": "mass-tonne", "lb": "mass-pound", "lbs": "mass-pound", "oz": "mass-ounce", "l": "volume-liter",
    "L": "volume-liter", "ml": "volume-milliliter", "mL": "volume-milliliter", "cl": "volume-centiliter",
    "m²": "area-square-meter", "m2": "area-square-meter", "km²": "area-square-kilometer",
    "km2": "area-square-kilometer", "cm²": "area-square-centimeter", "m³": "volume-cubic-meter",
    "m3": "volume-cubic-meter", "ha": "area-hectare", "°C": "temperature-celsius",
    "°F": "temperature-fahrenheit",
    "kHz": "frequency-kilohertz", "Hz": "frequency-hertz", "MHz": "frequency-megahertz",
    "GHz": "frequency-gigahertz", "kB": "digital-kilobyte", "KB": "digital-kilobyte",
    "MB": "digital-megabyte",
    "GB": "digital-gigabyte", "TB": "digital-terabyte", "Mbit": "digital-megabit", "Gbit": "digital-gigabit",
    "W": "power-watt", "kW": "power-kilowatt", "MW": "power-megawatt", "kWh": "energy-kilowatt-hour",
    "V": "electric-volt", "mA": "electric-milliampere", "kcal": "energy-kilocalorie",
    "kJ": "energy-kilojoule",
    "J": "energy-joule", "hPa": "pressure-hectopascal", "bar": "pressure-bar", "ms": "duration-millisecond",
    "s": "duration-second", "min": "duration-minute", "h": "duration-hour", "px": "graphics-pixel",
    "MP": "graphics-megapixel",
}  # fmt: skip
"""As all languages write them, and their names in the Unicode locale data."""

_VULGAR: Final = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5",
    "⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip
_SIGN: Final = r"(?<![\w)\]%°])[-−]"
_DECADES: Final = {"ty": "ties"}
_YEAR_CUES: Final = frozenset(
    [
        "in",
        "since",
        "by",
        "of",
        "year",
        "from",
        "until",
        "till",
        "to",
        "before",
        "after",
        "circa",
        "around",
        "during",
        "between",
        "and",
        "or",
        "©",
        "early",
        "late",
        "mid",
        "summer",
        "winter",
        "spring",
        "autumn",
        "fall",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "christmas",
        "ad",
        "bc",
        "copyright",
        "through",
        "for",
    ]
)
_LAST_NO_YEAR, _FIRST_SURE_YEAR = 1100, 1900
_GERMAN_NOUNS_FOLLOW: Final = r"(?=\s[A-ZÄÖÜ])"
_MOST_MIXED: Final = 4
"""Digits in a word of letters and digits that are read as a number."""
_CODES: Final = (
    "USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF|RUB|UAH|TRY|BRL|MXN|ZAR|KRW|ILS"
)


class Amounts:
    """The numbers of one language, and what they count.

    Args:
        lexicon: of the language.
        numerals: of the language.
    """

    def __init__(self, lexicon: Lexicon, numerals: Numerals) -> None:
        self._lexicon = lexicon
        self._numerals = numerals
        self._number = number_pattern(lexicon)
        self._units = {**_UNITS, **lexicon.units}
        words = (
            lexicon.and_,
            lexicon.or_,
            lexicon.to,
            lexicon.plus,
            lexicon.minus,
            lexicon.times,
            lexicon.divided,
        )
        self._noun = re.compile(rf"\s(?!(?:{alternatives(words)}|{_NO_NOUN})\b)[^\W\d_]{{2,}}")

    def rules(self) -> list[Rule]:
        """In the order in which they have to be tried."""
        return [
            *self._decades(),
            *self._money(),
            *self._measures(),
            *self._fractions(),
            *self._ordinals(),
            *self._ranges(),
            *self._years(),
            *self._plain(),
        ]

    def _money(self) -> Iterable[Rule]:
        lexicon = self._lexicon
        # everybody's decimal sign, where two digits say that it is one
        number = rf"(?:[0-9]{{1,9}}[.,][0-9]{{2}}(?![0-9])|{self._number})"
        signs = f"(?:{alternatives([*lexicon.currencies, *_CODES.split('|')])})"
        scale = f"(?:{alternatives(lexicon.scales)})"
        sign_first = Rule(
            re.compile(
                rf"([-−])?(?<!\w)({signs})(?<!\.)\s?([-−])?({number})(?:\s?({scale}){_END})?(?![0-9])",
                re.UNICODE,
            ),
            lambda m: self._sum(m[4], m[5], m[2], minus=bool(m[1] or m[3])),
        )
        sign_last = Rule(
            re.compile(rf"({_SIGN})?(?<![\w.,])({number})(?:\s?({scale}))?[\s\u202f]?({signs}){_END}"),
            lambda m: self._sum(m[2], m[3], m[4], minus=bool(m[1])),
        )
        yield from (sign_first, sign_last) if lexicon.decimal == "." else (sign_last, sign_first)

    def _sum(self, written: str, scale: str | None, sign: str, *, minus: bool) -> str:
        lexicon, numerals = self._lexicon, self._numerals
        money = lexicon.currencies.get(sign)
        if written[-3:-2] in {",", "."}:
            written = f"{written[:-3]}{lexicon.decimal}{written[-2:]}"
        whole, cents = numerals.split(written)
        prefix = f"{lexicon.minus} " if minus else ""
        if scale:
            de = (
                "de "
                if lexicon.num2words in _OF_MILLIONS and lexicon.scales[scale].startswith("mill")
                else ""
            )
            de = "d'" if de and lexicon.num2words == "fr" and sign in {"€", "EUR"} else de
            de = "di " if lexicon.num2words == "it" and lexicon.scales[scale].startswith("mili") else de
            name = money.many if money else _currency(sign, lexicon.cldr, one=False)
            return f"{prefix}{numerals.counted(written)} {lexicon.scales[scale]} {de}{name}"
        one = whole.lstrip("0") == "1"
        name = (money.one if one else money.many) if money else _currency(sign, lexicon.cldr, one=one)
        if len(cents) != 2 or not (money and money.cent):  # noqa: PLR2004 - hundredths
            plain = written if cents.strip("0") else whole
            return f"{prefix}{self._numerals.counted(plain, name)} {name}"
        amount = int(cents)
        if not amount:
            return f"{prefix}{self._numerals.counted(whole, name)} {name}"
        small = money.cent if amount == 1 else money.cents
        few = f"{self._numerals.counted(str(amount), small)} {small}"
        if not whole.strip("0"):
            return prefix + few
        return f"{prefix}{self._numerals.counted(whole, name)} {name}{lexicon.money_join}" + (
            few if lexicon.cents_named else numerals.cardinal(amount)
        )

    def _measures(self) -> Iterable[Rule]:
        lexicon, number = self._lexicon, self._number
        to = r"\s?[-–]\s?"
        yield Rule(
            re.compile(rf"({_SIGN}|\+)?(?<![\w.,])({number})(?:{to}({number}))?[\s\u202f]?([%‰])"),
            self._percent,
        )
        units = f"(?:{alternatives(self._units)})"
        yield Rule(
            re.compile(rf"({_SIGN}|\+)?(?<![\w.,])({number})(?:{to}({number}))?[\s\u202f]?({units}){_END}"),
            self._unit,
        )
        yield Rule(
            re.compile(rf"({_SIGN})?(?<![\w.,])({number})\s?°(?!\w)"),
            lambda m: f"{self._sign(m[1])}{self._numerals.read(m[2])} {lexicon.degrees}",
        )

    def _percent(self, match: re.Match[str]) -> str:
        sign, first, last, kind = match.groups()
        name = self._lexicon.percent if kind == "%" else self._lexicon.per_mille
        until = f" {self._lexicon.to} {self._numerals.read(last)}" if last else ""
        return f"{self._sign(sign)}{self._numerals.counted(first)}{until} {name}"

    def _unit(self, match: re.Match[str]) -> str:
        sign, first, last, written = match.groups()
        name = _unit_name(
            self._units[written], self._lexicon.cldr, one=not last and self._numerals.is_one(first)
        )
        if not name:
            return match[0]
        until = f" {self._lexicon.to} {self._numerals.counted(last, name)}" if last else ""
        return f"{self._sign(sign)}{self._numerals.counted(first, name)}{until} {name}"

    def _sign(self, sign: str | None) -> str:
        if not sign:
            return ""
        return f"{self._lexicon.plus if sign == '+' else self._lexicon.minus} "

    def _fractions(self) -> Iterable[Rule]:
        yield Rule(re.compile(rf"(?<![\w.,])([0-9]{{1,4}})?\s?([{''.join(_VULGAR)}])"), self._mixed)
        yield Rule(
            re.compile(r"(?<![\w./,-])(?:([0-9]{1,3})\s)?([0-9]{1,3})[/⁄]([0-9]{1,3})(?![\w/⁄]|[.,]\d|-\d)"),
            lambda m: self._mixed_fraction(m[1], m[2], m[3]),
        )

    def _mixed(self, match: re.Match[str]) -> str:
        upper, lower = _VULGAR[match[2]].split("/")
        return self._mixed_fraction(match[1], upper, lower)

    def _mixed_fraction(self, whole: str | None, upper: str, lower: str) -> str:
        said = self._fraction(upper, lower)
        if not whole:
            return said
        if self._lexicon.num2words == "en":
            said = {"one half": "a half", "one quarter": "a quarter"}.get(said, said)
        return f"{self._numerals.whole(whole)} {self._lexicon.and_} {said}"

    def _fraction(self, upper: str, lower: str) -> str:
        lexicon, numerals = self._lexicon, self._numerals
        if known := lexicon.fractions.get(f"{upper}/{lower}"):
            return known
        if f"{upper}/{lower}" == "24/7":
            return f"{numerals.whole(upper)} {numerals.whole(lower)}"
        parts = int(lower)
        if lexicon.num2words == "en" and 3 <= parts <= _CENT and 0 < int(upper) < parts:  # noqa: PLR2004
            return f"{numerals.whole(upper)} {numerals.ordinal(parts)}" + ("s" if upper != "1" else "")
        over = "over" if lexicon.num2words == "en" else lexicon.divided
        return f"{numerals.whole(upper)} {over} {numerals.whole(lower)}"

    def _ordinals(self) -> Iterable[Rule]:
        lexicon = self._lexicon
        if lexicon.ordinals:
            yield Rule(
                re.compile(
                    rf"(?<![\w.,])([0-9]{{1,3}}(?:,[0-9]{{3}}){{0,3}}|[0-9]{{1,12}})({lexicon.ordinals})(?!\w)",
                    re.IGNORECASE,
                ),
                self._ordinal,
            )
        if lexicon.dotted_ordinals:
            follow = _GERMAN_NOUNS_FOLLOW if lexicon.num2words == "de" else r"(?=\s\w)"
            yield Rule(
                re.compile(rf"(?<![\w.,])([0-9]{{1,2}})\.{follow}"),
                lambda m: german_ordinal(
                    self._numerals, lexicon, int(m[1]), before(m), "s" if m.start() else "ns"
                ),
            )

    def _ordinal(self, match: re.Match[str]) -> str:
        feminine = self._lexicon.feminine_ordinals
        is_feminine = bool(feminine and re.fullmatch(feminine, match[2]))
        return self._numerals.ordinal(int(match[1].replace(",", "")), feminine=is_feminine)

    def _ranges(self) -> Iterable[Rule]:
        number = self._number
        yield Rule(
            re.compile(rf"(?<![\w.,–-])({number})\s?[–]\s?({number})(?![\w–-])"),
            lambda m: self._range(m[1], m[2]),
        )
        yield Rule(
            re.compile(r"(?<![\w.,–/-])([0-9]{1,4})-([0-9]{1,4})(?![\w–/-]|[.,]\d)"),
            lambda m: self._range(m[1], m[2]),
        )

    def _range(self, first: str, last: str) -> str:
        both = [
            self._numerals.year(int(each)) if self._is_sure_year(each) else self._numerals.read(each)
            for each in (first, last)
        ]
        if self._is_sure_year(first) and len(last) == 2 and last.isdigit():  # noqa: PLR2004 - 1914-18
            both[1] = self._numerals.cardinal(int(last))
        return f" {self._lexicon.to} ".join(both)

    @staticmethod
    def _is_sure_year(written: str) -> bool:
        return len(written) == 4 and written.isdigit() and _LAST_NO_YEAR < int(written) < _LAST_YEAR  # noqa: PLR2004

    def _decades(self) -> Iterable[Rule]:
        if self._lexicon.years == "pairs":
            yield Rule(re.compile(r"(?<![\w.,$€£])['’]?((?:1[1-9]|20)?[0-9]0)['’]?s\b"), self._decade)

    def _years(self) -> Iterable[Rule]:
        style = self._lexicon.years
        if style == "pairs":
            yield Rule(
                re.compile(r"(?<![\w.,$€£/-])(1[1-9][0-9]{2}|20[0-9]{2})(?![\w/]|[.,:-]\d)"), self._maybe_year
            )
        elif style == "hundreds":
            yield Rule(
                re.compile(r"(?<![\w.,/-])(1[1-9][0-9]{2})(?![\w/]|[.,:-]\d)"),
                lambda m: self._numerals.year(int(m[1])),
            )

    def _decade(self, match: re.Match[str]) -> str:
        said = self._numerals.year(int(match[1]))
        return said[:-1] + "ies" if said.endswith("y") else said + ("es" if said.endswith("x") else "s")

    def _maybe_year(self, match: re.Match[str]) -> str:
        year, word, following = int(match[1]), before(match).strip("(\"'“").lower(), after(match)
        nouns = (
            re.fullmatch(r"[a-z]{3,}s[.,;:!?]?", following) and following.rstrip(".,;:!?") not in _NO_NOUNS
        )
        cued = word in _YEAR_CUES or match.string[match.end() :].startswith(")")
        sure = year >= _FIRST_SURE_YEAR and (not nouns or word == "the")
        return self._numerals.year(year) if sure or (cued and not nouns) else self._numerals.read(match[1])

    def _plain(self) -> Iterable[Rule]:
        numerals, lexicon = self._numerals, self._lexicon
        grouped = r"[0-9]{1,3}(?:\.[0-9]{3})++(?![0-9.])" if lexicon.decimal == "," else "(?!)"
        # 1.2.3, 192.168.0.1
        yield Rule(
            re.compile(r"(?<![0-9.,])v?(?!" + grouped + r")([0-9]{1,9}(?:\.[0-9]{1,9}){2,})(?![0-9])"),
            lambda m: (
                ("v " if m[0][0] == "v" else "")
                + f" {lexicon.point if lexicon.decimal == '.' else lexicon.dot} ".join(
                    map(numerals.whole, m[1].split("."))
                )
            ),
        )
        # 1-800-555-0199, 978-3-16-148410-0
        yield Rule(
            re.compile(r"(?<![\w-])([0-9]{1,9}(?:-[0-9]{1,9}){2,})(?![\w-])"),
            lambda m: ", ".join(map(numerals.digits, m[1].split("-"))),
        )
        yield Rule(re.compile(rf"{_SIGN}(?=[0-9])"), lambda _: f"{lexicon.minus} ")
        yield Rule(re.compile(r"(?<!\w)#\s?(?=[0-9])"), lambda _: f"{lexicon.number_sign} ")
        yield Rule(re.compile(r"(?<!\w)[~≈]\s?(?=[0-9])"), lambda _: f"{lexicon.about} ")
        yield Rule(
            re.compile(r"(?<!\w)\.([0-9]{1,15})(?![\w.])"),
            lambda m: numerals.read(f"0{lexicon.decimal}{m[1]}"),
        )
        yield Rule(re.compile(rf"(?<![0-9])({self._number})(?![0-9])"), self._number_in_text)

    def _number_in_text(self, match: re.Match[str]) -> str:
        text, written = match.string, match[1]
        left = text[match.start() - 1 : match.start()].isalpha()
        right = text[match.end() : match.end() + 1].isalpha()
        if not (left or right):
            if self._noun.match(text, match.end()):
                return self._numerals.counted(written)
            return self._numerals.read(written)
        short = len(written) <= _MOST_MIXED
        said = (
            self._numerals.read(written)
            if short
            else " ".join(
                self._numerals.digits(each) if each.isdigit() else each
                for each in re.split(r"([^0-9])", written)
                if each
            )
        )
        return " " * left + said + " " * right


_CENT: Final = 100
_LAST_YEAR: Final = 2100
_END: Final = r"(?![\w²³])"
_OF_MILLIONS: Final = frozenset({"fr", "es", "pt", "pt_BR"})
_NO_NOUN: Final = "von|vom|ist|war|de|del|du|di|da|do|van|af|av|es|est|è|é|si|que|che|als|im|in|am|a|à"
"""Words after a number that say nothing of what is counted."""
_NO_NOUNS: Final = frozenset(["was", "is", "has", "his", "its", "this", "as", "plus", "versus", "towards"])


@lru_cache(maxsize=1024)
def _unit_name(unit: str, cldr: str, *, one: bool) -> str:
    """`kilometers`; empty where the locale data has no name."""
    written = babel_units.format_unit(1 if one else 5, unit, length="long", locale=cldr)
    name = re.sub(r"^[0-9]\s*|\s*[0-9]$", "", written)
    return "" if name == unit else name


@lru_cache(maxsize=512)
def _currency(code: str, cldr: str, *, one: bool) -> str:
    name: str = babel_numbers.get_currency_name(code, count=1 if one else 5, locale=cldr)
    return name


def is_long(digits: str) -> bool:
    """Whether so many digits are read one by one."""
    return len(digits) > LONGEST_NUMBER
