"""How many administrators there are, counted so that two who demote each other can't both succeed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, text

from voicewright.accounts.caller import Role
from voicewright.accounts.models import User

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.orm import Session

_LOCK: Final = 0x6163636F_61646D73
"""The advisory lock under which administrators are counted and changed: "acco", "adms"."""


def lock_administrators(session: Session) -> None:
    """Nobody else changes who administers until the end of the transaction."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def other_administrators(session: Session, user_id: uuid.UUID) -> int:
    """The administrators apart from this one whose accounts are not disabled."""
    others = (User.role == Role.ADMIN) & User.disabled_at.is_(None) & (User.id != user_id)
    return session.scalar(select(func.count()).select_from(User).where(others)) or 0
