"""Removes the files of deleted voices whose retention has passed, and what cut-off registrations left.

It goes owner by owner, and by a bounded number of voices in each transaction: what needs to be read first is
read before the lock on the store is taken, so that registrations wait for moments only. Where it can't be
told what an owner still needs, nothing of theirs is removed, and that of all others is.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from voicewright.db.errors import DatabaseFull, DatabaseRefused, DatabaseUnavailable
from voicewright.errors import AppError
from voicewright.storage.errors import BlobCorrupt, BlobNotFound, StorageUnavailable, TreeInvalid
from voicewright.storage.pending import abandoned, has_writers
from voicewright.storage.trees import read_tree
from voicewright.voices.artefacts import take_files
from voicewright.voices.described import deleted_path, live_path
from voicewright.voices.models import KeptTree, VoiceModel, VoiceUpload
from voicewright.voices.rehearsals import forget_rehearsals
from voicewright.voices.retention import is_to_purge, needs_files
from voicewright.voices.schemas import Collected, OwnedTree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.storage.vault import Vault

_LOG = logging.getLogger(__name__)

VOICES_AT_ONCE: Final = 50
_FAULTS_AT_MOST: Final = 3
"""A store that can't be reached is not asked again for each owner."""


def collect(
    database: Database, vault: Vault, *, wait_s: float, forget: Callable[[OwnedTree], object]
) -> Collected:
    """Remove what no voice needs any more; what another voice shares stays.

    Where there is nothing to remove, this costs one query and the listing of two empty folders.

    Args:
        database: open.
        vault: the store.
        wait_s: how long to wait for writers before putting the rest off, for each transaction.
        forget: called with each tree that no voice of its owner needs any more, before the commit: if that
            is cut off, the next collection does it again.

    Raises:
        StorageUnavailable: of several owners nothing can be read.
        StorageReadOnly, DatabaseUnavailable, DatabaseRefused, DatabaseFull: the rest stays for now.
    """
    blobs = faults = 0
    skipped: set[UUID] = set()
    for owner_id in sorted(_owners(database) | set(vault.noted_owners())):
        of_owner = _OfOwner(database, vault, owner_id, wait_s, forget)
        try:
            postponed = not of_owner.collect()
        except (DatabaseUnavailable, DatabaseRefused, DatabaseFull):
            raise
        except AppError as error:
            faults += isinstance(error, StorageUnavailable)
            if faults >= _FAULTS_AT_MOST:
                raise
            _LOG.warning("files of deleted voices of %s stay for now: %s", owner_id, error.message)
            skipped.add(owner_id)
            postponed = False
        blobs += of_owner.removed
        if postponed:
            return Collected(blobs, frozenset(skipped), postponed=True)
    return Collected(blobs + _clear_staging(database, vault, wait_s), frozenset(skipped))


class _OfOwner:
    """The collection of one owner's files."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        owner_id: UUID,
        wait_s: float,
        forget: Callable[[OwnedTree], object],
    ) -> None:
        self.removed = 0
        self._database = database
        self._blobs = vault.of(owner_id)
        self._owner_id = owner_id
        self._wait_s = wait_s
        self._forget = forget
        self._files: dict[str, frozenset[str]] = {}
        """What the manifests that were read so far list: a manifest never changes."""

    def collect(self) -> bool:
        """Remove all that is to go; answers whether that was possible now."""
        with self._database.session() as session:
            needed = self._needed(session, datetime.now(UTC))
        self._live(needed)  # it may take a while, and is remembered
        while True:
            with self._database.session() as session:
                if not take_files(session, wait_s=self._wait_s):
                    return False
                now = datetime.now(UTC)
                gone = self._gone(session, now)
                self._remove(session, gone, now)
            if len(gone) < VOICES_AT_ONCE:
                return True

    def _remove(self, session: Session, gone: Sequence[VoiceModel], now: datetime) -> None:
        trees = {digest for voice in gone for digest in _digests(voice)}
        for voice in gone:
            trees.update(tree.digest for tree in forget_rehearsals(session, voice.training_job_id))
        with abandoned(self._blobs) as left:
            candidates = self._blobs_of(trees) | left.digests
            live = self._live(self._needed(session, now)) if candidates else set()
            self.removed += sum(self._blobs.delete(digest) for digest in candidates - live)
        for digest in trees - live:
            self._forget(OwnedTree(self._owner_id, digest))
        for voice in gone:
            for path in (live_path(voice), deleted_path(voice)):
                self._blobs.objects.delete(path)
        ids = [voice.id for voice in gone]
        session.execute(update(VoiceModel).where(VoiceModel.id.in_(ids)).values(collected_at=now))

    def _gone(self, session: Session, now: datetime) -> Sequence[VoiceModel]:
        mine = VoiceModel.owner_id == self._owner_id
        some = select(VoiceModel).where(mine, is_to_purge(now)).order_by(VoiceModel.id).limit(VOICES_AT_ONCE)
        return session.scalars(some).all()

    def _needed(self, session: Session, now: datetime) -> set[str]:
        """The trees of the voices that there are or may be brought back, of those kept, and of uploads."""
        rows = session.execute(
            select(VoiceModel.artefact_digest, VoiceModel.references_digest, VoiceModel.spoken_digest).where(
                VoiceModel.owner_id == self._owner_id, needs_files(now)
            )
        )
        trees = {digest for row in rows for digest in row if digest is not None}
        trees.update(session.scalars(select(KeptTree.digest).where(KeptTree.owner_id == self._owner_id)))
        trees.update(
            session.scalars(select(VoiceUpload.digest).where(VoiceUpload.owner_id == self._owner_id))
        )
        return trees

    def _live(self, trees: set[str]) -> set[str]:
        """Every blob of these trees, manifests included.

        A manifest that can't be read ends the collection of this owner's files: what it refers to is not
        known, and may be restored.
        """
        live = set(trees)
        for digest in trees:
            try:
                live.update(self._files_of(digest))
            except BlobNotFound:
                _LOG.warning("the files of a voice are missing: blob %s", digest)
        return live

    def _blobs_of(self, trees: set[str]) -> set[str]:
        """The blobs of trees that are to go; of a damaged manifest only the manifest is known."""
        found = set(trees)
        for digest in trees:
            try:
                found.update(self._files_of(digest))
            except (BlobNotFound, BlobCorrupt, TreeInvalid):
                _LOG.info("the manifest %s of a deleted voice can't be read", digest)
        return found

    def _files_of(self, digest: str) -> frozenset[str]:
        if digest not in self._files:
            self._files[digest] = frozenset(file.sha256 for file in read_tree(self._blobs, digest))
        return self._files[digest]


def _owners(database: Database) -> set[UUID]:
    """Who has deleted voices whose files are to go."""
    owners = select(VoiceModel.owner_id).where(is_to_purge(datetime.now(UTC))).distinct()
    with database.session() as session:
        return set(session.scalars(owners))


def _clear_staging(database: Database, vault: Vault, wait_s: float) -> int:
    """Remove what killed writers left half-written, while nobody writes; answers how many files."""
    if not vault.objects.has_staged():
        return 0
    with database.session() as session:
        if not take_files(session, wait_s=wait_s):
            return 0
        # those of another database are not locked out
        if any(has_writers(vault.of(owner_id)) for owner_id in vault.noted_owners()):
            return 0
        return vault.objects.clear_staging()


def _digests(voice: VoiceModel) -> list[str]:
    digests = (voice.artefact_digest, voice.references_digest, voice.spoken_digest)
    return [digest for digest in digests if digest is not None]
