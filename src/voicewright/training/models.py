"""The tables of training: jobs, what happened in them, and what the budget of a day is spent on."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Numeric, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base
from voicewright.voices.schemas import LOCAL_USER_ID

_STATES: Final = "'queued', 'delayed', 'running', 'completed', 'failed', 'cancelled'"
_DOLLARS: Final = Numeric(14, 6)


def _now() -> datetime:
    return datetime.now(UTC)


class TrainingJob(Base):
    """One training job, from the request to its end; `training.transitions` says how its state may change.

    Whoever runs it holds the number of the attempt, and every write of the run names that number: a worker
    that was given up and comes back writes nothing (`training.runs`).
    """

    __tablename__ = "training_jobs"
    __table_args__ = (
        CheckConstraint(f"status IN ({_STATES})", name="status_known"),
        CheckConstraint("method IN ('auto', 'clone', 'train')", name="method_known"),
        CheckConstraint("priority BETWEEN 0 AND 100", name="priority_range"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress_range"),
        CheckConstraint("attempt >= 0 AND retry_count >= 0 AND max_retries >= 0", name="counts"),
        CheckConstraint("quality_score BETWEEN 0 AND 1", name="quality_score_range"),
        CheckConstraint("estimated_cost >= 0 AND actual_cost >= 0", name="costs_not_negative"),
        Index("ix_training_jobs_owner", "owner_id", text("created_at DESC"), text("id DESC")),
        Index(
            "ix_training_jobs_owner_status", "owner_id", "status", text("created_at DESC"), text("id DESC")
        ),
        Index("ix_training_jobs_created", text("created_at DESC"), text("id DESC")),
        Index("ix_training_jobs_status", "status"),
        Index(
            "ix_training_jobs_ended",
            "completed_at",
            postgresql_include=["status"],
            postgresql_where=text("completed_at IS NOT NULL"),
        ),
        Index(
            "ix_training_jobs_dead",
            text("completed_at DESC"),
            text("id DESC"),
            postgresql_where=text("status = 'failed' AND can_retry"),
        ),
        Index(
            "ix_training_jobs_open",
            "status",
            postgresql_where=text("status IN ('queued', 'delayed', 'running')"),
        ),
        Index(
            "uq_training_jobs_idempotency",
            "owner_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[uuid.UUID] = mapped_column(default=LOCAL_USER_ID)
    idempotency_key: Mapped[str | None]
    """The caller's own name for the request; the same name again is the same job."""
    request_digest: Mapped[str | None]
    """SHA-256 of the request, to tell a repetition from another request under the same key."""

    name: Mapped[str]
    """What the voice will be called."""
    provider: Mapped[str]
    """Id of the engine."""
    method: Mapped[str] = mapped_column(default="auto", server_default="auto")
    """How it makes the voice, see `training.methods`."""
    clones: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """What that comes to with its speech; nodes without a GPU may be able to clone and not to train."""
    language: Mapped[str]
    sample_ids: Mapped[list[Any]] = mapped_column(JSONB)
    """The samples (UUIDs as text), in the order of the request."""
    dataset_id: Mapped[uuid.UUID | None]
    """The dataset that they were named by, if they were."""
    dataset_name: Mapped[str | None]
    sample_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    """Of the originals, for the bill."""
    speech_s: Mapped[float] = mapped_column(default=0.0)
    """Seconds of speech in the samples when it was queued, for the bill."""
    options: Mapped[dict[str, Any]]
    """As the caller gave them, with the documented names, and the defaults that hold for this job."""
    engine_options: Mapped[dict[str, Any]]
    """What of them the engine is told, under its own names."""
    quality_threshold: Mapped[float]
    max_training_ms: Mapped[int] = mapped_column(BigInteger)

    status: Mapped[str]
    priority: Mapped[int]
    start_after: Mapped[datetime | None]
    """Not before this: as the caller wished, or as a retry waits."""
    stage: Mapped[str | None]
    """What is being done, in words."""
    progress: Mapped[float] = mapped_column(default=0.0)
    """0..100."""
    ticket: Mapped[int | None] = mapped_column(BigInteger)
    """The entry in the queue that may start the next attempt; any other one is void."""
    attempt: Mapped[int] = mapped_column(default=0)
    """Counts the runs that were begun; the number of the current one fences its writes."""
    node: Mapped[str | None]
    """The node that runs it, or ran it last."""
    gpu_type: Mapped[str | None]
    """What that computes on, see `worker.gpu.GpuType`."""
    attempt_started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    """The last sign of life of the run."""
    takeovers: Mapped[int] = mapped_column(default=0)
    """Workers that were lost with it since it was last queued by hand."""
    retry_count: Mapped[int] = mapped_column(default=0)
    """Automatic retries so far; a run that was taken over from a dead worker is none."""
    max_retries: Mapped[int]
    error_code: Mapped[str | None]
    last_error: Mapped[str | None]
    can_retry: Mapped[bool] = mapped_column(default=False)
    suggested_actions: Mapped[list[Any]] = mapped_column(JSONB, default=list)

    estimated_cost: Mapped[Decimal] = mapped_column(_DOLLARS)
    estimated_time_ms: Mapped[int] = mapped_column(BigInteger)
    forecast_time_ms: Mapped[int] = mapped_column(BigInteger)
    """What the engine's description says by itself, before ended jobs correct it to the estimate."""
    actual_cost: Mapped[Decimal | None] = mapped_column(_DOLLARS)
    """Of all attempts together."""
    actual_time_ms: Mapped[int | None] = mapped_column(BigInteger)
    """Wall time in which it ran, all attempts together."""
    quality_score: Mapped[float | None]
    quality: Mapped[dict[str, Any] | None]
    """The evaluation, also where it was under the threshold; see `quality.evaluation`."""
    voice_model_id: Mapped[uuid.UUID | None]
    voice_metadata: Mapped[dict[str, Any]] = mapped_column(
        JSONB, default=dict, server_default=text("'{}'::jsonb")
    )
    """What its voice is registered with, for its owner."""
    may_activate: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    """Whether its voice may become the one that its owner speaks with."""
    created_at: Mapped[datetime] = mapped_column(default=_now)
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    """When it ended, well or not."""


class TrainingEvent(Base):
    """Something that happened in a job, in order; logs, progress, curves and states alike.

    Written in the transaction that changes the job, so that ids of one job become visible in their order:
    whoever has seen one has seen all before it.
    """

    __tablename__ = "training_events"
    __table_args__ = (
        CheckConstraint("kind IN ('log', 'progress', 'metric', 'status')", name="kind_known"),
        Index("ix_training_events_job", "job_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("training_jobs.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    kind: Mapped[str]
    """`log` (level, message, data), `progress` (data: progress, stage), `metric` (data: name, step, value) or
    `status` (message: the new state)."""
    level: Mapped[str | None]
    """`debug`, `info`, `warning` or `error`."""
    message: Mapped[str]
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(default=_now)


class BudgetDay(Base):
    """The lock and the sum of one day (UTC): reserved by jobs under way, and spent by ended ones."""

    __tablename__ = "training_budget_days"
    __table_args__ = (CheckConstraint("reserved >= 0 AND spent >= 0", name="amounts_not_negative"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    reserved: Mapped[Decimal] = mapped_column(_DOLLARS, default=Decimal(0))
    spent: Mapped[Decimal] = mapped_column(_DOLLARS, default=Decimal(0))


class BudgetReservation(Base):
    """What one job holds of a day's budget, and what of its cost is booked; see `training.budget`."""

    __tablename__ = "training_budget_reservations"

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("training_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date]
    amount: Mapped[Decimal] = mapped_column(_DOLLARS)
    """Reserved; nothing once it is settled."""
    booked: Mapped[Decimal] = mapped_column(_DOLLARS, default=Decimal(0))
    """Of the job's cost, all attempts together, on whatever days."""


class Node(Base):
    """A machine with a worker: what it can run, and when it was last heard of."""

    __tablename__ = "nodes"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    """Of the worker process."""
    name: Mapped[str]
    engines: Mapped[list[Any]] = mapped_column(JSONB)
    """Ids of the engines that it can train with."""
    speaks: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    """Ids of the engines that it speaks long texts with."""
    concurrency: Mapped[int]
    gpu_type: Mapped[str | None]
    """`cuda`, `rocm`, `mps` or `cpu`; None: it is of an earlier version."""
    gpu_memory_mb: Mapped[int | None] = mapped_column(BigInteger)
    """None: it has no GPU."""
    gpu_utilization: Mapped[float | None]
    """Per cent, as of the last heartbeat."""
    started_at: Mapped[datetime] = mapped_column(default=_now)
    seen_at: Mapped[datetime] = mapped_column(default=_now)


RETRIABLE: Final = frozenset({"failed", "cancelled"})
"""The states from which a job can be queued again by hand."""


def is_open(status: str) -> bool:
    """Whether a job in this state may still change by itself."""
    return status in {"queued", "delayed", "running"}
