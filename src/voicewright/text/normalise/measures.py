"""Percentages, units, degrees and fractions."""
# ruff: noqa: RUF001 - the signs that people write are the point of this file

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from babel import units as babel_units

from voicewright.text.normalise.numerals import number_pattern
from voicewright.text.normalise.rules import SIGN, Rule, alternatives, full_stop

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voicewright.text.normalise.lexicon import Lexicon
    from voicewright.text.normalise.numerals import Numerals

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
_SIDE_BY_SIDE: Final = frozenset({"24/7", "9/11"})
"""No fractions, though they look like some."""
_FEWEST_PARTS, _MOST_PARTS = 3, 100
_END: Final = r"(?![\w²³])"


class Measures:
    """The measures of one language.

    Args:
        lexicon: of the language.
        numerals: of the language.
    """

    def __init__(self, lexicon: Lexicon, numerals: Numerals) -> None:
        self._lexicon = lexicon
        self._numerals = numerals
        known = {**_UNITS, **lexicon.units}
        # mi is no mile where it is short for a million
        self._units = {
            sign: unit for sign, unit in known.items() if sign not in lexicon.scales or len(sign) == 1
        }

    def rules(self) -> Iterable[Rule]:
        """A range (`5-10 km`) may stand before a unit or `%`."""
        number = number_pattern(self._lexicon)
        amount = rf"({SIGN}|\+)?(?<![\w.,])({number})(?:\s?[-–]\s?({number}))?\s?"
        yield Rule(re.compile(rf"{amount}([%‰])"), self._percent)
        yield Rule(re.compile(rf"{amount}({alternatives(self._units)}){_END}"), self._unit)
        yield Rule(
            re.compile(rf"({SIGN})?(?<![\w.,])({number})\s?°(?!\w)"),
            lambda m: f"{self._sign(m[1])}{self._numerals.read(m[2])} {self._lexicon.degrees}",
        )
        yield Rule(re.compile(rf"(?<![\w.,])([0-9]{{1,4}})?\s?([{''.join(_VULGAR)}])"), self._vulgar)
        yield Rule(
            re.compile(r"(?<![\w./,-])(?:([0-9]{1,3})\s)?([0-9]{1,3})[/⁄]([0-9]{1,3})(?![\w/⁄]|[.,]\d|-\d)"),
            lambda m: self._mixed(m[1], m[2], m[3]),
        )

    def _percent(self, match: re.Match[str]) -> str:
        sign, first, last, kind = match.groups()
        name = self._lexicon.percent if kind == "%" else self._lexicon.per_mille
        until = f" {self._lexicon.to} {self._numerals.read(last)}" if last else ""
        return f"{self._sign(sign)}{self._numerals.counted(first)}{until} {name}"

    def _unit(self, match: re.Match[str]) -> str:
        sign, first, last, written = match.groups()
        one = not last and self._numerals.is_one(first)
        name = _unit_name(self._units[written], self._lexicon.cldr, one=one)
        if not name:
            return match[0]
        until = f" {self._lexicon.to} {self._numerals.counted(last, name)}" if last else ""
        return f"{self._sign(sign)}{self._numerals.counted(first, name)}{until} {name}{full_stop(match)}"

    def _sign(self, sign: str | None) -> str:
        if not sign:
            return ""
        return f"{self._lexicon.plus if sign == '+' else self._lexicon.minus} "

    def _vulgar(self, match: re.Match[str]) -> str:
        upper, lower = _VULGAR[match[2]].split("/")
        return self._mixed(match[1], upper, lower)

    def _mixed(self, whole: str | None, upper: str, lower: str) -> str:
        said = self._fraction(upper, lower)
        if not whole:
            return said
        if self._lexicon.num2words == "en":
            said = {"one half": "a half", "one quarter": "a quarter"}.get(said, said)
        return f"{self._numerals.whole(whole)} {self._lexicon.and_} {said}"

    def _fraction(self, upper: str, lower: str) -> str:
        lexicon, numerals = self._lexicon, self._numerals
        written = f"{upper}/{lower}"
        if known := lexicon.fractions.get(written):
            return known
        first, last = numerals.whole(upper), numerals.whole(lower)
        if written in _SIDE_BY_SIDE:
            return f"{first} {last}"
        if lexicon.num2words != "en":
            return f"{first} {lexicon.divided} {last}"
        if _FEWEST_PARTS <= int(lower) <= _MOST_PARTS and 0 < int(upper) < int(lower):
            return f"{first} {numerals.ordinal(int(lower))}" + ("s" if upper != "1" else "")
        return f"{first} over {last}"


@lru_cache(maxsize=1024)
def _unit_name(unit: str, cldr: str, *, one: bool) -> str:
    """`kilometers`; empty where the locale data has no name."""
    written = babel_units.format_unit(1 if one else 5, unit, length="long", locale=cldr)
    name = re.sub(r"^[0-9]\s*|\s*[0-9]$", "", written)
    return "" if name == unit else name
