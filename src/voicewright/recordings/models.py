"""The tables of recordings: datasets, the samples in them or on their own, and the clips of each sample."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from voicewright.db.base import Base

_DIGEST: Final = "~ '^[0-9a-f]{64}$'"
_VERDICT: Final = "verdict IN ('good', 'usable', 'rejected')"


def _now() -> datetime:
    return datetime.now(UTC)


class Dataset(Base):
    """A named list of samples of one speaker."""

    __tablename__ = "datasets"
    __table_args__ = (
        UniqueConstraint("owner_id", "name_key"),
        CheckConstraint("name <> '' AND name_key <> ''", name="name_present"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[uuid.UUID]
    name: Mapped[str]
    """As its owner wrote it."""
    name_key: Mapped[str]
    """What all spellings of the name have in common, see `recordings.names`."""
    language: Mapped[str]
    """BCP 47 tag."""
    speaker: Mapped[str]
    """Whose voice it is, as consents name them."""
    created_at: Mapped[datetime] = mapped_column(default=_now)
    updated_at: Mapped[datetime] = mapped_column(default=_now)
    """When a sample last came, went or changed."""


class Sample(Base):
    """One uploaded recording; the same bytes in the same dataset are the same sample.

    Its files lie in the blob store of the samples, see `recordings.files`.
    """

    __tablename__ = "samples"
    __table_args__ = (
        UniqueConstraint("dataset_id", "digest"),
        CheckConstraint(f"digest {_DIGEST}", name="digest_form"),
        CheckConstraint(_VERDICT, name="verdict_known"),
        CheckConstraint("size_bytes >= 0 AND duration_s >= 0 AND speech_s >= 0", name="amounts_not_negative"),
        Index(
            "uq_samples_single",
            "owner_id",
            "digest",
            unique=True,
            postgresql_where=text("dataset_id IS NULL"),
        ),
        Index("ix_samples_owner", "owner_id", text("created_at DESC"), text("id DESC")),
        Index("ix_samples_dataset", "dataset_id", "filename", "id"),
        Index("ix_samples_digest", "digest"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[uuid.UUID]
    dataset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("datasets.id"))
    """None: a sample on its own."""
    speaker: Mapped[str]
    filename: Mapped[str]
    """As whoever uploaded it called it; never the name of a file here."""
    digest: Mapped[str]
    """SHA-256 of the original, which is the name of its blob."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    container: Mapped[str]
    """What the content turned out to be, a key of `audio.sniff.EXTENSIONS` or FFmpeg's word for it."""
    sound_digest: Mapped[str]
    """Of the decoded sound: two files with the same are the same recording."""
    transcript: Mapped[str | None]
    verdict: Mapped[str]
    """That of its best clip."""
    reasons: Mapped[list[Any]] = mapped_column(JSONB)
    """Of all clips."""
    notes: Mapped[list[Any]] = mapped_column(JSONB)
    """What else is worth knowing, in sentences."""
    duration_s: Mapped[float]
    speech_s: Mapped[float]
    """In clips that are not rejected, without the pauses."""
    created_at: Mapped[datetime] = mapped_column(default=_now)
    updated_at: Mapped[datetime] = mapped_column(default=_now)

    clips: Mapped[list[SampleClip]] = relationship(
        order_by="SampleClip.index", lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )


class SampleClip(Base):
    """One stretch of speech of a sample, as intake cut it out, with its working copy."""

    __tablename__ = "clips"
    __table_args__ = (
        CheckConstraint('"index" >= 0', name="index_not_negative"),
        CheckConstraint("start_s >= 0 AND end_s >= start_s AND speech_s >= 0", name="times_in_order"),
        CheckConstraint(f"digest {_DIGEST}", name="digest_form"),
        CheckConstraint(_VERDICT, name="verdict_known"),
        Index("ix_clips_digest", "digest"),
    )

    sample_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("samples.id", ondelete="CASCADE"), primary_key=True
    )
    index: Mapped[int] = mapped_column(primary_key=True)
    """0, 1, 2 in the order of their times."""
    start_s: Mapped[float]
    end_s: Mapped[float]
    """Where it lies in the recording."""
    speech_s: Mapped[float]
    digest: Mapped[str]
    """Of the working copy: 22,050 Hz, mono, 16-bit WAV."""
    text: Mapped[str | None]
    """What is said in it, where that is known."""
    verdict: Mapped[str]
    reasons: Mapped[list[Any]] = mapped_column(JSONB)
    measures: Mapped[dict[str, Any]]
    """`recordings.report.ClipMeasures`."""
