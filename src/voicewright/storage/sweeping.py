"""Removes the files that rows have let go of: one way for every store whose rows name their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from voicewright.db.advisory import take_lock
from voicewright.storage.pending import abandoned

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.storage.vault import Vault

    FindNeeded = Callable[[Session, UUID, Sequence[str]], Collection[str]]
    """Which of some digests the rows of an owner still name."""

_AT_ONCE: Final = 1000


def sweep_noted(
    database: Database, vault: Vault, find_needed: FindNeeded, *, lock: int, wait_s: float
) -> int | None:
    """Remove noted files that no row needs any more, and what killed writers left.

    Where there is neither, this costs one query and the listing of an empty folder.

    Args:
        database: open.
        vault: the store.
        find_needed: asks the rows.
        lock: the key of the advisory lock that whoever stores files here shares.
        wait_s: how long to wait for them before putting it off.

    Returns:
        How many files were removed; None: something is being stored, so all waits for the next sweep.
    """
    with database.session() as session:
        if not take_lock(session, lock, wait_s=wait_s):
            return None
        removed = writers = 0
        for owner_id in vault.noted_owners():
            blobs = vault.of(owner_id)
            with abandoned(blobs) as left:
                candidates = sorted(left.digests)
                for start in range(0, len(candidates), _AT_ONCE):
                    some = candidates[start : start + _AT_ONCE]
                    needed = find_needed(session, owner_id, some)
                    removed += sum(blobs.delete(digest) for digest in some if digest not in needed)
                writers += left.writers
        if not writers:  # those of another database are not locked out
            removed += vault.objects.clear_staging()
    return removed
