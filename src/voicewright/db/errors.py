"""What can go wrong with the database, apart from what the tables' owners say themselves."""

from __future__ import annotations

from voicewright.errors import AppError, ErrorKind


class DatabaseUrlInvalid(AppError):
    """DATABASE_URL is not the address of a PostgreSQL server."""

    code = "DATABASE_URL_INVALID"
    kind = ErrorKind.INVALID


class DatabaseUnavailable(AppError):
    """The server can't be reached, or went away in the middle; nothing half-done was kept."""

    code = "DATABASE_UNAVAILABLE"
    kind = ErrorKind.UNAVAILABLE
    default_retryable = True


class DatabaseRefused(AppError):
    """The server is there and does not let this program in, or not do what it needs."""

    code = "DATABASE_REFUSED"
    kind = ErrorKind.UNAVAILABLE


class DatabaseFull(AppError):
    """The server has no room; the change was taken back whole."""

    code = "DATABASE_FULL"
    kind = ErrorKind.NO_SPACE


class DatabaseTooOld(AppError):
    """The server is a PostgreSQL that lacks what the tables need."""

    code = "DATABASE_TOO_OLD"
    kind = ErrorKind.INVALID


class DatabaseTooNew(AppError):
    """A newer release has changed the tables, or a newer PostgreSQL wrote the data directory."""

    code = "DATABASE_TOO_NEW"
    kind = ErrorKind.INVALID


class EmbeddedServerMissing(AppError):
    """The PostgreSQL that comes as a package is not installed, or not for this machine."""

    code = "EMBEDDED_SERVER_MISSING"
    kind = ErrorKind.MISSING_DEPENDENCY


class EmbeddedServerFailed(AppError):
    """The embedded server did not start or stop; the message has the last lines of its log."""

    code = "EMBEDDED_SERVER_FAILED"
    kind = ErrorKind.UNAVAILABLE


class ClusterUnusable(AppError):
    """The database's files belong to somebody else, are incomplete, or are in use on another machine."""

    code = "CLUSTER_UNUSABLE"
    kind = ErrorKind.CONFLICT
