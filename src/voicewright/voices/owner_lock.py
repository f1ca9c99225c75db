"""The lock of an owner: whoever changes their versions or their active voice holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.orm import Session

_OWNER_LOCK: Final = 0x766F6963
"""The first half of the advisory lock under which an owner's versions and active voice change: "voic"."""


def lock_owner(session: Session, owner_id: uuid.UUID) -> None:
    """Let one transaction at a time change this owner's versions and active voice."""
    session.execute(select(func.pg_advisory_xact_lock(_OWNER_LOCK, func.hashtext(str(owner_id)))))
