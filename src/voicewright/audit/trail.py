"""The audit trail: acts are added to their owner's chain, in the transaction of the act itself.

Each event carries the SHA-256 of its content and of the event before it in the chain, so that a row that is
changed, removed or slipped in afterwards breaks the chain at that place (`audit.verification`). There is one
chain for each owner: whoever adds to it locks its head, and nobody else's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event, func, update
from sqlalchemy.dialects.postgresql import insert

from voicewright.audit.canonical import NOTHING_BEFORE, hash_of, plain
from voicewright.audit.models import AuditEvent, AuditHead
from voicewright.audit.origin import current_origin

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.orm import Session, SessionTransaction

    from voicewright.audit.acts import Act
    from voicewright.audit.origin import RequestOrigin

_NOTED: Final = "voicewright.audit"


@dataclass(frozen=True, slots=True)
class _Noted:
    act: Act
    origin: RequestOrigin
    details: dict[str, Any]
    savepoint: SessionTransaction | None
    """The one that it was noted in."""


def note(session: Session, act: Act) -> None:
    """Record an act; it stands when the transaction does, and with it.

    The chain is written at the end of the unit of work, after everything else, owner by owner in one order:
    its head is locked for moments only, and two transactions never wait for each other in a circle.
    """
    noted: list[_Noted] | None = session.info.get(_NOTED)
    if noted is None:
        noted = session.info[_NOTED] = []
        event.listen(session, "before_commit", _write)
        event.listen(session, "after_soft_rollback", _forget)
    noted.append(_Noted(act, current_origin(), plain(act.details), session.get_nested_transaction()))


def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint ends, not the unit of work
    noted: list[_Noted] = session.info[_NOTED]
    session.flush()
    by_owner = sorted(noted, key=lambda one: one.act.owner_id)
    for owner_id, of_owner in groupby(by_owner, key=lambda one: one.act.owner_id):
        _append(session, owner_id, list(of_owner))
    noted.clear()


def _append(session: Session, owner_id: uuid.UUID, noted: list[_Noted]) -> None:
    new = insert(AuditHead).values(owner_id=owner_id, sequence=0, hash=NOTHING_BEFORE)
    locked = new.on_conflict_do_update(
        index_elements=[AuditHead.owner_id], set_={"sequence": AuditHead.sequence}
    ).returning(AuditHead.sequence, AuditHead.hash, func.clock_timestamp())
    sequence, previous_hash, now = session.execute(locked).one()
    for one in noted:
        act = one.act
        sequence += 1
        added = AuditEvent(
            owner_id=owner_id,
            sequence=sequence,
            at=now,
            actor_id=act.actor_id,
            api_key_id=act.api_key_id,
            action=act.action,
            model_id=act.model_id,
            result=act.result,
            code=act.code,
            source=one.origin.source,
            request_id=one.origin.request_id,
            details=one.details,
            previous_hash=previous_hash,
        )
        previous_hash = added.hash = hash_of(added)
        session.add(added)
    session.flush()
    moved = update(AuditHead).where(AuditHead.owner_id == owner_id)
    session.execute(moved.values(sequence=sequence, hash=previous_hash))


def _forget(session: Session, ended: SessionTransaction) -> None:
    """What was taken back never happened: all of it, or what was done since a savepoint."""
    noted: list[_Noted] = session.info[_NOTED]
    noted[:] = [one for one in noted if ended.nested and not _within(one.savepoint, ended)]


def _within(inner: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while inner is not None:
        if inner is outer:
            return True
        inner = inner.parent
    return False
