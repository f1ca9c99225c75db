"""The files of long texts and batches: put in with the rows that refer to them, gone when none does.

As for recordings (`recordings.files`): new files are noted before, and the rows that name them are committed
under a shared advisory lock; files that rows let go of are noted too, and a sweep that has the lock alone
removes what nobody needs.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, union

from voicewright.db.advisory import share_lock
from voicewright.speech.long.models import LongChunk, LongPart, LongSpeech
from voicewright.storage.pending import let_go, pending
from voicewright.storage.sweeping import sweep_noted

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.storage.blobs import BlobStore
    from voicewright.storage.vault import Vault

_LOCK: Final = 0x6C6F6E67_626C6F62
"""The key of the advisory lock: "long", "blob"."""
_AT_ONCE: Final = 1000


@contextmanager
def storing(database: Database, blobs: BlobStore, digests: Iterable[str]) -> Iterator[Session]:
    """A unit of work in which files are put in, together with the rows that refer to them.

    Raises:
        StorageFull, StorageReadOnly: it can't be noted; nothing was stored.
    """
    with pending(blobs, digests), database.session() as session:
        share_lock(session, _LOCK)
        yield session


def delete_speeches(session: Session, vault: Vault, speeches: Sequence[LongSpeech]) -> None:
    """Delete some with all that was made of them, in the caller's unit of work.

    Should that fail the files stay; otherwise the next sweep removes them.

    Raises:
        StorageFull, StorageReadOnly: the files can't be noted; let it end the unit of work.
    """
    for speech in speeches:
        let_go_of(session, vault, speech.owner_id, _digests_of(session, speech.id))
        session.execute(delete(LongSpeech).where(LongSpeech.id == speech.id))


def let_go_of(session: Session, vault: Vault, owner_id: uuid.UUID, digests: Collection[str | None]) -> None:
    """Note files that rows are about to let go of, for the next sweep; the caller's unit of work goes on.

    Raises:
        StorageFull, StorageReadOnly: they can't be noted; let it end the unit of work.
    """
    share_lock(session, _LOCK)
    if noted := sorted(digest for digest in digests if digest is not None):
        let_go(vault.of(owner_id), noted)


def sweep_ended(database: Database, vault: Vault, *, kept_days: int | None) -> int:
    """Delete those that ended long ago; answers how many.

    Args:
        database: open.
        vault: of their files.
        kept_days: for how long they stay; None: for ever.
    """
    if kept_days is None:
        return 0
    before = datetime.now(UTC) - timedelta(days=kept_days)
    old = select(LongSpeech).where(LongSpeech.finished_at < before).order_by(LongSpeech.id).limit(_AT_ONCE)
    with database.session() as session:
        found = session.scalars(old.with_for_update(skip_locked=True)).all()
        delete_speeches(session, vault, found)
    return len(found)


def sweep_files(database: Database, vault: Vault, *, wait_s: float = 2.0) -> int | None:
    """Remove files that nothing refers to any more, and what killed workers left.

    Returns:
        How many; None: something is being stored, so all waits for the next sweep.
    """
    return sweep_noted(database, vault, _needed, lock=_LOCK, wait_s=wait_s)


def _needed(session: Session, owner_id: uuid.UUID, digests: Sequence[str]) -> set[str]:
    theirs = select(LongSpeech.id).where(LongSpeech.owner_id == owner_id)
    wanted = union(
        select(LongSpeech.file_digest).where(LongSpeech.id.in_(theirs), LongSpeech.file_digest.in_(digests)),
        select(LongPart.file_digest).where(LongPart.speech_id.in_(theirs), LongPart.file_digest.in_(digests)),
        select(LongChunk.digest).where(LongChunk.speech_id.in_(theirs), LongChunk.digest.in_(digests)),
    )
    return {digest for digest in session.scalars(wanted) if digest is not None}


def _digests_of(session: Session, speech_id: uuid.UUID) -> set[str]:
    found = union(
        select(LongSpeech.file_digest).where(LongSpeech.id == speech_id),
        select(LongPart.file_digest).where(LongPart.speech_id == speech_id),
        select(LongChunk.digest).where(LongChunk.speech_id == speech_id),
    )
    return {digest for digest in session.scalars(found) if digest is not None}
