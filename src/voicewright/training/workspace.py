"""Gives every training run a directory of its own, finds it again after a kill, and clears what nobody uses.

A run's directory is named by what is being trained, so that a second attempt finds the checkpoints of the
first. It is held through a file lock, which the system frees when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

CHECKPOINTS_KEPT_S = 7 * 24 * 3600.0
"""How long the checkpoints of a run that did not end well wait for a second attempt."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The directories of one run."""

    root: Path

    @property
    def clips(self) -> Path:
        """Working copies of the recordings."""
        return self.root / "clips"

    @property
    def checkpoint(self) -> Path:
        """What the engine can go on from; outlives a run that was killed."""
        return self.root / "checkpoint"

    @property
    def artefact(self) -> Path:
        """The voice while it is being made."""
        return self.root / "artefact"

    @property
    def spoken(self) -> Path:
        """What the new voice said to be judged by."""
        return self.root / "spoken"

    def keep_checkpoint_of(self, fingerprint: str) -> None:
        """Throw away checkpoints of other clips or options; those of this fingerprint stay."""
        written = self.root / "fingerprint"
        if not written.is_file() or written.read_text(encoding="utf-8") != fingerprint:
            shutil.rmtree(self.checkpoint, ignore_errors=True)
            written.write_text(fingerprint, encoding="utf-8")
        self.checkpoint.mkdir(exist_ok=True)


@contextmanager
def claim_workspace(parent: Path, key: str) -> Iterator[Workspace]:
    """Hold the directory of this key, or a neighbour of it while another process holds that.

    Afterwards a run that ended well leaves nothing; one that did not leaves its checkpoints.
    """
    parent.mkdir(parents=True, exist_ok=True)
    lock, root = _lock_first_free(parent, key)
    workspace = Workspace(root)
    try:
        root.mkdir(exist_ok=True)
        _clear_all_but_checkpoint(root)
        for folder in (workspace.clips, workspace.artefact, workspace.spoken):
            folder.mkdir()
        yield workspace
    except BaseException:
        _clear_all_but_checkpoint(root)
        if not any(workspace.checkpoint.glob("*")):
            shutil.rmtree(root, ignore_errors=True)
        raise
    else:
        shutil.rmtree(root, ignore_errors=True)
    finally:
        _unlock(lock, keep=root.exists())


def clear_abandoned(parent: Path, *, older_than_s: float = CHECKPOINTS_KEPT_S) -> int:
    """Remove what killed runs left: everything but checkpoints at once, checkpoints when they are old.

    Returns:
        How many directories were removed altogether.
    """
    removed = 0
    for root in sorted(parent.glob("*/")):
        lock = _try_lock(_lock_path(root))
        if lock is None:
            continue
        try:
            _clear_all_but_checkpoint(root)
            checkpoint = root / "checkpoint"
            idle_s = time.time() - checkpoint.stat().st_mtime if checkpoint.is_dir() else float("inf")
            if idle_s > older_than_s:
                shutil.rmtree(root, ignore_errors=True)
                removed += 1
        finally:
            _unlock(lock, keep=root.exists())
    return removed


def _clear_all_but_checkpoint(root: Path) -> None:
    for name in ("clips", "artefact", "spoken"):
        shutil.rmtree(root / name, ignore_errors=True)


def _lock_path(root: Path) -> Path:
    return root.with_name(f".{root.name}.lock")


def _lock_first_free(parent: Path, key: str) -> tuple[_Lock, Path]:
    for attempt in count(1):
        root = parent / (key if attempt == 1 else f"{key}-{attempt}")
        lock = _try_lock(_lock_path(root))
        if lock is not None:
            return lock, root
    raise AssertionError  # pragma: no cover - count() does not end


@dataclass(frozen=True, slots=True)
class _Lock:
    path: Path
    handle: int


def _try_lock(path: Path) -> _Lock | None:
    """Take the lock of this path, or None while another process (or thread) holds it."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        except BaseException:
            os.close(handle)
            raise
        # Its last holder may have removed the file between the two calls: then this is a lock on nothing.
        if path.exists() and os.fstat(handle).st_ino == path.stat().st_ino:
            return _Lock(path, handle)
        os.close(handle)


def _unlock(lock: _Lock, *, keep: bool) -> None:
    if not keep:
        lock.path.unlink(missing_ok=True)
    os.close(lock.handle)
