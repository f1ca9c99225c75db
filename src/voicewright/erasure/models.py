"""The table of deleted accounts: what was deleted, and what is left to do."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base


class Erasure(Base):
    """One account that was deleted. It says what there was by ids and counts alone."""

    __tablename__ = "erasures"
    __table_args__ = (
        CheckConstraint("bytes >= 0 AND objects >= 0", name="amounts_not_negative"),
        Index("ix_erasures_requested", "requested_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID]
    """Who had the account."""
    requested_by: Mapped[uuid.UUID | None]
    """The same, or an administrator; None: the command line."""
    requested_at: Mapped[datetime]
    key_destroyed_at: Mapped[datetime]
    """Since then nobody can read the files, nor copies of them that were made without the key."""
    deleted: Mapped[dict[str, int]] = mapped_column(JSONB)
    """Rows by kind, see `erasure.rows`."""
    bytes: Mapped[int] = mapped_column(BigInteger)
    """Of the recordings and voices, before compression."""
    objects: Mapped[int | None] = mapped_column(BigInteger)
    """In the stores; None: they were not counted yet."""
    completed_at: Mapped[datetime | None]
    """When the last of them was removed; None: it is still to be."""
    traces: Mapped[dict[str, list[Any]]] = mapped_column(JSONB)
    """What machines may have left of it in their work folders and caches (`jobs`, `trees`), for a while."""

    @property
    def state(self) -> str:
        """How far it is: nothing can be read any more either way."""
        return "erasing" if self.completed_at is None else "complete"
