"""What is told of voice models: camelCase, moments in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from pydantic import Field
from pydantic.alias_generators import to_camel

from voicewright.answers import UtcMoment, View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voicewright.voices.model_paths import ModelPaths
    from voicewright.voices.models import VoiceModel
    from voicewright.voices.versions import VersionDiff


class VoiceModelView(View):
    """A voice model: one version of a voice."""

    id: UUID
    user_id: UUID = Field(description="Its owner.")
    provider: str = Field(description="Id of the engine that speaks with it.")
    model_path: str = Field(description="Its place in the store.")
    sample_rate: int | None = Field(description="Of its sound, in Hz; null where the engine does not say.")
    quality_score: float | None = Field(description="0..1; null where nobody judged it.")
    is_active: bool = Field(description="Whether it speaks where no voice is named; one of a user's at most.")
    status: str = Field(description="`pending`, `training`, `completed` or `failed`.")
    metadata: dict[str, Any] = Field(description="What its owner keeps with it.")
    created_at: UtcMoment
    updated_at: UtcMoment
    deleted_at: UtcMoment | None
    name: str
    version: int = Field(description="1, 2, 3 among the voices of one name.")
    lineage_id: UUID = Field(description="The same for all versions of a voice.")
    parent_id: UUID | None = Field(description="The version that it was made from, or made after.")
    training_job_id: UUID | None = Field(description="The training that made it.")
    dataset_hash: str | None = Field(description="Equal where two were trained on the same recordings.")
    options: dict[str, Any] = Field(description="What the engine was told at its training, by its own names.")
    engine_version: str
    code_version: str | None = Field(description="The release of Voicewright that registered it.")
    language: str
    speech_seconds: float = Field(description="Seconds of speech that it was trained on.")
    training_seconds: float = Field(description="Wall seconds that its training took.")
    evaluation: dict[str, Any] | None = Field(description="How it was judged; null where it was not.")
    notes: str | None
    stored_bytes: int = Field(
        description="Of all its files, before compression; versions that share files count them each."
    )
    revision: int = Field(description="Grows with every change; the ETag is this number in quotes.")

    @classmethod
    def of(cls, voice: VoiceModel, paths: ModelPaths) -> Self:
        """Show a voice."""
        return cls(
            id=voice.id,
            user_id=voice.owner_id,
            provider=voice.engine,
            model_path=paths.of(voice),
            sample_rate=voice.sample_rate_hz,
            quality_score=voice.quality_score,
            is_active=voice.is_active,
            status=voice.status,
            metadata=voice.details,
            created_at=voice.created_at,
            updated_at=voice.updated_at,
            deleted_at=voice.deleted_at,
            name=voice.name,
            version=voice.version,
            lineage_id=voice.lineage_id,
            parent_id=voice.parent_id,
            training_job_id=voice.training_job_id,
            dataset_hash=voice.dataset_hash,
            options=voice.options,
            engine_version=voice.engine_version,
            code_version=voice.code_version,
            language=voice.language,
            speech_seconds=voice.speech_s,
            training_seconds=voice.train_s,
            evaluation=voice.evaluation,
            notes=voice.notes,
            stored_bytes=voice.stored_bytes,
            revision=voice.revision,
        )


class SharedVoiceView(View):
    """A voice model of somebody else: without what its owner keeps with it, and how it was made."""

    id: UUID
    user_id: UUID = Field(description="Its owner.")
    name: str
    version: int
    provider: str
    language: str
    sample_rate: int | None
    quality_score: float | None
    status: str
    created_at: UtcMoment
    updated_at: UtcMoment

    @classmethod
    def of(cls, voice: VoiceModel) -> Self:
        """Show a voice."""
        return cls(
            id=voice.id,
            user_id=voice.owner_id,
            name=voice.name,
            version=voice.version,
            provider=voice.engine,
            language=voice.language,
            sample_rate=voice.sample_rate_hz,
            quality_score=voice.quality_score,
            status=voice.status,
            created_at=voice.created_at,
            updated_at=voice.updated_at,
        )


class VoiceModelPageView(View):
    """A page of voice models."""

    models: list[VoiceModelView]
    total: int = Field(description="Of all pages.")
    limit: int
    offset: int

    @classmethod
    def of(
        cls, found: Iterable[VoiceModel], paths: ModelPaths, *, total: int, limit: int, offset: int
    ) -> Self:
        """Show some voices."""
        models = [VoiceModelView.of(voice, paths) for voice in found]
        return cls(models=models, total=total, limit=limit, offset=offset)


class DeletedView(View):
    """A voice model was deleted."""

    message: str
    model_id: UUID
    activated_model_id: UUID | None = Field(
        description="The one that took over, where the deleted one was active and another one is left."
    )


class ArtefactView(View):
    """An artefact was uploaded."""

    model_path: str = Field(description="What `POST /voice-models` takes, within a day.")
    stored_bytes: int = Field(description="Of all its files, before compression.")
    files: int


class DifferenceView(View):
    """One thing that differs; null where a version does not have it."""

    this: Any = Field(description="Of the version in the path.")
    other: Any = Field(description="Of the version in `with`.")


class FileDifferencesView(View):
    """How the files of two versions differ, by their names."""

    only_this: list[str]
    only_other: list[str]
    changed: list[str]
    same: list[str]


class VersionComparisonView(View):
    """What differs between two versions of a voice; what is equal is left out."""

    this: VoiceModelView
    other: VoiceModelView
    facts: dict[str, DifferenceView] = Field(description="By the names of the fields of a voice model.")
    options: dict[str, DifferenceView] = Field(description="By the engine's names of its options.")
    evaluation: dict[str, DifferenceView] = Field(description="The figures of the evaluation, by name.")
    files: FileDifferencesView

    @classmethod
    def of(cls, diff: VersionDiff, paths: ModelPaths) -> Self:
        """Show a comparison."""
        return cls(
            this=VoiceModelView.of(diff.this, paths),
            other=VoiceModelView.of(diff.other, paths),
            facts=_shown({to_camel(name): pair for name, pair in diff.facts.items()}),
            options=_shown(diff.options),
            evaluation=_shown(diff.evaluation),
            files=FileDifferencesView(
                only_this=list(diff.files.only_this),
                only_other=list(diff.files.only_other),
                changed=list(diff.files.changed),
                same=list(diff.files.same),
            ),
        )


def _shown(pairs: dict[str, tuple[Any, Any]]) -> dict[str, DifferenceView]:
    return {name: DifferenceView(this=this, other=other) for name, (this, other) in pairs.items()}
