"""Times of day."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from voicewright.text.normalise.rules import Rule, full_stop

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voicewright.text.normalise.lexicon import Lexicon
    from voicewright.text.normalise.numerals import Numerals

_NOON: Final = 12
_HOURS: Final = {"fr": "heure", "es": "hora", "it": "ora", "pt": "hora"}
_HOUR: Final = "([01]?[0-9]|2[0-4])"
_MINUTE: Final = "([0-5][0-9])"
_ALONE: Final = r"(?![\w:]|[.,]\d)"
_BEFORE: Final = r"(?<![\w:.,])"


class Times:
    """The times of one language.

    Args:
        lexicon: of the language.
        numerals: of the language.
    """

    def __init__(self, lexicon: Lexicon, numerals: Numerals) -> None:
        self._lexicon = lexicon
        self._numerals = numerals
        self._hour = _HOURS.get(lexicon.num2words[:2], "")

    def rules(self) -> Iterable[Rule]:
        """`2:30 pm`, `14h30`, `14.30 Uhr`, `kl. 14.30`, `14:30:05`."""
        marks = self._lexicon.hour_mark
        if self._lexicon.twelve_hours:
            half = rf"{_BEFORE}(1[0-2]|0?[1-9])(?:[:.]{_MINUTE})?\s?([ap])\.?m\b\.?"
            yield Rule(re.compile(half, re.IGNORECASE), self._half_day)
        if marks:
            for pattern in (
                rf"{_BEFORE}{_HOUR}(?:[.:]{_MINUTE})?\s?(?:{marks})(?![\w/])(?!\s?[0-5][0-9](?![\w:]))",
                rf"{_BEFORE}{_HOUR}\s?(?:{marks})\s?{_MINUTE}(?![\w:])",
            ):
                yield Rule(re.compile(pattern), lambda m: self._say(m[1], m[2]))
        if self._lexicon.clock:
            dotted = rf"(?<=\b{self._lexicon.clock} ){_HOUR}\.{_MINUTE}{_ALONE}"
            yield Rule(re.compile(dotted), lambda m: self._say(m[1], m[2]))
        yield Rule(
            re.compile(rf"{_BEFORE}{_HOUR}:{_MINUTE}(?::{_MINUTE}Z?)?{_ALONE}"),
            lambda m: self._say(m[1], m[2], m[3]),
        )

    def _half_day(self, match: re.Match[str]) -> str:
        hour, minute, half = match.groups()
        said = self._numerals.cardinal(int(hour))
        if minute and int(minute):
            said += " " + self._minutes(minute)
        return f"{said} {half.upper()} M{full_stop(match)}"

    def _minutes(self, minute: str) -> str:
        said = self._numerals.cardinal(int(minute))
        return f"oh {said}" if self._lexicon.num2words == "en" and minute[0] == "0" else said

    def _say(self, hour: str, minute: str | None, second: str | None = None) -> str:
        number = int(hour)
        said = self._numerals.counted(str(number), self._hour)
        spoken = self._minutes(minute) if minute and int(minute) else ""
        parts = [said, spoken]
        if self._lexicon.num2words == "en":
            if not spoken:
                parts = [said, "o'clock"] if 1 <= number <= _NOON else [said, "hundred hours"]
        elif self._lexicon.hour.strip() == self._lexicon.and_:
            parts = [said, self._lexicon.and_, spoken] if spoken else [said, self._whole_hours(number)]
        else:
            unit = self._lexicon.hour.strip()
            parts = [said, "heure" if unit == "heures" and number <= 1 else unit, spoken]
        if second and int(second):
            parts += [self._lexicon.and_, self._numerals.cardinal(int(second))]
        return " ".join(filter(None, parts))

    def _whole_hours(self, number: int) -> str:
        """What Portuguese always says, and Spanish in the afternoon."""
        if self._hour != "hora" or (self._lexicon.num2words == "es" and number <= _NOON):
            return ""
        return "hora" if number == 1 else "horas"
