"""Counts jobs and averages what they took; from the jobs' own table, never from the queue's."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, cast, func, or_, select

from voicewright.training import budget
from voicewright.training.models import TrainingJob
from voicewright.training.nodes import live_nodes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.settings import Settings
    from voicewright.training.models import Node

_PER_CENT = 100


@dataclass(frozen=True, slots=True)
class Statistics:
    """How the queue stands and how the trainings went; averages without a job are 0."""

    waiting: int
    """Those whose delay is over are waiting."""
    active: int
    completed: int
    failed: int
    cancelled: int
    delayed: int
    total_jobs: int
    """Processed: ended in one way or another."""
    success_rate: float
    """Per cent of those that were not cancelled."""
    average_training_time_ms: float
    """Of completed ones."""
    average_cost: Decimal
    """Dollars, of all that ran and ended."""
    average_quality: float
    """0..1, of completed ones."""
    gpu_utilization: float
    """Per cent, over the nodes that have a GPU and are there."""
    nodes: int
    left_today: Decimal
    """Dollars of today's budget."""


def count_jobs(session: Session, *, owner_id: UUID | None, now: datetime, settings: Settings) -> Statistics:
    """The figures of an owner; of all owners where that is None."""
    status, due = TrainingJob.status, TrainingJob.start_after <= now
    completed = status == "completed"
    ran = (TrainingJob.actual_time_ms > 0) & TrainingJob.completed_at.is_not(None)

    def count(*conditions: Any) -> Any:
        return func.count().filter(*conditions)

    def average(value: Any, *conditions: Any) -> Any:
        return func.coalesce(func.avg(cast(value, Float)).filter(*conditions), 0.0)

    query = select(
        count(or_(status == "queued", (status == "delayed") & due)).label("waiting"),
        count(status == "running").label("active"),
        count(completed).label("completed"),
        count(status == "failed").label("failed"),
        count(status == "cancelled").label("cancelled"),
        count(status == "delayed", ~due).label("delayed"),
        average(TrainingJob.actual_time_ms, completed).label("time_ms"),
        average(TrainingJob.actual_cost, ran).label("cost"),
        average(TrainingJob.quality_score, completed).label("quality"),
    )
    if owner_id is not None:
        query = query.where(TrainingJob.owner_id == owner_id)
    row = session.execute(query).one()
    judged = row.completed + row.failed
    nodes = live_nodes(session)
    return Statistics(
        waiting=row.waiting,
        active=row.active,
        completed=row.completed,
        failed=row.failed,
        cancelled=row.cancelled,
        delayed=row.delayed,
        total_jobs=judged + row.cancelled,
        success_rate=round(_PER_CENT * row.completed / judged, 2) if judged else 0.0,
        average_training_time_ms=round(row.time_ms, 1),
        average_cost=Decimal(str(round(row.cost, 6))),
        average_quality=round(row.quality, 4),
        gpu_utilization=_gpu_utilization(nodes),
        nodes=len(nodes),
        left_today=budget.left_on(session, settings, now.date()),
    )


def _gpu_utilization(nodes: Sequence[Node]) -> float:
    shares = [node.gpu_utilization for node in nodes if node.gpu_utilization is not None]
    return round(sum(shares) / len(shares), 1) if shares else 0.0
