"""The audit trail: acts are added to their owner's chain, in the transaction of the act itself.

Each event carries the SHA-256 of its content and of the event before it in the chain, so that a row that is
changed, removed or slipped in afterwards breaks the chain at that place. There is one chain for each owner:
whoever adds to it locks its head, and nobody else's.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from voicewright.audit.models import AuditEvent, AuditHead
from voicewright.audit.origin import current_origin

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.audit.acts import Act

NOTHING_BEFORE: Final = bytes(32)
"""What the first event of a chain has for the hash of the one before."""


def note(session: Session, act: Act) -> None:
    """Record an act; it stands when the transaction does.

    Call it last in a unit of work: until its end nobody else can add to this owner's chain.
    """
    origin = current_origin()
    new = insert(AuditHead).values(owner_id=act.owner_id, sequence=1, hash=NOTHING_BEFORE)
    locked = new.on_conflict_do_update(
        index_elements=[AuditHead.owner_id], set_={"sequence": AuditHead.sequence + 1}
    ).returning(AuditHead.sequence, AuditHead.hash)
    sequence, previous_hash = session.execute(locked).one()
    event = AuditEvent(
        owner_id=act.owner_id,
        sequence=sequence,
        at=datetime.now(UTC),
        actor_id=act.actor_id,
        api_key_id=act.api_key_id,
        action=act.action,
        model_id=act.model_id,
        result=act.result,
        code=act.code,
        source=origin.source,
        request_id=origin.request_id,
        details=dict(act.details),
        previous_hash=previous_hash,
    )
    event.hash = hash_of(event)
    session.add(event)
    session.flush()
    session.execute(update(AuditHead).where(AuditHead.owner_id == act.owner_id).values(hash=event.hash))


def hash_of(event: AuditEvent) -> bytes:
    """SHA-256 over the hash before it and all that the event says, as canonical JSON."""
    content = {
        "owner_id": str(event.owner_id),
        "sequence": event.sequence,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": None if event.actor_id is None else str(event.actor_id),
        "api_key_id": None if event.api_key_id is None else str(event.api_key_id),
        "action": event.action,
        "model_id": None if event.model_id is None else str(event.model_id),
        "result": event.result,
        "code": event.code,
        "source": event.source,
        "request_id": event.request_id,
        "details": event.details,
    }
    canonical = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(event.previous_hash + canonical.encode()).digest()
