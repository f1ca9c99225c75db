"""Windows of rate limits in PostgreSQL: counted once, together, and over when their time is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from voicewright.accounts.errors import RateLimited
from voicewright.accounts.rate_limits import PostgresStorage, RateLimits, in_words, per_window
from voicewright.db.server import Database

COUNT = """
import sys
from voicewright.accounts.errors import RateLimited
from voicewright.accounts.rate_limits import RateLimits, per_window
from voicewright.db.server import Database
with Database.connect(sys.argv[1]) as database:
    limits, allowed = RateLimits(database), 0
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(40):
        try:
            limits.hit(per_window("test", 50, 600), "ann", what="tests")
            allowed += 1
        except RateLimited:
            pass
    print(allowed)
"""


@pytest.fixture
def limits(database):
    return RateLimits(database)


def end_windows(database):
    with database.session() as session:
        session.execute(text("UPDATE rate_limit_windows SET expires_at = now() - interval '1 second'"))


@pytest.mark.parametrize(
    ("wait_s", "words"),
    [
        (1, "1 second"), (2, "2 seconds"), (120, "120 seconds"), (121, "3 minutes"), (840, "14 minutes"),
        (7200, "120 minutes"), (7201, "3 hours"), (85_655, "24 hours"),
    ],
)  # fmt: skip
def test_waiting_is_told_as_people_say_it(wait_s, words):
    assert in_words(wait_s) == words


def test_so_many_in_a_window_and_no_more(limits, database):
    limit = per_window("test", 3, 600)
    left = [limits.hit(limit, "ann", what="tests") for _ in range(3)]
    assert [(one.limit, one.remaining) for one in left] == [(3, 2), (3, 1), (3, 0)]
    assert all(590 <= one.reset_s <= 600 for one in left)
    with pytest.raises(RateLimited, match="Too many tests") as refused:
        limits.hit(limit, "ann", what="tests")
    assert refused.value.limit == 3
    assert 590 <= refused.value.retry_after_s <= 601
    limits.hit(limit, "bob", what="tests")
    limits.hit(per_window("other", 3, 600), "ann", what="tests")
    limits.hit(per_window("test", 4, 600), "ann", what="tests")
    limits.forget(limit, "ann")
    limits.hit(limit, "ann", what="tests")
    end_windows(database)
    for _ in range(3):
        limits.hit(limit, "ann", what="tests")
    with pytest.raises(RateLimited):
        limits.hit(limit, "ann", what="tests")


def test_a_hit_counts_whatever_becomes_of_the_work_around_it(limits, database):
    limit = per_window("test", 1, 600)
    with database.session() as session:
        limits.hit(limit, "ann", what="tests")
        session.rollback()
    with pytest.raises(RateLimited):
        limits.hit(limit, "ann", what="tests")


def test_windows_that_are_over_are_swept(limits, database):
    limits.hit(per_window("test", 1, 600), "ann", what="tests")
    with database.session() as session:
        assert limits.sweep(session) == 0
    end_windows(database)
    with database.session() as session:
        assert limits.sweep(session) == 1


@pytest.mark.slow
def test_threads_and_processes_count_together(database, database_url, start_python):
    programs = [start_python(COUNT, database_url) for _ in range(2)]
    for program in programs:
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        program.stdin.write("go\n")
        program.stdin.flush()

    def count(_):
        try:
            RateLimits(database).hit(per_window("test", 50, 600), "ann", what="tests")
        except RateLimited:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        allowed = sum(pool.map(count, range(40)))
    for program in programs:
        out, errors = program.communicate(timeout=60)
        assert program.returncode == 0, errors
        allowed += int(out)
    assert allowed == 50


def test_the_storage_is_all_that_the_library_asks_for(database):
    storage = PostgresStorage(database)
    assert storage.check()
    assert storage.get("k") == 0
    assert [storage.incr("k", 60), storage.incr("k", 60, 5)] == [1, 6]
    assert storage.get("k") == 6
    assert storage.get_expiry("k") > storage.get_expiry("absent")
    end_windows(database)
    assert storage.get("k") == 0
    assert storage.incr("k", 60, 2) == 2
    storage.incr("l", 60)
    storage.clear("k")
    assert storage.get("k") == 0
    assert storage.reset() == 1
    assert isinstance(database, Database)
