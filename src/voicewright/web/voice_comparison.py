"""Which of some voices is the better one, line by line, in figures and in words: pure rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.web.formats import counted, duration, money, score, size
from voicewright.web.voice_cards import PARTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voicewright.voices.figures.views import UsageStats
    from voicewright.voices.models import VoiceModel


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that voices differ in."""

    name: str
    values: tuple[str, ...]
    best: int | None
    """Who wins; None: nobody, or nothing is known."""
    words: str


def lines_of(voices: Sequence[VoiceModel], stats: Sequence[UsageStats], labels: Sequence[str]) -> list[Line]:
    """What is compared, the weightiest first."""

    def line(
        name: str,
        values: Sequence[float | None],
        written: Callable[[float | None], str],
        *,
        better: str,
        lower: bool = False,
    ) -> Line:
        best = best_place(values, lower=lower)
        if best is not None and sum(written(value) == written(values[best]) for value in values) > 1:
            best = None  # whoever wins by less than is shown has not won
        return Line(name, tuple(map(written, values)), best, _words(values, best, labels, written, better))

    evaluations = [voice.evaluation or {} for voice in voices]
    used = [one if one.usage_count else None for one in stats]
    return [
        line("Overall score", [voice.quality_score for voice in voices], score, better="sounds best overall"),
        *(
            line(title, [one.get(key) for one in evaluations], score, better=f"is ahead in {title.lower()}")
            for key, title in PARTS.items()
        ),
        line(
            "First sound after",
            [None if one is None else one.average_latency / 1000 for one in used],
            _seconds,
            better="begins to speak soonest",
            lower=True,
        ),
        line(
            "Cost of a use",
            [None if one is None else one.total_cost / one.usage_count for one in used],
            money,
            better="costs least",
            lower=True,
        ),
        line("Rating", [one.quality_rating or None for one in stats], _stars, better="is liked best"),
        line("Uses", [float(one.usage_count) for one in stats], _times, better="is used most"),
        line(
            "Size",
            [float(voice.stored_bytes) for voice in voices],
            size,
            better="is the smallest",
            lower=True,
        ),
        line(
            "Trained on",
            [voice.speech_s or None for voice in voices],
            duration,
            better="learnt from the most speech",
        ),
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


def _words(
    values: Sequence[float | None],
    best: int | None,
    labels: Sequence[str],
    written: Callable[[float | None], str],
    better: str,
) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "Not known of any"
    if len(known) < 2:  # noqa: PLR2004 - the same
        return "Known of one only"
    if best is None:
        return "No difference" if len({written(value) for value in known}) == 1 else "The best are equal"
    return f"{labels[best]} {better}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} s"


def _times(value: float | None) -> str:
    return counted(int(value or 0), "use")


def _stars(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} of 5"
