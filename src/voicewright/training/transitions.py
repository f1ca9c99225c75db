"""How the state of a job changes, whoever changes it: its owner, its worker, one that takes it over.

Each function works on a row that the caller has locked, in the caller's transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from voicewright.jobs.queue import enqueue
from voicewright.training import budget
from voicewright.training.events import record

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from voicewright.training.models import TrainingJob

TASK: Final = "train"
"""The task of the queue's entries that start an attempt; their argument is `job_id`."""


def queue_of(provider: str, *, clones: bool) -> str:
    """The queue of the jobs of an engine that clone, or train: a node serves what it has all for."""
    return f"{TASK}.{provider}.clone" if clones else f"{TASK}.{provider}"


def issue_ticket(session: Session, job: TrainingJob) -> None:
    """Put a job into the queue, not before its `start_after`; tickets that it had before are void."""
    session.flush()
    job.ticket = enqueue(
        session,
        TASK,
        {"job_id": str(job.id)},
        queue=queue_of(job.provider, clones=job.clones),
        priority=job.priority,
        start_after=job.start_after,
    )


def requeue(session: Session, job: TrainingJob, reason: str, *, spent_ms: int) -> None:
    """Put a job that was running back into the queue, for a reason that its log keeps."""
    job.status = "queued"
    job.actual_time_ms = spent_ms
    job.attempt_started_at = None
    issue_ticket(session, job)
    record(session, job, "log", reason, level="warning")
    record(session, job, "status", "queued")


def end_job(
    session: Session, job: TrainingJob, status: str, *, at: datetime, spent_ms: int, cost: Decimal
) -> None:
    """End a job, well or not, and settle its budget.

    Args:
        session: the caller's transaction.
        job: its row.
        status: `completed`, `failed` or `cancelled`.
        at: when.
        spent_ms: wall time in which it ran, all attempts together.
        cost: of all of them, in dollars.
    """
    job.status = status
    job.completed_at = at
    job.actual_time_ms, job.actual_cost, job.attempt_started_at = spent_ms, cost, None
    budget.settle(session, job, cost)
    record(session, job, "status", status)


def spent_ms(job: TrainingJob, now: datetime) -> int:
    """Wall time in which a job ran, all attempts together, until a moment of the database's clock."""
    before = job.actual_time_ms or 0
    if job.attempt_started_at is None:
        return before
    return before + max(0, round((now - job.attempt_started_at).total_seconds() * 1000))
