"""The administrators' trainings of datasets, and the same under the names of the inner service.

`/api/v1/admin/training/start`, `/jobs`, `/jobs/{job_id}`, and `/train`, `/training-jobs`: one set of
functions, snake_case. The jobs are those of `/training`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final, Self
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from pydantic.alias_generators import to_camel, to_snake

from voicewright.accounts.caller import Caller, Scope
from voicewright.answers import UtcMoment
from voicewright.api.admin_training import Owner
from voicewright.api.bodies import RequestBody
from voicewright.api.caller import calling
from voicewright.api.paging import LongLimit, Offset
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.errors import AppError, FieldFault
from voicewright.training.schemas import (
    Text,
    TrainingRequestBody,
    Whole,
)
from voicewright.training.views import LogLineView

if TYPE_CHECKING:
    from voicewright.training.models import TrainingJob

DEFAULT_PROVIDER: Final = "builtin"
_LABELS: Final = {
    "queued": "Pending",
    "delayed": "Pending",
    "running": "Training",
    "completed": "Completed",
    "failed": "Failed",
    "cancelled": "Cancelled",
}

Administrator = Annotated[Caller, Depends(calling(Scope.ADMIN))]

router = APIRouter(tags=["admin training"])


class StartBody(RequestBody):
    """Which dataset to train, and how."""

    dataset_name: Text = Field(examples=["my_voice_dataset"])
    epochs: Annotated[Whole, Field(ge=1, le=1000, examples=[10])] = 10
    batch_size: Annotated[Whole, Field(ge=1, le=64, examples=[4])] = 4
    provider: Text = Field(default=DEFAULT_PROVIDER, description="Id of the engine that trains.")
    language: Text | None = Field(
        default=None, description="BCP 47 tag. Default: the dataset's.", examples=["en-us"]
    )
    name: Text | None = Field(
        default=None, description="Of the voice. Default: the dataset's.", examples=["My voice"]
    )


class StartAnswer(BaseModel):
    """A training that was queued."""

    job_id: UUID
    message: str
    status: str


class JobAnswer(BaseModel):
    """A training job."""

    job_id: UUID
    user_id: UUID
    dataset_name: str | None
    status: str = Field(description="`queued`, `delayed`, `running`, `completed`, `failed`, `cancelled`.")
    label: str = Field(description="The same in the words of a page: Pending, Training, Completed, ...")
    progress: float = Field(description="0..100.")
    stage: str | None
    epochs: int | None
    batch_size: int | None
    provider: str
    voice_name: str
    voice_model_id: UUID | None
    model_available: bool = Field(description="Whether there is a voice to speak with.")
    quality: float | None = Field(description="Overall, 0..1.")
    error: str | None
    created_at: UtcMoment
    started_at: UtcMoment | None
    completed_at: UtcMoment | None

    @classmethod
    def of(cls, job: TrainingJob) -> Self:
        """From its row."""
        return cls(
            job_id=job.id,
            user_id=job.owner_id,
            dataset_name=job.dataset_name,
            status=job.status,
            label=_LABELS[job.status],
            progress=job.progress,
            stage=job.stage,
            epochs=job.options.get("epochs"),
            batch_size=job.options.get("batchSize"),
            provider=job.provider,
            voice_name=job.name,
            voice_model_id=job.voice_model_id,
            model_available=job.voice_model_id is not None,
            quality=job.quality_score,
            error=job.last_error,
            created_at=job.created_at,
            started_at=job.started_at,
            completed_at=job.completed_at,
        )


class JobDetailsAnswer(JobAnswer):
    """A training job with its last log lines."""

    logs: list[LogLineView]


class JobsAnswer(BaseModel):
    """A page of the training jobs of all users, the newest first."""

    jobs: list[JobAnswer]
    total: int = Field(description="Of all pages.")


@router.post(
    "/api/v1/admin/training/start", status_code=201, summary="Train a dataset", responses=refusals(402, 404)
)
@router.post("/train", status_code=201, summary="Train a dataset", responses=refusals(402, 404))
def start(body: StartBody, owner_id: Owner, caller: Administrator, services: Wired) -> StartAnswer:
    """Queue a training of all samples of a dataset; the voice is its owner's.

    `epochs` and `batch_size` have their defaults where the engine has these options.
    """
    with _faults_named_as_here():
        forwarded = services.training.options_of(body.provider) | body.model_fields_set
        options = {"epochs": body.epochs, "batch_size": body.batch_size}
        request = TrainingRequestBody.model_validate(
            {
                "userId": owner_id,
                "datasetName": body.dataset_name,
                "provider": body.provider,
                "language": body.language,
                "name": body.name,
                "options": {to_camel(name): value for name, value in options.items() if name in forwarded},
            }
        )
        started = services.training.start(caller, request)
    return StartAnswer(job_id=started.job_id, message="Training started", status=started.status)


@contextmanager
def _faults_named_as_here() -> Iterator[None]:
    """`/training` calls fields `datasetName` and `options.batchSize`."""
    try:
        yield
    except AppError as error:
        error.fields = tuple(
            FieldFault(to_snake(fault.field.removeprefix("options.")), fault.message)
            for fault in error.fields
        )
        raise


@router.get("/api/v1/admin/training/jobs", summary="List all trainings")
@router.get("/training-jobs", summary="List all trainings")
def jobs(caller: Administrator, services: Wired, limit: LongLimit = 100, offset: Offset = 0) -> JobsAnswer:
    """A page of the training jobs of all users, the newest first."""
    found, total = services.training.list_jobs(caller, owner_id=None, limit=limit, offset=offset)
    return JobsAnswer(jobs=[JobAnswer.of(job) for job in found], total=total)


@router.get("/api/v1/admin/training/jobs/{job_id}", summary="Show a training", responses=refusals(404))
def job(job_id: UUID, caller: Administrator, services: Wired) -> JobDetailsAnswer:
    """One training job with its last log lines."""
    details = services.training.get(caller, job_id)
    logs = [LogLineView.of(event) for event in details.logs]
    return JobDetailsAnswer(**JobAnswer.of(details.job).model_dump(), logs=logs)
