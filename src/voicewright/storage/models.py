"""The table of the owners' keys."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base


def _now() -> datetime:
    return datetime.now(UTC)


class UserKey(Base):
    """The key of one owner's files, sealed with the master key; its row stays when the key is destroyed."""

    __tablename__ = "user_keys"
    __table_args__ = (
        CheckConstraint(
            "(token IS NULL) = (destroyed_at IS NOT NULL) AND (token IS NULL) = (master_key_id IS NULL)",
            name="there_or_destroyed",
        ),
        Index("ix_user_keys_master_key", "master_key_id"),
    )

    owner_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    master_key_id: Mapped[str | None]
    """Which master key sealed it."""
    token: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=_now)
    sealed_at: Mapped[datetime] = mapped_column(default=_now)
    destroyed_at: Mapped[datetime | None]
