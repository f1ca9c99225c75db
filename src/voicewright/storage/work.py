"""Folders of unfinished work: a training finds its checkpoints again, and shares them with no other.

A folder is named by a key that says which work it is (for a training: where the recordings are, the engine
and the language), lives in `home/work/<key>`, and is used by one process at a time: the lock beside it
(`.<key>.lock`) goes with the process, so that a killed training leaves its checkpoints and no lock. Slots
bound how many such works run at once.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.home.locks import read_note, try_lock
from voicewright.storage.errors import WorkBusy
from voicewright.storage.faults import clear_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from voicewright.home.locks import HeldLock

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_SLOT_POLL_S = 0.2


@dataclass(slots=True)
class WorkFolder:
    """A folder that this process alone uses.

    Attributes:
        path: it exists, and holds what an interrupted run of the same work left.
        finished: set it to True when the work is done; the folder is removed when the block ends.
    """

    path: Path
    finished: bool = False


@contextmanager
def work_folder(work_dir: Path, key: str) -> Iterator[WorkFolder]:
    """Use the folder of a key exclusively; it stays for the next attempt unless `finished` is set.

    Args:
        work_dir: `Home.work_dir`.
        key: letters, digits, `-` and `_`, at most 128.

    Raises:
        WorkBusy: another process (or another block of this one) has it now; the message names the process.
        StorageFull, StorageReadOnly: the folder can't be made.
        ValueError: the key can't be the name of a folder.
    """
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} can't be a work key: letters, digits, - and _ only")
    path, lock_path = work_dir / key, _lock_path(work_dir, key)
    with clear_errors("make a work folder", str(work_dir)):
        work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = try_lock(lock_path)
        if held is None:
            holder = read_note(lock_path)
            raise WorkBusy(
                "The same work is being done by another "
                f"process{f' (process id {holder})' if holder else ''}. Wait for it, or end it; then try "
                "again."
            )
    try:
        with clear_errors("make a work folder", str(work_dir)):
            held.write_note(str(os.getpid()))
            path.mkdir(mode=0o700, exist_ok=True)
            folder = WorkFolder(path)
        yield folder
        if folder.finished:
            shutil.rmtree(path, ignore_errors=True)
    finally:
        held.release() if path.exists() else held.release_and_remove()


def sweep_work(work_dir: Path, *, older_than_s: float) -> tuple[str, ...]:
    """Remove the folders that nobody uses and nobody has touched for that long; answers their keys."""
    removed = []
    with clear_errors("sweep the work folders", str(work_dir)):
        for path in sorted(work_dir.iterdir()) if work_dir.is_dir() else ():
            if not path.is_dir() or not _KEY.fullmatch(path.name) or not _is_older(path, older_than_s):
                continue
            held = try_lock(_lock_path(work_dir, path.name))
            if held is None:
                continue
            shutil.rmtree(path, ignore_errors=True)
            held.release_and_remove()
            removed.append(path.name)
    return tuple(removed)


def remove_work(work_dir: Path, key: str) -> None:
    """Remove the folder of a key and its neighbours (`<key>-2`), finished or not; again does no harm.

    Raises:
        WorkBusy: a process uses one of them.
    """
    with clear_errors("remove a work folder", str(work_dir)):
        for path in sorted(work_dir.glob(f"{key}*")):
            if path.name != key and not path.name.startswith(f"{key}-"):
                continue
            held = try_lock(_lock_path(work_dir, path.name))
            if held is None:
                raise WorkBusy(f"The work of {key} goes on. Stop it first.")
            shutil.rmtree(path, ignore_errors=True)
            held.release_and_remove()


@contextmanager
def work_slot(
    work_dir: Path,
    *,
    slots: int,
    timeout_s: float | None = None,
    on_wait: Callable[[], None] | None = None,
    pause: Callable[[float], object] = time.sleep,
) -> Iterator[None]:
    """Hold one of so many places; waits until one is free.

    Args:
        work_dir: `Home.work_dir`; all processes of a data directory count together.
        slots: how many may work at once (`Settings.training_concurrency`).
        timeout_s: the longest wait, seconds; None waits for ever.
        on_wait: called once, before the first wait, to tell the user.
        pause: waits for so many seconds until the next look; what it raises ends the wait.

    Raises:
        WorkBusy: no place became free in time.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    told = False
    while (held := _free_slot(work_dir, slots)) is None:
        if deadline is not None and time.monotonic() >= deadline:
            raise WorkBusy(
                f"{slots} trainings are running already (TRAINING_CONCURRENCY={slots}). Wait for one to end "
                "and try again."
            )
        if on_wait is not None and not told:
            on_wait()
        told = True
        pause(_SLOT_POLL_S)
    with held:
        yield


def _free_slot(work_dir: Path, slots: int) -> HeldLock | None:
    with clear_errors("take a place for training", str(work_dir)):
        work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in range(slots):
            held = try_lock(work_dir / f".slot-{number}.lock")
            if held is not None:
                return held
    return None


def _lock_path(work_dir: Path, key: str) -> Path:
    return work_dir / f".{key}.lock"


def _is_older(folder: Path, age_s: float) -> bool:
    newest = 0.0
    for path in (folder, *folder.rglob("*")):
        with suppress(OSError):
            newest = max(newest, path.lstat().st_mtime)
    return time.time() - newest >= age_s
