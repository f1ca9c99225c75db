"""The queue from end to end: real entries, a real runner, a real PostgreSQL that goes away."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from procrastinate.schema import SchemaManager
from sqlalchemy import text

import voicewright.db.migrations
from voicewright.db.embedded import EmbeddedServer
from voicewright.db.server import Database
from voicewright.db.url import embedded_url
from voicewright.home.layout import Home
from voicewright.jobs.queue import enqueue, take_out, withdraw
from voicewright.jobs.runner import JobRunner

PATIENCE_S = 60


class Seen:
    """What the runner handed out, in order."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._given: queue.Queue[str] = queue.Queue()

    def handle(self, ticket: int, arguments: Mapping[str, Any]) -> None:
        with self._database.session() as session:
            take_out(session, ticket)
        self._given.put(arguments["name"])

    def next(self) -> str:
        return self._given.get(timeout=PATIENCE_S)

    @property
    def is_empty(self) -> bool:
        return self._given.empty()


def put(database: Database, name: str, **how: Any) -> int:
    with database.session() as session:
        return enqueue(session, "work", {"name": name}, **({"queue": "q"} | how))


@contextmanager
def running(
    database: Database, handler: Callable[[int, Mapping[str, Any]], None], concurrency: int = 1
) -> Iterator[JobRunner]:
    runner = JobRunner(database.conninfo, queues=["q"], handlers={"work": handler}, concurrency=concurrency)
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        yield runner
    finally:
        runner.stop()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


@pytest.fixture
def seen(database: Database) -> Seen:
    return Seen(database)


def test_higher_priorities_go_first_and_equal_ones_in_their_order(database: Database, seen: Seen) -> None:
    for name, priority in (("a", 50), ("b", 50), ("low", 0), ("high", 100), ("c", 50)):
        put(database, name, priority=priority)

    with running(database, seen.handle):
        assert [seen.next() for _ in range(5)] == ["high", "a", "b", "c", "low"]


def test_an_entry_stands_or_falls_with_the_transaction(database: Database, seen: Seen) -> None:
    with suppress(InterruptedError), database.session() as session:
        enqueue(session, "work", {"name": "never"}, queue="q")
        raise InterruptedError
    put(database, "there")

    with running(database, seen.handle):
        assert seen.next() == "there"
        assert seen.is_empty


def test_new_entries_are_heard_of_and_delayed_ones_found(database: Database, seen: Seen) -> None:
    with running(database, seen.handle):
        put(database, "first")
        assert seen.next() == "first"
        ticket = put(database, "later", start_after=datetime.now(UTC) + timedelta(hours=1))
        put(database, "sooner")
        assert seen.next() == "sooner"
        with database.session() as session:  # its time has come
            session.execute(text("SET LOCAL search_path TO public, queue"))
            session.execute(
                text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE id = :id"), {"id": ticket}
            )
        assert seen.next() == "later"


def test_a_withdrawn_entry_is_never_handed_out(database: Database, seen: Seen) -> None:
    ticket = put(database, "withdrawn")
    with database.session() as session:
        withdraw(session, ticket)
    put(database, "other")

    with running(database, seen.handle):
        assert seen.next() == "other"
        assert seen.is_empty


def test_other_queues_are_left_to_others(database: Database, seen: Seen) -> None:
    put(database, "for a machine with a GPU", queue="other", priority=100)
    put(database, "ours")

    with running(database, seen.handle):
        assert seen.next() == "ours"
        assert seen.is_empty


def test_two_runners_never_get_the_same_entry(database: Database, seen: Seen) -> None:
    for number in range(40):
        put(database, str(number))

    with running(database, seen.handle, 4), running(database, seen.handle, 4):
        assert {seen.next() for _ in range(40)} == {str(number) for number in range(40)}
    assert seen.is_empty


def test_no_more_run_at_once_than_there_are_places(database: Database) -> None:
    at_work, most, lock, go_on = 0, 0, threading.Lock(), threading.Barrier(2)
    done: queue.Queue[None] = queue.Queue()

    def handle(ticket: int, _: Mapping[str, Any]) -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        go_on.wait(PATIENCE_S)  # passes only when two are at work
        with lock:
            at_work -= 1
        with database.session() as session:
            take_out(session, ticket)
        done.put(None)

    for number in range(6):
        put(database, str(number))
    with running(database, handle, 2):
        for _ in range(6):
            done.get(timeout=PATIENCE_S)
    assert most == 2


def test_a_handler_that_fails_ends_nothing_else(database: Database, seen: Seen) -> None:
    def handle(ticket: int, arguments: Mapping[str, Any]) -> None:
        seen.handle(ticket, arguments)
        if arguments["name"] == "bad":
            raise RuntimeError("a bug")

    put(database, "bad", priority=1)
    put(database, "good")
    with running(database, handle):
        assert [seen.next(), seen.next()] == ["bad", "good"]


def test_stopping_waits_for_what_runs(database: Database) -> None:
    began, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def handle(_ticket: int, _: Mapping[str, Any]) -> None:
        began.set()
        may_end.wait(PATIENCE_S)
        ended.set()

    put(database, "slow")
    with running(database, handle) as runner:
        assert began.wait(PATIENCE_S)
        runner.stop()
        may_end.set()
    assert ended.is_set()


def test_a_runner_that_was_stopped_before_its_start_does_nothing(database: Database, seen: Seen) -> None:
    put(database, "waits")
    runner = JobRunner(database.conninfo, queues=["q"], handlers={"work": seen.handle}, concurrency=1)
    runner.stop()
    runner.run()
    runner.stop()
    assert seen.is_empty


def test_goes_on_when_the_database_comes_back_and_leaves_running_work_alone(short_dir: Path) -> None:
    server = EmbeddedServer(Home.open(short_dir / "home"), options={"fsync": "off"})
    url = embedded_url(str(server.join())).render_as_string(hide_password=False)
    with Database.connect(url) as database:
        seen = Seen(database)
        began, may_end = threading.Event(), threading.Event()

        def handle(ticket: int, arguments: Mapping[str, Any]) -> None:
            if arguments["name"] == "long":
                began.set()
                may_end.wait(PATIENCE_S)
            seen.handle(ticket, arguments)

        put(database, "long")
        with running(database, handle, 2):
            assert began.wait(PATIENCE_S)
            with psycopg.connect(database.conninfo, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                )
            put(database, "after the break")
            assert seen.next() == "after the break"
            may_end.set()
            assert seen.next() == "long"
    server.leave()


def test_the_tables_of_the_queue_are_those_of_the_installed_library() -> None:
    """A new release of procrastinate brings migrations of its own, which need a step of ours first."""
    folder = Path(voicewright.db.migrations.__file__).parent / "versions"
    assert (folder / "procrastinate_3_10.sql").read_text(encoding="utf-8") == SchemaManager.get_schema()


def test_the_tables_of_the_queue_are_apart_from_ours(database: Database) -> None:
    with database.session() as session:
        names = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
    assert names
    assert not [name for name in names if name.startswith("procrastinate")]
