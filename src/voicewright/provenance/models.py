"""The tables of provenance: fingerprints of what was spoken, and the keys that manifests are signed with."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base


class SpeechFingerprint(Base):
    """What a speech is known again by, and what is known of it; never what it says."""

    __tablename__ = "speech_fingerprints"
    __table_args__ = (
        CheckConstraint("duration_s >= 0", name="duration_not_negative"),
        Index("ix_speech_fingerprints_prints", "prints", postgresql_using="gin"),
        Index("ix_speech_fingerprints_user", "user_id"),
        Index("ix_speech_fingerprints_owner", "owner_id"),
        Index("ix_speech_fingerprints_model", "model_id"),
    )

    synthesis_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    """Of the history's entry."""
    part: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, default=0, server_default=text("0")
    )
    """Of a speech that left in several files: the number of an item, or of a paragraph; 0: the whole.
    Those of earlier takes are higher, see `identifying.EARLIER_TAKES`."""
    user_id: Mapped[uuid.UUID]
    """Who had it spoken."""
    owner_id: Mapped[uuid.UUID]
    """Whose voice it is."""
    model_id: Mapped[uuid.UUID]
    """The voice; it may have been deleted since."""
    model_version: Mapped[int]
    engine: Mapped[str]
    made_at: Mapped[datetime]
    duration_s: Mapped[float]
    prints: Mapped[list[Any]] = mapped_column(ARRAY(Integer))
    """See `provenance.fingerprints`; 0 stands for silence."""


class ProvenanceKey(Base):
    """A certificate that manifests are signed with, or that such certificates are signed with."""

    __tablename__ = "provenance_keys"
    __table_args__ = (
        CheckConstraint("role IN ('authority', 'signer')", name="role_known"),
        Index("ix_provenance_keys_role", "role", "created_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    instance_id: Mapped[uuid.UUID]
    """Of the installation: the same in all rows."""
    role: Mapped[str]
    """`authority`: the root that others trust; `signer`: signs, and is signed by the authority."""
    certificate_pem: Mapped[str]
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    """The private half, sealed with the installation's own key (`storage.user_keys.PLATFORM_ID`)."""
    created_at: Mapped[datetime]
    """The newest signs."""
    expires_at: Mapped[datetime]
