"""The table of consents."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base


class Consent(Base):
    """What a speaker agreed to, and who says so. It is never changed but for its end, and its label."""

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("speaker <> '' AND speaker_key <> ''", name="speaker_present"),
        CheckConstraint("jsonb_typeof(scope) = 'array'", name="scope_is_list"),
        CheckConstraint("source IN ('assertion', 'recording')", name="source_known"),
        Index("ix_consents_speaker", "owner_id", "speaker_key"),
        Index("ix_consents_owner", "owner_id", text("asserted_at DESC"), text("id DESC")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[uuid.UUID]
    """Whose datasets and samples it is about."""
    speaker: Mapped[str]
    """As whoever asserted it wrote the name."""
    speaker_key: Mapped[str]
    """What all spellings of the name have in common, see `privacy.speakers`."""
    scope: Mapped[list[Any]] = mapped_column(JSONB)
    """What may be done with the voice: values of `privacy.policies.ConsentScope`."""
    statement: Mapped[str]
    """What is asserted, in words."""
    source: Mapped[str]
    """`assertion`: somebody says so; `recording`: the speaker was recorded saying so."""
    evidence: Mapped[dict[str, Any] | None]
    """What proves it, where anything does; `label`: what its owner calls that."""
    asserted_by: Mapped[uuid.UUID]
    """Who says so."""
    asserted_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
