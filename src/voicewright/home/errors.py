"""What can be wrong with the data directory itself."""

from __future__ import annotations

from voicewright.errors import AppError, ErrorKind


class HomeInvalid(AppError):
    """The data directory is not a directory, or its marker can't be read."""

    code = "HOME_INVALID"
    kind = ErrorKind.INVALID


class HomeTooNew(AppError):
    """A newer release wrote the data directory in a format that this one does not know."""

    code = "HOME_TOO_NEW"
    kind = ErrorKind.INVALID


class HomeOfAnotherDatabase(AppError):
    """The data directory holds files that the database knows nothing of."""

    code = "HOME_OF_ANOTHER_DATABASE"
    kind = ErrorKind.CONFLICT


class HomeNotWritable(AppError):
    """The data directory is read-only or belongs to somebody else."""

    code = "HOME_NOT_WRITABLE"
    kind = ErrorKind.UNAVAILABLE


class HomeFull(AppError):
    """The disk of the data directory has no room for even the smallest file."""

    code = "HOME_FULL"
    kind = ErrorKind.NO_SPACE


class LockTimeout(AppError):
    """Another process has held a lock for longer than this one may wait."""

    code = "LOCK_TIMEOUT"
    kind = ErrorKind.CONFLICT
    default_retryable = True
