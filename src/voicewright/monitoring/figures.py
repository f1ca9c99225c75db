"""The figures of an installation, read from the database: the same whichever process is asked.

Each is one query over an index that has all it needs, or over a table that stays small; what is counted of
the audit trail and of the uses of voices is of the last minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Double, Integer, case, func, literal, or_, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from voicewright.audit.models import AuditEvent
from voicewright.jobs.depths import Depth, queue_depths
from voicewright.monitoring.models import Alert, ErasedVoices
from voicewright.notifications.outbox import waiting_mails
from voicewright.onboarding.models import OnboardingJob
from voicewright.training.models import TrainingJob
from voicewright.training.nodes import live_nodes
from voicewright.voices.cleanup.models import CleanupRun
from voicewright.voices.figures.models import VoiceUse
from voicewright.voices.models import VoiceModel
from voicewright.voices.provided.models import ProviderVoice

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session

RECENT: Final = timedelta(minutes=15)
"""For what is counted over a while."""
QUALITY_BOUNDS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
NAMED: Final = 10
"""So many voices are named at each end; the number of time series stays bounded."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ProviderFigures:
    """The voices of one engine."""

    provider: str
    created: int
    """Deleted ones among it, and those that went with their accounts: it never falls."""
    live: int
    stored_bytes: int
    """Of all files of the live ones, as they are before compression."""
    scored: int
    """Live ones that were judged."""
    score_sum: float
    score_counts: tuple[int, ...]
    """How many of these are in each of the steps of `QUALITY_BOUNDS`."""


@dataclass(frozen=True, slots=True)
class CleanupFigures:
    """The cleanups so far, dry runs apart, and the last one."""

    eligible: int
    """Each voice once: those that were cleaned up, and those that the last cleanup could not."""
    cleaned: int
    failed: int
    last_started_at: datetime
    last_finished_at: datetime | None
    last_eligible: int
    last_failed: int
    last_error: str | None

    @property
    def efficiency(self) -> float | None:
        """The share of what was eligible that was cleaned up."""
        return self.cleaned / self.eligible if self.eligible else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything at one moment."""

    now: datetime
    providers: list[ProviderFigures]
    active_voices: int
    uses: dict[str, int]
    """By outcome, recent."""
    most_used: list[tuple[uuid.UUID, int]]
    """Of the last day."""
    least_used: list[tuple[uuid.UUID, int]]
    """Of those that were used in the last day at all."""
    operations: dict[str, int]
    """On voices, by result, recent."""
    cleanup: CleanupFigures | None
    jobs: dict[str, int]
    onboarding: dict[str, int]
    """Of these, those of applications' users."""
    queues: list[Depth]
    nodes: int
    alerts: list[tuple[str, str, int]]
    """Kind, severity, how many are open."""
    mails_waiting: int
    mails_given_up: int
    provider_deletions: dict[str, int] = field(default_factory=dict)
    """By engine, the deleted voices that are still at its provider."""
    provider_deletions_since: datetime | None = None
    """Since when the oldest of them is to be deleted."""

    @property
    def stored_bytes(self) -> int:
        """Of all voices."""
        return sum(one.stored_bytes for one in self.providers)

    @property
    def average_quality(self) -> float | None:
        """Of all live voices that were judged."""
        scored = sum(one.scored for one in self.providers)
        return sum(one.score_sum for one in self.providers) / scored if scored else None


def read_figures(session: Session) -> Figures:
    """All of them."""
    now: datetime = session.execute(select(func.now())).scalar_one()
    waiting, given_up = waiting_mails(session)
    most_used, least_used = _used(session, now - _DAY)
    return Figures(
        now=now,
        providers=provider_figures(session),
        active_voices=session.scalar(select(func.count()).select_from(VoiceModel).where(VoiceModel.is_active))
        or 0,
        uses=_counts(session, VoiceUse.outcome, VoiceUse.at > now - RECENT),
        most_used=most_used,
        least_used=least_used,
        operations=_counts(session, AuditEvent.result, AuditEvent.at > now - RECENT),
        cleanup=_cleanup(session),
        jobs=_counts(session, TrainingJob.status),
        onboarding=_counts(session, TrainingJob.status, TrainingJob.id.in_(select(OnboardingJob.job_id))),
        queues=queue_depths(session),
        nodes=len(live_nodes(session)),
        alerts=[
            (kind, severity, count)
            for kind, severity, count in session.execute(
                select(Alert.kind, Alert.severity, func.count())
                .where(Alert.resolved_at.is_(None))
                .group_by(Alert.kind, Alert.severity)
                .order_by(Alert.kind, Alert.severity)
            )
        ],
        mails_waiting=waiting,
        mails_given_up=given_up,
        provider_deletions=_counts(session, ProviderVoice.engine, ProviderVoice.unwanted_since.is_not(None)),
        provider_deletions_since=session.scalar(select(func.min(ProviderVoice.unwanted_since))),
    )


def large_users(session: Session, *, over_bytes: float, limit: int) -> list[tuple[uuid.UUID, int]]:
    """The users whose voices take more than so many bytes, the largest first."""
    total = func.sum(VoiceModel.stored_bytes)
    rows = session.execute(
        select(VoiceModel.owner_id, total)
        .where(VoiceModel.deleted_at.is_(None))
        .group_by(VoiceModel.owner_id)
        .having(total > over_bytes)
        .order_by(total.desc())
        .limit(limit)
    )
    return [(owner_id, int(stored)) for owner_id, stored in rows]


def provider_figures(session: Session) -> list[ProviderFigures]:
    """Of each engine that ever made a voice here."""
    live = VoiceModel.deleted_at.is_(None)
    score = case((live, VoiceModel.quality_score))
    # `width_bucket` has a bound belong to the step above it; seen from the other side it is the one below
    bounds: ColumnElement[Any] = literal([-bound for bound in reversed(QUALITY_BOUNDS)], ARRAY(Double()))
    step = case((score.is_not(None), len(QUALITY_BOUNDS) - func.width_bucket(-score, bounds)))
    there_are = select(
        VoiceModel.engine,
        step.label("step"),
        func.count(),
        func.count().filter(live),
        func.coalesce(func.sum(VoiceModel.stored_bytes).filter(live), 0),
        func.coalesce(func.sum(score), 0.0),
    ).group_by(VoiceModel.engine, "step")
    nothing: list[Any] = [literal(0), literal(0), literal(0.0, Double())]
    erased = select(ErasedVoices.engine, literal(None, Integer()), ErasedVoices.voices, *nothing)
    # one statement: a voice is seen on one side or on the other, whatever is erased meanwhile
    rows = session.execute(union_all(there_are, erased)).all()
    found = []
    for provider in sorted({row[0] for row in rows}):
        own = [row for row in rows if row[0] == provider]
        counts = {row[1]: row[2] for row in own if row[1] is not None}
        found.append(
            ProviderFigures(
                provider=provider,
                created=sum(row[2] for row in own),
                live=sum(row[3] for row in own),
                stored_bytes=int(sum(row[4] for row in own)),
                scored=sum(counts.values()),
                score_sum=float(sum(row[5] for row in own)),
                score_counts=tuple(counts.get(number, 0) for number in range(len(QUALITY_BOUNDS))),
            )
        )
    return found


def _counts(
    session: Session, column: InstrumentedAttribute[str], *where: ColumnElement[bool]
) -> dict[str, int]:
    rows = session.execute(select(column, func.count()).where(*where).group_by(column).order_by(column))
    return {row[0]: row[1] for row in rows}


def _used(
    session: Session, since: datetime
) -> tuple[list[tuple[uuid.UUID, int]], list[tuple[uuid.UUID, int]]]:
    """The voices used most and those used least, each with its uses, from one count."""
    uses = select(VoiceUse.model_id, func.count().label("uses")).where(VoiceUse.at > since)
    counted = uses.group_by(VoiceUse.model_id).cte("counted")
    most = func.row_number().over(order_by=(counted.c.uses.desc(), counted.c.model_id)).label("most")
    least = func.row_number().over(order_by=(counted.c.uses, counted.c.model_id)).label("least")
    ranked = select(counted, most, least).subquery()
    is_named = or_(ranked.c.most <= NAMED, ranked.c.least <= NAMED)
    rows = session.execute(select(ranked).where(is_named).order_by(ranked.c.most)).all()
    rarely = sorted((row for row in rows if row.least <= NAMED), key=lambda row: row.least)
    often = [(row.model_id, row.uses) for row in rows if row.most <= NAMED]
    return often, [(row.model_id, row.uses) for row in rarely]


def _cleanup(session: Session) -> CleanupFigures | None:
    real = CleanupRun.dry_run.is_(False)
    last = session.execute(
        select(
            CleanupRun.started_at,
            CleanupRun.finished_at,
            CleanupRun.eligible,
            CleanupRun.cleaned,
            CleanupRun.failed,
            CleanupRun.error,
        )
        .where(real)
        .order_by(CleanupRun.started_at.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        return None
    cleaned, failed = session.execute(
        select(func.sum(CleanupRun.cleaned), func.sum(CleanupRun.failed)).where(real)
    ).one()
    # what a run leaves is eligible again in the next one; while one runs nobody knows what it will leave
    left = last.failed if last.finished_at is None else last.eligible - last.cleaned
    return CleanupFigures(
        eligible=int(cleaned) + max(0, left),
        cleaned=int(cleaned),
        failed=int(failed),
        last_started_at=last.started_at,
        last_finished_at=last.finished_at,
        last_eligible=last.eligible,
        last_failed=last.failed,
        last_error=last.error,
    )
