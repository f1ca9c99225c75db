"""The uses of voices: recorded as they end, and summed up."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import func, select

from voicewright.audit.acts import Act
from voicewright.audit.trail import note
from voicewright.errors import AppError
from voicewright.voices.caching import changed
from voicewright.voices.figures.models import VoiceUse

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.voices.models import VoiceModel

Outcome = Literal["spoken", "failed", "cancelled"]
TAIL: Final = 0.95
"""Of the spoken uses, this share came faster than the latency that is told as the slow one."""

_SPOKEN: Final = VoiceUse.outcome == "spoken"
_FAILED: Final = VoiceUse.outcome == "failed"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Use:
    """How a request to speak ended.

    Attributes:
        outcome: `failed` is the engine's fault, `cancelled` was the wish of whoever asked.
        characters: of the text.
        audio_s: length of what was spoken.
        latency_ms: from the request to the first sound, with the engine warm; None where no sound came.
        cost_usd: what the engine's provider asks for it.
    """

    outcome: Outcome
    characters: int
    audio_s: float
    latency_ms: float | None
    cost_usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class UsageSum:
    """The uses of one voice, or of all voices of an owner, together.

    Attributes:
        spoken: how many ended well.
        failed: how many did not; those that were cancelled are in neither.
        cost_usd: of all of them.
        average_latency_ms: of those that ended well; 0 where there is none.
        tail_latency_ms: the 95th percentile of the same; 0 where there is none.
        last_used_at: when it last ended well.
    """

    spoken: int = 0
    failed: int = 0
    cost_usd: Decimal = Decimal(0)
    average_latency_ms: float = 0.0
    tail_latency_ms: float = 0.0
    last_used_at: datetime | None = None


def record_use(session: Session, voice: VoiceModel, *, user_id: uuid.UUID, use: Use) -> None:
    """Enter a use; it counts for the owner of the voice, whoever had it speak."""
    session.add(
        VoiceUse(
            model_id=voice.id,
            owner_id=voice.owner_id,
            user_id=user_id,
            outcome=use.outcome,
            characters=use.characters,
            audio_s=use.audio_s,
            latency_ms=use.latency_ms,
            cost_usd=use.cost_usd,
        )
    )
    session.flush()
    changed(session, voice.id, voice.owner_id)
    note(
        session,
        Act(
            "voice_model.speak",
            owner_id=voice.owner_id,
            actor_id=user_id,
            model_id=voice.id,
            result="failed" if use.outcome == "failed" else "done",
            details={"outcome": use.outcome, "characters": use.characters},
        ),
    )


@dataclass(frozen=True, slots=True)
class UseLog:
    """Records how somebody's speech with a voice ended; call it then."""

    database: Database
    user_id: uuid.UUID
    voice: VoiceModel

    def __call__(self, use: Use) -> None:
        """Record it. What was spoken stands whether or not that is possible: it is only logged."""
        try:
            with self.database.session() as session:
                record_use(session, self.voice, user_id=self.user_id, use=use)
        except AppError as error:
            _LOG.warning("a use of %s is missing in its figures: %s", self.voice.label, error.message)


def sums_of_models(session: Session, model_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, UsageSum]:
    """The uses of each of these voices; nothing is left out."""
    latency = VoiceUse.latency_ms
    rows = session.execute(
        select(
            VoiceUse.model_id,
            func.count().filter(_SPOKEN),
            func.count().filter(_FAILED),
            func.sum(VoiceUse.cost_usd),
            func.coalesce(func.avg(latency).filter(_SPOKEN), 0.0),
            func.coalesce(func.percentile_cont(TAIL).within_group(latency).filter(_SPOKEN), 0.0),
            func.max(VoiceUse.at).filter(_SPOKEN),
        )
        .where(VoiceUse.model_id.in_(model_ids))
        .group_by(VoiceUse.model_id)
    )
    sums = {model_id: UsageSum(*figures) for model_id, *figures in rows}
    return {model_id: sums.get(model_id, UsageSum()) for model_id in model_ids}


def sum_of_owner(session: Session, owner_id: uuid.UUID) -> UsageSum:
    """The uses of all voices that somebody has or had, without their latencies."""
    spoken, failed, cost_usd, last_used_at = session.execute(
        select(
            func.count().filter(_SPOKEN),
            func.count().filter(_FAILED),
            func.coalesce(func.sum(VoiceUse.cost_usd), 0),
            func.max(VoiceUse.at).filter(_SPOKEN),
        ).where(VoiceUse.owner_id == owner_id)
    ).one()
    return UsageSum(spoken=spoken, failed=failed, cost_usd=cost_usd, last_used_at=last_used_at)


@dataclass(frozen=True, slots=True)
class DayOfUse:
    """How often a voice spoke on one day (UTC)."""

    day: date
    spoken: int
    failed: int
    cost_usd: Decimal


def uses_by_day(session: Session, model_id: uuid.UUID, since: datetime) -> list[DayOfUse]:
    """The days on which a voice was used, in their order."""
    day = func.date(func.timezone("UTC", VoiceUse.at)).label("day")
    spoken, failed = func.count().filter(_SPOKEN), func.count().filter(_FAILED)
    rows = session.execute(
        select(day, spoken, failed, func.coalesce(func.sum(VoiceUse.cost_usd), 0))
        .where(VoiceUse.model_id == model_id, VoiceUse.at >= since)
        .group_by(day)
        .order_by(day)
    )
    return [DayOfUse(*row) for row in rows]
