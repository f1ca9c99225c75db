"""Reads the jobs of applications' users, for whoever may see them, and what all of them took."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import Float, cast, func, select, true

from voicewright.accounts.policies import may_see
from voicewright.onboarding.errors import OnboardingJobNotFound
from voicewright.onboarding.models import OnboardingJob
from voicewright.training.models import TrainingJob
from voicewright.training.nodes import live_nodes
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.training.models import Node

State = Literal["pending", "processing", "completed", "failed"]
_INSIDE: Final[dict[State, tuple[str, ...]]] = {
    "pending": ("queued", "delayed"),
    "processing": ("running",),
    "completed": ("completed",),
    "failed": ("failed", "cancelled"),
}
_STATE_OF: Final[dict[str, State]] = {inside: state for state, all_ in _INSIDE.items() for inside in all_}
_S: Final = 1000
_HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known of a job."""

    mine: OnboardingJob
    job: TrainingJob
    has_voice: bool
    """The voice is there, and was not deleted since."""

    @property
    def state(self) -> State:
        """How far it is."""
        return _STATE_OF[self.job.status]

    @property
    def processing_s(self) -> float | None:
        """How long it was worked on; None while it is."""
        ended = self.job.completed_at is not None and self.job.actual_time_ms is not None
        return round((self.job.actual_time_ms or 0) / _S, 3) if ended else None


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the jobs of an account took.

    Attributes:
        by_state: how many are in which state.
        average_s: of the work on a completed one; 0 where there is none.
        dollars: what all of them would cost at so many dollars an hour.
        nodes: the machines that are there now.
    """

    by_state: dict[State, int]
    average_s: float
    dollars: Decimal
    nodes: Sequence[Node]

    @property
    def total(self) -> int:
        """Of all states."""
        return sum(self.by_state.values())


def find(session: Session, caller: Caller, job_id: UUID) -> Record:
    """A job that the caller may see.

    Raises:
        OnboardingJobNotFound: there is none, or it is not theirs.
    """
    row = session.execute(_records().where(OnboardingJob.job_id == job_id)).one_or_none()
    record = None if row is None else _record(row)
    if record is None or not _may_see(caller, record.mine):
        raise OnboardingJobNotFound(f"There is no voice being made under the id {job_id}.")
    return record


def list_jobs(
    session: Session,
    caller: Caller,
    *,
    end_user: str | None = None,
    state: State | None = None,
    limit: int,
    offset: int,
) -> tuple[list[Record], int]:
    """A page of the jobs of an account, the newest first, and how many there are; administrators see all.

    Args:
        session: a unit of work.
        caller: who asks.
        end_user: only those of this user.
        state: only those in this state.
        limit: at most so many.
        offset: leave out so many.
    """
    where = _of(caller, end_user)
    if state is not None:
        where &= TrainingJob.status.in_(_INSIDE[state])
    newest = _records().where(where).order_by(OnboardingJob.created_at.desc(), OnboardingJob.job_id.desc())
    total = session.scalar(
        select(func.count())
        .select_from(OnboardingJob)
        .join(TrainingJob, TrainingJob.id == OnboardingJob.job_id)
        .where(where)
    )
    return [_record(row) for row in session.execute(newest.limit(limit).offset(offset))], total or 0


def statistics(
    session: Session, caller: Caller, *, end_user: str | None, dollars_per_hour: Decimal
) -> Statistics:
    """The figures of an account's jobs; of everybody's for administrators."""
    of_state = (
        select(TrainingJob.status, func.count())
        .join(OnboardingJob, OnboardingJob.job_id == TrainingJob.id)
        .where(_of(caller, end_user))
        .group_by(TrainingJob.status)
    )
    by_state: dict[State, int] = dict.fromkeys(_INSIDE, 0)
    for status, count in session.execute(of_state):
        by_state[_STATE_OF[status]] += count
    average_ms = session.scalar(
        select(func.avg(cast(TrainingJob.actual_time_ms, Float)))
        .join(OnboardingJob, OnboardingJob.job_id == TrainingJob.id)
        .where(_of(caller, end_user), TrainingJob.status == "completed")
    )
    average_s = (average_ms or 0.0) / _S
    hours = Decimal(sum(by_state.values())) * Decimal(str(average_s)) / _HOUR_S
    return Statistics(by_state, round(average_s, 3), round(hours * dollars_per_hour, 6), live_nodes(session))


def _records() -> Any:
    has_voice = (
        select(VoiceModel.id)
        .where(VoiceModel.id == TrainingJob.voice_model_id, VoiceModel.deleted_at.is_(None))
        .exists()
    )
    return select(OnboardingJob, TrainingJob, has_voice).join(
        TrainingJob, TrainingJob.id == OnboardingJob.job_id
    )


def _record(row: Any) -> Record:
    mine, job, has_voice = row
    return Record(mine, job, has_voice)


def _may_see(caller: Caller, mine: OnboardingJob) -> bool:
    of_user = caller.end_user is None or caller.end_user.name == mine.end_user
    return of_user and may_see(caller, mine.owner_id)


def _of(caller: Caller, end_user: str | None) -> ColumnElement[bool]:
    where = true() if caller.is_admin else OnboardingJob.owner_id == caller.user_id
    return where if end_user is None else where & (OnboardingJob.end_user == end_user)
