"""Notes of what is being stored: they tell what a killed process left behind from what somebody needs.

That nothing refers to a blob is no reason to delete it: its row may be in another database, or in a backup
that is being restored. So whoever stores blobs first notes the names of the new ones, and takes the note away
once they are referred to. The note is locked by its process, and the lock goes with the process: a note that
nobody holds lists what is garbage. Each machine has notes of its own, in a folder for each owner that may be
removed whenever it is empty.
"""

from __future__ import annotations

import errno
import os
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from voicewright.home.locks import lock, read_note, try_lock
from voicewright.storage.faults import clear_errors
from voicewright.storage.objects import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from voicewright.home.locks import HeldLock
    from voicewright.storage.blobs import BlobStore

_LOCK_TIMEOUT_S = 60.0
"""Only a collection that looks at a new note can hold it for a moment."""
_TRIES = 100


@dataclass(slots=True)
class Abandoned:
    """What killed or failed writers left.

    Attributes:
        digests: of blobs that nobody was going to refer to any more when they were noted.
        writers: how many are at work now.
    """

    digests: set[str] = field(default_factory=set)
    writers: int = 0


@contextmanager
def pending(blobs: BlobStore, digests: Iterable[str]) -> Iterator[None]:
    """Note what is about to be stored; the note goes when the block ends well, and stays when it fails.

    Raises:
        StorageFull, StorageReadOnly: the note can't be written; nothing was stored.
    """
    folder = _folder(blobs)
    with clear_errors("note what is to be stored", str(folder)):
        # what is there already is another's
        new = [digest for digest in digests if not blobs.has(digest)]
        held = _new_note(folder)
    with held:
        with clear_errors("note what is to be stored", str(folder)):
            _write(held, new)
        yield
        with suppress(OSError):  # what is referred to is never garbage, whatever the note says
            held.release_and_remove()


def let_go(blobs: BlobStore, digests: Iterable[str]) -> None:
    """Note what somebody refers to no more; the next collection removes what nobody else needs.

    Raises:
        StorageFull, StorageReadOnly: the note can't be written.
    """
    folder = _folder(blobs)
    # a collection passes over the note until it is complete
    with clear_errors("note what is not needed any more", str(folder)), _new_note(folder) as held:
        _write(held, digests)


@contextmanager
def abandoned(blobs: BlobStore) -> Iterator[Abandoned]:
    """Hold the notes of dead writers, and forget them when the block ends well: their blobs are gone then."""
    found = Abandoned()
    dead: list[HeldLock] = []
    alive: set[str] = set()
    try:
        with clear_errors("look for what was left behind", str(_folder(blobs))):
            for path in notes_in(_folder(blobs)):
                noted = read_note(path).split()
                try:
                    held = try_lock(path)
                except FileNotFoundError:  # another collection has removed it, and its folder
                    continue
                if held is None:
                    found.writers += 1
                    alive.update(noted)
                else:
                    dead.append(held)
                    found.digests.update(read_note(path).split())
        found.digests -= alive
        yield found
        with clear_errors("forget what was left behind", str(_folder(blobs))):
            for held in dead:
                held.release_and_remove()
    finally:
        for held in dead:
            held.release()


def has_writers(blobs: BlobStore) -> bool:
    """Whether somebody stores something for this owner now."""
    with clear_errors("look for what is being stored", str(_folder(blobs))):
        for path in notes_in(_folder(blobs)):
            with suppress(FileNotFoundError):  # a collection has removed it, and its folder
                held = try_lock(path)
                if held is None:
                    return True
                held.release()
    return False


def notes_in(folder: Path) -> list[Path]:
    """The notes of one owner; the folder is removed where there are none."""
    try:
        found = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    if not found:
        with suppress(OSError):  # somebody made a note this moment
            folder.rmdir()
    return found


def _new_note(folder: Path) -> HeldLock:
    for _ in range(_TRIES):
        # between the two the empty folder may be removed
        with suppress(FileNotFoundError, FileExistsError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return lock(folder / uuid.uuid4().hex, timeout_s=_LOCK_TIMEOUT_S, purpose="looking at a note")
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))


def _write(held: HeldLock, digests: Iterable[str]) -> None:
    held.write_note("\n".join(digests), durable=True)
    sync_folder(held.path.parent)
    sync_folder(held.path.parent.parent)


def _folder(blobs: BlobStore) -> Path:
    return blobs.notes_dir
