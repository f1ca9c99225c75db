"""Finds jobs that nobody works on any more, and gives them to the workers that are there.

Every worker looks now and then; an advisory lock lets one of them at a time. The time that the database was
away counts for nobody: right after its start nobody could have given a sign of life.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, select

from voicewright.jobs.queue import dead_tickets, forget_dead_workers
from voicewright.training.announcing import Announcer
from voicewright.training.events import record
from voicewright.training.models import Node, TrainingJob
from voicewright.training.recovery import suggested_actions
from voicewright.training.transitions import end_job, issue_ticket, requeue, spent_ms

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.db.server import Database

LOST_AFTER_S: Final = 10.0
"""A run that gave no sign of life for so long is given to another worker; see `runs.BEAT_S`."""
MOST_TAKEOVERS: Final = 10
"""A job that so many workers did not survive is not given to another one."""
_NODES_KEPT: Final = timedelta(days=1)
_LOCK: Final = 0x766F6963_74616B65
"""The key of the advisory lock: "voic", "take"."""


Price = Callable[[TrainingJob, int], Decimal]
"""What a job has cost, by the milliseconds in which it ran."""


def take_over(
    database: Database,
    price: Price,
    *,
    lost_after_s: float = LOST_AFTER_S,
    announcer: Announcer | None = None,
) -> int:
    """Put what lost workers ran back into the queue.

    Args:
        database: open.
        price: for the bill of a job that is given up.
        lost_after_s: how long a run may give no sign of life.
        announcer: tells the owner of a job that is given up; None: nobody does.

    Returns:
        How many jobs.

    Raises:
        DatabaseUnavailable: the next look finds them.
    """
    with database.session() as session:
        if not _alone(session):
            return 0
        sign = func.greatest(TrainingJob.heartbeat_at, server_start())
        jobs = session.scalars(
            select(TrainingJob)
            .where(TrainingJob.status == "running", sign < func.now() - timedelta(seconds=lost_after_s))
            .with_for_update(skip_locked=True)
        ).all()
        for job in jobs:
            _take_over(session, job, price, announcer or Announcer())
        return len(jobs)


def tidy_queue(database: Database) -> int:
    """Give jobs whose place in the queue was lost another one, and forget workers that are gone.

    Returns:
        How many jobs.

    Raises:
        DatabaseUnavailable: the next look finds them.
    """
    with database.session() as session:
        if not _alone(session):
            return 0
        found = _reissue_lost_tickets(session)
        session.execute(delete(Node).where(Node.seen_at < func.now() - _NODES_KEPT))
        forget_dead_workers(session)
        return found


def _alone(session: Session) -> bool:
    """Whether no other worker is looking."""
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))))


def server_start() -> ColumnElement[datetime]:
    """When the database began to serve; nobody could give it a sign of life before."""
    return func.pg_postmaster_start_time()


def _take_over(session: Session, job: TrainingJob, price: Price, announcer: Announcer) -> None:
    # the time in which nobody worked on it is not to be paid for
    spent = spent_ms(job, job.heartbeat_at) if job.heartbeat_at else job.actual_time_ms or 0
    job.takeovers += 1
    if job.takeovers > MOST_TAKEOVERS:
        _give_up(session, job, spent, price(job, spent))
        announcer.ended(session, job)
        return
    reason = f"The worker on {job.node} was lost; another one goes on from the last finished step."
    requeue(session, job, reason, spent_ms=spent)


def _reissue_lost_tickets(session: Session) -> int:
    """Jobs whose ticket nobody holds: its worker died between taking it and beginning the run."""
    due = func.coalesce(TrainingJob.start_after, TrainingJob.created_at) < func.now()
    waits = TrainingJob.status.in_(("queued", "delayed")) & due
    tickets = dict(session.execute(select(TrainingJob.id, TrainingJob.ticket).where(waits)).all())
    dead = dead_tickets(session, [ticket for ticket in tickets.values() if ticket is not None])
    ids = [job_id for job_id, ticket in tickets.items() if ticket is None or ticket in dead]
    candidates = session.scalars(
        select(TrainingJob).where(TrainingJob.id.in_(ids), waits).with_for_update(skip_locked=True)
    )
    # one that was begun, or given a ticket, between the two looks is left alone
    lost = [job for job in candidates if job.ticket == tickets[job.id]]
    for job in lost:
        issue_ticket(session, job)
        record(session, job, "log", "Its place in the queue was lost and is given anew.", level="warning")
    return len(lost)


def _give_up(session: Session, job: TrainingJob, spent: int, cost: Decimal) -> None:
    job.error_code = "WORKER_LOST"
    job.last_error = (
        f"{MOST_TAKEOVERS} workers did not survive this job. The memory of their machines may be too small."
    )
    job.can_retry = True
    job.suggested_actions = list(suggested_actions("HOST_DIED", job))
    record(session, job, "log", job.last_error, level="error", data={"code": job.error_code})
    end_job(session, job, "failed", at=datetime.now(UTC), spent_ms=spent, cost=cost)
