"""What is kept is never told once a write has made it wrong, whoever computed, wrote and asked when."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text

from voicewright.voices.caching import ANALYTICS, STATISTICS, Cache, changed, forget, sweep_caches

OWNER = uuid.UUID(int=7)
KEYS = {OWNER: f"voice_analytics:{OWNER}"}

# A process that writes, or that reads through the cache; one word from the test for each of its steps.
WRITER = """
import sys, uuid
from sqlalchemy import text
from voicewright.db.server import Database
from voicewright.voices.caching import changed
owner = uuid.UUID(sys.argv[2])
with Database.connect(sys.argv[1]) as database:
    print("ready", flush=True)
    for line in sys.stdin:
        with database.session() as session:
            session.execute(text("UPDATE facts SET value = :value"), {"value": int(line)})
            changed(session, owner)
        print("committed", flush=True)
"""
READER = """
import sys, uuid
from sqlalchemy import text
from voicewright.db.server import Database
from voicewright.voices.caching import ANALYTICS
owner = uuid.UUID(sys.argv[2])
waits = sys.argv[3] == "waits"
def compute(_):
    found = {owner: {"value": session.scalar(text("SELECT value FROM facts"))}}
    if waits:
        print("computed", flush=True)
        sys.stdin.readline()
    return found
with Database.connect(sys.argv[1]) as database:
    print("ready", flush=True)
    for line in sys.stdin:
        with database.session() as session:
            answer = ANALYTICS.answers(session, {owner: f"voice_analytics:{owner}"}, compute)
        print(answer[owner]["value"], flush=True)
"""
STORM = """
import sys, uuid
from sqlalchemy import text
from voicewright.db.server import Database
from voicewright.voices.caching import ANALYTICS, changed
owner, rounds = uuid.UUID(sys.argv[2]), int(sys.argv[3])
hits = stale = 0
def compute(_):
    global hits
    hits -= 1
    return {owner: {"value": session.scalar(text("SELECT value FROM facts"))}}
with Database.connect(sys.argv[1]) as database:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(rounds):
        if number % 8 == 0:
            with database.session() as session:
                session.execute(text("UPDATE facts SET value = value + 1"))
                changed(session, owner)
        with database.session() as session:
            least = session.scalar(text("SELECT value FROM facts"))  # of what was committed before we ask
        with database.session() as session:
            hits += 1
            answer = ANALYTICS.answers(session, {owner: f"voice_analytics:{owner}"}, compute)
        stale += answer[owner]["value"] < least
    print(hits, stale, flush=True)
"""


@pytest.fixture
def facts(database):
    """A row that answers are computed from."""
    with database.session() as session:
        session.execute(text("CREATE TABLE facts (value integer NOT NULL)"))
        session.execute(text("INSERT INTO facts VALUES (0)"))

    def write(value):
        with database.session() as session:
            session.execute(text("UPDATE facts SET value = :value"), {"value": value})
            changed(session, OWNER)

    return write


@pytest.fixture
def ask(database, facts):  # noqa: ARG001 - they are asked for
    """The answer through the cache, and whether it had to be computed; `meanwhile` comes between the two."""

    def run(cache=ANALYTICS, meanwhile=None):
        computed = []

        def compute(subjects):
            with_value = {one: {"value": session.scalar(text("SELECT value FROM facts"))} for one in subjects}
            computed.append(True)
            if meanwhile is not None:
                meanwhile()
            return with_value

        with database.session() as session:
            found = cache.answers(session, KEYS, compute)
        return found[OWNER]["value"], bool(computed)

    return run


def test_an_answer_is_kept_until_a_write(facts, ask):
    facts(1)
    assert ask() == (1, True)
    assert ask() == (1, False)
    facts(2)
    assert ask() == (2, True)
    assert ask() == (2, False)


def test_an_answer_that_was_computed_before_a_write_and_kept_after_it_is_never_told(facts, ask):
    facts(1)
    assert ask(meanwhile=lambda: facts(2)) == (1, True)  # it was asked before the write
    assert ask() == (2, True)


def test_so_it_is_where_nobody_had_written_before(ask, facts):
    assert ask(meanwhile=lambda: facts(1)) == (0, True)
    assert ask() == (1, True)
    assert ask() == (1, False)


def test_what_never_changed_is_kept_from_the_second_time_on(ask, facts):
    assert ask() == (0, True)
    assert ask(meanwhile=lambda: facts(1)) == (0, True)  # a writer does not wait for a reader
    assert ask() == (1, True)
    facts(2)
    assert ask() == (2, True)
    assert ask() == (2, False)


def test_a_slow_reader_does_not_bring_an_old_answer_back(facts, ask):
    """It computed first and keeps last: another's newer answer is replaced, and nobody is told the old."""

    def meanwhile():
        facts(2)
        assert ask() == (2, True)

    facts(1)
    ask(meanwhile=meanwhile)
    assert ask() == (2, True)


def test_a_write_that_is_taken_back_changes_nothing(database, facts, ask):
    facts(1)
    ask()
    with database.session() as session:
        session.execute(text("UPDATE facts SET value = 9"))
        changed(session, OWNER)
        assert ask() == (1, False)  # others do not see it, and do not wait for it
        session.rollback()
    assert ask() == (1, False)


def test_a_transaction_sees_what_it_wrote_itself(database, facts, ask):
    facts(1)
    ask()
    with database.session() as session:
        session.execute(text("UPDATE facts SET value = 2"))
        changed(session, OWNER)
        found = ANALYTICS.answers(
            session, KEYS, lambda _: {OWNER: {"value": session.scalar(text("SELECT value FROM facts"))}}
        )
    assert found[OWNER] == {"value": 2}
    assert ask() == (2, False)


def test_an_answer_expires_and_is_swept(database, facts, ask):
    facts(1)
    short = Cache(ANALYTICS.table, timedelta(0))
    assert ask(short) == (1, True)
    assert ask(short) == (1, True)
    with database.session() as session:
        assert sweep_caches(session) == 1
    ask()
    with database.session() as session:
        assert sweep_caches(session) == 0
    assert ask() == (1, False)


def test_what_is_gone_is_forgotten(database, facts, ask):
    facts(1)
    ask()
    with database.session() as session:
        forget(session, OWNER)
    with database.session() as session:
        assert session.scalar(text("SELECT count(*) FROM voice_marks")) == 0
        assert session.scalar(text("SELECT count(*) FROM cache_voice_analytics")) == 0
    assert [ask(), ask(), ask()] == [(1, True), (1, True), (1, False)]


def test_many_are_asked_at_once_and_only_the_missing_are_computed(database):
    ones = [uuid.UUID(int=number) for number in range(5)]
    asked = []

    def compute(missing):
        asked.append(sorted(missing))
        return {one: {"number": one.int} for one in missing}

    def ask_for(wanted):
        with database.session() as session:
            return STATISTICS.answers(session, {one: f"voice_stats:{one}" for one in wanted}, compute)

    with database.session() as session:
        changed(session, *ones[:3])
    ask_for(ones[:3])
    with database.session() as session:
        changed(session, ones[1], ones[4])
    for _ in range(3):
        assert ask_for(ones) == {one: {"number": one.int} for one in ones}
    assert asked == [ones[:3], [ones[1], *ones[3:]], [ones[3]]]
    assert ask_for([]) == {}


def step(process, word):
    process.stdin.write(f"{word}\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


@pytest.mark.usefixtures("facts")
def test_processes_never_tell_what_another_has_made_wrong(database_url, start_python):
    writer = start_python(WRITER, database_url, OWNER)
    slow = start_python(READER, database_url, OWNER, "waits")
    quick = start_python(READER, database_url, OWNER, "hurries")
    for process in (writer, slow, quick):
        assert process.stdout.readline() == "ready\n"
    for value in (10, 20, 30):
        assert step(writer, value) == "committed"
        assert step(slow, "ask") == "computed"  # it holds this value in its hands,
        assert step(writer, value + 1) == "committed"
        assert step(quick, "ask") == str(value + 1)  # another process knows the new one,
        assert step(slow, "go on") == str(value)  # it keeps the old one, and answers who asked before,
        assert step(quick, "ask") == str(value + 1)  # and from then on nobody is told the old one
    for process in (writer, slow, quick):
        _, errors = process.communicate(timeout=60)
        assert errors == ""


@pytest.mark.usefixtures("facts")
def test_in_a_storm_nobody_is_told_less_than_what_was_committed_before_they_asked(database_url, start_python):
    storm = [start_python(STORM, database_url, OWNER, 100) for _ in range(3)]
    for process in storm:
        assert process.stdout.readline() == "ready\n"
    for process in storm:
        process.stdin.write("go\n")
        process.stdin.flush()
    hits = stale = 0
    for process in storm:
        out, errors = process.communicate(timeout=60)
        assert errors == ""
        hits, stale = hits + int(out.split()[0]), stale + int(out.split()[1])
    assert stale == 0
    assert hits > 0  # otherwise it would prove nothing
