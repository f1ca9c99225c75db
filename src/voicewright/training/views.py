"""What is told of jobs and statistics: camelCase, moments in UTC, plain numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from pydantic import Field
from pydantic.alias_generators import to_camel

from voicewright.answers import UtcMoment, View
from voicewright.training.models import RETRIABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voicewright.training.models import TrainingEvent, TrainingJob
    from voicewright.training.reading import Curves, JobDetails
    from voicewright.training.stats import Statistics
    from voicewright.training.waiting import Waiting


class LogLineView(View):
    """A line of a job's log."""

    timestamp: UtcMoment
    level: str = Field(description="`debug`, `info`, `warning` or `error`.")
    message: str
    metadata: dict[str, Any]

    @classmethod
    def of(cls, event: TrainingEvent) -> Self:
        """From an event of the kind `log`."""
        return cls(
            timestamp=event.at, level=event.level or "info", message=event.message, metadata=event.data
        )


class NumberedLogLineView(LogLineView):
    """A line of a job's log, with its place."""

    id: int = Field(description="Rises; `after` of the next page.")

    @classmethod
    def of(cls, event: TrainingEvent) -> Self:
        """From an event of the kind `log`."""
        return cls(**LogLineView.of(event).model_dump(), id=event.id)


class LogPageView(View):
    """A page of a job's log."""

    logs: list[NumberedLogLineView]
    next_after: int = Field(description="Ask with this `after` for what comes next, now or later.")
    more: bool = Field(description="Whether there may be further lines already.")

    @classmethod
    def of(cls, events: list[TrainingEvent], *, after: int, limit: int) -> Self:
        """From the events after one of them."""
        return cls(
            logs=[NumberedLogLineView.of(event) for event in events],
            next_after=events[-1].id if events else after,
            more=len(events) == limit,
        )


class EventView(View):
    """Something that happened in a job."""

    id: int = Field(description="Rises; `Last-Event-ID` or `after` when the stream is taken up again.")
    job_id: UUID
    kind: str = Field(description="`log`, `progress`, `metric` or `status`.")
    timestamp: UtcMoment
    attempt: int
    level: str | None
    message: str = Field(description="A sentence; of a `status` the state, of a `metric` its name.")
    data: dict[str, Any] = Field(
        description="Of `progress`: progress and stage. Of `metric`: name, step (epoch) and value."
    )

    @classmethod
    def of(cls, event: TrainingEvent) -> Self:
        """From an event."""
        return cls(
            id=event.id,
            job_id=event.job_id,
            kind=event.kind,
            timestamp=event.at,
            attempt=event.attempt,
            level=event.level,
            message=event.message,
            data=event.data,
        )


class ErrorRecoveryView(View):
    """What went wrong last, and what can be done about it."""

    retry_count: int = Field(description="Automatic retries so far.")
    max_retries: int
    last_error: str
    can_retry: bool = Field(description="Whether `POST /training/{jobId}/retry` is accepted.")
    suggested_actions: list[str]


class WaitingView(View):
    """Why no node that is there can run a job, and what can be done about it."""

    code: str = Field(
        description="`NO_WORKER`, `ENGINE_NOT_INSTALLED` or `GPU_UNAVAILABLE`.",
        examples=["ENGINE_NOT_INSTALLED"],
    )
    message: str = Field(
        examples=[
            "The engine xtts-v2 is ready on none of the nodes that are there now: it waits for one with it."
        ]
    )
    suggested_actions: list[str] = Field(
        examples=[["Install it on a node and start its worker again: voicewright engines install xtts-v2."]]
    )

    @classmethod
    def of(cls, waiting: Waiting) -> Self:
        """From what was found."""
        return cls(
            code=waiting.code, message=waiting.message, suggested_actions=list(waiting.suggested_actions)
        )


class QualityView(View):
    """How good the voice is, 0..1; null where a component can't be known."""

    similarity: float | None
    naturalness: float | None
    clarity: float | None
    consistency: float | None
    overall: float
    reasons: list[str] = Field(description="The weightiest first.")


class CurvePointView(View):
    """A point of a curve."""

    epoch: int
    value: float | None


class JobSummaryView(View):
    """A training job, without its log and curves."""

    id: UUID
    user_id: UUID
    status: str = Field(description="`queued`, `delayed`, `running`, `completed`, `failed`, `cancelled`.")
    progress: float = Field(description="0..100.")
    stage: str | None = Field(description="What is being done.")
    name: str = Field(description="Of the voice.")
    provider: str
    method: str = Field(
        description="How the voice is made, as it was asked for: `auto`, `clone`, `train`.", examples=["auto"]
    )
    language: str
    priority: int
    voice_sample_ids: list[str]
    dataset_id: UUID | None
    dataset_name: str | None
    options: dict[str, Any] = Field(description="All that hold, defaults included.")
    estimated_cost: float = Field(description="Dollars.")
    estimated_time_ms: int
    actual_cost: float | None = Field(description="Of all attempts.")
    actual_time_ms: int | None = Field(description="Wall time in which it ran, all attempts together.")
    created_at: UtcMoment
    start_after: UtcMoment | None
    started_at: UtcMoment | None
    completed_at: UtcMoment | None = Field(description="When it ended, well or not.")
    attempt: int
    node: str | None = Field(description="That runs it, or ran it last.")
    voice_model_id: UUID | None
    quality: QualityView | None
    error_code: str | None
    error_recovery: ErrorRecoveryView | None = Field(description="Null while nothing went wrong.")

    @classmethod
    def of(cls, job: TrainingJob) -> Self:
        """From its row."""
        return cls(**_columns(job))


class JobView(JobSummaryView):
    """A training job."""

    logs: list[LogLineView] = Field(description="The last hundred lines; all: /training/{jobId}/logs.")
    curves: dict[str, list[CurvePointView]] = Field(
        description="By name and epoch, such as `trainingLoss`, `validationLoss`, `quality`."
    )
    waits_for: WaitingView | None = Field(
        description="Why a queued job can't begin now; null where a node that is there can run it."
    )

    @classmethod
    def of_details(cls, details: JobDetails) -> Self:
        """From its row and what happened in it."""
        return cls(
            **_columns(details.job),
            logs=[LogLineView.of(event) for event in details.logs],
            curves=_curves(details.curves),
            waits_for=None if details.waiting is None else WaitingView.of(details.waiting),
        )


class JobPageView(View):
    """A page of jobs, the newest first."""

    jobs: list[JobSummaryView]
    total: int = Field(description="Of all pages.")
    limit: int
    offset: int

    @classmethod
    def of(cls, jobs: Iterable[TrainingJob], *, total: int, limit: int, offset: int) -> Self:
        """From their rows."""
        return cls(jobs=[JobSummaryView.of(job) for job in jobs], total=total, limit=limit, offset=offset)


class ChangedJobView(View):
    """What became of a job that was started, cancelled or retried."""

    job_id: UUID
    message: str
    status: str


class StartedJobView(View):
    """One of the jobs that were queued."""

    job_id: UUID
    provider: str
    status: str = Field(examples=["queued"])


class StartedView(ChangedJobView):
    """The jobs that were queued; what stands beside them is the first one's."""

    message: str = Field(examples=["Training job created successfully"])
    status: str = Field(examples=["queued"])
    jobs: list[StartedJobView] = Field(description="One for each engine, in the order of the request.")


class StatisticsView(View):
    """How the queue stands and how the trainings went; averages without a job are 0."""

    waiting: int = Field(description="Jobs that wait for a worker.")
    active: int
    completed: int
    failed: int
    delayed: int = Field(description="Jobs whose time has not come.")
    cancelled: int
    total_jobs: int = Field(description="Processed: ended in one way or another.")
    success_rate: float = Field(description="Per cent, of those that completed or failed.")
    average_training_time: float = Field(description="Milliseconds, of completed ones.")
    average_cost: float = Field(description="Dollars.")
    average_quality: float = Field(description="0..1, of completed ones.")
    gpu_utilization: float = Field(description="Per cent, over the GPUs of the nodes that are there.")
    nodes: int = Field(description="Machines with a worker that were heard of lately.")
    budget_left_today: float = Field(description="Dollars of DAILY_TRAINING_BUDGET (UTC).")

    @classmethod
    def of(cls, statistics: Statistics) -> Self:
        """From the figures."""
        return cls(
            waiting=statistics.waiting,
            active=statistics.active,
            completed=statistics.completed,
            failed=statistics.failed,
            delayed=statistics.delayed,
            cancelled=statistics.cancelled,
            total_jobs=statistics.total_jobs,
            success_rate=statistics.success_rate,
            average_training_time=statistics.average_training_time_ms,
            average_cost=float(statistics.average_cost),
            average_quality=statistics.average_quality,
            gpu_utilization=statistics.gpu_utilization,
            nodes=statistics.nodes,
            budget_left_today=float(statistics.left_today),
        )


def _columns(job: TrainingJob) -> dict[str, Any]:
    same = (
        "id", "status", "progress", "stage", "name", "provider", "method", "language", "priority",
        "dataset_id", "dataset_name", "options", "estimated_time_ms", "actual_time_ms", "created_at",
        "start_after", "started_at", "completed_at", "attempt", "node", "voice_model_id", "error_code",
    )  # fmt: skip
    return {name: getattr(job, name) for name in same} | {
        "user_id": job.owner_id,
        "voice_sample_ids": job.sample_ids,
        "estimated_cost": float(job.estimated_cost),
        "actual_cost": None if job.actual_cost is None else float(job.actual_cost),
        "quality": _quality(job),
        "error_recovery": _recovery(job),
    }


def _quality(job: TrainingJob) -> QualityView | None:
    if job.quality is None:
        return None
    return QualityView.model_validate({name: job.quality.get(name) for name in QualityView.model_fields})


def _recovery(job: TrainingJob) -> ErrorRecoveryView | None:
    if job.last_error is None:
        return None
    return ErrorRecoveryView(
        retry_count=job.retry_count,
        max_retries=job.max_retries,
        last_error=job.last_error,
        can_retry=job.status in RETRIABLE,
        suggested_actions=list(job.suggested_actions),
    )


def _curves(curves: Curves) -> dict[str, list[CurvePointView]]:
    return {
        to_camel(name): [CurvePointView(epoch=epoch, value=value) for epoch, value in points]
        for name, points in curves.items()
    }
