"""The tables of what voices are used for, and what their listeners think of them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, Numeric, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base

OUTCOMES = ("spoken", "failed", "cancelled")
"""How a use may end."""


def _now() -> datetime:
    return datetime.now(UTC)


class VoiceUse(Base):
    """A voice was asked to speak. Rows are only ever added."""

    __tablename__ = "voice_usage"
    __table_args__ = (
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome_known"),
        CheckConstraint(
            "characters >= 0 AND audio_s >= 0 AND latency_ms >= 0 AND cost_usd >= 0",
            name="amounts_not_negative",
        ),
        CheckConstraint("outcome <> 'spoken' OR latency_ms IS NOT NULL", name="spoken_is_measured"),
        Index(
            "ix_voice_usage_model",
            "model_id",
            "at",
            postgresql_include=["outcome", "latency_ms", "cost_usd"],
        ),
        Index("ix_voice_usage_owner", "owner_id", "at", postgresql_include=["outcome", "cost_usd"]),
        Index("ix_voice_usage_user", "user_id"),
        Index("ix_voice_usage_at", "at", postgresql_using="brin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    model_id: Mapped[uuid.UUID]
    owner_id: Mapped[uuid.UUID]
    """Whose voice it is: the use of a shared voice counts for its owner."""
    user_id: Mapped[uuid.UUID]
    """Who had it speak."""
    at: Mapped[datetime] = mapped_column(default=_now)
    outcome: Mapped[str]
    characters: Mapped[int]
    """Of the text."""
    audio_s: Mapped[float]
    """Length of what was spoken, also of what came before a failure."""
    latency_ms: Mapped[float | None]
    """From the request to the first sound, with the engine warm; None where no sound came."""
    cost_usd: Mapped[Decimal] = mapped_column(Numeric(14, 6))


class VoiceRating(Base):
    """What somebody who may use a voice thinks of it; their last word counts."""

    __tablename__ = "voice_ratings"
    __table_args__ = (
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars_range"),
        Index("ix_voice_ratings_user", "user_id"),
    )

    model_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    stars: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime] = mapped_column(default=_now)
