"""Whoever can switch the trigger off is found out by the chain, place by place."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from voicewright.audit.acts import Act
from voicewright.audit.canonical import hash_of
from voicewright.audit.errors import AuditHeadsInvalid
from voicewright.audit.models import AuditEvent, AuditHead
from voicewright.audit.trail import note
from voicewright.audit.verification import Head, Walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database

ANN, BOB, CAT = (uuid.UUID(int=number) for number in (1, 2, 3))
OFF = ("audit_events", "audit_heads")


@pytest.fixture
def chains(database: Database) -> Database:
    """Five events of Ann, three of Bob, one of Cat."""
    for owner_id, count in ((ANN, 5), (BOB, 3), (CAT, 1)):
        for number in range(count):
            with database.session() as session:
                note(session, Act("voice_model.read", owner_id, owner_id, details={"number": number}))
    return database


VANISH = """
WITH gone AS (DELETE FROM audit_events WHERE owner_id = :bob) DELETE FROM audit_heads WHERE owner_id = :bob
"""


def walk(database: Database, **more: object) -> tuple[list[tuple[int, int, str]], list[str], Walk]:
    lines: list[str] = []
    with database.session() as session:
        walked = Walk(session, **more)  # type: ignore[arg-type]
        found = [(one.owner_id.int, one.sequence, one.kind) for one in walked.breaks(lines.append)]
    return found, lines, walked


def tamper(database: Database, change: str | Callable[[Session], None]) -> None:
    """As a superuser who has switched the triggers off."""
    with database.session() as session:
        for table in OFF:
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        if callable(change):
            change(session)
            session.flush()
        else:
            session.execute(text(change), {"bob": BOB})


def at(session: Session, sequence: int) -> AuditEvent:
    query = select(AuditEvent).where(AuditEvent.owner_id == BOB, AuditEvent.sequence == sequence)
    return session.scalars(query).one()


def rewrite(session: Session) -> None:
    """Change an event and its hash, and nothing after it."""
    event = at(session, 2)
    event.action = "voice_model.delete"
    event.hash = hash_of(event)


def forge(session: Session) -> None:
    """Add an event to the end without its head."""
    last = at(session, 3)
    forged = AuditEvent(
        owner_id=BOB, sequence=4, at=last.at, actor_id=ANN, api_key_id=None, action="voice_model.share",
        model_id=None, result="done", code=None, source="192.0.2.1", request_id=None, details={},
        previous_hash=last.hash,
    )  # fmt: skip
    forged.hash = hash_of(forged)
    session.add(forged)


def begin_anew(session: Session) -> None:
    """Rewrite the whole chain, so that it holds together."""
    previous = at(session, 1).previous_hash
    for sequence in (1, 2, 3):
        event = at(session, sequence)
        event.actor_id, event.previous_hash = ANN, previous
        previous = event.hash = hash_of(event)
    session.get_one(AuditHead, BOB).hash = previous


def swap(session: Session) -> None:
    session.execute(text("ALTER TABLE audit_events DROP CONSTRAINT ck_audit_events_sequence_positive"))
    for before, after in ((2, -2), (3, 2), (-2, 3)):
        session.execute(
            text("UPDATE audit_events SET sequence = :after WHERE owner_id = :bob AND sequence = :before"),
            {"bob": BOB, "before": before, "after": after},
        )


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("""UPDATE audit_events SET details = '{"number": 7}' WHERE owner_id = :bob AND sequence = 2""",
         [(2, 2, "changed_row")]),
        ("UPDATE audit_events SET source = 'x' WHERE owner_id = :bob AND sequence = 3",
         [(2, 3, "changed_row")]),
        ("UPDATE audit_events SET at = at + interval '1us' WHERE owner_id = :bob AND sequence = 1",
         [(2, 1, "changed_row")]),
        ("DELETE FROM audit_events WHERE owner_id = :bob AND sequence = 2", [(2, 2, "missing_row")]),
        ("DELETE FROM audit_events WHERE owner_id = :bob AND sequence < 3", [(2, 2, "missing_row")]),
        ("DELETE FROM audit_events WHERE owner_id = :bob AND sequence > 1", [(2, 2, "cut_tail")]),
        ("DELETE FROM audit_events WHERE owner_id = :bob", [(2, 1, "cut_tail")]),
        ("DELETE FROM audit_heads WHERE owner_id = :bob", [(2, 3, "missing_head")]),
        ("UPDATE audit_heads SET sequence = 2 WHERE owner_id = :bob", [(2, 3, "beyond_head")]),
        ("UPDATE audit_heads SET hash = sha256('') WHERE owner_id = :bob", [(2, 3, "wrong_head")]),
        (rewrite, [(2, 3, "broken_link")]),
        (swap, [(2, 2, "broken_link"), (2, 2, "changed_row"), (2, 3, "broken_link"), (2, 3, "changed_row"),
                (2, 3, "wrong_head")]),
        (forge, [(2, 4, "beyond_head")]),
    ],
)  # fmt: skip
def test_every_break_is_named(
    chains: Database, change: str | Callable[[Session], None], found: list[tuple[int, int, str]]
) -> None:
    tamper(chains, change)
    assert walk(chains)[0] == found
    assert walk(chains, owner_id=BOB)[0] == found
    assert walk(chains, owner_id=ANN)[0] == []


def test_a_whole_trail_has_no_break_and_a_digest(chains: Database) -> None:
    found, lines, walked = walk(chains)
    assert (found, walked.chains, walked.events, len(lines)) == ([], 3, 9, 3)
    heads = [Head.of_line(line) for line in lines]
    assert [head.line() for head in heads] == lines
    assert walk(chains)[2].digest == walked.digest
    with chains.session() as session:
        note(session, Act("voice_model.read", ANN, BOB))
    later = walk(chains, since=heads)
    assert later[0] == []
    assert later[2].digest != walked.digest


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (begin_anew, [(2, 3, "not_as_before")]),
        (VANISH,
         [(2, 3, "not_as_before")]),
    ],
)  # fmt: skip
def test_heads_that_were_kept_elsewhere_show_what_the_chain_alone_can_not(
    chains: Database, change: str | Callable[[Session], None], found: list[tuple[int, int, str]]
) -> None:
    heads = [Head.of_line(line) for line in walk(chains)[1]]
    tamper(chains, change)
    assert walk(chains)[0] == []
    assert walk(chains, since=heads)[0] == found
    assert walk(chains, since=heads, owner_id=BOB)[0] == found


@pytest.mark.parametrize("line", ["", "{}", "[]", '{"owner_id": "x", "sequence": 1, "hash": ""}', "\x00"])
def test_what_is_no_file_of_heads_is_refused(line: str) -> None:
    with pytest.raises(AuditHeadsInvalid, match="--save-heads"):
        Head.of_line(line)


def test_heads_out_of_order_are_refused(chains: Database) -> None:
    heads = [Head.of_line(line) for line in reversed(walk(chains)[1])]
    with pytest.raises(AuditHeadsInvalid, match="order"):
        walk(chains, since=heads)
