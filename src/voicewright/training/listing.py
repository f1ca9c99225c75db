"""Looks through the jobs of an owner, or of all: by state and by words, a page at a time, however many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import defer

from voicewright.db.patterns import contains
from voicewright.training.models import TrainingJob

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

STATES: Final[Mapping[str, frozenset[str]]] = {
    "open": frozenset({"queued", "delayed", "running"}),
    "completed": frozenset({"completed"}),
    "failed": frozenset({"failed"}),
    "cancelled": frozenset({"cancelled"}),
}
"""What people sort jobs into."""
_UNSEEN: Final = (
    TrainingJob.sample_ids,
    TrainingJob.options,
    TrainingJob.engine_options,
    TrainingJob.quality,
    TrainingJob.voice_metadata,
)
"""Columns that no list shows; with some thousand samples one of them alone is large."""
_LATEST: Final = (TrainingJob.created_at.desc(), TrainingJob.id.desc())
_ONE_BY_ONE: Final = 50
"""So many of the newest are in a `Standing`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs to list."""

    owner_id: UUID | None
    """Only this owner's; None: everybody's."""
    state: str = ""
    """One of `STATES`; empty: all."""
    words: str = ""
    """In the name of the voice, of the dataset or of the engine; empty: any."""


@dataclass(frozen=True, slots=True)
class JobState:
    """Where a job is."""

    id: UUID
    status: str
    progress: float
    stage: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the jobs of an owner, or of all, are at one time: what changes in them changes this."""

    counts: Mapping[str, int]
    """By state of `STATES`."""
    newest: Sequence[JobState]
    """One by one; of the others there are the counts."""


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some of them, the newest first."""

    jobs: list[TrainingJob]
    """Without the columns that no list shows."""
    counts: Mapping[str, int]
    """By state of `STATES`, of all that have the words."""
    total: int
    """Of those in the wanted state, on all pages."""
    standing: Standing
    """Of all of the owner's, read before the page: whoever follows the changes since misses none."""


def standing_of(session: Session, owner_id: UUID | None) -> Standing:
    """How the jobs of an owner are now; None: everybody's."""
    among = _conditions(Wanted(owner_id))
    job = TrainingJob
    newest = select(job.id, job.status, job.progress, job.stage).where(*among).order_by(*_LATEST)
    rows = session.execute(newest.limit(_ONE_BY_ONE))
    return Standing(_counts(session, among), [JobState(*row) for row in rows])


def page_of_jobs(session: Session, wanted: Wanted, *, limit: int, offset: int) -> JobPage:
    """A page of jobs, and how many there are in each state."""
    among = _conditions(wanted)
    standing = standing_of(session, wanted.owner_id)
    counts = _counts(session, among) if wanted.words else standing.counts
    total = counts[wanted.state] if wanted.state else sum(counts.values())
    ids = select(TrainingJob.id).where(*among)  # from an index alone, however many come before the page
    if wanted.state:
        ids = ids.where(TrainingJob.status.in_(STATES[wanted.state]))
    on_page = TrainingJob.id.in_(ids.order_by(*_LATEST).limit(limit).offset(offset))
    seen = select(TrainingJob).options(*(defer(one, raiseload=True) for one in _UNSEEN))
    found = session.scalars(seen.where(on_page).order_by(*_LATEST))
    return JobPage(list(found), counts, total, standing)


def states_of_jobs(session: Session, ids: Collection[UUID], owner_id: UUID | None) -> list[JobState]:
    """Where some jobs are; those of somebody else than the owner, where one is named, are left out."""
    job = TrainingJob
    query = select(job.id, job.status, job.progress, job.stage).where(job.id.in_(ids))
    if owner_id is not None:
        query = query.where(job.owner_id == owner_id)
    return [JobState(*row) for row in session.execute(query)]


def jobs_before(session: Session, job: TrainingJob) -> int:
    """How many queued jobs start before one that is queued: of the same engine, for the same kind of node."""
    if job.ticket is None:
        return 0
    other = TrainingJob
    sooner = (other.priority > job.priority) | (
        (other.priority == job.priority) & (other.ticket < job.ticket)
    )
    same = (other.provider == job.provider) & (other.clones == job.clones)
    query = select(func.count()).where(other.status == "queued", same, sooner)
    return session.scalar(query) or 0


def _counts(session: Session, among: Collection[ColumnElement[bool]]) -> Mapping[str, int]:
    rows = session.execute(
        select(TrainingJob.status, func.count()).where(*among).group_by(TrainingJob.status)
    ).all()
    known = {status: int(number) for status, number in rows}
    return {name: sum(known.get(status, 0) for status in states) for name, states in STATES.items()}


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.owner_id is not None:
        conditions.append(TrainingJob.owner_id == wanted.owner_id)
    for word in wanted.words.split():
        columns = (TrainingJob.name, TrainingJob.dataset_name, TrainingJob.provider)
        conditions.append(or_(*(contains(column, word) for column in columns)))
    return conditions
