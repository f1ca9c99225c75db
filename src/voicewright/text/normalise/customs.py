"""Ranges of times and percentages, ratios, and what only English writes."""
# ruff: noqa: RUF001 - the signs that people write are the point of this file

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from voicewright.text.normalise.rules import Rule, constant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voicewright.text.normalise.lexicon import Lexicon
    from voicewright.text.normalise.numerals import Numerals

_CLOCK: Final = r"(?:[01]?[0-9]|2[0-4]):[0-5][0-9]"
_HALF_DAY: Final = r"[ap]\.?m\b\.?"
_PER: Final = (
    "second|sec|minute|min|hour|hr|day|week|month|mo|year|yr|annum|person|user|seat|night|unit|item|kg|lb|mile|km|"
    "gallon|litre|liter|head|capita|page|word|piece"
)
_SHORT_PER: Final = {"sec": "second", "min": "minute", "hr": "hour", "mo": "month", "yr": "year"}
_SUBSCRIPTS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def customs(lexicon: Lexicon, numerals: Numerals) -> Iterable[Rule]:
    """To be tried before dates, times and numbers."""
    to = f" {lexicon.to} "
    yield Rule(re.compile(r"[₀-₉]+"), lambda m: m[0].translate(_SUBSCRIPTS))
    yield Rule(re.compile(rf"(?<![\w:])({_CLOCK})\s?[-–]\s?(?={_CLOCK}(?![\w:]))"), lambda m: m[1] + to)
    yield Rule(re.compile(r"(?<=%)\s?[-–]\s?(?=[0-9])"), constant(to))
    if lexicon.hour_mark:
        hour = r"[0-2]?[0-9](?:[.:][0-5][0-9])?"
        yield Rule(
            re.compile(
                rf"(?<![\w.,:/-])({hour}(?:\s?(?:{lexicon.hour_mark}))?)\s?[-–]\s?(?={hour}\s?(?:{lexicon.hour_mark})(?![\w/]))"
            ),
            lambda m: m[1] + to,
        )
    if lexicon.num2words == "en":
        yield from _english(lexicon, numerals)


def ratios(lexicon: Lexicon) -> Iterable[Rule]:
    """16:9, once times were read."""
    yield Rule(
        re.compile(r"(?<![\w:.,])([0-9]{1,4})\s?:\s?(?=[0-9]{1,4}(?![\w:]|[.,]\d))"),
        lambda m: f"{m[1]} {lexicon.ratio or lexicon.to} ",
    )


def _english(lexicon: Lexicon, numerals: Numerals) -> Iterable[Rule]:
    hour = r"(?:1[0-2]|0?[1-9])(?:[:.][0-5][0-9])?"
    yield Rule(
        re.compile(
            rf"(?<![\w.,:/-])({hour}(?:\s?{_HALF_DAY})?)\s?[-–]\s?(?={hour}\s?{_HALF_DAY})", re.IGNORECASE
        ),
        lambda m: f"{m[1]} {lexicon.to} ",
    )
    yield Rule(
        re.compile(r"(?<![\w.,])([1-9])['’′]\s?([0-9]|1[01])(?:\"|”|″|'')(?!\w)"),
        lambda m: f"{numerals.cardinal(int(m[1]))} foot {numerals.cardinal(int(m[2]))}",
    )
    yield Rule(re.compile(r"(?<=\b[Cc]all )([0-9]{3})(?![\w-]|[.,]\d)"), lambda m: numerals.digits(m[1]))
    yield Rule(
        re.compile(rf"(?<=[0-9a-zA-Z%])/({_PER})(?!\w)"), lambda m: f" per {_SHORT_PER.get(m[1], m[1])}"
    )
    yield Rule(
        re.compile(r"(?<![\w.,])([0-9]{1,9})\^([0-9]{1,3})(?!\w)"), lambda m: f"{m[1]} to the power of {m[2]}"
    )
