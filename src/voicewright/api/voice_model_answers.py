"""How `/api/voice` shows a voice model: also while it is being made, and when that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from voicewright.answers import UtcMoment
from voicewright.speech.history_views import FailureView

if TYPE_CHECKING:
    from voicewright.training.models import TrainingJob
    from voicewright.voices.models import VoiceModel

Status = Literal["pending", "processing", "completed", "failed", "cancelled"]
_STATUS: Final[dict[str, Status]] = {
    "queued": "pending",
    "delayed": "pending",
    "running": "processing",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}
_ID: Final = "6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"


class CloneModelView(BaseModel):
    """A voice model, or one that is being made."""

    id: UUID = Field(description="For `model_id`. That of a training stays good for the voice it has made.")
    name: str = Field(examples=["My Voice"])
    status: Status = Field(examples=["completed"])
    language: str = Field(examples=["en-us"])
    provider: str = Field(description="Id of the engine.", examples=["builtin"])
    version: int | None = Field(
        description="1, 2, 3 among the voices of one name; null while it is made.", examples=[1]
    )
    quality_score: float | None = Field(description="0..1; null where nobody judged it.")
    is_active: bool = Field(description="Whether it speaks where no voice is named.")
    shared: bool = Field(description="Whether it is another's, who lets you speak with it.")
    progress: float | None = Field(description="0..1, while it is made.", examples=[None])
    error: FailureView | None = Field(description="Why it was not made.", examples=[None])
    status_url: str = Field(examples=[f"/api/voice/models/{_ID}"])
    training_job_id: UUID | None = Field(description="`/training/{jobId}` has its log.")
    note: str | None = Field(description="What it waits for.", examples=[None])
    created_at: UtcMoment
    updated_at: UtcMoment

    @classmethod
    def of(cls, voice: VoiceModel, user_id: UUID) -> Self:
        """Show a voice to somebody."""
        own = voice.owner_id == user_id
        return cls(
            id=voice.id,
            name=voice.name,
            status="completed",
            language=voice.language,
            provider=voice.engine,
            version=voice.version,
            quality_score=voice.quality_score,
            is_active=own and voice.is_active,
            shared=not own,
            progress=None,
            error=None,
            status_url=f"/api/voice/models/{voice.id}",
            training_job_id=voice.training_job_id if own else None,
            note=None,
            created_at=voice.created_at,
            updated_at=voice.updated_at,
        )

    @classmethod
    def of_job(cls, job: TrainingJob, note: str | None = None) -> Self:
        """Show a voice that is not there, or not yet."""
        status = _STATUS[job.status]
        failed = job.error_code is not None and status == "failed"
        return cls(
            id=job.id,
            name=job.name,
            status=status,
            language=job.language,
            provider=job.provider,
            version=None,
            quality_score=None,
            is_active=False,
            shared=False,
            progress=job.progress,
            error=FailureView(code=job.error_code or "", message=job.last_error or "") if failed else None,
            status_url=f"/api/voice/models/{job.id}",
            training_job_id=job.id,
            note=note if status == "pending" else None,
            created_at=job.created_at,
            updated_at=job.completed_at or job.started_at or job.created_at,
        )


class CloneModelAnswer(BaseModel):
    """One voice model."""

    model: CloneModelView


class CloneModelsAnswer(BaseModel):
    """A page of voice models."""

    models: list[CloneModelView]
    total: int = Field(description="Of all pages.")
    limit: int
    offset: int


class LanguageView(BaseModel):
    """A language, and who speaks it."""

    code: str = Field(description="BCP 47 tag.", examples=["en-us"])
    providers: list[str] = Field(description="Ids of the engines.", examples=[["builtin"]])


class LanguagesAnswer(BaseModel):
    """What can be spoken here."""

    languages: list[LanguageView]
