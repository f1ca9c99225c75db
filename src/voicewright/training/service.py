"""Starts, watches, cancels and retries training jobs: what people do with them; a worker does the rest.

Each change is one transaction: the job's row, its entry in the queue, its share of the budget and its events
are there together or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from voicewright.accounts.policies import require_admin, require_own_id
from voicewright.engines.registry import get_engine
from voicewright.errors import AppError
from voicewright.jobs.queue import withdraw
from voicewright.training import budget, reading
from voicewright.training.bill import cost_of_job
from voicewright.training.drafting import Draft, Engines, find_engine, make_draft, obstacles
from voicewright.training.entering import voice_of_job
from voicewright.training.errors import TrainingJobEnded, TrainingJobNotRetriable
from voicewright.training.events import record
from voicewright.training.idempotency import digest_of, earlier_jobs, key_of_place
from voicewright.training.listing import (
    JobPage,
    JobState,
    Standing,
    Wanted,
    jobs_before,
    page_of_jobs,
    standing_of,
    states_of_jobs,
)
from voicewright.training.models import RETRIABLE, TrainingEvent, TrainingJob, is_open
from voicewright.training.nodes import can_run, live_nodes
from voicewright.training.scheduling import start_moment
from voicewright.training.several import only_request_of, request_again, request_of_each
from voicewright.training.stats import Statistics, count_jobs
from voicewright.training.transitions import end_job, issue_ticket, spent_ms
from voicewright.training.waiting import why_it_waits

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.db.server import Database
    from voicewright.privacy.service import ConsentService
    from voicewright.settings import Settings
    from voicewright.training.methods import Method
    from voicewright.training.models import Node
    from voicewright.training.schemas import AgainBody, TrainingRequestBody
    from voicewright.training.waiting import Waiting
    from voicewright.voices.sources import JobVoice


@dataclass(frozen=True, slots=True)
class StartedJob:
    """A job that was queued."""

    job_id: UUID
    provider: str
    status: str
    """`queued` or `delayed`, as it was queued."""


@dataclass(frozen=True, slots=True)
class Started:
    """What was queued, by this request or by an earlier one with the same idempotency key."""

    jobs: tuple[StartedJob, ...]
    """One for each engine, in the order of the request."""
    repeated: bool = False

    @property
    def job_id(self) -> UUID:
        """The first one's."""
        return self.jobs[0].job_id

    @property
    def status(self) -> str:
        """The first one's."""
        return self.jobs[0].status


@dataclass(frozen=True, slots=True)
class Estimated:
    """What would become of a start."""

    draft: Draft
    refusals: tuple[AppError, ...]
    """Why it would be refused; none: it would not be."""
    nodes: tuple[Node, ...]
    """Those that can run it now."""
    left_today: Decimal
    """Dollars of the budget of the day in which it would start."""


class TrainingService:
    """The training jobs of all owners; callers see their own, and administrators all.

    Every method raises the errors of `db.errors` when the database is away.

    Args:
        database: open.
        settings: limits and prices.
        consents: asked before a job is queued.
        engines: finds an engine by its id.
        clock: the present, with a time zone.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        consents: ConsentService,
        *,
        engines: Engines = get_engine,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._settings = settings
        self._consents = consents
        self._engines = engines
        self._clock = clock

    def start(
        self, caller: Caller, body: TrainingRequestBody, *, idempotency_key: str | None = None
    ) -> Started:
        """Queue a training, or one for each of the engines that are named: all of them or none.

        Args:
            caller: who asks.
            body: what for.
            idempotency_key: a name for this request; the same name again, with the same request, answers with
                the same jobs and queues no other.

        Raises:
            NotAllowed: the user named is somebody else.
            IdempotencyKeyReused: the key was used for another request.
            AppError: as `make_draft` and `obstacles`.
        """
        owner_id = _owner(caller, body)
        digest = digest_of(body)
        with self._database.session() as session:
            if idempotency_key is not None:
                earlier = earlier_jobs(session, owner_id, idempotency_key, digest)
                if earlier:
                    statuses = [reading.first_status(session, job) for job in earlier]
                    return Started(tuple(map(_started, earlier, statuses)), repeated=True)
            now, jobs = self._clock(), []
            for place, request in enumerate(request_of_each(body)):
                job = self._enter(
                    session, caller, self._draft(session, owner_id, request, now), body.priority
                )
                if idempotency_key is not None:
                    job.idempotency_key = key_of_place(idempotency_key, place)
                job.request_digest = digest
                jobs.append(_started(job, job.status))
            return Started(tuple(jobs))

    def again(self, caller: Caller, job_id: UUID, body: AgainBody) -> Started:
        """Queue a training of what a job trains, whatever its state, with another engine.

        Its voice is the next version of the same one.

        Raises:
            TrainingJobNotFound, NotAllowed: as `get`.
            AppError: as `make_draft` and `obstacles`.
        """
        with self._database.session() as session:
            of = reading.find(session, caller, job_id, user_id=body.user_id)
            request, most = request_again(session, of, body), len(of.sample_ids)
            settings = self._settings.model_copy(update={"max_training_samples": most})
            draft = self._draft(session, of.owner_id, request, settings=settings)
            job = self._enter(session, caller, draft, of.priority)
            job.dataset_id, job.dataset_name = of.dataset_id, of.dataset_name
            job.voice_metadata, job.may_activate = dict(of.voice_metadata), of.may_activate
            return Started((_started(job, job.status),))

    def quick_method(self, provider: str) -> Method:
        """How a voice is made in one call: cloned in seconds where the engine does that.

        Raises:
            EngineNotFound, EnginePluginBroken, EngineCannotLearn: as `make_draft`.
        """
        able = find_engine(provider, self._engines).capabilities
        return "clone" if able.clones else "auto"

    def start_for(
        self,
        session: Session,
        caller: Caller,
        body: TrainingRequestBody,
        *,
        voice_metadata: Mapping[str, Any],
    ) -> TrainingJob:
        """Queue a training for somebody else than the owner of the account, in the caller's transaction.

        Its voice does not become the active one: that is the owner's.

        Args:
            session: the caller's unit of work.
            caller: for whose account.
            body: what for.
            voice_metadata: what its voice is registered with.

        Raises:
            NotAllowed: the user named is somebody else.
            AppError: as `make_draft` and `obstacles`.
        """
        draft = self._draft(session, _owner(caller, body), body)
        job = self._enter(session, caller, draft, body.priority)
        job.voice_metadata, job.may_activate = dict(voice_metadata), False
        return job

    def _enter(self, session: Session, caller: Caller, draft: Draft, priority: int) -> TrainingJob:
        for obstacle in self._obstacles(session, caller, draft):
            raise obstacle
        job = self._new_job(draft, priority)
        session.add(job)
        session.flush()
        budget.reserve(session, job, draft.estimate.cost.total, self._settings, draft.day)
        self._queue(session, job, draft.start_after)
        self._log_opening(session, job, draft)
        record(session, job, "status", job.status)
        return job

    def estimate(self, caller: Caller, body: TrainingRequestBody) -> Estimated:
        """Say what a start would cost, take and give, and whether it would be refused; nothing is kept.

        Raises:
            NotAllowed: the user named is somebody else.
            AppError: as `make_draft`.
        """
        with self._database.session() as session:
            draft = self._draft(session, _owner(caller, body), only_request_of(body))
            passing = session.begin_nested()
            refusals = tuple(self._obstacles(session, caller, draft))
            passing.rollback()  # a consent that a start would record on the way
            nodes = tuple(
                node for node in live_nodes(session) if can_run(node, draft.engine, clones=draft.clones)
            )
            left = budget.left_on(session, self._settings, draft.day)
            return Estimated(draft, refusals, nodes, left)

    def options_of(self, provider: str) -> frozenset[str]:
        """The names of the options that an engine has, as it calls them (`batch_size`).

        Raises:
            EngineNotFound, EnginePluginBroken, EngineCannotLearn: as `make_draft`.
        """
        return frozenset(find_engine(provider, self._engines).options.model_fields)

    def cancel(self, caller: Caller, job_id: UUID, *, user_id: UUID | None = None) -> TrainingJob:
        """End a job, whatever state it is in; a run of it that goes on is void from now on.

        Raises:
            TrainingJobNotFound, NotAllowed: as `get`.
            TrainingJobEnded: it has ended already.
        """
        with self._database.session() as session:
            job = reading.find(session, caller, job_id, user_id=user_id, lock=True)
            if not is_open(job.status):
                raise TrainingJobEnded(f"The training job is {job.status} already, so it can't be cancelled.")
            self._cancel(session, job, "its owner" if caller.user_id == job.owner_id else "an administrator")
            return job

    def cancel_all(self, session: Session, owner_id: UUID) -> int:
        """End all jobs of an account that is being deleted, in the caller's transaction; answers how many."""
        jobs = session.scalars(
            select(TrainingJob)
            .where(TrainingJob.owner_id == owner_id)
            .order_by(TrainingJob.id)
            .with_for_update()
        )
        going_on = [job for job in jobs if is_open(job.status)]
        for job in going_on:
            self._cancel(session, job, "the deletion of the account")
        return len(going_on)

    def retry(self, caller: Caller, job_id: UUID, *, user_id: UUID | None = None) -> TrainingJob:
        """Queue a job that failed or was cancelled again; it goes on where its files allow.

        One that was cancelled before its time goes on waiting for that.

        Raises:
            TrainingJobNotFound, NotAllowed: as `get`.
            TrainingJobNotRetriable: it has not failed and was not cancelled.
            TrainingCostExceeded, DailyBudgetExceeded: there is not enough money left for it.
        """
        with self._database.session() as session:
            job = reading.find(session, caller, job_id, user_id=user_id, lock=True)
            if job.status not in RETRIABLE:
                raise TrainingJobNotRetriable(
                    f"The training job is {job.status}. Only one that failed or was cancelled can be retried."
                )
            start_after = start_moment(self._clock(), job.start_after, off_peak=None)
            day = (start_after or self._clock()).date()
            budget.reserve(session, job, job.estimated_cost, self._settings, day)
            job.takeovers = 0
            job.retry_count, job.max_retries = 0, self._settings.training_retry_attempts
            # the limit counts the time of all attempts, and this one has as much as the first
            limit_ms = job.options.get("maxTrainingTimeMs", self._settings.training_timeout_ms)
            job.max_training_ms = (job.actual_time_ms or 0) + int(limit_ms)
            job.progress, job.stage, job.completed_at = 0.0, None, None
            job.error_code = job.last_error = None
            job.can_retry, job.suggested_actions = False, []
            self._queue(session, job, start_after)
            record(session, job, "log", "Queued again by hand.")
            record(session, job, "status", job.status)
            return job

    def voice_of(self, caller: Caller, job_id: UUID, *, user_id: UUID | None = None) -> JobVoice:
        """The voice that a job has made, for the registry; errors as `entering.voice_of_job`."""
        with self._database.session() as session:
            return voice_of_job(session, caller, job_id, user_id=user_id, engines=self._engines)

    def get(self, caller: Caller, job_id: UUID, *, user_id: UUID | None = None) -> reading.JobDetails:
        """A job with its last log lines and its curves.

        Raises:
            TrainingJobNotFound: there is none, or it is somebody else's.
            NotAllowed: the user named is somebody else.
        """
        with self._database.session() as session:
            # one moment for all that is read: no job that runs beside the event of its end
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            job = reading.find(session, caller, job_id, user_id=user_id)
            now = session.scalars(select(func.clock_timestamp())).one()
            return replace(
                reading.details(session, job),
                waiting=self._waiting(session, job),
                before=jobs_before(session, job) if job.status == "queued" else 0,
                spent_ms=spent_ms(job, now),
                cost_so_far=self._cost_so_far(job, spent_ms(job, now)),
            )

    def list_jobs(
        self, caller: Caller, *, owner_id: UUID | None, limit: int, offset: int
    ) -> tuple[list[TrainingJob], int]:
        """The jobs of an owner, the newest first, and how many there are; of all owners for administrators.

        Raises:
            NotAllowed: the owner is somebody else.
        """
        if owner_id is not None:
            require_own_id(caller, owner_id)
        with self._database.session() as session:
            return reading.list_jobs(session, caller, owner_id=owner_id, limit=limit, offset=offset)

    def browse(self, caller: Caller, wanted: Wanted, *, limit: int, offset: int) -> JobPage:
        """A page of the jobs that somebody looks for, and how many there are in each state.

        Raises:
            NotAllowed: somebody else's, or everybody's, and the caller does not administer.
        """
        _require_may_list(caller, wanted.owner_id)
        with self._database.session() as session:
            return page_of_jobs(session, wanted, limit=limit, offset=offset)

    def standing(self, caller: Caller, owner_id: UUID | None) -> Standing:
        """How the jobs of an owner are now, or everybody's, to tell it from how they are at another time.

        Raises:
            NotAllowed: as `browse`.
        """
        _require_may_list(caller, owner_id)
        with self._database.session() as session:
            return standing_of(session, owner_id)

    def states_of(self, caller: Caller, ids: Collection[UUID], *, owner_id: UUID | None) -> list[JobState]:
        """Where some jobs are, of an owner's or of everybody's; others are left out.

        Raises:
            NotAllowed: as `browse`.
        """
        _require_may_list(caller, owner_id)
        with self._database.session() as session:
            return states_of_jobs(session, ids, owner_id)

    def dead_letters(self, caller: Caller, *, limit: int, offset: int) -> tuple[list[TrainingJob], int]:
        """The jobs that failed and can be retried, those that failed last first, and how many there are."""
        with self._database.session() as session:
            return reading.list_jobs(session, caller, owner_id=None, limit=limit, offset=offset, dead=True)

    def logs(self, caller: Caller, job_id: UUID, *, after: int, limit: int) -> list[TrainingEvent]:
        """The log lines of a job after one of them, in order.

        Raises:
            TrainingJobNotFound: as `get`.
        """
        with self._database.session() as session:
            job = reading.find(session, caller, job_id)
            return reading.events_after(session, job.id, after, limit, kind="log")

    def follow(
        self, caller: Caller, job_id: UUID, *, after: int, limit: int
    ) -> tuple[str, list[TrainingEvent]]:
        """The state of a job, and what happened in it after an event, in order.

        Whoever has got all events of an ended job has its end among them.

        Raises:
            TrainingJobNotFound: as `get`.
        """
        with self._database.session() as session:
            job = reading.find(session, caller, job_id)
            return job.status, reading.events_after(session, job.id, after, limit)

    def statistics(self, caller: Caller) -> Statistics:
        """Counts and averages of the caller's jobs; of all jobs for administrators."""
        now = self._clock()
        with self._database.session() as session:
            owner_id = None if caller.is_admin else caller.user_id
            return count_jobs(session, owner_id=owner_id, now=now, settings=self._settings)

    def _cancel(self, session: Session, job: TrainingJob, by: str) -> None:
        if job.ticket is not None:
            withdraw(session, job.ticket)
        spent = spent_ms(job, session.scalars(select(func.clock_timestamp())).one())
        job.attempt += 1  # the run that may be going on holds the number before
        job.stage, job.ticket = "cancelled", None
        if job.started_at is not None:  # otherwise it was asked for, and a retry keeps to it
            job.start_after = None
        job.can_retry = True
        record(session, job, "log", f"Cancelled by {by}.", level="warning")
        cost = self._cost_so_far(job, spent)
        end_job(session, job, "cancelled", at=self._clock(), spent_ms=spent, cost=cost)

    def _waiting(self, session: Session, job: TrainingJob) -> Waiting | None:
        """Why a queued job can't begin now."""
        if job.status != "queued":
            return None
        try:
            return why_it_waits(self._engines(job.provider), live_nodes(session), clones=job.clones)
        except AppError:  # only some node knows the engine
            return None

    def _draft(
        self,
        session: Session,
        owner_id: UUID,
        body: TrainingRequestBody,
        now: datetime | None = None,
        settings: Settings | None = None,
    ) -> Draft:
        return make_draft(
            session,
            owner_id,
            body,
            engines=self._engines,
            settings=settings or self._settings,
            now=now or self._clock(),
        )

    def _obstacles(self, session: Session, caller: Caller, draft: Draft) -> list[AppError]:
        return list(
            obstacles(
                session,
                draft,
                consents=self._consents,
                asserted_by=caller.user_id,
                settings=self._settings,
                engines=self._engines,
            )
        )

    def _new_job(self, draft: Draft, priority: int) -> TrainingJob:
        return TrainingJob(
            owner_id=draft.owner_id,
            name=draft.name,
            provider=draft.engine.id,
            method=draft.method,
            clones=draft.clones,
            language=draft.language,
            sample_ids=[str(sample.id) for sample in draft.material.samples],
            dataset_id=draft.material.dataset_id,
            dataset_name=draft.material.dataset_name,
            sample_bytes=sum(sample.size_bytes for sample in draft.material.samples),
            speech_s=sum(sample.speech_s for sample in draft.material.samples),
            options=draft.options.shown,
            engine_options=draft.options.engine,
            quality_threshold=draft.options.quality_threshold,
            max_training_ms=draft.options.max_training_ms,
            status="queued",
            priority=priority,
            max_retries=self._settings.training_retry_attempts,
            estimated_cost=draft.estimate.cost.total,
            estimated_time_ms=draft.estimate.time_ms,
            forecast_time_ms=draft.estimate.forecast_time_ms,
            created_at=self._clock(),
        )

    def _queue(self, session: Session, job: TrainingJob, start_after: datetime | None) -> None:
        job.status = "queued" if start_after is None else "delayed"
        job.start_after = start_after
        issue_ticket(session, job)

    def _log_opening(self, session: Session, job: TrainingJob, draft: Draft) -> None:
        facts = {
            "estimatedCost": float(job.estimated_cost),
            "estimatedTimeMs": job.estimated_time_ms,
            "speechSeconds": round(draft.material.speech_s, 1),
        }
        record(session, job, "log", f"Queued: {draft.summary}.", data=facts)
        for warning in draft.warnings:
            record(session, job, "log", warning, level="warning")
        waiting = why_it_waits(draft.engine, live_nodes(session), clones=draft.clones)
        if waiting is not None:
            advice = {"code": waiting.code, "suggestedActions": list(waiting.suggested_actions)}
            record(session, job, "log", waiting.message, level="warning", data=advice)

    def _cost_so_far(self, job: TrainingJob, time_ms: int) -> Decimal:
        before = job.actual_cost or Decimal(0)
        try:
            engine = self._engines(job.provider)
        except AppError:  # it was uninstalled meanwhile
            return before
        made = job.voice_model_id is not None or before > 0
        cost = cost_of_job(job, engine, self._settings, time_ms=time_ms, made=made)
        return max(before, cost)


def _started(job: TrainingJob, status: str) -> StartedJob:
    return StartedJob(job.id, job.provider, status)


def _require_may_list(caller: Caller, owner_id: UUID | None) -> None:
    if owner_id is None:
        require_admin(caller)
    else:
        require_own_id(caller, owner_id)


def _owner(caller: Caller, body: TrainingRequestBody) -> UUID:
    """Whose job it will be.

    Raises:
        NotAllowed: somebody else's, and the caller does not administer.
    """
    if body.user_id is None:
        return caller.user_id
    require_own_id(caller, body.user_id)
    return body.user_id
