"""Finds events of the audit trail, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from voicewright.audit.models import AuditEvent

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events; what is None does not matter.

    Attributes:
        owner_id: in whose chain.
        actor_id: who acted.
        model_id: about which voice, the attempts of others among it.
        action: exactly this one.
        result: `done`, `refused` or `failed`.
        since: not before this moment.
        until: before this moment.
        before: older than the event with this id, to go on from a page.
    """

    owner_id: uuid.UUID | None = None
    actor_id: uuid.UUID | None = None
    model_id: uuid.UUID | None = None
    action: str | None = None
    result: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def find_events(session: Session, wanted: Wanted, *, limit: int) -> Sequence[AuditEvent]:
    """Some events, the newest first."""
    query = select(AuditEvent)
    for column, value in (
        (AuditEvent.owner_id, wanted.owner_id),
        (AuditEvent.actor_id, wanted.actor_id),
        (AuditEvent.model_id, wanted.model_id),
        (AuditEvent.action, wanted.action),
        (AuditEvent.result, wanted.result),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEvent.at < wanted.until)
    if wanted.before is not None:
        query = query.where(AuditEvent.id < wanted.before)
    # within a chain both orders are the same, and there is an index of each
    by_chain = wanted.owner_id is not None and wanted.model_id is None and wanted.actor_id is None
    order = AuditEvent.sequence if by_chain else AuditEvent.id
    return session.scalars(query.order_by(order.desc()).limit(limit)).all()
