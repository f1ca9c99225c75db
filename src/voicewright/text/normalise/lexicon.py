"""What has to be known of a language to put what is written in signs into its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

DateStyle = Literal["month_first", "ordinal_of", "ordinal", "cardinal", "cardinal_de"]
"""`November twenty-first`, `the twenty-first of November`, `einundzwanzigster November`, `ventuno novembre`,
`veintiuno de noviembre`."""
YearStyle = Literal["pairs", "hundreds", "cardinal"]
"""`nineteen ninety-nine`; `neunzehnhundertneunundneunzig`; `mil novecientos noventa y nueve`."""


@dataclass(frozen=True, slots=True)
class Money:
    """The words of a currency, as it is called where its sign stands alone."""

    one: str
    many: str
    cent: str = ""
    """Of its hundredth part; empty where nobody uses one."""
    cents: str = ""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words and customs of one language. Patterns are pieces of regular expressions."""

    num2words: str
    """The language's name for the library of numbers."""
    cldr: str
    """The language's name for the library of months, units and currencies."""
    decimal: Literal[".", ","]
    minus: str
    point: str
    """Said for the sign before decimals."""
    percent: str
    per_mille: str
    and_: str
    or_: str
    plus: str
    equals: str
    times: str
    divided: str
    degrees: str
    to: str
    """Between the ends of a range."""
    at: str
    dot: str
    slash: str
    dash: str
    underscore: str
    hashtag: str
    number_sign: str
    """Said for `#5`, `Nº 5`."""
    section: str
    about: str
    """Said for `~5`."""
    currencies: Mapping[str, Money]
    """By sign or code."""
    scales: Mapping[str, str]
    """What may stand after an amount (`m`, `Mio.`) and its word."""
    date: DateStyle
    years: YearStyle
    ratio: str = ""
    """Between the parts of 16:9, where that is not as in a range."""
    comparisons: Mapping[str, str] = field(default_factory=dict)
    """`<`, `>`, `≤` and `≥` before a number, as patterns."""
    powers: tuple[str, str] = ("", "")
    """Said for `²` and `³`."""
    of_millions: str = ""
    """Between `millones` and the name of a currency."""
    money_join: str = " "
    """Between the whole and the hundredths: ` and `, ` `, ` con `."""
    cents_named: bool = False
    """`and fifty cents`, instead of `fifty` alone."""
    day_one: str = ""
    """Said for the first of a month where that is no cardinal number."""
    one: tuple[str, str, str] = ("", "", "")
    """How a number ends that ends in one: alone, before a noun, before a feminine noun."""
    feminine: str = "(?!)"
    """Nouns of units and currencies that are feminine, as far as one can be told from the other there."""
    decimals_as_number: bool = False
    """`virgule quatorze`, instead of one digit after the other."""
    drop_and: bool = False
    """`two hundred five`, as in America."""
    hour: str = ""
    """Between hours and minutes: ` Uhr `, ` heures `; nothing where both stand side by side."""
    hour_mark: str = ""
    """What follows or divides a time: `Uhr`, `h`."""
    clock: str = ""
    """What stands before a time with a full stop in it: `kl. 14.30`."""
    ordinals: str = ""
    """Endings that make a number an ordinal: `st|nd|rd|th`."""
    feminine_ordinals: str = ""
    """Those of them that are feminine."""
    dotted_ordinals: bool = False
    """`3. Mai`."""
    fractions: Mapping[str, str] = field(default_factory=dict)
    """`1/2` and the like; others are read as a division."""
    abbreviations: Mapping[str, str] = field(default_factory=dict)
    """As they are written, full stops included, and the words; only in this case of letters, or as the first
    word of a sentence."""
    names_follow: Mapping[str, str] = field(default_factory=dict)
    """The same, only where a name follows: `St. Louis`."""
    numbers_follow: Mapping[str, str] = field(default_factory=dict)
    """The same, only where a number follows: `No. 5`."""
    units: Mapping[str, str] = field(default_factory=dict)
    """Beside those that all languages write the same way."""
    roman_before: str = ""
    """Words before which a Roman numeral stands: `siècle`."""
    roman_after: str = ""
    """Words after which one stands: `Chapter`."""
    regnal: str = ""
    """Names of rulers."""
    regnal_style: Literal["", "the_ordinal", "cardinal", "article_ordinal"] = ""
    twelve_hours: bool = False
    """Times may be followed by `am` and `pm`."""
    month_first: bool = False
    """11/21/2026."""
