"""What is told of the voices of an application's users, with the names and units of the specification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from voicewright.answers import UtcMoment, View
from voicewright.onboarding.failures import told_end_user
from voicewright.onboarding.reading import State

if TYPE_CHECKING:
    from datetime import datetime

    from voicewright.onboarding.reading import Record, Statistics
    from voicewright.onboarding.service import MadeToken
    from voicewright.training.models import Node, TrainingJob

PUBLIC: Final = "/api/public/voice/onboarding"

_MOMENT: Final = 1736937000
_JOB: Final = "6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"
_STATUS: Final = f"{PUBLIC}/jobs/{_JOB}/status"


class ClonedAnswer(BaseModel):
    """A voice that was made while the client waited."""

    success: Literal[True] = True
    jobId: UUID  # noqa: N815 - the spec's
    voice_id: str = Field(description="With which it speaks from now on.", examples=[_JOB])
    voice_name: str = Field(examples=["My Voice"])
    sample_audio: str | None = Field(
        description="What it said first, as a data URL; null where it could not be spoken just now: "
        "`resultUrl` of the status has it.",
        examples=["data:audio/mp3;base64,SUQzBAAAAAAA..."],
    )
    processingTime: float = Field(description="Seconds of work.", examples=[15.2])  # noqa: N815 - the same
    message: str = Field(examples=["Voice cloning completed successfully"])


class QueuedAnswer(View):
    """A voice that is being made."""

    success: Literal[True] = True
    job_id: UUID
    status: Literal["queued"] = "queued"
    message: str = Field(
        default="Voice cloning job queued for processing",
        examples=["Voice cloning job queued for processing"],
    )
    status_url: str = Field(description="Where to ask how far it is.", examples=[_STATUS])

    @classmethod
    def of(cls, job_id: UUID) -> Self:
        """From the id of the job."""
        return cls(job_id=job_id, status_url=f"{PUBLIC}/jobs/{job_id}/status")


class WorkerInfo(View):
    """What makes a voice."""

    environment: str = Field(description="`development` or `production`.", examples=["production"])
    gpu_type: str | None = Field(
        description="What the machine computes on: `cuda`, `rocm`, `mps` or `cpu`.", examples=["rocm"]
    )
    node: str | None = Field(description="The machine.")
    droplet_id: str | None = Field(
        default=None, description="Of a machine that was rented for it.", examples=[None]
    )

    @classmethod
    def of_node(cls, node: Node, environment: str) -> Self:
        """From a machine that is there."""
        return cls(environment=environment, gpu_type=node.gpu_type, node=node.name)


class OnboardingStatus(View):
    """How far a voice is. Moments are seconds since 1970."""

    job_id: UUID
    status: State = Field(examples=["completed"])
    voice_name: str = Field(examples=["My Voice"])
    voice_id: str | None = Field(description="Null until it is made.", examples=[_JOB])
    processing_time: float | None = Field(
        description="Seconds of work; null until it has ended.", examples=[18.5]
    )
    created_at: int = Field(examples=[_MOMENT])
    completed_at: int | None = Field(description="When it ended, well or not.", examples=[_MOMENT + 18])
    worker_info: WorkerInfo | None = Field(description="Null until a machine has taken it.")
    error: str | None = Field(description="Why it failed, in words.")
    error_code: str | None = Field(description="The same for programs; docs/errors.md lists them.")
    progress: float = Field(description="0..100.", examples=[100.0])
    result_url: str | None = Field(
        description="Where the voice's first words are.", examples=[_STATUS.replace("status", "sample")]
    )
    audio_file_url: str | None = Field(
        description="The recording, for the application alone.", examples=[f"/api/voice/samples/{_JOB}"]
    )

    @classmethod
    def of(cls, record: Record, *, for_end_user: bool) -> Self:
        """From all that is known of a job."""
        return cls(**cls.fields_of(record, for_end_user=for_end_user))

    @staticmethod
    def fields_of(record: Record, *, for_end_user: bool) -> dict[str, Any]:
        """The fields by their names here."""
        mine, job, ended = record.mine, record.job, record.job.completed_at is not None
        voice_id = None if job.voice_model_id is None else str(job.voice_model_id)
        worker = WorkerInfo(environment=mine.environment, gpu_type=job.gpu_type, node=job.node)
        return {
            "job_id": mine.job_id,
            "status": record.state,
            "voice_name": mine.voice_name,
            "voice_id": voice_id,
            "processing_time": record.processing_s,
            "created_at": _seconds(mine.created_at),
            "completed_at": _seconds(job.completed_at) if ended else None,
            "worker_info": None if job.node is None else worker,
            "error": _why(job, for_end_user=for_end_user) if record.state == "failed" else None,
            "error_code": job.error_code if record.state == "failed" else None,
            "progress": job.progress,
            "result_url": f"{PUBLIC}/jobs/{mine.job_id}/sample" if record.has_voice else None,
            "audio_file_url": None if for_end_user else f"/api/voice/samples/{mine.sample_id}",
        }


class OnboardingRecord(OnboardingStatus):
    """A job, as its application sees it."""

    user_id: str = Field(description="As the application calls its user.", examples=["user_123"])

    @classmethod
    def of_record(cls, record: Record) -> Self:
        """From all that is known of it."""
        return cls(user_id=record.mine.end_user, **cls.fields_of(record, for_end_user=False))


class OnboardingPage(View):
    """A page of jobs, the newest first."""

    jobs: list[OnboardingRecord]
    total: int = Field(description="Of all pages.", examples=[1])
    limit: int = Field(examples=[10])
    offset: int = Field(examples=[0])


class OnboardingStatistics(View):
    """How many voices were asked for, how long one takes, and what that costs."""

    total: int = Field(examples=[12])
    pending: int = Field(examples=[1])
    processing: int = Field(examples=[1])
    completed: int = Field(examples=[9])
    failed: int = Field(examples=[1])
    avg_processing_time: float = Field(description="Seconds, of completed ones.", examples=[18.5])
    gpu_hours: float = Field(description="`total` times that.", examples=[0.061667])
    price_per_hour: float = Field(
        description="Dollars; `VOICEWRIGHT_PRICE_ONBOARDING_HOUR`.", examples=[1.77]
    )
    estimated_cost: float = Field(description="Dollars.", examples=[0.10915])
    workers: list[WorkerInfo] = Field(description="The machines that are there now.")

    @classmethod
    def of(cls, found: Statistics, *, price: float, environment: str) -> Self:
        """From the figures."""
        return cls(
            total=found.total,
            **found.by_state,
            avg_processing_time=found.average_s,
            gpu_hours=round(found.total * found.average_s / 3600, 6),
            price_per_hour=price,
            estimated_cost=float(found.dollars),
            workers=[WorkerInfo.of_node(node, environment) for node in found.nodes],
        )


class OnboardingTokenAnswer(View):
    """A token for one user. Its secret is shown now and never again."""

    token_id: UUID
    token: str = Field(
        description="For the header `Authorization: Bearer ...`.",
        examples=["vwo_Qm3yLr0VwI4nS9uJ7cXz..."],
        repr=False,
    )
    user_id: str = Field(examples=["user_123"])
    speaker: str = Field(
        description="As consents and recordings name the user, for `POST /consents`.", examples=["user_123"]
    )
    expires_at: UtcMoment
    max_clones: int = Field(examples=[1])
    consent_id: UUID | None = Field(description="Of the consent that was recorded with it.")

    @classmethod
    def of(cls, made: MadeToken) -> Self:
        """From a new token."""
        return cls(
            token_id=made.token.id,
            token=made.secret,
            user_id=made.token.end_user,
            speaker=made.speaker,
            expires_at=made.token.expires_at,
            max_clones=made.token.max_clones,
            consent_id=None if made.consent is None else made.consent.id,
        )


def _why(job: TrainingJob, *, for_end_user: bool) -> str:
    if not for_end_user and job.last_error is not None:
        return job.last_error
    if job.status == "cancelled":
        return "The job was cancelled."
    return told_end_user(job.error_code) if for_end_user else "The job has failed."


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
