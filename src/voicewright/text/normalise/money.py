"""Money: `$12.50`, `12,50 €`, `£1.2m`."""
# ruff: noqa: RUF001 - the signs that people write are the point of this file

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from babel import numbers as babel_numbers

from voicewright.text.normalise.numerals import number_pattern
from voicewright.text.normalise.rules import SIGN, Rule, alternatives, full_stop

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voicewright.text.normalise.lexicon import Lexicon
    from voicewright.text.normalise.numerals import Numerals

_CODES: Final = [
    "USD",
    "EUR",
    "GBP",
    "JPY",
    "CHF",
    "CAD",
    "AUD",
    "NZD",
    "CNY",
    "INR",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "HUF",
    "RUB",
    "UAH",
    "TRY",
    "BRL",
    "MXN",
    "ZAR",
    "KRW",
    "ILS",
]
_MILLIONS: Final = frozenset({"mill", "bill", "mili", "milh", "bilh"})
"""How the words begin that take an `of`."""
_END: Final = r"(?!\w)"
_CENT_DIGITS: Final = 2


def money(lexicon: Lexicon, numerals: Numerals) -> Iterable[Rule]:
    """The sign first or last; a scale (`m`, `Mio.`) or a range (`$5-10`) may be between."""
    purse = _Purse(lexicon, numerals)
    # everybody's decimal sign, where two digits say that it is one
    number = rf"(?:[0-9]{{1,9}}[.,][0-9]{{2}}(?![0-9])|{number_pattern(lexicon)})"
    signs = f"(?:{alternatives([*lexicon.currencies, *_CODES])})"
    scale = f"(?:{alternatives(lexicon.scales)})"
    until = rf"(?:\s?[-–]\s?(?:{signs}\s?)?({number}))?"
    sign_first = Rule(
        re.compile(
            rf"([-−])?(?<!\w)({signs})(?<!\.)\s?([-−])?({number}){until}(?:\s?({scale}){_END})?(?![0-9])"
        ),
        lambda m: purse.say(m[2], m[4], m[5], m[6], minus=bool(m[1] or m[3])),
    )
    sign_last = Rule(
        re.compile(rf"({SIGN})?(?<![\w.,])({number}){until}(?:\s?({scale}))?\s?({signs}){_END}"),
        lambda m: purse.say(m[5], m[2], m[3], m[4], minus=bool(m[1])) + full_stop(m),
    )
    return (sign_first, sign_last) if lexicon.decimal == "." else (sign_last, sign_first)


class _Purse:
    def __init__(self, lexicon: Lexicon, numerals: Numerals) -> None:
        self._lexicon = lexicon
        self._numerals = numerals

    def say(self, sign: str, written: str, until: str | None, scale: str | None, *, minus: bool) -> str:
        """An amount of a currency."""
        prefix = f"{self._lexicon.minus} " if minus else ""
        if until and not scale and self._cents(until):
            first = self._sum(sign, self._own(written))
            return f"{prefix}{first} {self._lexicon.to} {self._sum(sign, self._own(until))}"
        if until or scale:
            return prefix + self._many(sign, written, until, scale)
        return prefix + self._sum(sign, self._own(written))

    def _many(self, sign: str, written: str, until: str | None, scale: str | None) -> str:
        lexicon, numerals = self._lexicon, self._numerals
        known = lexicon.currencies.get(sign)
        name = known.many if known else _currency(sign, lexicon.cldr, one=False)
        amount = numerals.counted(self._own(written))
        if until:
            amount += f" {lexicon.to} {numerals.counted(self._own(until), name)}"
        if scale is None:
            return f"{amount} {name}"
        word = lexicon.scales[scale]
        of = lexicon.of_millions if word[:4] in _MILLIONS and word != "mille" else ""
        if of == "de " and lexicon.num2words == "fr" and name[0] in "aeiou":
            of = "d'"
        return f"{amount} {word} {of}{name}"

    def _sum(self, sign: str, written: str) -> str:
        """Without a scale: with hundredths, where there are some."""
        lexicon, numerals = self._lexicon, self._numerals
        known = lexicon.currencies.get(sign)
        whole, cents = numerals.split(written)
        one = whole.lstrip("0") == "1"
        name = (known.one if one else known.many) if known else _currency(sign, lexicon.cldr, one=one)
        if not (known and known.cent and len(cents) == _CENT_DIGITS):
            return f"{numerals.counted(written if cents.strip('0') else whole, name)} {name}"
        amount = int(cents)
        if not amount:
            return f"{numerals.counted(whole, name)} {name}"
        small = known.cent if amount == 1 else known.cents
        few = f"{numerals.counted(str(amount), small)} {small}"
        if not whole.strip("0"):
            return few
        rest = few if lexicon.cents_named else numerals.cardinal(amount)
        return f"{numerals.counted(whole, name)} {name}{lexicon.money_join}{rest}"

    def _own(self, written: str) -> str:
        """With the language's own decimal sign."""
        return f"{written[:-3]}{self._lexicon.decimal}{written[-2:]}" if self._cents(written) else written

    @staticmethod
    def _cents(written: str) -> bool:
        return written[-3:-2] in {",", "."}


@lru_cache(maxsize=512)
def _currency(code: str, cldr: str, *, one: bool) -> str:
    name: str = babel_numbers.get_currency_name(code, count=1 if one else 5, locale=cldr)
    return name
