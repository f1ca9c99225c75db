"""The files of the voices in the blob store: put in with the row that refers to them.

A blob may belong to many voices (equal files are stored once), and a blob that was put in a moment ago
belongs to none until its row is committed. So whoever puts files in holds a shared advisory lock of the
database until then, and whoever removes files holds it exclusively. What may be removed is what deleted
voices refer to and what registrations noted that did not end well (`storage.pending`), unless a voice needs
it (`voices.collecting`); of other blobs nobody knows enough. The lock is the transaction's, and so goes with
a connection that breaks.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from voicewright.db.advisory import share_lock, take_lock
from voicewright.storage.errors import BlobCorrupt, BlobNotFound, TreeInvalid
from voicewright.storage.pending import let_go, pending
from voicewright.storage.trees import files_in, put_files, put_tree, read_tree, tree_digests
from voicewright.voices.provided.ledger import note_files
from voicewright.voices.schemas import StoredTrees

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

    from voicewright.storage.blobs import BlobStore
    from voicewright.storage.trees import TreeRef
    from voicewright.voices.schemas import NewVoice

_LOG = logging.getLogger(__name__)

_LOCK = 0x766F6963_626C6F62
"""The key of the advisory lock: "voic", "blob"."""


def take_files(session: Session, *, wait_s: float) -> bool:
    """Until the transaction ends, nothing is stored; answers whether that was possible in time."""
    return take_lock(session, _LOCK, wait_s=wait_s)


def hold_files(session: Session) -> None:
    """Until the transaction ends, nothing is collected: what is stored now may be referred to."""
    share_lock(session, _LOCK)


@contextmanager
def voice_pending(blobs: BlobStore, new: NewVoice) -> Iterator[None]:
    """Around the whole transaction that stores a voice: should it be cut off, its files are found again.

    Raises:
        TreeInvalid, StorageFull, StorageReadOnly, StorageUnavailable: nothing was stored.
    """
    trees = (files_in(new.artefact_dir), _numbered(new.references), _named(new.spoken))
    with pending(blobs, set().union(*map(tree_digests, trees))):
        yield


def store_voice(session: Session, blobs: BlobStore, new: NewVoice) -> StoredTrees:
    """Put in what an engine wrote and what it is judged by; nothing is collected before the commit."""
    hold_files(session)
    artefact = put_tree(blobs, new.artefact_dir)
    note_files(session, new.engine, new.artefact_dir, artefact.digest, new.training_job_id)
    references = _put_some(blobs, _numbered(new.references), "The list of references")
    spoken = _put_some(blobs, _named(new.spoken), "The list of spoken sentences")
    return StoredTrees(
        artefact=artefact.digest,
        artefact_bytes=artefact.bytes,
        references=None if references is None else references.digest,
        spoken=None if spoken is None else spoken.digest,
        stored_bytes=sum(tree.bytes for tree in (artefact, references, spoken) if tree is not None),
    )


@contextmanager
def artefact_pending(blobs: BlobStore, folder: Path) -> Iterator[None]:
    """As `voice_pending`, around a transaction that stores an artefact alone."""
    with pending(blobs, tree_digests(files_in(folder))):
        yield


def store_artefact(session: Session, blobs: BlobStore, folder: Path) -> TreeRef:
    """Put in what an engine wrote; nothing is collected before the commit."""
    hold_files(session)
    return put_tree(blobs, folder)


@contextmanager
def spoken_pending(blobs: BlobStore, spoken: Sequence[Path]) -> Iterator[None]:
    """As `voice_pending`, around a transaction that stores spoken sentences alone."""
    with pending(blobs, tree_digests(_named(spoken))):
        yield


def store_spoken(session: Session, blobs: BlobStore, spoken: Sequence[Path]) -> TreeRef | None:
    """Put in what a voice spoke to be judged by; nothing is collected before the commit."""
    hold_files(session)
    return _put_some(blobs, _named(spoken), "The list of spoken sentences")


def tree_bytes(blobs: BlobStore, digest: str | None) -> int:
    """What the files of a tree hold, before compression; 0 where that can't be told any more."""
    if digest is None:
        return 0
    try:
        return sum(file.size_bytes for file in read_tree(blobs, digest))
    except (BlobNotFound, BlobCorrupt, TreeInvalid):
        return 0


def let_go_of_tree(blobs: BlobStore, digest: str) -> None:
    """Leave a tree that a voice referred to before to the next collection, unless another voice needs it."""
    let_go(blobs, _blobs_of(blobs, {digest}))


def _numbered(references: Sequence[Path]) -> dict[str, Path]:
    """A number first: the order is kept, and two recordings may have one name."""
    return {f"{number:04d}{path.suffix}": path for number, path in enumerate(references, start=1)}


def _named(spoken: Sequence[Path]) -> dict[str, Path]:
    """Their own names, by which the evaluation tells of them."""
    return {path.name: path for path in spoken}


def _put_some(blobs: BlobStore, files: Mapping[str, Path], what: str) -> TreeRef | None:
    return put_files(blobs, files, what=what) if files else None


def _blobs_of(blobs: BlobStore, trees: set[str]) -> set[str]:
    """The blobs of trees that are to go; of a damaged manifest only the manifest is known."""
    found = set(trees)
    for digest in trees:
        try:
            found.update(file.sha256 for file in read_tree(blobs, digest))
        except (BlobNotFound, BlobCorrupt, TreeInvalid):
            _LOG.info("the manifest %s of a deleted voice can't be read", digest)
    return found
