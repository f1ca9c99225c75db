"""Attempts and their fences, on a real database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, text

from voicewright.jobs.queue import dead_tickets
from voicewright.training.errors import TrainingTimeout
from voicewright.training.models import TrainingEvent, TrainingJob
from voicewright.training.runs import Run, RunLost
from voicewright.training.takeover import MOST_TAKEOVERS, take_over, tidy_queue
from voicewright.training.transitions import issue_ticket

if TYPE_CHECKING:
    from voicewright.db.server import Database

MakeJob = Callable[..., TrainingJob]


def ticket_of(database: Database, job: TrainingJob) -> int:
    with database.session() as session:
        ticket = session.get_one(TrainingJob, job.id).ticket
    assert ticket is not None
    return ticket


def begin(database: Database, job: TrainingJob, node: str = "one") -> Run:
    run = Run.begin(database, job.id, ticket_of(database, job), node=node)
    assert run is not None
    return run


def now(database: Database, job: TrainingJob) -> TrainingJob:
    with database.session() as session:
        return session.get_one(TrainingJob, job.id)


def events(database: Database, job: TrainingJob, kind: str) -> list[str]:
    with database.session() as session:
        rows = select(TrainingEvent.message).where(TrainingEvent.job_id == job.id, TrainingEvent.kind == kind)
        return list(session.scalars(rows.order_by(TrainingEvent.id)))


def price(_: TrainingJob, time_ms: int) -> Decimal:
    """A dollar a second."""
    return Decimal(time_ms) / 1000


def grow_old(database: Database, job: TrainingJob, seconds: float) -> None:
    """Let the last sign of life lie so far back; the server must not have started since."""
    with database.session() as session:
        row = session.get_one(TrainingJob, job.id)
        row.heartbeat_at = datetime.now(UTC) - timedelta(seconds=seconds)
        row.attempt_started_at = row.heartbeat_at - timedelta(seconds=3)


@pytest.fixture
def long_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the server had been up for long: the tests' one has just started."""
    monkeypatch.setattr("voicewright.training.takeover.server_start", lambda: func.now() - timedelta(days=1))


def test_a_ticket_is_good_for_one_attempt(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    ticket = ticket_of(database, job)

    first = Run.begin(database, job.id, ticket, node="one")

    assert first is not None
    assert Run.begin(database, job.id, ticket, node="two") is None
    assert now(database, job).node == "one"
    with database.session() as session:
        assert session.scalar(text("SELECT count(*) FROM queue.procrastinate_jobs")) == 0


def test_of_many_workers_with_one_ticket_one_begins(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    ticket = ticket_of(database, job)
    at_once = threading.Barrier(8)
    begun: list[Run | None] = []

    def try_it(number: int) -> None:
        at_once.wait()
        begun.append(Run.begin(database, job.id, ticket, node=str(number)))

    threads = [threading.Thread(target=try_it, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(begun) == 8
    assert len([run for run in begun if run is not None]) == 1
    assert now(database, job).attempt == 1


def test_an_older_ticket_is_void(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    older = ticket_of(database, job)
    with database.session() as session:
        issue_ticket(session, session.get_one(TrainingJob, job.id))

    assert Run.begin(database, job.id, older, node="one") is None
    assert begin(database, job).job.attempt == 1


def test_what_happens_is_written_in_its_order(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    run = begin(database, job)
    run.log("first")
    run.progress(0.25, "reading")
    run.metric("loss", 1, float("nan"))
    run.log("second", level="warning", clip="a")
    run.beat()
    run.progress(0.1, "goes back, which it can't")
    run.beat()
    run.progress(0.25, "reading")
    run.beat()

    assert events(database, job, "log") == ["first", "second"]
    assert events(database, job, "metric") == ["loss"]
    assert events(database, job, "progress") == ["reading"]
    assert (now(database, job).progress, now(database, job).stage) == (25.0, "reading")


@pytest.mark.usefixtures("long_started")
def test_a_worker_that_comes_back_from_the_dead_writes_nothing(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    ghost = begin(database, job, "ghost")
    grow_old(database, job, 60)
    assert take_over(database, price) == 1
    ghost.log("a word from beyond")
    with pytest.raises(RunLost):
        ghost.beat()  # between the takeover and the next attempt too
    other = begin(database, job, "other")

    for write in (
        ghost.beat,
        lambda: ghost.fail(TrainingTimeout("too late"), cost=Decimal(0)),
        lambda: ghost.give_back("too late"),
    ):
        with pytest.raises(RunLost):
            write()

    assert ghost.is_lost
    assert ghost.cancel.is_set()
    after = now(database, job)
    assert (after.status, after.node, after.attempt) == ("running", "other", 2)
    assert "a word from beyond" not in events(database, job, "log")
    other.beat()


@pytest.mark.usefixtures("long_started")
def test_a_lost_run_is_taken_over_without_counting_as_a_retry(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    begin(database, job)
    assert take_over(database, price) == 0
    grow_old(database, job, 60)

    assert take_over(database, price) == 1
    assert take_over(database, price) == 0

    waiting = now(database, job)
    assert (waiting.status, waiting.retry_count, waiting.attempt) == ("queued", 0, 1)
    assert waiting.actual_time_ms == 3000
    assert begin(database, job).job.attempt == 2


def test_right_after_a_start_of_the_database_nobody_is_lost(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    begin(database, job)
    grow_old(database, job, 3600)

    assert take_over(database, price, lost_after_s=3600) == 0


@pytest.mark.usefixtures("long_started")
def test_a_job_that_no_worker_survives_is_given_up(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    for _ in range(MOST_TAKEOVERS + 1):
        begin(database, job)
        grow_old(database, job, 60)
        take_over(database, price)

    failed = now(database, job)
    assert (failed.status, failed.error_code, failed.can_retry) == ("failed", "WORKER_LOST", True)
    assert failed.actual_time_ms == 3000 * (MOST_TAKEOVERS + 1)
    assert failed.actual_cost == Decimal(3 * (MOST_TAKEOVERS + 1))
    assert failed.suggested_actions


@pytest.mark.usefixtures("long_started")
def test_only_lost_workers_count_as_lost_workers(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    for _ in range(MOST_TAKEOVERS + 1):
        begin(database, job).give_back("The worker was stopped.")
    begin(database, job)
    grow_old(database, job, 60)

    assert take_over(database, price) == 1

    assert now(database, job).status == "queued"
    assert now(database, job).takeovers == 1


@pytest.mark.parametrize("minutes", [-10, 10])
def test_the_clock_of_the_worker_does_not_matter(
    database: Database, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    class Wrong(datetime):
        """A clock that nobody set."""

        @classmethod
        def now(cls, _: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(minutes=minutes)

    monkeypatch.setattr("voicewright.training.runs.datetime", Wrong)
    run = begin(database, make_job())
    run.beat()
    monkeypatch.undo()

    with database.session() as session:
        lies_back = select(func.clock_timestamp() - TrainingJob.heartbeat_at).where(
            TrainingJob.id == run.job.id
        )
        assert abs(session.scalars(lies_back).one()) < timedelta(minutes=1)
    assert run.spent_ms < 60_000


def test_a_ticket_that_was_lost_is_given_anew(database: Database, make_job: MakeJob) -> None:
    job, waiting, later = make_job(), make_job(), make_job(start_after=datetime.now(UTC) + timedelta(hours=1))
    lost = ticket_of(database, job)
    with database.session() as session:
        session.execute(text("SET LOCAL search_path TO public, queue"))
        session.execute(text("DELETE FROM queue.procrastinate_events"))
        session.execute(
            text("UPDATE queue.procrastinate_jobs SET status = 'doing' WHERE id = :ticket"), {"ticket": lost}
        )
        assert dead_tickets(session, [lost, ticket_of(database, waiting)]) == {lost}

    assert tidy_queue(database) == 1

    assert ticket_of(database, job) > lost
    assert Run.begin(database, job.id, lost, node="one") is None
    assert begin(database, job).job.attempt == 1
    assert ticket_of(database, later)


def test_signs_of_life_are_given_while_it_runs(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    with begin(database, job) as run:
        before = now(database, job).heartbeat_at
        written = threading.Event()
        beat = run.beat

        def tell() -> None:
            beat()
            written.set()

        run.beat = tell  # type: ignore[method-assign]
        assert written.wait(30)
    after = now(database, job).heartbeat_at
    assert before is not None
    assert after is not None
    assert after > before
