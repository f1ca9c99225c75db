"""The tables of alerts, and of what was counted before its rows went."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base


class Alert(Base):
    """Something that an operator has to look at, from the moment it was seen until it was over."""

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint("severity IN ('warning', 'critical')", name="severity_known"),
        Index("uq_alerts_open", "kind", "subject", unique=True, postgresql_where=text("resolved_at IS NULL")),
        Index("ix_alerts_raised", text("raised_at DESC"), text("id DESC")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    kind: Mapped[str]
    """`monitoring.policies` has them."""
    subject: Mapped[str]
    """What it is about: empty for the platform, or the id of an account."""
    severity: Mapped[str]
    message: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The figures behind it, as they were last seen."""
    raised_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    """None: it is still so."""


class ErasedVoices(Base):
    """How many voices of an engine went with their accounts; so that what counts voices never falls."""

    __tablename__ = "erased_voices"
    __table_args__ = (CheckConstraint("voices >= 0", name="voices_not_negative"),)

    engine: Mapped[str] = mapped_column(primary_key=True)
    voices: Mapped[int] = mapped_column(BigInteger)
