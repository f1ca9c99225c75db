"""The table of voice models: one row for each version of each voice."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base
from voicewright.voices.schemas import LOCAL_USER_ID

_DIGEST: Final = "~ '^[0-9a-f]{64}$'"


def _now() -> datetime:
    return datetime.now(UTC)


class VoiceModel(Base):
    """One version of a voice.

    A deleted version keeps its row, so that its number is never given to another voice; its files go.
    """

    __tablename__ = "voice_models"
    __table_args__ = (
        UniqueConstraint("owner_id", "name_key", "version"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("name <> '' AND name_key <> ''", name="name_present"),
        CheckConstraint("quality_score BETWEEN 0 AND 1", name="quality_score_range"),
        CheckConstraint("sample_rate_hz > 0", name="sample_rate_positive"),
        CheckConstraint(
            "artefact_bytes >= 0 AND speech_s >= 0 AND train_s >= 0", name="amounts_not_negative"
        ),
        CheckConstraint(f"artefact_digest {_DIGEST}", name="artefact_digest_form"),
        CheckConstraint(f"references_digest {_DIGEST}", name="references_digest_form"),
        CheckConstraint(f"spoken_digest {_DIGEST}", name="spoken_digest_form"),
        CheckConstraint("NOT (is_active AND deleted_at IS NOT NULL)", name="deleted_not_active"),
        CheckConstraint("status IN ('pending', 'training', 'completed', 'failed')", name="status_known"),
        CheckConstraint("jsonb_typeof(metadata) = 'object'", name="metadata_is_object"),
        CheckConstraint("revision >= 1", name="revision_positive"),
        CheckConstraint("stored_bytes >= 0", name="stored_bytes_not_negative"),
        Index("uq_voice_models_active", "owner_id", unique=True, postgresql_where=text("is_active")),
        Index(
            "ix_voice_models_owner",
            "owner_id",
            text("created_at DESC"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_voice_models_quality",
            "owner_id",
            text("quality_score DESC NULLS LAST"),
            text("created_at DESC"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_voice_models_state", "owner_id", "is_active", "deleted_at"),
        Index(
            "uq_voice_models_training_job",
            "training_job_id",
            unique=True,
            postgresql_where=text("training_job_id IS NOT NULL AND deleted_at IS NULL"),
        ),
        Index(
            "ix_voice_models_training_job",
            "training_job_id",
            postgresql_where=text("training_job_id IS NOT NULL"),
        ),
        Index("ix_voice_models_lineage", "lineage_id", "version"),
        Index(
            "ix_voice_models_figures",
            "engine",
            postgresql_include=["owner_id", "quality_score", "stored_bytes", "deleted_at"],
        ),
        Index(
            "ix_voice_models_to_purge",
            "purge_at",
            postgresql_where=text("deleted_at IS NOT NULL AND collected_at IS NULL"),
        ),
        Index(
            "ix_voice_models_unsettled",
            "id",
            postgresql_where=text("unsettled AND collected_at IS NULL"),
        ),
        Index(
            "ix_voice_models_cleanup",
            "quality_score",
            "created_at",
            "id",
            postgresql_where=text("deleted_at IS NULL AND NOT is_active AND quality_score IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[uuid.UUID] = mapped_column(default=LOCAL_USER_ID)
    name: Mapped[str]
    """As its owner wrote it."""
    name_key: Mapped[str]
    """What all spellings of the name have in common, see `voices.names`."""
    version: Mapped[int]
    """1, 2, 3 among the voices of one name."""
    lineage_id: Mapped[uuid.UUID]
    """The same for all versions of a voice."""
    engine: Mapped[str]
    engine_version: Mapped[str]
    language: Mapped[str]
    """BCP 47 tag."""
    sample_rate_hz: Mapped[int | None]
    artefact_digest: Mapped[str]
    """The digest of the tree of files that the engine wrote, see `storage.trees`."""
    artefact_bytes: Mapped[int] = mapped_column(BigInteger)
    references_digest: Mapped[str | None]
    """The tree of recordings that were held out from training, to judge the voice against."""
    spoken_digest: Mapped[str | None]
    """The tree of sentences that the voice spoke to be judged by, named as in the evaluation."""
    speech_s: Mapped[float]
    """Seconds of speech that it was trained on."""
    train_s: Mapped[float]
    """Wall seconds that the training took."""
    evaluation: Mapped[dict[str, Any] | None]
    """`quality.evaluation.Evaluation.to_json()`."""
    quality_score: Mapped[float | None]
    """The overall quality of the evaluation, 0..1."""
    options: Mapped[dict[str, Any]]
    """What the engine was told."""
    dataset_hash: Mapped[str | None]
    training_job_id: Mapped[uuid.UUID | None]
    """The job that made it; there is one voice of a job at most, besides deleted ones."""
    notes: Mapped[str | None]
    parent_id: Mapped[uuid.UUID | None]
    """The version that it was made from."""
    code_version: Mapped[str | None]
    """The release of Voicewright that registered it."""
    speaker_key: Mapped[str | None]
    """Whose voice it is, see `privacy.speakers`; None: nobody said. Two voices of an owner with the same are
    one person's."""
    details: Mapped[dict[str, Any]] = mapped_column(
        "metadata", JSONB, default=dict, server_default=text("'{}'::jsonb")
    )
    """What its owner keeps with it; changed by JSON merge patch."""
    status: Mapped[str] = mapped_column(default="completed", server_default="completed")
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    """Grows with every change that its owner sees: the entity tag of the row."""
    stored_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Of all its files, as they are before compression."""
    is_active: Mapped[bool] = mapped_column(default=False)
    """At most one of an owner."""
    created_at: Mapped[datetime] = mapped_column(default=_now)
    updated_at: Mapped[datetime] = mapped_column(default=_now, onupdate=_now)
    deleted_at: Mapped[datetime | None]
    purge_at: Mapped[datetime | None]
    """When the files of a deleted version go; until then it can be brought back. None: at once."""
    undeleted_at: Mapped[datetime | None]
    """When it was last brought back."""
    unsettled: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """What describes it may lie where it was before it was deleted or brought back, see `voices.settling`."""
    collected_at: Mapped[datetime | None]
    """When the files of a deleted version were removed."""

    @property
    def label(self) -> str:
        """How people call it: "My voice, version 2"."""
        return f"{self.name}, version {self.version}"


class VoiceUpload(Base):
    """An artefact that was uploaded, and waits to be registered as a voice; for a day at most."""

    __tablename__ = "voice_uploads"
    __table_args__ = (
        CheckConstraint(f"digest {_DIGEST}", name="digest_form"),
        CheckConstraint("bytes >= 0", name="bytes_not_negative"),
        Index("ix_voice_uploads_created", "created_at"),
        Index("ix_voice_uploads_owner", "owner_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    """In its model path, in the place of a voice's id."""
    owner_id: Mapped[uuid.UUID]
    digest: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=_now)


class KeptTree(Base):
    """Files of a training, kept for listening: of a voice that was not good enough, or said on the way."""

    __tablename__ = "kept_trees"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('artefact', 'spoken') OR kind ~ '^rehearsal-[0-9]{1,9}$'", name="kind_known"
        ),
        CheckConstraint(f"digest {_DIGEST}", name="digest_form"),
    )

    training_job_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    """Of a rehearsal with its epoch."""
    owner_id: Mapped[uuid.UUID]
    digest: Mapped[str]
    about: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Of a rehearsal: what is said in it, and how it is marked."""
    kept_at: Mapped[datetime] = mapped_column(default=_now)
