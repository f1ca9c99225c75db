"""Turns what PostgreSQL and its driver report into the database errors that say what to do.

Only what the surroundings did (server away, disk full, no permission) is translated, by SQLSTATE. A broken
constraint or a wrong statement comes through as it is: the owner of the table handles the first, and the
second is a bug.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import exc

from voicewright.db.errors import DatabaseFull, DatabaseRefused, DatabaseUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicewright.errors import AppError

_DISK_FULL = "53100"
# Connection failures, server shutting down or starting, resources short, lock and serialisation conflicts.
_AWAY = ("08", "57P", "53", "55P03", "40")
# Authorisation, no such database, missing privilege, read-only server.
_REFUSED = ("28", "3D000", "42501", "25006")
_COMES_BACK = (
    "starting up",
    "shutting down",
    "recovery mode",
    "too many",
    "not yet accepting",
    "remaining connection",
)


@contextmanager
def clear_errors(where: str) -> Iterator[None]:
    """Run a block whose database errors come out as `db.errors` where the surroundings are to blame.

    Args:
        where: the server in words, without its password.
    """
    try:
        yield
    except exc.TimeoutError as error:
        raise DatabaseUnavailable(
            f"All connections to {where} are in use. Try again; if it stays so, something holds them for too "
            "long."
        ) from error
    except exc.DBAPIError as error:
        translated = _translated(error, where)
        if translated is None:
            raise
        raise translated from error


def _translated(error: exc.DBAPIError, where: str) -> AppError | None:
    state = getattr(error.orig, "sqlstate", None) or ""
    reason = str(error.orig).strip().partition("\n")[0]
    if state == _DISK_FULL or "No space left on device" in reason:
        return DatabaseFull(
            f"{where} has no room ({reason}). The change was taken back; free some space and try again."
        )
    if state.startswith(_REFUSED):
        return DatabaseRefused(_refusal(where, reason))
    if state.startswith(_AWAY) or error.connection_invalidated or isinstance(error, exc.InterfaceError):
        return DatabaseUnavailable(_absence(where, reason))
    if (
        isinstance(error, exc.OperationalError) and not state
    ):  # while connecting there is no SQLSTATE, only words
        if "FATAL" in reason and not any(word in reason for word in _COMES_BACK):
            return DatabaseRefused(_refusal(where, reason))
        return DatabaseUnavailable(_absence(where, reason))
    return None


def _refusal(where: str, reason: str) -> str:
    return (
        f"{where} refuses: {reason}. Check the user, the password, the database and its grants (the user "
        "must be able to create tables in it)."
    )


def _absence(where: str, reason: str) -> str:
    return f"{where} is away: {reason}. What was saved is safe; check that the server runs, then try again."
