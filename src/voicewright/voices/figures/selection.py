"""Which voice of somebody is the best for a purpose: a pure rule.

| criterion | what it does |
| --- | --- |
| `minQualityScore` | leaves out voices that were judged worse, and those that nobody judged |
| `maxLatency` | leaves out voices whose mean time to the first sound is longer |
| `preferredProvider` | puts that provider's voices before all others; none of them is no obstacle |

A voice that has never spoken has no latency, and nobody knows whether it is fast enough: with `maxLatency` it
is taken only where no voice is left that was measured. Among those that are left the best judged wins, then
the faster, then the newer one.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from voicewright.errors import AppError, ErrorKind


class NoMatchingVoice(AppError):
    """No voice meets the criteria; the message says how many were left out for which reason."""

    code = "NO_MATCHING_VOICE_MODEL"
    kind = ErrorKind.NOT_FOUND


@dataclass(frozen=True, slots=True)
class Candidate:
    """A voice as the rules look at it."""

    id: uuid.UUID
    provider: str
    quality_score: float | None
    """None: nobody judged it."""
    latency_ms: float | None
    """Mean to the first sound; None: it has never spoken."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Criteria:
    """What the best voice has to be; None: it does not matter."""

    min_quality_score: float | None = None
    preferred_provider: str | None = None
    max_latency_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The best voice, and why: sentences for whoever asked."""

    id: uuid.UUID
    reasons: tuple[str, ...]


def select_best(candidates: Sequence[Candidate], criteria: Criteria) -> Choice:
    """The best of the voices that meet the criteria.

    Raises:
        NoMatchingVoice: there is none.
    """
    obstacles = [obstacle_of(candidate, criteria) for candidate in candidates]
    left = [one for one, obstacle in zip(candidates, obstacles, strict=True) if obstacle is None]
    if not left:
        raise NoMatchingVoice(_none_matches([obstacle for obstacle in obstacles if obstacle is not None]))
    best = max(left, key=lambda one: _rank(one, criteria))
    return Choice(best.id, tuple(_reasons(best, criteria, among=len(left))))


def obstacle_of(candidate: Candidate, criteria: Criteria) -> str | None:
    """Why a voice does not come into question; None: it does."""
    least, most = criteria.min_quality_score, criteria.max_latency_ms
    if least is not None and candidate.quality_score is None:
        return "never judged"
    if least is not None and candidate.quality_score is not None and candidate.quality_score < least:
        return f"judged under {least:g}"
    if most is not None and candidate.latency_ms is not None and candidate.latency_ms > most:
        return f"slower than {most:g} ms"
    return None


def _rank(candidate: Candidate, criteria: Criteria) -> tuple[bool, bool, float, float, datetime]:
    measured = candidate.latency_ms is not None
    return (
        measured or criteria.max_latency_ms is None,
        candidate.provider == criteria.preferred_provider,
        -1.0 if candidate.quality_score is None else candidate.quality_score,
        float("-inf") if candidate.latency_ms is None else -candidate.latency_ms,
        candidate.created_at,
    )


def _reasons(best: Candidate, criteria: Criteria, *, among: int) -> list[str]:
    reasons = []
    if criteria.preferred_provider is not None:
        word = "is" if best.provider == criteria.preferred_provider else "is not"
        reasons.append(f"Its provider {best.provider} {word} the preferred one.")
    if best.quality_score is not None:
        reasons.append(f"Its quality is {best.quality_score:.2f}.")
    if best.latency_ms is not None:
        reasons.append(f"Its first sound comes after {best.latency_ms:.0f} ms on average.")
    elif criteria.max_latency_ms is not None:
        reasons.append("It has never spoken, so nobody knows how fast it is; no measured voice matches.")
    reasons.append(f"Voices that match: {among}.")
    return reasons


def _none_matches(obstacles: Sequence[str]) -> str:
    if not obstacles:
        return "There is no voice to choose from. Train one first."
    counts = ", ".join(f"{obstacles.count(reason)} {reason}" for reason in dict.fromkeys(obstacles))
    return f"None of {len(obstacles)} voices matches: {counts}. Ask for less, or train a better one."
