"""The files of the voices in the blob store: put in with the row that refers to them, gone when no row does.

A blob may belong to many voices (equal files are stored once), and a blob that was put in a moment ago
belongs to none until its row is committed. So whoever puts files in holds a shared advisory lock of the
database until then, and whoever removes files holds it exclusively: what it finds unreferenced is garbage.
The lock is the transaction's, and so goes with a connection that breaks.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError

from voicewright.storage.errors import BlobCorrupt, BlobNotFound, TreeInvalid
from voicewright.storage.trees import put_files, put_tree, read_tree
from voicewright.voices.models import VoiceModel
from voicewright.voices.schemas import Collected

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

    from voicewright.storage.blobs import BlobStore
    from voicewright.storage.trees import TreeRef

_LOG = logging.getLogger(__name__)

_LOCK = 0x766F6963_626C6F62
"""The key of the advisory lock: "voic", "blob"."""
_LOCK_NOT_AVAILABLE = "55P03"


def store_artefact(
    session: Session, blobs: BlobStore, folder: Path, references: Sequence[Path]
) -> tuple[TreeRef, TreeRef | None]:
    """Put in what an engine wrote and the recordings to judge it by; none is collected before the commit."""
    session.execute(select(func.pg_advisory_xact_lock_shared(_LOCK)))
    artefact = put_tree(blobs, folder)
    if not references:
        return artefact, None
    # A number first: the order is kept, and two recordings may have one name.
    files = {f"{number:04d}{path.suffix}": path for number, path in enumerate(references, start=1)}
    return artefact, put_files(blobs, files, what="The list of references")


def collect_deleted(session: Session, blobs: BlobStore, *, wait_s: float) -> Collected:
    """Remove the files of deleted voices that no other voice shares.

    Args:
        session: a fresh one; the lock is held until it ends.
        blobs: the store.
        wait_s: how long to wait for writers before putting it off.
    """
    if not _lock_out_writers(session, wait_s):
        return Collected(0, postponed=True)
    gone = list(
        session.scalars(
            select(VoiceModel).where(VoiceModel.deleted_at.is_not(None), VoiceModel.collected_at.is_(None))
        )
    )
    candidates = _blobs_of(blobs, {digest for voice in gone for digest in _digests(voice)})
    removed = _delete(blobs, candidates - _live(session, blobs)) if candidates else 0
    ids = [voice.id for voice in gone]
    session.execute(update(VoiceModel).where(VoiceModel.id.in_(ids)).values(collected_at=datetime.now(UTC)))
    return Collected(removed)


def collect_everything(session: Session, blobs: BlobStore, *, wait_s: float) -> Collected:
    """Remove every blob that no voice refers to, and what killed writers left; looks at the whole store."""
    collected = collect_deleted(session, blobs, wait_s=wait_s)
    if collected.postponed:
        return collected
    orphans = set(blobs.digests()) - _live(session, blobs)
    removed = collected.blobs + _delete(blobs, orphans) + blobs.clear_staging()
    return Collected(removed)


def _lock_out_writers(session: Session, wait_s: float) -> bool:
    session.execute(
        text("SELECT set_config('lock_timeout', :ms, true)"), {"ms": f"{max(1, round(wait_s * 1000))}ms"}
    )
    savepoint = session.begin_nested()
    try:
        session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        savepoint.rollback()
        return False
    savepoint.commit()
    return True


def _live(session: Session, blobs: BlobStore) -> set[str]:
    """Every blob that a voice needs, manifests included.

    A manifest that can't be read stops the collection: what it refers to is not known, and may be restored.
    """
    rows = session.execute(
        select(VoiceModel.artefact_digest, VoiceModel.references_digest).where(
            VoiceModel.deleted_at.is_(None)
        )
    )
    trees = {digest for row in rows for digest in row if digest is not None}
    live = set(trees)
    for digest in trees:
        try:
            live.update(file.sha256 for file in read_tree(blobs, digest))
        except BlobNotFound:
            _LOG.warning("the files of a voice are missing: blob %s", digest)
    return live


def _blobs_of(blobs: BlobStore, trees: set[str]) -> set[str]:
    """The blobs of trees that are to go; a damaged manifest goes alone, and a sweep finds the rest."""
    found = set(trees)
    for digest in trees:
        try:
            found.update(file.sha256 for file in read_tree(blobs, digest))
        except (BlobNotFound, BlobCorrupt, TreeInvalid):
            _LOG.info("the manifest %s of a deleted voice can't be read", digest)
    return found


def _digests(voice: VoiceModel) -> list[str]:
    return [digest for digest in (voice.artefact_digest, voice.references_digest) if digest is not None]


def _delete(blobs: BlobStore, digests: set[str]) -> int:
    # Manifests are among them in no order: if this is interrupted, the next sweep removes what is left.
    return sum(blobs.delete(digest) for digest in digests)
