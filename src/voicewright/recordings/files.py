"""The files of the samples in the blob store: put in with the rows that refer to them, gone when none does.

As for voices (`voices.artefacts`): whoever puts files in notes their names, and holds a shared advisory lock
of the database until the rows are committed; whoever lets go of files notes them in the transaction that
removes the rows, under the same lock; and whoever removes files holds the lock alone, and asks the rows which
of the noted files anybody needs. So neither a kill nor a race leaves a row without its file, or a file that
nobody knows of.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, union

from voicewright.db.advisory import share_lock
from voicewright.recordings.models import Sample, SampleClip
from voicewright.storage.pending import let_go, pending
from voicewright.storage.sweeping import sweep_noted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.storage.blobs import BlobStore
    from voicewright.storage.vault import Vault

_LOCK: Final = 0x73616D70_626C6F62
"""The key of the advisory lock: "samp", "blob"."""


@contextmanager
def storing(database: Database, blobs: BlobStore, digests: Iterable[str]) -> Iterator[Session]:
    """A unit of work in which files are put in, together with the rows that refer to them.

    Args:
        database: open.
        blobs: the owner's, in the store of the samples.
        digests: of all files that are going to be put in.

    Raises:
        StorageFull, StorageReadOnly: it can't be noted; nothing was stored.
    """
    with pending(blobs, digests), letting_go(database) as session:
        yield session


@contextmanager
def letting_go(database: Database) -> Iterator[Session]:
    """A unit of work in which rows may `forget` their files; nothing is collected before its end."""
    with database.session() as session:
        share_lock(session, _LOCK)
        yield session


def forget(blobs: BlobStore, digests: Iterable[str]) -> None:
    """Leave files that rows refer to no more to the next sweep, which keeps what others need.

    Called before the end of the unit of work that changes the rows: should that fail, the files stay.

    Raises:
        StorageFull, StorageReadOnly: they can't be noted; let it end the unit of work.
    """
    if noted := sorted(set(digests)):
        let_go(blobs, noted)


def sweep(database: Database, vault: Vault, *, wait_s: float = 2.0) -> int | None:
    """Remove files that no sample needs any more, and what killed uploads left.

    Where there is neither, this costs one query and the listing of an empty folder.

    Args:
        database: open.
        vault: the store of the samples.
        wait_s: how long to wait for uploads that are being stored before putting it off.

    Returns:
        How many files were removed; None: uploads are being stored, so all waits for the next sweep.
    """
    return sweep_noted(database, vault, _needed, lock=_LOCK, wait_s=wait_s)


def _needed(session: Session, owner_id: UUID, digests: Sequence[str]) -> set[str]:
    mine = Sample.owner_id == owner_id
    originals = select(Sample.digest).where(mine, Sample.digest.in_(digests))
    copies = select(SampleClip.digest).join(Sample).where(mine, SampleClip.digest.in_(digests))
    return set(session.scalars(union(originals, copies)))
