"""One attempt at a job: every write of it is void once it is not the job's attempt any more.

A worker that was cut off from the database, or frozen, may come back after its job was given to another, or
after its owner cancelled it. So each write names the number of its attempt, and changes nothing where the job
is not running that attempt (`RunLost`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import func, select, update

from voicewright.db.errors import DatabaseUnavailable
from voicewright.errors import AppError, ErrorKind
from voicewright.jobs.queue import take_out
from voicewright.training.announcing import Announcer
from voicewright.training.events import record
from voicewright.training.models import TrainingJob
from voicewright.training.recovery import is_temporary, retry_delay_s, suggested_actions
from voicewright.training.transitions import end_job, issue_ticket, requeue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from decimal import Decimal
    from typing import ClassVar, Self
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.training.events import Kind, Level

T = TypeVar("T")

BEAT_S: Final = 0.4
"""How often what happened is written down; the longest that a run does not know that it was cancelled."""
_PATIENCE_S: Final = 600.0
"""How long the end of a run waits for a database that is away."""

_LOG = logging.getLogger(__name__)


class RunLost(AppError):
    """The job was cancelled, or given to another worker: this attempt may write no more."""

    code: ClassVar[str] = "RUN_LOST"
    kind: ClassVar[ErrorKind] = ErrorKind.CANCELLED


@dataclass(frozen=True, slots=True)
class _Note:
    """Something that happened, to be written down with the next beat."""

    kind: Kind
    message: str
    level: Level | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Run:
    """A running attempt; a context manager, in which it gives signs of life.

    Get one from `Run.begin`. Safe for threads.

    Attributes:
        job: the row as it was when the attempt began.
        cancel: set when the work is to stop: the run was lost, or `stop` was called.
    """

    def __init__(self, database: Database, job: TrainingJob, announcer: Announcer | None = None) -> None:
        self._database = database
        self._announcer = announcer or Announcer()
        self.job = job
        self._began_s = time.monotonic()
        self.cancel = threading.Event()
        self._lost = threading.Event()
        self._waiting: deque[_Note] = deque()
        self._progress: _Note | None = None
        self._write_lock = threading.Lock()
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name=f"run-{job.id}", daemon=True)

    @classmethod
    def begin(
        cls,
        database: Database,
        job_id: UUID,
        ticket: int,
        *,
        node: str,
        gpu_type: str | None = None,
        announcer: Announcer | None = None,
    ) -> Self | None:
        """Begin the attempt that a ticket is for.

        Args:
            database: open.
            job_id: which job.
            ticket: the entry of the queue.
            node: who runs it.
            gpu_type: on what (`worker.gpu.GpuType`).
            announcer: tells the owner how it ended; None: nobody does.

        Returns:
            None: the ticket is void, because the job was cancelled, has ended, or was given another ticket.
        """
        with database.session() as session:
            take_out(session, ticket)
            # the database's clock, as others compare it with theirs
            now = session.scalar(select(func.clock_timestamp()))
            job = session.scalar(
                update(TrainingJob)
                .where(
                    TrainingJob.id == job_id,
                    TrainingJob.ticket == ticket,
                    TrainingJob.status.in_(("queued", "delayed")),
                )
                .values(
                    status="running",
                    attempt=TrainingJob.attempt + 1,
                    ticket=None,
                    node=node,
                    gpu_type=gpu_type,
                    heartbeat_at=now,
                    attempt_started_at=now,
                    start_after=None,
                    error_code=None,
                )
                .returning(TrainingJob)
            )
            if job is None:
                return None
            if job.started_at is None:
                job.started_at = now
            record(session, job, "status", "running", data={"node": node})
        return cls(database, job, announcer)

    def __enter__(self) -> Self:
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._keeper.join()

    @property
    def spent_ms(self) -> int:
        """Wall time in which the job ran, all attempts together, this one included."""
        return (self.job.actual_time_ms or 0) + round((time.monotonic() - self._began_s) * 1000)

    @property
    def is_lost(self) -> bool:
        """Whether another attempt took over, or the job was cancelled."""
        return self._lost.is_set()

    def stop(self) -> None:
        """Have the work stop soon, because this worker ends."""
        self.cancel.set()

    def log(self, message: str, *, level: Level = "info", **data: Any) -> None:
        """Write a sentence into the job's log, with the next beat."""
        self._waiting.append(_Note("log", message, level, data))

    def metric(self, name: str, step: int, value: float) -> None:
        """Write a point of a curve, with the next beat."""
        self._waiting.append(_Note("metric", name, data={"name": name, "step": step, "value": value}))

    def progress(self, fraction: float, stage: str) -> None:
        """Say how far the work is (0..1) and what is being done; only the last word before a beat counts."""
        percent = round(100 * min(max(fraction, 0.0), 1.0), 1)
        self._progress = _Note("progress", stage, data={"progress": percent, "stage": stage})

    @contextmanager
    def writing(self) -> Iterator[tuple[Session, TrainingJob]]:
        """A transaction of this attempt, with the job's row locked.

        Raises:
            RunLost: the job is not running this attempt any more; nothing is written.
        """
        with self._database.session() as session:
            yield session, self.locked(session)

    def locked(self, session: Session) -> TrainingJob:
        """The job's row, locked in a transaction of the caller's.

        Raises:
            RunLost: as `writing`.
        """
        job = session.scalar(
            select(TrainingJob)
            .where(
                TrainingJob.id == self.job.id,
                TrainingJob.attempt == self.job.attempt,
                TrainingJob.status == "running",
            )
            .with_for_update(key_share=True)
        )
        if job is None:
            self._lose()
            raise RunLost("The job was cancelled or given to another worker, so this attempt is void.")
        return job

    def complete(
        self,
        session: Session,
        *,
        voice_model_id: UUID,
        cost: Decimal,
        quality: dict[str, Any] | None,
        quality_score: float | None,
    ) -> None:
        """End the job well, in the transaction that registers its voice."""
        # before the row: a beat holds this lock while it waits for the row
        with self._write_lock:
            job = self.locked(session)
            self._write_waiting(session, job)
        job.voice_model_id = voice_model_id
        job.quality, job.quality_score = quality, quality_score
        job.progress, job.stage = 100.0, "completed"
        job.can_retry, job.suggested_actions = False, []
        self._end(session, job, "completed", cost)

    def fail(self, error: AppError, *, cost: Decimal) -> float | None:
        """End the attempt badly: the job waits for its next where the error is temporary, else it fails.

        Waits for a database that is away.

        Args:
            error: why.
            cost: of all attempts so far.

        Returns:
            Seconds until the next attempt; None: the job failed.

        Raises:
            RunLost: somebody else has ended it.
        """

        def write() -> float | None:
            with self.writing() as (session, job):
                self._write_waiting(session, job)
                delay_s = retry_delay_s(job.retry_count, job.max_retries) if is_temporary(error) else None
                job.error_code, job.last_error = error.code, error.message
                job.suggested_actions = list(suggested_actions(error.code, job))
                record(session, job, "log", error.message, level="error", data={"code": error.code})
                if delay_s is None:
                    job.can_retry = True
                    self._end(session, job, "failed", cost)
                else:
                    self._wait_for_next(session, job, delay_s)
            return delay_s

        return self.persistently(write, locked=True)

    def give_back(self, reason: str) -> None:
        """Put the job back into the queue for another worker; it counts as no retry."""

        def write() -> None:
            with self.writing() as (session, job):
                self._write_waiting(session, job)
                requeue(session, job, reason, spent_ms=self.spent_ms)

        self.persistently(write, locked=True)

    def beat(self) -> None:
        """Give a sign of life and write down what waits.

        Raises:
            RunLost: as `writing`.
            AppError: as the database; what waits goes on waiting.
        """
        with self._write_lock:
            with self.writing() as (session, job):
                written, latest = self._write_waiting(session, job)
                job.heartbeat_at = func.clock_timestamp()
            # only now that it is committed
            for _ in range(written):
                self._waiting.popleft()
            if self._progress is latest:
                self._progress = None

    def _keep(self) -> None:
        while not self._over.wait(BEAT_S):
            try:
                self.beat()
            except RunLost:
                return
            except AppError as error:
                _LOG.warning("the job %s can't be written to now: %s", self.job.id, error.message)
            except Exception:  # noqa: BLE001 - a run without signs of life would be given away
                _LOG.exception("the job %s can't be written to", self.job.id)

    def _write_waiting(self, session: Session, job: TrainingJob) -> tuple[int, _Note | None]:
        """Write down what happened since the last time; answers how much of it that was."""
        notes, latest = list(self._waiting), self._progress
        for note in notes:
            record(session, job, note.kind, note.message, level=note.level, data=note.data, at=note.at)
        if latest is None:
            return len(notes), None
        percent, stage = latest.data["progress"], latest.data["stage"]
        if percent > job.progress or (percent == job.progress and stage != job.stage):
            job.progress, job.stage = percent, stage
            record(session, job, "progress", latest.message, data=latest.data, at=latest.at)
        return len(notes), latest

    def _end(self, session: Session, job: TrainingJob, status: str, cost: Decimal) -> None:
        end_job(session, job, status, at=datetime.now(UTC), spent_ms=self.spent_ms, cost=cost)
        self._announcer.ended(session, job)

    def _wait_for_next(self, session: Session, job: TrainingJob, delay_s: float) -> None:
        job.status = "delayed"
        job.retry_count += 1
        job.actual_time_ms = self.spent_ms
        job.attempt_started_at = None
        job.start_after = datetime.now(UTC) + timedelta(seconds=delay_s)
        issue_ticket(session, job)
        record(
            session,
            job,
            "log",
            f"Tried again in {delay_s:g} s (retry {job.retry_count} of {job.max_retries}).",
            level="warning",
        )
        record(session, job, "status", "delayed")

    def persistently(self, write: Callable[[], T], *, locked: bool = False) -> T:
        """Do a write that must not be forgotten, also where the database is away for minutes.

        Args:
            write: done again until it succeeds; for long, and not for ever.
            locked: no beat meanwhile.
        """
        end_s = time.monotonic() + _PATIENCE_S
        while True:
            try:
                with self._write_lock if locked else nullcontext():
                    return write()
            except DatabaseUnavailable as error:
                if time.monotonic() > end_s:
                    raise
                _LOG.warning("the end of the job %s waits for the database: %s", self.job.id, error.message)
                self._over.wait(1.0)

    def _lose(self) -> None:
        self._lost.set()
        self.cancel.set()
