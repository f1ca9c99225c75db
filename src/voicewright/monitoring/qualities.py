"""How good the voices are: the parts of the score, how it went over time, and which ones are poor and why."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Double, case, cast, func, select

from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

PARTS: Final = ("similarity", "naturalness", "clarity", "consistency")
NEWEST: Final = 1000
"""The parts are read from the whole evaluation, which is large: of so many of the newest voices."""
WORST: Final = 10
REASONS: Final = 3
"""Of each of them; the weightiest come first."""


@dataclass(frozen=True, slots=True)
class EngineParts:
    """The parts of the score of an engine's newest voices, on average."""

    engine: str
    voices: int
    parts: dict[str, float | None]
    """0..1; None where none of them was judged by it."""


@dataclass(frozen=True, slots=True)
class WeekQuality:
    """The voices that were made in a week, from its Monday (UTC)."""

    week: date
    voices: int
    average: float


@dataclass(frozen=True, slots=True)
class PoorVoice:
    """A voice with a low score."""

    id: uuid.UUID
    owner_id: uuid.UUID
    label: str
    engine: str
    score: float
    reasons: list[str]
    is_active: bool


@dataclass(frozen=True, slots=True)
class Qualities:
    """All of it; how the scores are spread is in `monitoring.figures`."""

    engines: list[EngineParts]
    weeks: list[WeekQuality]
    """The oldest first; weeks without a voice are left out."""
    worst: list[PoorVoice]
    unjudged: int
    """Voices that nobody has judged."""


def read_qualities(session: Session, *, weeks: int, today: date, below: float) -> Qualities:
    """Of all live voices.

    Args:
        session: a unit of work.
        weeks: how far back the trend goes.
        today: where it ends (UTC).
        below: voices as good as this are none of the worst.
    """
    live = VoiceModel.deleted_at.is_(None)
    unjudged = select(func.count()).select_from(VoiceModel).where(live, VoiceModel.quality_score.is_(None))
    return Qualities(
        engines=_engines(session, live),
        weeks=_weeks(session, live, datetime.combine(today - timedelta(weeks=weeks), time(), UTC)),
        worst=_worst(session, live & (VoiceModel.quality_score < below)),
        unjudged=session.scalar(unjudged) or 0,
    )


def _engines(session: Session, live: ColumnElement[bool]) -> list[EngineParts]:
    newest = (
        select(VoiceModel.engine, VoiceModel.evaluation)
        .where(live, VoiceModel.quality_score.is_not(None))
        .order_by(VoiceModel.created_at.desc())
        .limit(NEWEST)
        .subquery()
    )
    averages = [func.avg(_number(newest.c.evaluation[part])) for part in PARTS]
    rows = session.execute(
        select(newest.c.engine, func.count(), *averages).group_by(newest.c.engine).order_by(newest.c.engine)
    )
    return [EngineParts(row[0], row[1], dict(zip(PARTS, row[2:], strict=True))) for row in rows]


def _number(value: Any) -> ColumnElement[Any]:
    """What is no number is unknown."""
    return case((func.jsonb_typeof(value) == "number", cast(value.astext, Double())))


def _weeks(session: Session, live: ColumnElement[bool], first: datetime) -> list[WeekQuality]:
    week = func.date(func.date_trunc("week", func.timezone("UTC", VoiceModel.created_at)))
    rows = session.execute(
        select(week, func.count(), func.avg(VoiceModel.quality_score))
        .where(live, VoiceModel.quality_score.is_not(None), VoiceModel.created_at >= first)
        .group_by(week)
        .order_by(week)
    )
    return [WeekQuality(*row) for row in rows]


def _worst(session: Session, among: ColumnElement[bool]) -> list[PoorVoice]:
    voices = session.scalars(
        select(VoiceModel)
        .where(among)
        .order_by(VoiceModel.quality_score, VoiceModel.created_at, VoiceModel.id)
        .limit(WORST)
    )
    return [
        PoorVoice(
            id=voice.id,
            owner_id=voice.owner_id,
            label=voice.label,
            engine=voice.engine,
            score=voice.quality_score or 0.0,
            reasons=_reasons(voice.evaluation),
            is_active=voice.is_active,
        )
        for voice in voices
    ]


def _reasons(evaluation: dict[str, Any] | None) -> list[str]:
    told = (evaluation or {}).get("reasons")
    return [str(reason) for reason in told[:REASONS]] if isinstance(told, list) else []
