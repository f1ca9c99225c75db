"""Advisory locks of the database that last as long as a transaction, and so go with a broken connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_LOCK_NOT_AVAILABLE = "55P03"


def share_lock(session: Session, key: int) -> None:
    """Hold a lock together with others until the transaction ends; waits for whoever holds it alone."""
    session.execute(select(func.pg_advisory_xact_lock_shared(key)))


def take_lock(session: Session, key: int, *, wait_s: float) -> bool:
    """Hold a lock alone until the transaction ends.

    Args:
        session: in a transaction.
        key: of the lock.
        wait_s: how long to wait for others; the rest of the transaction waits no longer for any lock.

    Returns:
        Whether it was free in time; the transaction goes on either way.
    """
    session.execute(
        text("SELECT set_config('lock_timeout', :ms, true)"), {"ms": f"{max(1, round(wait_s * 1000))}ms"}
    )
    savepoint = session.begin_nested()
    try:
        session.execute(select(func.pg_advisory_xact_lock(key)))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        savepoint.rollback()
        return False
    savepoint.commit()
    return True
