"""Notes when a key or a browser was last used: to the minute, and without making anybody wait."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, select, update

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from voicewright.accounts.models import ApiKey, UserSession

_NOTED_EVERY: Final = timedelta(minutes=1)


def note_use(session: Session, used: ApiKey | UserSession, now: datetime) -> None:
    """Write the moment into the row, unless the last one was a moment ago, in the caller's transaction."""
    if used.last_used_at is not None and used.last_used_at + _NOTED_EVERY > now:
        return
    kind = type(used)
    # no row is waited for, and one of many requests at once is enough
    unused = or_(kind.last_used_at.is_(None), kind.last_used_at <= now - _NOTED_EVERY)
    free = select(kind.id).where(kind.id == used.id, unused).with_for_update(skip_locked=True)
    session.execute(update(kind).where(kind.id.in_(free)).values(last_used_at=now))
