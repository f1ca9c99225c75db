"""Reads jobs and what happened in them, for whoever may see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from voicewright.accounts.policies import may_see, require_own_id
from voicewright.training.errors import TrainingJobNotFound
from voicewright.training.models import TrainingEvent, TrainingJob

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.training.events import Kind
    from voicewright.training.waiting import Waiting

LOGS_SHOWN: Final = 100
"""The last so many log lines come with a job; all of them in pages."""

Points = Sequence[tuple[int, float | None]]
Curves = Mapping[str, Points]
"""By the name of a metric: its values by epoch."""


@dataclass(frozen=True, slots=True)
class JobDetails:
    """A job and what happened in it."""

    job: TrainingJob
    logs: list[TrainingEvent]
    """The last ones, in order."""
    curves: Curves
    waiting: Waiting | None = None
    """Why no node can run it now, where it is queued."""
    before: int = 0
    """How many jobs start before it, where it is queued."""
    last_event_id: int = 0
    """Whoever follows the events after this one misses nothing, and may see some again."""
    spent_ms: int = 0
    """Wall time in which it ran so far."""
    cost_so_far: Decimal = Decimal(0)
    """Dollars."""


def find(
    session: Session, caller: Caller, job_id: UUID, *, user_id: UUID | None = None, lock: bool = False
) -> TrainingJob:
    """A job that the caller may see.

    Args:
        session: a unit of work.
        caller: who asks.
        job_id: which job.
        user_id: whose the caller says that it is.
        lock: whether it is to be changed: nobody else changes it before the session ends.

    Raises:
        NotAllowed: the user named is somebody else.
        TrainingJobNotFound: there is none, or it is not theirs.
    """
    if user_id is not None:
        require_own_id(caller, user_id)
    query = select(TrainingJob).where(TrainingJob.id == job_id)
    job = session.scalars(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if job is None or not may_see(caller, job.owner_id) or user_id not in {None, job.owner_id}:
        raise TrainingJobNotFound(
            f"There is no training job {job_id}. GET /training/user/{{userId}} lists yours."
        )
    return job


def details(session: Session, job: TrainingJob) -> JobDetails:
    """A job with its last log lines and its curves."""
    newest = select(func.max(TrainingEvent.id)).where(TrainingEvent.job_id == job.id)
    last_event_id = session.scalar(newest) or 0  # before what it is about
    last = session.scalars(
        select(TrainingEvent)
        .where(TrainingEvent.job_id == job.id, TrainingEvent.kind == "log")
        .order_by(TrainingEvent.id.desc())
        .limit(LOGS_SHOWN)
    ).all()
    return JobDetails(job, list(reversed(last)), _curves(session, job), last_event_id=last_event_id)


def list_jobs(
    session: Session, caller: Caller, *, owner_id: UUID | None, limit: int, offset: int, dead: bool = False
) -> tuple[list[TrainingJob], int]:
    """Jobs that the caller may see, the newest first, and how many there are in all.

    Args:
        session: a unit of work.
        caller: who asks.
        owner_id: only this owner's; None: all that the caller may see.
        limit: at most so many.
        offset: leave out so many.
        dead: only those that failed and can be retried, those that failed last first.
    """
    owner_id = owner_id if caller.is_admin else caller.user_id
    query = select(TrainingJob)
    if owner_id is not None:
        query = query.where(TrainingJob.owner_id == owner_id)
    if dead:
        query = query.where(TrainingJob.status == "failed", TrainingJob.can_retry)
    latest = (TrainingJob.completed_at if dead else TrainingJob.created_at).desc()
    found = session.scalars(query.order_by(latest, TrainingJob.id.desc()).limit(limit).offset(offset))
    total = session.scalar(select(func.count()).select_from(query.subquery()))
    return list(found), total or 0


def events_after(
    session: Session, job_id: UUID, after: int, limit: int, *, kind: Kind | None = None
) -> list[TrainingEvent]:
    """What happened in a job after an event, in order."""
    query = select(TrainingEvent).where(TrainingEvent.job_id == job_id, TrainingEvent.id > after)
    if kind is not None:
        query = query.where(TrainingEvent.kind == kind)
    return list(session.scalars(query.order_by(TrainingEvent.id).limit(limit)))


def first_status(session: Session, job: TrainingJob) -> str:
    """The state in which a job was queued at first."""
    status = session.scalars(
        select(TrainingEvent.message)
        .where(TrainingEvent.job_id == job.id, TrainingEvent.kind == "status")
        .order_by(TrainingEvent.id)
        .limit(1)
    ).one_or_none()
    return status or job.status


def _curves(session: Session, job: TrainingJob) -> Curves:
    """By name and epoch, the value of the last attempt; the voice's quality is that of its evaluation."""
    rows = session.scalars(
        select(TrainingEvent.data)
        .where(TrainingEvent.job_id == job.id, TrainingEvent.kind == "metric")
        .order_by(TrainingEvent.id)
    )
    curves: dict[str, dict[int, float | None]] = {}
    for data in rows:
        curves.setdefault(str(data["name"]), {})[int(data["step"])] = data["value"]
    if job.quality_score is not None:
        last = max((step for points in curves.values() for step in points), default=0)
        curves.setdefault("quality", {})[last] = job.quality_score
    return {name: sorted(points.items()) for name, points in curves.items()}
