"""Locks between processes that vanish with the process, however it ends.

They are `flock` locks: the kernel drops them when the last copy of the open file is gone, so that a killed
process leaves nothing to clean up, and a lock file that is merely lying there means nothing. Each lock is an
open file of its own, so that two holders in one process exclude each other just as two processes do. The file
is not inherited by programs that this process starts. Linux and macOS; a network file system must support
`flock` (NFS 4 and SMB do).
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from voicewright.home.errors import LockTimeout

if TYPE_CHECKING:
    from pathlib import Path

_POLL_S = 0.02


class HeldLock:
    """A lock in hand; `release()` it or use it as a context manager."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go; the second call does nothing."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def release_and_remove(self) -> None:
        """Let go of an exclusive lock and remove its file.

        Whoever opened the file meanwhile notices (see `try_lock`) that it is no longer the one at that path.
        """
        if self._descriptor >= 0:
            self.path.unlink(missing_ok=True)
            self.release()

    def write_note(self, note: str, *, durable: bool = False) -> None:
        """Leave a word for whoever finds the file, say the process id of the holder.

        Args:
            note: the word.
            durable: it is still there when the power fails; the name of the file is the caller's matter.
        """
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, note.encode(), 0)
        if durable:
            os.fsync(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def try_lock(path: Path, *, shared: bool = False) -> HeldLock | None:
    """Take the lock at once, or answer None when somebody holds it in a way that excludes this one.

    Args:
        path: the lock file; it is created when it is not there, its folder must exist.
        shared: several holders may share the lock; an exclusive holder is alone.

    Raises:
        OSError: the file can't be opened (read-only file system, permissions).
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        if _is_still_at(path, descriptor):
            return HeldLock(path, descriptor)
        os.close(descriptor)  # its last holder removed the file between our open and our lock


def lock(path: Path, *, shared: bool = False, timeout_s: float, purpose: str) -> HeldLock:
    """Take the lock, waiting for others to let go.

    Args:
        path: the lock file.
        shared: as in `try_lock`.
        timeout_s: the longest wait, seconds.
        purpose: what the lock protects, for the message: "starting the database in /var/lib/voicewright".

    Raises:
        LockTimeout: somebody held it all that time.
        OSError: as in `try_lock`.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        held = try_lock(path, shared=shared)
        if held is not None:
            return held
        if time.monotonic() >= deadline:
            holder = read_note(path)
            who = f"Another process ({holder})" if holder else "Another process"
            raise LockTimeout(
                f"{who} has been {purpose} for more than {timeout_s:.0f} s. Wait for it to end, or end it, "
                "then try again."
            )
        time.sleep(_POLL_S)


def read_note(path: Path) -> str:
    """What the holder wrote with `write_note`; empty when it wrote nothing or the file is gone."""
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text().strip()
    return ""


def _is_still_at(path: Path, descriptor: int) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    mine = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)
