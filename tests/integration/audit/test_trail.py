"""What is noted stands in one unbroken chain for each owner, whoever writes at the same time."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from voicewright.accounts.caller import Role
from voicewright.accounts.users import new_user
from voicewright.audit.acts import Act
from voicewright.audit.canonical import MOST_DETAILS_BYTES, hash_of
from voicewright.audit.models import AuditEvent, AuditHead
from voicewright.audit.origin import RequestOrigin, begin_request
from voicewright.audit.trail import note
from voicewright.audit.verification import Walk
from voicewright.db.errors import DatabaseRefused

if TYPE_CHECKING:
    from voicewright.db.server import Database

OWNER = uuid.UUID(int=1)
OTHERS = [uuid.UUID(int=number) for number in range(2, 10)]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def act(owner_id: uuid.UUID = OWNER, **more: Any) -> Act:
    return Act("voice_model.read", owner_id, owner_id, **more)


def breaks(database: Database) -> list[str]:
    with database.session() as session:
        return [found.kind for found in Walk(session).breaks()]


def events(database: Database, owner_id: uuid.UUID = OWNER) -> list[AuditEvent]:
    with database.session() as session:
        query = select(AuditEvent).where(AuditEvent.owner_id == owner_id).order_by(AuditEvent.sequence)
        return list(session.scalars(query))


def test_an_act_is_recorded_with_who_what_whence_and_what_came_of_it(database: Database) -> None:
    model_id, key_id = uuid.uuid4(), uuid.uuid4()
    with ThreadPoolExecutor(1) as pool, database.session() as session:
        note(session, act(model_id=model_id, api_key_id=key_id, details={"changed": ["name"]}))
        note(session, act(result="refused", code="VOICE_MODEL_NOT_FOUND"))
        assert session.scalar(select(AuditHead)) is None  # the chain is written at the end

        def request() -> None:
            begin_request(RequestOrigin("192.0.2.7", "req-1"))
            with database.session() as own:
                note(own, act(OTHERS[0]))

        pool.submit(request).result()

    first, second = events(database)
    assert (first.sequence, second.sequence) == (1, 2)
    assert (first.actor_id, first.api_key_id, first.model_id) == (OWNER, key_id, model_id)
    assert (first.result, first.source, first.request_id, first.details) == (
        "done", "command", None, {"changed": ["name"]},
    )  # fmt: skip
    assert (second.result, second.code, second.previous_hash) == (
        "refused", "VOICE_MODEL_NOT_FOUND", first.hash,
    )  # fmt: skip
    [asked] = events(database, OTHERS[0])
    assert (asked.source, asked.request_id) == ("192.0.2.7", "req-1")
    assert breaks(database) == []


def test_what_is_taken_back_leaves_no_record(database: Database) -> None:
    def fail() -> None:
        with database.session() as session:
            note(session, act())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.session() as session:
        note(session, act(details={"at": "first"}))
        with session.begin_nested():
            note(session, act(details={"at": "kept"}))
        outer = session.begin_nested()
        note(session, act(details={"at": "lost"}))
        with session.begin_nested():
            note(session, act(details={"at": "lost, too"}))
        outer.rollback()
        note(session, act(details={"at": "last"}))

    assert [one.details["at"] for one in events(database)] == ["first", "kept", "last"]
    assert breaks(database) == []


@pytest.mark.parametrize("owners", [[OWNER], OTHERS], ids=["one chain", "many chains"])
def test_threads_that_write_at_once_leave_chains_without_gaps(
    database: Database, owners: list[uuid.UUID]
) -> None:
    barrier = threading.Barrier(8)

    def write(thread: int) -> None:
        barrier.wait()
        for number in range(50):
            with database.session() as session:
                # two chains at a time and in every order, as two owners of one act would have
                for step in (0, thread % 3 - 1):
                    note(session, act(owners[(number + thread * step) % len(owners)]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))

    assert breaks(database) == []
    with database.session() as session:
        counted = Counter(session.scalars(select(AuditEvent.owner_id)))
        heads = {head.owner_id: head.sequence for head in session.scalars(select(AuditHead))}
    assert heads == dict(counted)
    assert counted.total() == 8 * 50 * 2


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
@given(details=st.dictionaries(st.text(), JSON, max_size=4))
def test_the_hash_is_the_same_after_the_database(database: Database, details: dict[str, Any]) -> None:
    owner_id = uuid.uuid4()
    with database.session() as session:
        note(session, act(owner_id, details=details))
    [found] = events(database, owner_id)
    assert hash_of(found) == found.hash


def test_what_is_no_json_is_kept_as_text_and_what_is_too_long_is_left_out(database: Database) -> None:
    details = {"ids": {OWNER}, "big": 1e300, "none": float("nan"), "zero": -0.0, 7: "\0\ud800"}
    with database.session() as session:
        note(session, act(details=details))
        note(session, act(details={"text": "x" * MOST_DETAILS_BYTES}))
    first, second = events(database)
    assert first.details == {
        "ids": [str(OWNER)], "big": int(1e300), "none": "nan", "zero": 0.0, "7": "\ufffd\ufffd",
    }  # fmt: skip
    assert second.details == {"omitted_bytes": MOST_DETAILS_BYTES + 11}
    assert breaks(database) == []


@pytest.mark.parametrize("role", ["application", "superuser as a replica"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET action = 'voice_model.list'",
        "UPDATE audit_events SET hash = hash WHERE false",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "DELETE FROM audit_heads",
        "TRUNCATE audit_heads",
        "UPDATE audit_heads SET sequence = 0",
        "UPDATE audit_heads SET owner_id = gen_random_uuid()",
    ],
)
def test_the_database_refuses_all_but_more(database: Database, statement: str, role: str) -> None:
    with database.session() as session:
        note(session, act())

    def tamper() -> None:
        with database.session() as session:
            if role == "application":  # not the owner of the tables, with every right on them
                session.execute(text("CREATE ROLE application"))
                session.execute(text("GRANT ALL ON ALL TABLES IN SCHEMA public TO application"))
                session.execute(text("SET LOCAL ROLE application"))
            else:
                session.execute(text("SET LOCAL session_replication_role = replica"))
            session.execute(text(statement))

    with pytest.raises(DatabaseRefused, match="is append-only"):
        tamper()
    assert breaks(database) == []


def test_the_chain_of_an_erased_account_stays(database: Database) -> None:
    with database.session() as session:
        user = new_user(email="ann@example.com", name="Ann", role=Role.USER, now=datetime.now(UTC))
        session.add(user)
        note(session, act(user.id, details={"stars": 5}))
    with database.session() as session:
        session.delete(session.merge(user))
    [kept] = events(database, user.id)
    assert (kept.actor_id, kept.details) == (user.id, {"stars": 5})
    assert breaks(database) == []
