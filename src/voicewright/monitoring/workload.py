"""What is waiting, what runs and where, and how much was done each day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import defer

from voicewright.errors import AppError
from voicewright.jobs.depths import Depth, queue_depths
from voicewright.speech.long.models import OPEN, LongSpeech
from voicewright.training.models import Node, TrainingJob
from voicewright.training.nodes import ALIVE_S, live_nodes
from voicewright.training.waiting import Waiting, why_it_waits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.engines.port import EngineInfo

SHOWN: Final = 50
"""Jobs of each kind that are named."""
_REMEMBERED: Final = timedelta(days=1)
"""For how long a node that is gone is shown."""


@dataclass(frozen=True, slots=True)
class Priority:
    """The trainings of one priority that have not begun."""

    priority: int
    waiting: int
    delayed: int
    oldest_at: datetime | None
    """Since when the first of those that wait has been waiting."""


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """A training that has not begun."""

    job: TrainingJob
    waiting: Waiting | None
    """Why no node can run it now; None: one can, and it waits for its turn."""


@dataclass(frozen=True, slots=True)
class NodeState:
    """A machine with a worker."""

    node: Node
    is_alive: bool
    age_s: float
    """Since its last sign of life."""
    runs: list[TrainingJob]
    speaks_texts: int
    """Long texts that it speaks now."""


@dataclass(frozen=True, slots=True)
class DayDone:
    """How many trainings ended on a day (UTC)."""

    day: date
    completed: int
    failed: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class Workload:
    """Everything at one moment."""

    now: datetime
    depths: list[Depth]
    priorities: list[Priority]
    """The highest first."""
    waiting: list[WaitingJob]
    """In the order in which they are begun, `SHOWN` at most."""
    running: Sequence[TrainingJob]
    """Those that began first, `SHOWN` at most."""
    running_total: int
    dead_letters: int
    """Trainings that failed and can be retried."""
    long_texts: dict[str, int]
    """Those that have not ended, by state."""
    nodes: list[NodeState]

    @property
    def waiting_total(self) -> int:
        """Trainings that could begin now."""
        return sum(one.waiting for one in self.priorities)

    @property
    def delayed_total(self) -> int:
        """Trainings that are not to begin yet."""
        return sum(one.delayed for one in self.priorities)

    @property
    def oldest_at(self) -> datetime | None:
        """Since when the first of them has been waiting."""
        return min((one.oldest_at for one in self.priorities if one.oldest_at is not None), default=None)


def read_workload(session: Session, find_engine: Callable[[str], EngineInfo]) -> Workload:
    """How the queue stands.

    Args:
        session: a unit of work.
        find_engine: knows an engine by its id; raises an `AppError` where it does not.
    """
    now: datetime = session.execute(select(func.now())).scalar_one()
    running = _running(session)
    dead = select(func.count()).where(TrainingJob.status == "failed", TrainingJob.can_retry)
    alive, find_once = live_nodes(session), cache(find_engine)
    return Workload(
        now=now,
        depths=queue_depths(session),
        priorities=_priorities(session),
        waiting=[WaitingJob(job, _why(job, alive, find_once)) for job in _next(session)],
        running=running[:SHOWN],
        running_total=session.scalar(
            select(func.count()).select_from(TrainingJob).where(TrainingJob.status == "running")
        )
        or 0,
        dead_letters=session.scalar(dead) or 0,
        long_texts=_long_texts(session),
        nodes=_nodes(session, running, now),
    )


def read_throughput(session: Session, *, days: int, today: date) -> list[DayDone]:
    """How many trainings ended on each of the last days, today among them, the oldest first."""
    first = today - timedelta(days=days - 1)
    day = func.date(func.timezone("UTC", TrainingJob.completed_at))
    status, count = TrainingJob.status, func.count()
    rows = session.execute(
        select(
            day,
            count.filter(status == "completed"),
            count.filter(status == "failed"),
            count.filter(status == "cancelled"),
        )
        .where(TrainingJob.completed_at >= datetime.combine(first, time(), UTC))
        .group_by(day)
    )
    found = {row[0]: DayDone(*row) for row in rows}
    every_day = (first + timedelta(days=number) for number in range(days))
    return [found.get(one) or DayDone(one, 0, 0, 0) for one in every_day]


def waits_since(session: Session) -> datetime | None:
    """Since when the training has been waiting that waits longest; None: none waits."""
    ready = func.greatest(TrainingJob.created_at, TrainingJob.start_after)
    since: datetime | None = session.scalar(select(func.min(ready)).where(_could_begin()))
    return since


def _long_texts(session: Session) -> dict[str, int]:
    found = select(LongSpeech.state, func.count()).where(LongSpeech.state.in_(OPEN))
    return dict(session.execute(found.group_by(LongSpeech.state)).all())


def _could_begin() -> ColumnElement[bool]:
    due = TrainingJob.start_after <= func.now()
    # the first condition is the one that an index has
    return TrainingJob.status.in_(("queued", "delayed")) & or_(TrainingJob.status == "queued", due)


def _priorities(session: Session) -> list[Priority]:
    ready = func.greatest(TrainingJob.created_at, TrainingJob.start_after)
    waits = _could_begin()
    rows = session.execute(
        select(
            TrainingJob.priority,
            func.count().filter(waits),
            func.count().filter(~waits),
            func.min(ready).filter(waits),
        )
        .where(TrainingJob.status.in_(("queued", "delayed")))
        .group_by(TrainingJob.priority)
        .order_by(TrainingJob.priority.desc())
    )
    return [Priority(*row) for row in rows]


def _next(session: Session) -> Sequence[TrainingJob]:
    query = select(TrainingJob).where(TrainingJob.status.in_(("queued", "delayed")))
    order = (TrainingJob.priority.desc(), TrainingJob.created_at, TrainingJob.id)
    return session.scalars(query.options(*_UNREAD).order_by(*order).limit(SHOWN)).all()


def _running(session: Session) -> Sequence[TrainingJob]:
    query = select(TrainingJob).where(TrainingJob.status == "running")
    order = (TrainingJob.started_at, TrainingJob.id)
    return session.scalars(query.options(*_UNREAD).order_by(*order).limit(10 * SHOWN)).all()


def _nodes(session: Session, running: Sequence[TrainingJob], now: datetime) -> list[NodeState]:
    spoken = select(LongSpeech.node, func.count()).where(LongSpeech.state == "running")
    texts = dict(session.execute(spoken.group_by(LongSpeech.node)).all())
    query = select(Node).where(Node.seen_at > func.now() - _REMEMBERED).order_by(Node.name, Node.id)
    found = []
    for node in session.scalars(query):
        age_s = max((now - node.seen_at).total_seconds(), 0.0)
        is_alive = age_s < ALIVE_S
        runs = [job for job in running if job.node == node.name] if is_alive else []
        found.append(NodeState(node, is_alive, age_s, runs, texts.get(node.name, 0) if is_alive else 0))
    return sorted(found, key=lambda one: not one.is_alive)


def _why(job: TrainingJob, alive: Sequence[Node], find_engine: Callable[[str], EngineInfo]) -> Waiting | None:
    if job.status != "queued":
        return None
    try:
        return why_it_waits(find_engine(job.provider), alive, clones=job.clones)
    except AppError:  # only some node knows the engine
        return None


_UNREAD: Final = (defer(TrainingJob.sample_ids), defer(TrainingJob.quality))
"""What may be large, and is not shown."""
