"""The table of the voices that lie at providers."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base


def _now() -> datetime:
    return datetime.now(UTC)


class ProviderVoice(Base):
    """A voice that this installation had a provider make, until it is deleted there.

    It names no owner, and outlives the account of whoever had it made.
    """

    __tablename__ = "provider_voices"
    __table_args__ = (
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest_form"),
        CheckConstraint("artefact_digest ~ '^[0-9a-f]{64}$'", name="artefact_digest_form"),
        CheckConstraint("tries >= 0", name="tries_not_negative"),
        Index(
            "ix_provider_voices_unwanted",
            "next_try_at",
            postgresql_where=text("unwanted_since IS NOT NULL"),
        ),
    )

    digest: Mapped[str] = mapped_column(primary_key=True)
    """Of the engine and of what names the voice there (`engines.port.PROVIDER_VOICE`)."""
    engine: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """What names it there, sealed with the installation's own key (`storage.user_keys.PLATFORM_ID`)."""
    training_job_id: Mapped[uuid.UUID | None]
    """The job that had it made; None: it was made from the command line."""
    artefact_digest: Mapped[str | None]
    """The tree of files that speaks with it; None: no voice of it was stored so far."""
    noted_at: Mapped[datetime] = mapped_column(default=_now)
    unwanted_since: Mapped[datetime | None]
    """When it was found that nobody here needs it any more; None: somebody may."""
    next_try_at: Mapped[datetime | None]
    """When it is to be deleted there, where it is not wanted."""
    tries: Mapped[int] = mapped_column(default=0)
    """How often that was tried in vain."""
    last_error: Mapped[str | None]
    """Why it is still there."""
