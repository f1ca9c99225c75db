"""The tables of the audit trail."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base


class AuditEvent(Base):
    """One act. Rows are only ever added: a trigger refuses everything else, for every role.

    There are no foreign keys: what is recorded outlives the account and the voice that it is about.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        UniqueConstraint("owner_id", "sequence"),
        CheckConstraint("result IN ('done', 'refused', 'failed')", name="result_known"),
        CheckConstraint("sequence >= 1", name="sequence_positive"),
        Index("ix_audit_events_model", "model_id", text("id DESC")),
        Index("ix_audit_events_actor", "actor_id", text("id DESC")),
        Index("ix_audit_events_at", "at", postgresql_include=["result"]),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    owner_id: Mapped[uuid.UUID]
    """Whose chain it is in."""
    sequence: Mapped[int] = mapped_column(BigInteger)
    """1, 2, 3 in its chain, without a gap."""
    at: Mapped[datetime]
    """By the clock of the database, which all processes share."""
    actor_id: Mapped[uuid.UUID | None]
    api_key_id: Mapped[uuid.UUID | None]
    action: Mapped[str]
    model_id: Mapped[uuid.UUID | None]
    result: Mapped[str]
    code: Mapped[str | None]
    source: Mapped[str]
    request_id: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the event before it in the chain; zeros for the first."""
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHead(Base):
    """The end of one owner's chain: its row is locked while events are added, and never goes back."""

    __tablename__ = "audit_heads"
    __table_args__ = (CheckConstraint("sequence >= 0", name="sequence_not_negative"),)

    owner_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
