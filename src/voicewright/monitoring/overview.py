"""The state of an installation at a glance: few figures, each quick to find, asked again and again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from voicewright.accounts.models import User
from voicewright.monitoring.figures import QUALITY_BOUNDS, read_figures
from voicewright.monitoring.policies import LEAST_QUALITY
from voicewright.monitoring.spending import BudgetToday, budget_today, spent_in_month
from voicewright.monitoring.stored import kept_bytes
from voicewright.monitoring.workload import waits_since
from voicewright.training.models import TrainingJob
from voicewright.voices.figures.models import VoiceUse

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.monitoring.figures import CleanupFigures
    from voicewright.settings import Settings

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at one moment."""

    now: datetime
    alerts: int
    critical_alerts: int
    waiting: int
    """Trainings in the queue."""
    delayed: int
    running: int
    waits_since: datetime | None
    """Of the training that waits longest."""
    nodes: int
    completed_today: int
    """Trainings, since midnight (UTC)."""
    failed_today: int
    spoken: int
    """Requests to speak in the last 24 hours that ended well."""
    not_spoken: int
    """Those that failed."""
    stored_bytes: int
    month_spent: Decimal
    budget: BudgetToday
    voices: int
    judged: int
    good: int
    """Voices that are at least as good as the alerts want the average to be."""
    average_quality: float | None
    users: int
    mails_waiting: int
    mails_given_up: int
    cleanup: CleanupFigures | None

    @property
    def failing_share(self) -> float | None:
        """Of the requests to speak."""
        asked = self.spoken + self.not_spoken
        return self.not_spoken / asked if asked else None


def read_overview(session: Session, settings: Settings) -> Overview:
    """All of it."""
    figures = read_figures(session)
    now = figures.now.astimezone(UTC)
    today = now.date()
    midnight = datetime.combine(today, time(), UTC)
    ended = dict(
        session.execute(
            select(TrainingJob.status, func.count())
            .where(TrainingJob.status.in_(("completed", "failed")), TrainingJob.completed_at >= midnight)
            .group_by(TrainingJob.status)
        ).all()
    )
    uses = dict(
        session.execute(
            select(VoiceUse.outcome, func.count()).where(VoiceUse.at > now - _DAY).group_by(VoiceUse.outcome)
        ).all()
    )
    good_from = next(number for number, bound in enumerate(QUALITY_BOUNDS) if bound > LEAST_QUALITY)
    return Overview(
        now=now,
        alerts=sum(count for _, _, count in figures.alerts),
        critical_alerts=sum(count for _, severity, count in figures.alerts if severity == "critical"),
        waiting=figures.jobs.get("queued", 0),
        delayed=figures.jobs.get("delayed", 0),
        running=figures.jobs.get("running", 0),
        waits_since=waits_since(session),
        nodes=figures.nodes,
        completed_today=ended.get("completed", 0),
        failed_today=ended.get("failed", 0),
        spoken=uses.get("spoken", 0),
        not_spoken=uses.get("failed", 0),
        stored_bytes=figures.stored_bytes + kept_bytes(session),
        month_spent=spent_in_month(session, today),
        budget=budget_today(session, settings, today),
        voices=sum(one.live for one in figures.providers),
        judged=sum(one.scored for one in figures.providers),
        good=sum(sum(one.score_counts[good_from:]) for one in figures.providers),
        average_quality=figures.average_quality,
        users=session.scalar(select(func.count()).select_from(User)) or 0,
        mails_waiting=figures.mails_waiting,
        mails_given_up=figures.mails_given_up,
        cleanup=figures.cleanup,
    )
