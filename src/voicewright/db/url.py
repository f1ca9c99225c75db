"""Reads DATABASE_URL in the forms in which people and platforms write it."""

from __future__ import annotations

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from voicewright.db.errors import DatabaseUrlInvalid

_DRIVER = "postgresql+psycopg"
_ACCEPTED = {"postgres", "postgresql", _DRIVER}


def parse_database_url(text: str) -> URL:
    """The address of a PostgreSQL server, for the psycopg driver.

    Raises:
        DatabaseUrlInvalid: another database or driver, or no URL at all; the message does not repeat the
            text, which may hold a password.
    """
    hint = "Write it as postgresql://user:password@host:5432/name, with special characters percent-encoded."
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise DatabaseUrlInvalid(f"DATABASE_URL can't be read as an address. {hint}") from None
    if url.drivername not in _ACCEPTED:
        raise DatabaseUrlInvalid(
            f"DATABASE_URL names {url.drivername}, and voicewright needs PostgreSQL. {hint}"
        )
    return url.set(drivername=_DRIVER)


def embedded_url(socket_folder: str) -> URL:
    """The address of the embedded server behind a socket; its default database is the application's."""
    return URL.create(_DRIVER, username="postgres", database="postgres", query={"host": socket_folder})
