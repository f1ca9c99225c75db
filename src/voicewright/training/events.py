"""Writes down what happens in a job, and wakes whoever watches it, in the transaction that changes the job.

A watcher listens on `CHANNEL` for the id of its job and then reads the events after the last one it has seen.
This loses none: the job's row is locked before an event gets its id, so that ids of one job become visible in
their order.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import select, text

from voicewright.training.models import TrainingEvent, TrainingJob

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from sqlalchemy.orm import Session

CHANNEL: Final = "training"
"""PostgreSQL tells on it the id of every job that changed, once its transaction is committed."""

Kind = Literal["log", "progress", "metric", "status"]
Level = Literal["debug", "info", "warning", "error"]


def record(
    session: Session,
    job: TrainingJob,
    kind: Kind,
    message: str,
    *,
    level: Level | None = None,
    data: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> TrainingEvent:
    """Write an event of a job, and tell its watchers when the session commits.

    Args:
        session: the transaction that changes the job; what is pending in it is flushed.
        job: its `attempt` is written with the event.
        kind: `log`; `progress` with the data `progress` and `stage`; `metric` with `name`, `step` and
            `value`; `status` with the new state as the message.
        message: a sentence for people; of a `status`, the state.
        level: of a `log`; `info` where nothing is said.
        data: plain JSON. Numbers that JSON does not know (NaN, infinity) become null.
        at: when it happened; None: now.
    """
    _lock(session, job.id)
    event = TrainingEvent(
        job_id=job.id,
        attempt=job.attempt,
        kind=kind,
        level=(level or "info") if kind == "log" else level,
        message=message,
        data=_finite(dict(data or {})),
        at=at or datetime.now(UTC),
    )
    session.add(event)
    session.flush()
    touch(session, job.id)
    return event


def touch(session: Session, job_id: UUID) -> None:
    """Wake the watchers of a job when the session commits, for a change that is no event."""
    session.execute(text("SELECT pg_notify(:channel, :job_id)"), {"channel": CHANNEL, "job_id": str(job_id)})


def _lock(session: Session, job_id: UUID) -> None:
    # `FOR NO KEY UPDATE`: what an update of the row takes anyway
    session.execute(select(TrainingJob.id).where(TrainingJob.id == job_id).with_for_update(key_share=True))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value
