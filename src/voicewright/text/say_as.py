"""What `say-as` of SSML asks for, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from voicewright.text.normalise.wording import dates_of, in_words, lexicon_of, numerals_of

if TYPE_CHECKING:
    from voicewright.text.normalise.lexicon import Lexicon
    from voicewright.text.normalise.numerals import Numerals
    from voicewright.text.refusals import Refusals

KINDS: Final = (
    "characters, spell-out, digits, cardinal, number, ordinal, fraction, date, time, telephone, currency"
)
_SPELT: Final = frozenset({"characters", "spell-out", "verbatim"})
_DATE_FORMATS: Final = frozenset({"mdy", "dmy", "ymd", "md", "dm", "ym", "my", "d", "m", "y"})
_LONGEST: Final = 1_000
"""Characters that are spelt at most."""
_MONTHS, _DAYS = 12, 31
_SHORT_YEAR, _PIVOT = 100, 50


def say_as(written: str, attributes: Mapping[str, str], language: str, refuse: Refusals) -> str:
    """Say what stands in a `say-as` as it is asked for; a language without words here leaves it as it is."""
    kind = attributes.get("interpret-as", "")
    if kind not in _SPELT and kind not in KINDS.split(", "):
        refuse.unsupported(f"say-as interpret-as={kind[:40]!r}", f"It may be: {KINDS}")
    if len(written) > _LONGEST:
        refuse.invalid(f"<say-as> has more than {_LONGEST:,} characters")
    lexicon, numerals = lexicon_of(language), numerals_of(language)
    if kind in _SPELT:
        return " ".join(_character(sign, lexicon, numerals) for sign in written if not sign.isspace())
    if lexicon is None or numerals is None:
        return written
    if kind in {"digits", "telephone"}:
        return _digits(written, kind, lexicon, numerals, refuse)
    if kind in {"cardinal", "number", "ordinal"}:
        return _number(written, kind, numerals, language, refuse)
    if kind == "date":
        return _date(written, attributes.get("format", ""), language, refuse)
    return in_words(written, language)


def _number(written: str, kind: str, numerals: Numerals, language: str, refuse: Refusals) -> str:
    found = re.match(r"[-+\u2212]?([0-9]{1,15})(?![0-9])", written)
    if kind == "ordinal" and found is not None:
        return numerals.ordinal(int(found[1]))
    if re.fullmatch(r"[0-9]+", written):
        return numerals.whole(written)
    if not re.fullmatch(r"[-+\u2212]?[0-9][0-9.,'\u00a0\u202f ]*", written):
        refuse.invalid(f"{written[:40]!r} is no number")
    return in_words(written, language)


def _character(sign: str, lexicon: Lexicon | None, numerals: Numerals | None) -> str:
    if sign in "0123456789" and numerals is not None:
        return numerals.cardinal(int(sign))
    if lexicon is not None:
        names = {
            ".": lexicon.dot, "/": lexicon.slash, "-": lexicon.dash, "_": lexicon.underscore, "@": lexicon.at,
            "+": lexicon.plus, "=": lexicon.equals, "&": lexicon.and_, "%": lexicon.percent,
            "#": lexicon.number_sign,
            ",": lexicon.point if lexicon.decimal == "," else ",",
        }  # fmt: skip
        if sign in names:
            return names[sign]
    return sign.upper()


def _digits(written: str, kind: str, lexicon: Lexicon, numerals: Numerals, refuse: Refusals) -> str:
    groups = re.findall(r"[0-9]+", written)
    if not groups:
        refuse.invalid(f"{written[:40]!r} has no digits")
    plus = f"{lexicon.plus} " if written.startswith("+") else ""
    between = ", " if kind == "telephone" else " "
    return plus + between.join(map(numerals.digits, groups))


def _date(written: str, form: str, language: str, refuse: Refusals) -> str:
    if form and form not in _DATE_FORMATS:
        refuse.unsupported(
            f"a date of the format {form[:40]!r}", "Formats are: mdy, dmy, ymd, md, dm, ym, my, y, m, d"
        )
    dates, parts = dates_of(language), re.findall(r"[0-9]+", written)
    if not form or dates is None or re.search(r"[^\W\d_]", written):
        return in_words(written, language)
    if len(parts) != len(form):
        parts = _cut(parts[0], form) if len(parts) == 1 else parts
    if len(parts) != len(form):
        refuse.invalid(f"{written[:40]!r} is no date of the format {form}")
    given = {name: int(part[:4]) for name, part in zip(form, parts, strict=True)}
    year, month, day = given.get("y"), given.get("m"), given.get("d")
    if not (1 <= (month or 1) <= _MONTHS and 1 <= (day or 1) <= _DAYS):
        refuse.invalid(f"{written[:40]!r} is no date of the format {form}")
    if year is not None and year < _SHORT_YEAR and len(form) > 1:
        year += 2000 if year < _PIVOT else 1900
    return dates.say(year, month, day)


def _cut(digits: str, form: str) -> list[str]:
    """`20261121` by its format."""
    parts, at = [], 0
    for name in form:
        length = 4 if name == "y" else 2
        parts.append(digits[at : at + length])
        at += length
    return parts if at == len(digits) else []
