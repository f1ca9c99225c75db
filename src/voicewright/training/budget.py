"""Keeps trainings within what one job and one day may cost, however many are started at once.

A job reserves its estimate before it is queued, under the lock of its day's row; when it ends, what it really
cost takes the place of the reservation. So the sum of what is reserved and spent is never more than the
budget, and two starts can't both take the last dollar. A job that turns out dearer reserves more as it goes,
or stops.

Locks are taken in the order job, reservation, day.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from voicewright.training.errors import DailyBudgetExceeded, TrainingCostExceeded
from voicewright.training.models import BudgetDay, BudgetReservation

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from voicewright.settings import Settings
    from voicewright.training.models import TrainingJob


def reserve(session: Session, job: TrainingJob, amount: Decimal, settings: Settings, today: date) -> None:
    """Let a job hold at least an amount of a day's budget; for a job that holds as much, do nothing.

    Args:
        session: the transaction that starts the job, or goes on with it.
        job: its row is in the database, and locked by this transaction.
        amount: dollars that its attempts from now on may cost.
        settings: the limits.
        today: the day (UTC) in which it starts. A job under way stays with the day that it began on.

    Raises:
        TrainingCostExceeded: with what its earlier attempts cost, it is more than one job may cost.
        DailyBudgetExceeded: it is more than is left of the day.
    """
    held = _reservation(session, job)
    booked = held.booked if held is not None else Decimal(0)
    require_affordable(booked + amount, settings)
    if held is not None and held.amount > 0:
        today = held.day
    further = amount - (held.amount if held is not None else Decimal(0))
    if held is not None and held.amount > 0 and further <= 0:
        return
    day = _locked_day(session, today)
    left = settings.daily_training_budget - day.reserved - day.spent
    if further > left:
        raise _over_budget(amount, left, today)
    day.reserved += further
    if held is None:
        session.add(BudgetReservation(job_id=job.id, day=today, amount=amount, booked=Decimal(0)))
    else:
        held.day, held.amount = today, amount
    session.flush()


def cover(session: Session, job: TrainingJob, cost: Decimal, settings: Settings, today: date) -> None:
    """Let a job that is under way hold what it has cost so far, in all its attempts; else as `reserve`."""
    held = _reservation(session, job)
    booked = held.booked if held is not None else Decimal(0)
    reserve(session, job, max(cost - booked, Decimal(0)), settings, today)


def settle(session: Session, job: TrainingJob, actual_cost: Decimal) -> None:
    """Book what a job has cost, all its attempts together, and give back what it held; twice is as once.

    Args:
        session: the transaction that ends the job.
        job: its row is locked by this transaction.
        actual_cost: 0 where it never ran.
    """
    held = _reservation(session, job)
    if held is None:
        return
    further = max(actual_cost - held.booked, Decimal(0))
    if held.amount == 0 and further == 0:
        return
    day = _locked_day(session, held.day)
    day.reserved -= held.amount
    day.spent += further
    held.amount = Decimal(0)
    held.booked += further
    session.flush()


def left_on(session: Session, settings: Settings, day: date) -> Decimal:
    """What is left of a day's budget now; nothing is locked."""
    taken = session.execute(
        select(BudgetDay.reserved + BudgetDay.spent).where(BudgetDay.day == day)
    ).scalar_one_or_none()
    return max(settings.daily_training_budget - (taken or Decimal(0)), Decimal(0))


def require_affordable(amount: Decimal, settings: Settings) -> None:
    """Refuse a job that would cost more than one job may.

    Raises:
        TrainingCostExceeded: names both amounts.
    """
    if amount > settings.max_training_cost:
        raise TrainingCostExceeded(
            f"The training would cost ${amount:.2f}, and one job may cost ${settings.max_training_cost:.2f} "
            "(MAX_TRAINING_COST). Give fewer samples, or choose a cheaper provider."
        )


def require_left(session: Session, amount: Decimal, settings: Settings, day: date) -> None:
    """Refuse what is more than is left of a day now, without holding any of it.

    Raises:
        DailyBudgetExceeded: names both amounts.
    """
    left = left_on(session, settings, day)
    if amount > left:
        raise _over_budget(amount, left, day)


def _over_budget(amount: Decimal, left: Decimal, day: date) -> DailyBudgetExceeded:
    return DailyBudgetExceeded(
        f"The training would cost ${amount:.2f}, and of the budget of {day.isoformat()} (UTC) "
        f"${max(left, Decimal(0)):.2f} is left (DAILY_TRAINING_BUDGET). Start it on another day with "
        "startAfter, or choose a cheaper provider."
    )


def _reservation(session: Session, job: TrainingJob) -> BudgetReservation | None:
    session.flush()
    return session.scalars(
        select(BudgetReservation)
        .where(BudgetReservation.job_id == job.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _locked_day(session: Session, day: date) -> BudgetDay:
    session.execute(
        insert(BudgetDay)
        .values(day=day, reserved=Decimal(0), spent=Decimal(0))
        .on_conflict_do_nothing(index_elements=[BudgetDay.day])
    )
    return session.scalars(
        select(BudgetDay)
        .where(BudgetDay.day == day)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
