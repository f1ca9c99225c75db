"""Turns whatever goes wrong into one clear message, an exit status and, where asked, a JSON object."""

from __future__ import annotations

import errno
import json
import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from voicewright.errors import AppError, ErrorKind

_LOG = logging.getLogger(__name__)

EXIT_STATUS: Final = {
    ErrorKind.INTERNAL: 1,
    ErrorKind.INVALID: 3,
    ErrorKind.MALFORMED: 9,
    ErrorKind.UNSUPPORTED_TYPE: 10,
    ErrorKind.TOO_LARGE: 11,
    ErrorKind.UNAUTHENTICATED: 12,
    ErrorKind.FORBIDDEN: 13,
    ErrorKind.OVER_BUDGET: 14,
    ErrorKind.NOT_FOUND: 4,
    ErrorKind.CONFLICT: 5,
    ErrorKind.MISSING_DEPENDENCY: 6,
    ErrorKind.NO_SPACE: 7,
    ErrorKind.UNAVAILABLE: 8,
    ErrorKind.RATE_LIMITED: 15,
    ErrorKind.PRECONDITION: 16,
    ErrorKind.CANCELLED: 130,
}
"""By kind alone, never by class; documented in docs/cli.md, where a test compares the two."""

USAGE_STATUS: Final = 2
"""The command line itself can't be understood."""

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@dataclass(frozen=True, slots=True)
class Failure:
    """What the user is told about something that went wrong."""

    message: str
    code: str
    kind: ErrorKind
    status: int
    retryable: bool = False
    facts: Mapping[str, object] = field(default_factory=dict)
    """What programs are to know besides."""
    label: str = "error"
    """What the message begins with."""

    def to_json(self) -> dict[str, object]:
        """The object that `--json` prints instead of a result."""
        told = {"error": self.message, "code": self.code, "kind": self.kind, "retryable": self.retryable}
        return told | dict(self.facts)


def describe(error: BaseException, *, log_path: Path | None = None, data_dir: Path | None = None) -> Failure:
    """Find words and a status for an exception.

    Errors of the operating system that every command may meet (disk full, no permission) are named; what is
    left is a bug, and the message says where its traceback is.

    Args:
        error: what was raised.
        log_path: where this command logs to.
        data_dir: the data directory, if it is known; what is wrong in it is to be put right differently.
    """
    if isinstance(error, AppError):
        kind, retryable = error.kind, error.retryable
        return Failure(error.message, error.code, kind, EXIT_STATUS[kind], retryable)
    if isinstance(error, KeyboardInterrupt):
        return _failure("Stopped.", "CANCELLED", ErrorKind.CANCELLED)
    if isinstance(error, MemoryError):
        return _failure(
            "The memory is full. Close other programs and try again.", "NO_MEMORY", ErrorKind.NO_SPACE
        )
    if isinstance(error, OSError) and error.errno in _FULL:
        where = f"{error.filename}: the" if error.filename else "The"
        return _failure(
            f"{where} disk is full. Free some space and try again.",
            "DISK_FULL",
            ErrorKind.NO_SPACE,
        )
    if isinstance(error, OSError) and error.errno in _FORBIDDEN:
        return _failure(_forbidden(error, data_dir), "PERMISSION_DENIED", ErrorKind.INVALID)
    _LOG.error("unexpected %s", type(error).__name__, exc_info=error)
    told = f" Its details are in {log_path}." if log_path else ""
    return _failure(
        f"Something unforeseen happened, which is a bug: {type(error).__name__}: {error}.{told}",
        AppError.code,
        ErrorKind.INTERNAL,
    )


def show(failure: Failure, *, as_json: bool) -> int:
    """Print a failure, the message on stderr and the object on stdout, and return its exit status."""
    with suppress(OSError):  # the terminal may be closed
        print(f"{failure.label}: {failure.message}", file=sys.stderr)
        if as_json:
            print(json.dumps(failure.to_json(), ensure_ascii=False, indent=2))
    return failure.status


def _forbidden(error: OSError, data_dir: Path | None) -> str:
    """Name what may not be read or written, and what to do about it."""
    if not isinstance(error.filename, str):
        return f"A file can't be used: {error.strerror}. Check the permissions of the files that you named."
    told = f"{error.filename}: {error.strerror}."
    if data_dir is not None and Path(error.filename).absolute().is_relative_to(data_dir.absolute()):
        return (
            f"{told} It belongs to the data directory {data_dir}: check who owns that, or set "
            "VOICEWRIGHT_HOME to a directory that you may write to."
        )
    if error.errno == errno.EROFS:
        return f"{told} Name a place on a disk that can be written to."
    return f"{told} Check who owns it and its permissions (ls -ld), or name another one."


def _failure(message: str, code: str, kind: ErrorKind) -> Failure:
    return Failure(message, code, kind, EXIT_STATUS[kind])
