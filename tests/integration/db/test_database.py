"""The open database: servers of one's own, units of work, and errors in words."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import ExitStack

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from voicewright.db import connections
from voicewright.db.errors import DatabaseRefused, DatabaseUnavailable, DatabaseUrlInvalid
from voicewright.db.server import AT_MOST, Database
from voicewright.db.url import parse_database_url
from voicewright.settings import Settings


def backend_of(session):
    return session.scalar(text("SELECT pg_backend_pid()"))


def test_a_server_of_ones_own_is_used_in_place_of_the_embedded_one(tcp_server, short_dir):
    settings = Settings(home=short_dir / "home", database_url=tcp_server.url())
    with Database.open(settings) as database, database.session() as session:
        assert session.scalar(text("SHOW port")) == str(tcp_server.port)
        assert session.scalar(text("SELECT count(*) FROM voice_models")) == 0
    assert not (short_dir / "home" / "db").exists()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_all_common_ways_to_write_the_address_work(tcp_server, scheme):
    Database.connect(tcp_server.url().replace("postgresql", scheme, 1)).close()


@pytest.mark.parametrize("wrong", [{"password": "hunter2"}, {"database": "nowhere"}, {"user": "nobody"}])
def test_a_server_that_refuses_is_quoted_without_the_password(tcp_server, wrong):
    with pytest.raises(DatabaseRefused, match="refuses") as caught:
        Database.connect(tcp_server.url(**wrong))
    assert not caught.value.retryable
    for secret in ("hunter2", "correct", "horse"):
        assert secret not in caught.value.message


def test_a_user_who_may_not_make_tables_is_told_so(tcp_server):
    with psycopg.connect(tcp_server.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
        connection.execute("CREATE DATABASE strict")
    with pytest.raises(DatabaseRefused, match="create tables"):
        Database.connect(tcp_server.url(user="guest", password="guest", database="strict"))  # noqa: S106


def test_a_server_that_is_away_may_come_back():
    with socket.socket() as deaf:  # it keeps the port from others, and does not listen
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        with pytest.raises(DatabaseUnavailable, match=str(port)) as caught:
            Database.connect(f"postgresql://me:hunter2@127.0.0.1:{port}/voices")
    assert caught.value.retryable
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    "url", ["mysql://me:hunter2@host/x", "sqlite:///x", "nonsense hunter2", "postgresql+asyncpg://h/x"]
)
def test_an_address_of_something_else_is_refused_without_repeating_it(url):
    with pytest.raises(DatabaseUrlInvalid, match="DATABASE_URL") as caught:
        Database.connect(url)
    assert "hunter2" not in caught.value.message


def test_a_unit_of_work_is_kept_whole_or_not_at_all(database):
    with database.session() as session:
        session.execute(text("CREATE TABLE t (n int PRIMARY KEY)"))

    def fail():
        with database.session() as session:
            session.execute(text("INSERT INTO t VALUES (1)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with pytest.raises(IntegrityError), database.session() as session:
        session.execute(text("INSERT INTO t VALUES (2), (2)"))
    with database.session() as session:
        assert session.scalar(text("SELECT count(*) FROM t")) == 0
        session.execute(text("INSERT INTO t VALUES (3)"))
    with database.session() as session:
        assert session.scalar(text("SELECT n FROM t")) == 3


def test_a_restart_of_the_server_costs_the_running_unit_of_work_only(database):
    with database.session() as session:
        session.execute(text("CREATE TABLE t (n int)"))

    def interrupted():
        with database.session() as session:
            session.execute(text("INSERT INTO t VALUES (1)"))
            with database.engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": backend_of(session)})
            session.execute(text("INSERT INTO t VALUES (2)"))

    with pytest.raises(DatabaseUnavailable):
        interrupted()
    with database.session() as session:
        assert session.scalar(text("SELECT count(*) FROM t")) == 0


def test_a_standby_that_takes_no_changes_says_so(database):
    def change():
        with database.session() as session:
            session.execute(text("SET TRANSACTION READ ONLY"))
            session.execute(text("CREATE TABLE t (n int)"))

    with pytest.raises(DatabaseRefused, match="read-only"):
        change()


def test_a_lock_that_somebody_holds_is_a_reason_to_try_again(database):
    with database.session() as session:
        session.execute(text("CREATE TABLE t (n int)"))

    def wait_for_it():
        with database.session() as session:
            session.execute(text("SET LOCAL lock_timeout = '50ms'"))
            session.execute(text("SELECT * FROM t"))

    with database.session() as holder:
        holder.execute(text("LOCK TABLE t"))
        with pytest.raises(DatabaseUnavailable) as caught:
            wait_for_it()
    assert caught.value.retryable


def test_a_server_that_says_nothing_is_away():
    """As behind a network that is gone; whoever asks is told in the time that a connection may take."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        database = Database(parse_database_url(f"postgresql://u:p@{host}:{port}/x"))
        with pytest.raises(DatabaseUnavailable), database.session() as session:
            session.execute(text("SELECT 1"))
        database.close()


def test_a_connection_that_says_nothing_any_more_is_given_up(tcp_server, monkeypatch):
    """As of a server that froze: whoever comes first is told, and those after it get a new connection."""
    answers = connections._answers

    def in_a_hurry(connection, *, limit_s):
        return answers(connection, limit_s=limit_s / 30)

    with Database.connect(tcp_server.url()) as database:
        with database.session() as session:
            frozen = backend_of(session)
        os.kill(frozen, signal.SIGSTOP)
        monkeypatch.setattr(connections, "_answers", in_a_hurry)
        try:
            with pytest.raises(DatabaseUnavailable, match="says nothing"), database.session() as session:
                session.execute(text("SELECT 1"))
            with database.session() as session:
                assert backend_of(session) != frozen
        finally:
            os.kill(frozen, signal.SIGCONT)


def test_units_of_work_aside_are_there_when_all_connections_are_in_use(database, monkeypatch):
    monkeypatch.setattr(database.engine.pool, "_timeout", 0.01)
    with ExitStack() as held:
        for _ in range(AT_MOST):
            backend_of(held.enter_context(database.session()))
        with pytest.raises(DatabaseUnavailable, match="in use") as caught, database.session() as session:
            backend_of(session)
        assert caught.value.retryable
        with database.aside() as session:
            assert session.scalar(text("SELECT 1")) == 1
            with pytest.raises(RuntimeError), database.aside():
                pass
        with database.aside() as session:
            assert session.scalar(text("SELECT 1")) == 1
