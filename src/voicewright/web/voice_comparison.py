"""Which of some voices is the better one, line by line, in figures and in words: pure rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from voicewright.web.formats import counted, duration, money, score, size
from voicewright.web.voice_cards import PARTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voicewright.voices.figures.views import UsageStats
    from voicewright.voices.models import VoiceModel

_ALIKE: Final = 0.05
"""Scores that differ by less are about the same."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that voices differ in."""

    name: str
    values: tuple[str, ...]
    best: int | None
    """Who wins; None: nobody, or nothing is known."""
    words: str
    """Who wins and why, or why nobody does; a dash where nothing is to be won."""


def lines_of(voices: Sequence[VoiceModel], stats: Sequence[UsageStats], labels: Sequence[str]) -> list[Line]:
    """What is compared, the weightiest first."""

    def line(
        name: str,
        values: Sequence[float | None],
        written: Callable[[float | None], str],
        *,
        better: str,
        lower: bool = False,
        margin: float = 0.0,
    ) -> Line:
        best = best_place(values, lower=lower)
        if best is not None:
            rivals = [value for place, value in enumerate(values) if place != best and value is not None]
            won = values[best] or 0.0
            if any(written(one) == written(won) or _are_alike(one, won, margin) for one in rivals):
                best = None  # whoever wins by less than is shown has not won
        words = _undecided(values, written, margin) if best is None else f"{labels[best]} {better}"
        return Line(name, tuple(map(written, values)), best, words)

    def fact(name: str, values: Sequence[float | None], written: Callable[[float | None], str]) -> Line:
        return Line(name, tuple(map(written, values)), None, "–")

    evaluations = [voice.evaluation or {} for voice in voices]
    used = [one if one.usage_count else None for one in stats]
    return [
        line(
            "Overall score",
            [voice.quality_score for voice in voices],
            score,
            better="sounds best overall",
            margin=_ALIKE,
        ),
        *(
            line(
                title,
                [one.get(key) for one in evaluations],
                score,
                better=f"is ahead in {title.lower()}",
                margin=_ALIKE,
            )
            for key, title in PARTS.items()
        ),
        # says as much of whether its engine was loaded already as of the voice
        fact(
            "First sound after",
            [None if one is None else one.average_latency / 1000 for one in used],
            _seconds,
        ),
        line(
            "Cost of a use",
            [None if one is None else one.total_cost / one.usage_count for one in used],
            money,
            better="costs least",
            lower=True,
        ),
        line("Rating", [one.quality_rating or None for one in stats], _stars, better="is liked best"),
        fact("Uses", [float(one.usage_count) for one in stats], _times),
        line(
            "Size",
            [float(voice.stored_bytes) for voice in voices],
            size,
            better="is the smallest",
            lower=True,
        ),
        fact("Trained on", [voice.speech_s or None for voice in voices], duration),
    ]


def bars_of(voices: Sequence[VoiceModel]) -> list[tuple[str, list[float | None]]]:
    """The scores that at least one of the voices has, for a chart."""
    named = [("Overall", [voice.quality_score for voice in voices])]
    named += [
        (title, [(voice.evaluation or {}).get(key) for voice in voices]) for key, title in PARTS.items()
    ]
    return [(name, values) for name, values in named if any(value is not None for value in values)]


def best_place(values: Sequence[float | None], *, lower: bool) -> int | None:
    """Who has the best of some values; None where fewer than two are known, or two share the best."""
    known = [value for value in values if value is not None]
    if len(known) < 2:  # noqa: PLR2004 - nobody to compare with
        return None
    best = min(known) if lower else max(known)
    return values.index(best) if known.count(best) == 1 else None


def _undecided(values: Sequence[float | None], written: Callable[[float | None], str], margin: float) -> str:
    """Why nobody wins."""
    known = [value for value in values if value is not None]
    if not known:
        return "Not known of any"
    if len(known) < 2:  # noqa: PLR2004 - the same
        return "Known of one only"
    if len({written(value) for value in known}) == 1:
        return "No difference"
    if _are_alike(min(known), max(known), margin):
        return "About the same"
    return "The best are about the same" if margin else "The best are equal"


def _are_alike(one: float, other: float, margin: float) -> bool:
    """Whether they differ by less than a margin, as they are shown: with two decimals."""
    return round(abs(one - other), 2) < margin


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} s"


def _times(value: float | None) -> str:
    return counted(int(value or 0), "use")


def _stars(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} of 5"
