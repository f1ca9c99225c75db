"""A text as somebody would read it aloud: what is written in signs is put into words."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from voicewright.text.legible import tidy
from voicewright.text.normalise.customs import customs, ratios
from voicewright.text.normalise.dates import Dates
from voicewright.text.normalise.english import AMERICAN, BRITISH
from voicewright.text.normalise.germanic import DANISH, DUTCH, GERMAN, NORWEGIAN, SWEDISH
from voicewright.text.normalise.measures import Measures
from voicewright.text.normalise.money import money
from voicewright.text.normalise.numbers import Numbers
from voicewright.text.normalise.numerals import Numerals
from voicewright.text.normalise.romance import BRAZILIAN, FRENCH, ITALIAN, PORTUGUESE, SPANISH
from voicewright.text.normalise.times import Times
from voicewright.text.normalise.words import (
    PICTURES,
    abbreviations,
    addresses,
    arithmetic,
    before_numbers,
    roman_numerals,
    signs,
    telephones,
)

if TYPE_CHECKING:
    from voicewright.text.normalise.lexicon import Lexicon
    from voicewright.text.normalise.rules import Rule

_LEXICONS: Final = {
    "en": AMERICAN,
    "en-gb": BRITISH,
    "en-029": BRITISH,
    "en-au": BRITISH,
    "en-nz": BRITISH,
    "en-ie": BRITISH,
    "en-in": BRITISH,
    "de": GERMAN,
    "nl": DUTCH,
    "sv": SWEDISH,
    "da": DANISH,
    "nb": NORWEGIAN,
    "no": NORWEGIAN,
    "fr": FRENCH,
    "es": SPANISH,
    "it": ITALIAN,
    "pt": PORTUGUESE,
    "pt-br": BRAZILIAN,
}
LANGUAGES: Final = tuple(_LEXICONS)
"""Whose signs are put into words; others are left to the engine."""


def lexicon_of(language: str) -> Lexicon | None:
    """The words of a language (BCP 47) or of the one that it is a form of; None where there are none here."""
    code = language.replace("_", "-").lower()
    while code:
        if lexicon := _LEXICONS.get(code):
            return lexicon
        code = code.rpartition("-")[0]
    return None


def in_words(text: str, language: str) -> str:
    """Put numbers, dates, money, abbreviations and addresses into the words of a language.

    Pictures (emoji) are left out in any language; where the language is not known here, nothing else changes.
    """
    text = PICTURES.sub(" ", text)
    lexicon = lexicon_of(language)
    if lexicon is not None:
        for rule in _rules(lexicon.cldr):
            text = rule.apply(text)
    return tidy(text)


def numerals_of(language: str) -> Numerals | None:
    """The numbers of a language; None where it is not known here."""
    lexicon = lexicon_of(language)
    return Numerals(lexicon) if lexicon else None


def dates_of(language: str) -> Dates | None:
    """The dates of a language; None where it is not known here."""
    lexicon = lexicon_of(language)
    return Dates(lexicon, Numerals(lexicon)) if lexicon else None


@lru_cache(maxsize=len(_LEXICONS))
def _rules(cldr: str) -> tuple[Rule, ...]:
    lexicon = next(each for each in _LEXICONS.values() if each.cldr == cldr)
    numerals = Numerals(lexicon)
    numbers = Numbers(lexicon, numerals)
    return (
        *addresses(lexicon),
        *before_numbers(lexicon),
        *customs(lexicon, numerals),
        *telephones(numerals),
        *Dates(lexicon, numerals).rules(),
        *Times(lexicon, numerals).rules(),
        *ratios(lexicon),
        *roman_numerals(lexicon, numerals),
        *arithmetic(lexicon),
        *numbers.decades(),
        *money(lexicon, numerals),
        *Measures(lexicon, numerals).rules(),
        *numbers.rules(),
        *abbreviations(lexicon),
        *signs(lexicon),
    )
