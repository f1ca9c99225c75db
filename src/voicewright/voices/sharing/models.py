"""The table of shares: which voice its owner lets somebody else see, or speak with."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base


def _now() -> datetime:
    return datetime.now(UTC)


class SharePermission(StrEnum):
    """What somebody may do with a voice that is shared with them."""

    USE = "use"
    """Speak with it, and see what is known of it."""
    READ = "read"
    """See what is known of it."""


class VoiceShare(Base):
    """One voice, shared with one account; the row stays when the share has ended."""

    __tablename__ = "voice_shares"
    __table_args__ = (
        CheckConstraint("permission IN ('read', 'use')", name="permission_known"),
        CheckConstraint("owner_id <> target_user_id", name="target_is_another"),
        Index(
            "uq_voice_shares_open",
            "model_id",
            "target_user_id",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
        Index(
            "ix_voice_shares_target",
            "target_user_id",
            text("created_at DESC"),
            "id",
            postgresql_where=text("revoked_at IS NULL"),
        ),
        Index("ix_voice_shares_owner", "owner_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    model_id: Mapped[uuid.UUID]
    owner_id: Mapped[uuid.UUID]
    """Whose voice it is."""
    target_user_id: Mapped[uuid.UUID]
    """With whom it is shared."""
    permission: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=_now)
    revoked_at: Mapped[datetime | None]
    """None: it holds."""
