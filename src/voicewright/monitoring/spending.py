"""What was spent on trainings and on speech: by day, by engine and by account.

A training counts on the day (UTC) on which it ended, a use of a voice on the day on which it was spoken. What
belonged to accounts that were deleted since is not in it; the budget of a day keeps it (`training.budget`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Integer, Numeric, case, cast, func, literal, select, union_all

from voicewright.training.models import BudgetDay, TrainingJob
from voicewright.voices.figures.models import VoiceUse
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row, Subquery
    from sqlalchemy.orm import Session

    from voicewright.settings import Settings

UNKNOWN_ENGINE: Final = "deleted voices"
"""In the place of the engine of voices whose rows are gone."""
_NOTHING: Final = Decimal(0)
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one day, one engine or one account."""

    key: Any
    """The day, the engine's id, or the account's."""
    training: Decimal
    speech: Decimal
    trainings: int
    """That ended and cost something or nothing, but ran."""
    uses: int
    characters: int

    @property
    def total(self) -> Decimal:
        """Dollars."""
        return self.training + self.speech


@dataclass(frozen=True, slots=True)
class Spending:
    """Of some days, the last of which is today."""

    days: list[Spent]
    """Every day, also those on which nothing was spent, the oldest first."""
    engines: list[Spent]
    """The dearest first."""
    people: list[Spent]
    """The same, some of them."""

    @property
    def total(self) -> Decimal:
        """Dollars."""
        return sum((day.total for day in self.days), _NOTHING)

    @property
    def next_month(self) -> Decimal:
        """What 30 days cost at the pace of the last seven whole days."""
        whole = self.days[:-1][-_WEEK:]
        return sum((day.total for day in whole), _NOTHING) / max(len(whole), 1) * 30

    @property
    def dearest(self) -> Spent | None:
        """The day that cost most; None where nothing did."""
        found = max(self.days, key=lambda day: day.total, default=None)
        return None if found is None or not found.total else found


@dataclass(frozen=True, slots=True)
class BudgetToday:
    """How today's budget for trainings stands."""

    budget: Decimal
    spent: Decimal
    reserved: Decimal
    """By trainings under way."""

    @property
    def left(self) -> Decimal:
        """What may still be begun."""
        return max(self.budget - self.spent - self.reserved, _NOTHING)


def read_spending(session: Session, *, days: int, today: date, people: int = 20) -> Spending:
    """What the last days cost, today among them.

    Args:
        session: a unit of work.
        days: how many.
        today: the last of them (UTC).
        people: so many accounts at most, the dearest.
    """
    first = today - timedelta(days=days - 1)
    spent = _spent_since(first)
    by_day = {one.key: one for one in map(_of_row, _grouped(session, spent, "day"))}
    every_day = (first + timedelta(days=number) for number in range(days))
    return Spending(
        days=[by_day.get(day) or Spent(day, _NOTHING, _NOTHING, 0, 0, 0) for day in every_day],
        engines=[_of_row(row) for row in _grouped(session, spent, "engine")],
        people=[_of_row(row) for row in _grouped(session, spent, "user_id", limit=people)],
    )


def spent_in_month(session: Session, today: date) -> Decimal:
    """What this calendar month (UTC) has cost so far, trainings by their budgets' books."""
    first = today.replace(day=1)
    trainings = session.scalar(select(func.sum(BudgetDay.spent)).where(BudgetDay.day >= first))
    speech = session.scalar(select(func.sum(VoiceUse.cost_usd)).where(VoiceUse.at >= _midnight(first)))
    return (trainings or _NOTHING) + (speech or _NOTHING)


def budget_today(session: Session, settings: Settings, today: date) -> BudgetToday:
    """Nothing is locked."""
    row = session.get(BudgetDay, today)
    return BudgetToday(
        settings.daily_training_budget,
        _NOTHING if row is None else row.spent,
        _NOTHING if row is None else row.reserved,
    )


def spent_by(session: Session, user_id: uuid.UUID, since: date) -> Decimal:
    """What one account has spent since a day."""
    trainings = session.scalar(
        select(func.sum(TrainingJob.actual_cost)).where(
            TrainingJob.owner_id == user_id, TrainingJob.completed_at >= _midnight(since)
        )
    )
    speech = session.scalar(
        select(func.sum(VoiceUse.cost_usd)).where(
            VoiceUse.user_id == user_id, VoiceUse.at >= _midnight(since)
        )
    )
    return (trainings or _NOTHING) + (speech or _NOTHING)


def _spent_since(first: date) -> Subquery:
    """One row for each training and each use of a voice."""
    since = _midnight(first)
    nothing, none = cast(literal(0), Numeric()), literal(0, Integer())
    trainings = select(
        func.date(func.timezone("UTC", TrainingJob.completed_at)).label("day"),
        TrainingJob.provider.label("engine"),
        TrainingJob.owner_id.label("user_id"),
        TrainingJob.actual_cost.label("training"),
        nothing.label("speech"),
        literal(1, Integer()).label("trainings"),
        none.label("uses"),
        none.label("characters"),
    ).where(TrainingJob.completed_at >= since, TrainingJob.actual_time_ms > 0)
    uses = (
        select(
            func.date(func.timezone("UTC", VoiceUse.at)),
            case((VoiceModel.engine.is_(None), UNKNOWN_ENGINE), else_=VoiceModel.engine),
            VoiceUse.user_id,
            nothing,
            VoiceUse.cost_usd,
            none,
            literal(1, Integer()),
            VoiceUse.characters,
        )
        .outerjoin(VoiceModel, VoiceModel.id == VoiceUse.model_id)
        .where(VoiceUse.at >= since)
    )
    return union_all(trainings, uses).subquery("spent")


def _grouped(session: Session, spent: Subquery, key: str, *, limit: int | None = None) -> Sequence[Row[Any]]:
    sums = [
        func.coalesce(func.sum(spent.c[name]), 0).label(name)
        for name in ("training", "speech", "trainings", "uses", "characters")
    ]
    total = func.coalesce(func.sum(spent.c.training), 0) + func.coalesce(func.sum(spent.c.speech), 0)
    query = select(spent.c[key], *sums).group_by(spent.c[key]).order_by(total.desc(), spent.c[key])
    return session.execute(query.limit(limit)).all()


def _of_row(row: Row[Any]) -> Spent:
    key, training, speech, trainings, uses, characters = tuple(row)
    return Spent(key, Decimal(training), Decimal(speech), int(trainings), int(uses), int(characters))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
