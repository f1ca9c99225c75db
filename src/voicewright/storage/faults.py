"""Turns the errors of the operating system and of obstore into the storage errors that say what to do.

obstore reports a failed system call as text ("... (os error 28)"), whatever the class of its exception; the
number is the one thing in it that can be relied upon.
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from voicewright.storage.errors import StorageFull, StorageReadOnly, StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicewright.errors import AppError

_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM}


@contextmanager
def clear_errors(action: str, place: str) -> Iterator[None]:
    """Run a block whose disk and store errors come out as storage errors.

    Args:
        action: what was being done: "store model.safetensors".
        place: where: the store's address or a path.
    """
    try:
        yield
    except OSError as error:
        raise _explained(action, place, error.errno, error.strerror or str(error)) from error
    except Exception as error:
        if not type(error).__module__.startswith("obstore"):
            raise
        number = _errno_of(error)
        first_line = str(error).partition("\n")[0]
        raise _explained(action, place, number, os.strerror(number) if number else first_line) from error


def _errno_of(error: Exception) -> int | None:
    found = _OS_ERROR.search(str(error))
    return int(found.group(1)) if found else None


def _explained(action: str, place: str, number: int | None, reason: str) -> AppError:
    if number in _FULL:
        return StorageFull(
            f"Can't {action}: no room in {place} ({reason}). What was there before is unchanged; "
            "free some space, or set VOICEWRIGHT_HOME to a larger disk, and try again."
        )
    if number == errno.EROFS:
        return StorageReadOnly(
            f"Can't {action}: {place} is on a read-only file system. Remount it, or set VOICEWRIGHT_HOME to "
            "a writable disk."
        )
    if number in _DENIED:
        return StorageReadOnly(
            f"Can't {action}: this user may not write in {place} ({reason}). Give the directory to the user "
            "that runs voicewright, or run as its owner."
        )
    return StorageUnavailable(
        f"Can't {action} in {place}: {reason}. Check the disk or the store, then try again."
    )
