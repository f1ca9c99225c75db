"""The tables of the cleanup: its runs, and what owners were told."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base


class CleanupRun(Base):
    """One run of the cleanup. Its counts grow with each voice, in that voice's own transaction."""

    __tablename__ = "cleanup_runs"
    __table_args__ = (
        CheckConstraint(
            "eligible >= 0 AND cleaned >= 0 AND failed >= 0 AND bytes >= 0", name="counts_not_negative"
        ),
        Index("ix_cleanup_runs_started", text("started_at DESC")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    started_by: Mapped[uuid.UUID | None]
    """The administrator; None: the schedule."""
    dry_run: Mapped[bool]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    eligible: Mapped[int] = mapped_column(default=0)
    """How many there were when it began."""
    cleaned: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    """Of the files of those that were cleaned up, before compression."""
    error: Mapped[str | None]
    """Why it ended before its end."""
    report: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    """Voice by voice, as the answer shows it, `run.MOST_TOLD` of them at most; written at the end."""


class CleanupNotice(Base):
    """The owner of a voice was told that it is going to be cleaned up."""

    __tablename__ = "cleanup_notices"
    __table_args__ = (Index("ix_cleanup_notices_owner", "owner_id"),)

    model_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[uuid.UUID]
    due_at: Mapped[datetime]
    """From when on it is eligible."""
    noticed_at: Mapped[datetime]
