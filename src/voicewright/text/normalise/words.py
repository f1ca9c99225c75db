"""Abbreviations, Roman numerals, addresses, telephone numbers and signs."""
# ruff: noqa: RUF001 - the signs that people write are the point of this file

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from voicewright.text.normalise.rules import Rule, alternatives, before, constant, full_stop

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from voicewright.text.normalise.lexicon import Lexicon
    from voicewright.text.normalise.numerals import Numerals

_ROMAN: Final = r"(?=[IVXLCM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_ROMAN_DIGITS: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_TOP_DOMAINS: Final = (
    "com|org|net|edu|gov|mil|int|io|ai|app|dev|info|biz|eu|uk|us|ca|au|de|at|ch|fr|be|nl|es|pt|br|it|se|no|dk|fi|"
    "pl|cz|ru|ua|jp|cn|in|co|me|tv|xyz|online|shop|site|blog|cloud|tech"
)
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})"
_HOST: Final = rf"(?:{_LABEL}\.){{1,8}}(?:{_TOP_DOMAINS})"
_LONGEST_PATH: Final = 60
"""Characters of a path that anybody would listen to."""
_EMOJI: Final = (
    "\U0001f000-\U0001faff\u2600-\u27bf\u2300-\u23ff\u2b00-\u2bff\u2190-\u21ff\u25a0-\u25ff\u3030\u303d\u3297\u3299"
    "\u20e3\u200d\ufe0f\U000e0000-\U000e007f\U0001fb00-\U0001fbff\u2500-\u257f\u2580-\u259f"
)
PICTURES: Final = re.compile(f"[{_EMOJI}]+")
"""What is seen and not said."""


def addresses(lexicon: Lexicon) -> Iterable[Rule]:
    """E-mail and web addresses, hashtags and names of accounts."""
    yield Rule(
        re.compile(
            r"(?<![\w.+@-])(?:mailto:)?([A-Za-z0-9_][\w.+-]{0,63})@"
            rf"((?:{_LABEL}\.){{1,8}}[A-Za-z]{{2,24}})(?![\w@-])"
        ),
        lambda m: f"{_spell(m[1], lexicon)} {lexicon.at} {_spell(m[2], lexicon)}",
    )
    yield Rule(
        re.compile(
            r"(?<![\w@./-])(?:https?|ftp)://(?:www\.)?([^\s<>\"'()/?#]{1,253})"
            r"(/[^\s<>\"'()?#]{0,2000})?([?#][^\s<>\"'()]{0,4000})?",
            re.IGNORECASE,
        ),
        lambda m: _address(m[1], m[2], m[3], lexicon),
    )
    yield Rule(
        re.compile(
            rf"(?<![\w@./-])(?:www\.)?({_HOST})(?![\w@-]|\.\w)(/[^\s<>\"'()?#]{{0,2000}})?([?#][^\s<>\"'()]{{1,4000}})?"
        ),
        lambda m: _address(m[1], m[2], m[3], lexicon),
    )
    yield Rule(
        re.compile(r"(?<![\w&#])#(?=[^\W\d_])(\w{1,139})"), lambda m: f"{lexicon.hashtag} {_humps(m[1])}"
    )
    yield Rule(re.compile(r"(?<![\w@])@(?=[^\W_])(\w{1,60})"), lambda m: f"{lexicon.at} {_humps(m[1])}")


def telephones(numerals: Numerals) -> Iterable[Rule]:
    """Numbers that are dialled: one digit after the other, in the groups in which they are written."""
    say = lambda m: _dialled(m[0], numerals)  # noqa: E731 - one rule for all forms
    yield Rule(re.compile(r"(?<![\w+])\+[0-9]{1,3}(?:[ ./-]{0,2}\(?[0-9]{1,5}\)?){2,6}(?![\w-])"), say)
    yield Rule(
        re.compile(r"(?<![\w+(-])(?:1[ -])?\([0-9]{2,5}\)[ -]?[0-9]{3,4}[ -]?[0-9]{3,6}(?![\w-])"), say
    )
    yield Rule(re.compile(r"(?<![\w+.,:-])(?:1[.-])?[0-9]{3}([.-])[0-9]{3}\1[0-9]{4}(?![\w-])"), say)
    yield Rule(re.compile(r"(?<![\w+.,:-])[0-9]{3}-[0-9]{4}(?![\w-])"), say)
    yield Rule(
        re.compile(
            r"(?<![\w+.,:-])(?<![0-9][ \u00a0\u202f])"
            r"0[0-9]{1,4}[ /-][0-9]{2,8}(?:[ -][0-9]{2,8}){0,4}(?![\w-])"
        ),
        say,
    )


def before_numbers(lexicon: Lexicon) -> Iterable[Rule]:
    """`No. 5`, `p. 7`."""
    yield _short_forms(lexicon.numbers_follow, r"\s?(?=[0-9+(]|(?:[IVX]{2,8}|[VX])\b)", " ")


def abbreviations(lexicon: Lexicon) -> Iterable[Rule]:
    """Titles, `e.g.` and the like."""
    if lexicon.num2words == "en":
        # Main St.; 5th Ave.
        yield Rule(
            re.compile(r"(?<=[a-z] )(St|Dr|Ln|Ct)\.(?!\s[A-Z][a-z]+\b(?!\s[A-Z]))(?=\W|$)"),
            lambda m: (
                {"St": "Street", "Dr": "Drive", "Ln": "Lane", "Ct": "Court"}[m[1]]
                + ("." if not m.string[m.end() :].strip() else "")
            ),
        )
    yield _short_forms(lexicon.names_follow, r"\s(?=[^\W\d_a-z])", " ")
    yield _short_forms(lexicon.abbreviations, r"(?!\w)", "")


def _short_forms(forms: Mapping[str, str], follows: str, join: str) -> Rule:
    if not forms:
        return Rule(re.compile(r"(?!)"), lambda m: m[0])
    # the first word of a sentence has a capital letter
    known = dict(forms) | {
        form[0].upper() + form[1:]: words[0].upper() + words[1:]
        for form, words in forms.items()
        if form[0].upper() + form[1:] not in forms
    }

    def say(match: re.Match[str]) -> str:
        # the full stop of the last word is the sentence's too
        return known[match[1]] + (full_stop(match) or join)

    return Rule(re.compile(rf"(?<![\w.-])({alternatives(known)}){follows}"), say)


def roman_numerals(lexicon: Lexicon, numerals: Numerals) -> Iterable[Rule]:
    """Roman numerals where the words around say that they are some."""
    if lexicon.roman_after:
        yield Rule(
            re.compile(rf"(?<!\w)({lexicon.roman_after})\s({_ROMAN})(?![\w'’-]|\.\w)"),
            lambda m: f"{m[1]} {numerals.cardinal(_roman(m[2]))}",
        )
    if lexicon.roman_before:
        ending = f"(?:{lexicon.ordinals})?" if lexicon.ordinals else ""
        yield Rule(
            re.compile(rf"(?<!\w)({_ROMAN}){ending}(?=\s(?:{lexicon.roman_before})(?!\w))"),
            lambda m: numerals.ordinal(_roman(m[1])),
        )
    if lexicon.regnal_style:
        stop = r"\.?" if lexicon.regnal_style == "article_ordinal" else ""
        yield Rule(
            re.compile(
                rf"(?<!\w)({lexicon.regnal})\s(?!I\s[a-z]|C\b|D\b|L\b|M\b)({_ROMAN})(?:er|[ei]?r)?{stop}(?![\w'’.-]\w|\w)"
            ),
            lambda m: f"{m[1]} {_reign(_roman(m[2]), m[1], before(m), lexicon, numerals)}{full_stop(m)}",
        )


def _reign(number: int, name: str, word_before: str, lexicon: Lexicon, numerals: Numerals) -> str:
    if lexicon.regnal_style == "the_ordinal":
        return f"the {numerals.ordinal(number)}"
    if lexicon.regnal_style == "article_ordinal":
        ordinal = numerals.ordinal(number).capitalize()
        if word_before.lower() in {"von", "unter", "mit", "bei", "nach"}:
            return f"dem {ordinal}n"
        return f"der {ordinal}"
    if number > _ORDINAL_REIGNS.get(lexicon.num2words[:2], 0):
        return numerals.cardinal(number)
    return numerals.ordinal(number, feminine=name.endswith("a") or name == "Isabel")


_ORDINAL_REIGNS: Final = {"fr": 1, "es": 10, "it": 100, "pt": 10}
"""Rulers up to this number are counted with ordinals: Enrique octavo, Alfonso trece."""


def arithmetic(lexicon: Lexicon) -> Iterable[Rule]:
    """Signs between numbers."""
    between = r"(?<=[0-9)])\s?{}\s?(?=[0-9(])"
    yield Rule(re.compile(between.format("[×·]")), constant(f" {lexicon.times} "))
    yield Rule(re.compile(between.format(r"[*xX]")), constant(f" {lexicon.times} "))
    yield Rule(re.compile(between.format("[÷:](?![0-9])")), constant(f" {lexicon.divided} "))
    yield Rule(
        re.compile(r"(?<=[0-9)])\s[−-]\s(?=[0-9(])"),
        lambda m: f" {lexicon.minus if '=' in m.string or m[0][1] == '−' else lexicon.to} ",
    )
    yield Rule(
        re.compile(r"(?<!\w)±\s?(?=[0-9])"), lambda _: f"{lexicon.plus} {lexicon.or_} {lexicon.minus} "
    )


def signs(lexicon: Lexicon) -> Iterable[Rule]:
    """What is left of signs between words."""
    between = r"(?<=[\w)])\s?{}\s?(?=[\w(])"
    yield Rule(re.compile(r"\s?&(?:amp;)?\s?(?=\w)"), constant(f" {lexicon.and_} "))
    yield Rule(re.compile(between.format(r"\+")), constant(f" {lexicon.plus} "))
    yield Rule(re.compile(between.format("=")), constant(f" {lexicon.equals} "))
    yield Rule(re.compile(r"(?<=[\w)])\s?%"), constant(f" {lexicon.percent}"))
    yield Rule(re.compile(r"§{1,2}\s?"), constant(f"{lexicon.section} "))
    yield Rule(re.compile(r"(?<!\w)№\s?(?=\w)"), constant(f"{lexicon.number_sign} "))
    yield Rule(re.compile("[™®©]"), constant(""))
    names = {sign: money.many for sign, money in lexicon.currencies.items() if not re.search(r"[\w.]", sign)}
    yield Rule(re.compile(rf"(?<!\w)({alternatives(names)})(?!\w)"), lambda m: f" {names[m[1]]} ")
    # what only the eye reads: emphasis, bullets, code
    yield Rule(re.compile(r"[*`|•▪◦‣^~]++|_{2,}+|(?<!\w)_|_(?!\w)|(?<!\S)[#>]++(?=\s)"), constant(" "))


def _dialled(written: str, numerals: Numerals) -> str:
    groups = re.findall(r"[0-9]+", written)
    plus = "plus " if written.startswith("+") else ""
    return plus + ", ".join(map(numerals.digits, groups))


def _address(host: str, path: str | None, rest: str | None, lexicon: Lexicon) -> str:
    whole = host + (path or "") + (rest or "")
    closing = re.search(r"[.,;:!?]{0,8}$", whole)
    ends = closing[0] if closing else ""
    if not path and not rest and ends:
        host = host[: -len(ends)]
    said = _spell(host, lexicon)
    way = (path or "").rstrip(".,;:!?").strip("/")
    if way and len(way) <= _LONGEST_PATH:
        said += f" {lexicon.slash} " + _spell(way, lexicon)
    return said + ends


def _spell(written: str, lexicon: Lexicon) -> str:
    """The parts of an address, with their signs in words."""
    said = {
        ".": lexicon.dot, "/": lexicon.slash, "-": lexicon.dash, "_": lexicon.underscore, "@": lexicon.at,
        "+": lexicon.plus, ":": ",", "=": lexicon.equals, "&": lexicon.and_, "~": "", "%": "",
    }  # fmt: skip
    return " ".join(
        " ".join(
            f" {said[sign]} " if sign in said else sign for sign in re.split(r"([^\w]|_)", written)
        ).split()
    )


def _humps(written: str) -> str:
    """`VoiceWright_2` as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", written.replace("_", " ")).strip()


def _roman(written: str) -> int:
    values = [_ROMAN_DIGITS[letter] for letter in written]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))
