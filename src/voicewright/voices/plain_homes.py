"""Seals the files of a data directory of format 1, in which those of voices and recordings lay open.

    blobs/sha256/<2 hex>/<62 hex>      of the voices of all owners
    samples/sha256/<2 hex>/<62 hex>    of the recordings

Each file is sealed for every owner whose rows refer to it, and read back; only when all of them are there do
the open ones go, and the directory has format 2. A process that is killed on the way leaves nothing that the
next one does not go on with. What no row refers to is known to be garbage where a note says so; of the rest
nobody knows enough, and it is sealed for the installation itself (`storage.user_keys.PLATFORM_ID`).
"""

from __future__ import annotations

import logging
import shutil
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from voicewright.home.errors import HomeOfAnotherDatabase
from voicewright.home.layout import Home
from voicewright.home.locks import lock, read_note
from voicewright.recordings.models import Sample, SampleClip
from voicewright.storage.blobs import is_digest
from voicewright.storage.errors import BlobCorrupt, BlobNotFound, TreeInvalid
from voicewright.storage.faults import clear_errors
from voicewright.storage.trees import read_tree
from voicewright.storage.user_keys import PLATFORM_ID, KeyRing
from voicewright.storage.vault import Vault
from voicewright.voices.models import KeptTree, VoiceModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from voicewright.db.server import Database
    from voicewright.settings import Settings
    from voicewright.storage.blobs import BlobStore

_LOG = logging.getLogger(__name__)

_WAIT_S: Final = 24 * 3600.0
_TOLD_EVERY: Final = 200
_OPEN_FOLDERS: Final = ("sha256", "staging", "pending")
"""What a store of format 1 had in it."""


def seal_plain_home(settings: Settings, database: Database) -> None:
    """Seal what lies open in the data directory; where nothing does, this reads one small file.

    Raises:
        HomeOfAnotherDatabase: the database knows nothing of what is there; nothing was changed.
        MasterKeyInvalid, MasterKeyWrong: nothing was changed.
        StorageFull, StorageReadOnly, StorageUnavailable: the next start goes on with it.
    """
    home = Home.open(settings.home)
    if home.is_current():
        return
    with lock(home.locks_dir / "sealing", timeout_s=_WAIT_S, purpose="sealing the stored files"):
        if home.is_current():  # another process was faster
            return
        keys = KeyRing.open(settings, database)
        voices = _Sealing(home.blobs_dir, Vault.of_voices(settings, keys))
        samples = _Sealing(home.samples_dir, Vault.of_samples(settings, keys))
        trees, files = _trees(database), _files(database)
        _require_known(home, {voices: trees, samples: files})
        _LOG.warning("the files of an earlier release are sealed now, once; this may take a while")
        for owner_id, digests in trees.items():
            voices.seal_trees(owner_id, digests)
        for owner_id, digests in files.items():
            samples.seal(owner_id, digests)
        for sealing in (voices, samples):
            sealing.seal_the_rest()
        for sealing in (voices, samples):
            sealing.remove_open_files()
        with clear_errors("remove what lay open", str(home.voice_cache_dir)):
            shutil.rmtree(home.voice_cache_dir, ignore_errors=True)
            home.voice_cache_dir.mkdir(mode=0o700, exist_ok=True)
        home.mark_current()
        _LOG.warning("%d files of voices and %d of recordings are sealed", voices.count, samples.count)


class _Sealing:
    """The files of one store.

    Args:
        directory: where they lie open.
        vault: where they are to be.
    """

    def __init__(self, directory: Path, vault: Vault) -> None:
        self._directory = directory
        self._vault = vault
        self._needed: set[str] = set()
        self.count = 0

    def open_digests(self) -> Iterator[str]:
        """What lies open."""
        for path in self._directory.glob("sha256/*/*"):
            digest = path.parent.name + path.name
            if is_digest(digest):
                yield digest

    def knows(self, wanted: dict[UUID, set[str]]) -> bool:
        """Whether any of what rows refer to is there, open or sealed already."""
        return any(
            self._open_path(digest).exists() or self._vault.of(owner_id).has(digest)
            for owner_id, digests in wanted.items()
            for digest in digests
        )

    def seal_trees(self, owner_id: UUID, trees: Iterable[str]) -> None:
        """Seal the trees of an owner with all their files."""
        blobs = self._vault.of(owner_id)
        for tree in trees:
            self.seal(owner_id, [tree])
            try:
                files = [file.sha256 for file in read_tree(blobs, tree)]
            except (BlobNotFound, BlobCorrupt, TreeInvalid) as error:
                _LOG.warning("a voice of %s can't be read any more: %s", owner_id, error.message)
                continue
            self.seal(owner_id, files)

    def seal(self, owner_id: UUID, digests: Iterable[str]) -> None:
        """Seal some files of an owner, and read them back."""
        blobs = self._vault.of(owner_id)
        for digest in digests:
            self._needed.add(digest)
            self._seal_one(blobs, digest)

    def seal_the_rest(self) -> None:
        """Seal what no row refers to, and no note calls garbage, for the installation itself."""
        rest = set(self.open_digests()) - self._needed - self._noted()
        if rest:
            _LOG.warning("%d files belong to nobody, and are kept as those of %s", len(rest), PLATFORM_ID)
            self.seal(PLATFORM_ID, sorted(rest))

    def remove_open_files(self) -> None:
        """All of them are sealed."""
        with clear_errors("remove what lay open", str(self._directory)):
            for name in _OPEN_FOLDERS:
                if (self._directory / name).exists():
                    shutil.rmtree(self._directory / name)

    def _seal_one(self, blobs: BlobStore, digest: str) -> None:
        path = self._open_path(digest)
        if not path.exists():
            if not blobs.has(digest):  # otherwise it went already, when this was cut off
                _LOG.warning("a stored file was missing before: blob %s of %s", digest, blobs.folder)
            return
        stored = blobs.put_file(path)
        if stored.digest != digest:
            _LOG.warning("a stored file was damaged before: blob %s of %s", digest, blobs.folder)
        for _ in blobs.stream(stored.digest):
            pass
        self.count += 1
        if self.count % _TOLD_EVERY == 0:
            _LOG.info("%d files in %s are sealed", self.count, self._directory)

    def _open_path(self, digest: str) -> Path:
        return self._directory / "sha256" / digest[:2] / digest[2:]

    def _noted(self) -> set[str]:
        """What writers that were killed noted, and what was let go of."""
        return {digest for path in self._directory.glob("pending/*") for digest in read_note(path).split()}


def _require_known(home: Home, sealings: dict[_Sealing, dict[UUID, set[str]]]) -> None:
    """With another database's files nothing may be done: its rows say whose they are."""
    lie_open = {digest for sealing in sealings for digest in sealing.open_digests()}
    if lie_open and not any(sealing.knows(wanted) for sealing, wanted in sealings.items()):
        raise HomeOfAnotherDatabase(
            f"The {len(lie_open)} files in {home.blobs_dir} and {home.samples_dir} are those of another "
            "database. Set DATABASE_URL to that one, or, where nothing in these two folders is needed, move "
            "them away. Nothing was changed."
        )


def _trees(database: Database) -> dict[UUID, set[str]]:
    """The trees that each owner's voices refer to."""
    found: dict[UUID, set[str]] = defaultdict(set)
    voice = VoiceModel
    columns = (voice.owner_id, voice.artefact_digest, voice.references_digest, voice.spoken_digest)
    with database.session() as session:
        for owner_id, *trees in session.execute(select(*columns).where(voice.collected_at.is_(None))):
            found[owner_id].update(tree for tree in trees if tree is not None)
        for owner_id, tree in session.execute(select(KeptTree.owner_id, KeptTree.digest)):
            found[owner_id].add(tree)
    return found


def _files(database: Database) -> dict[UUID, set[str]]:
    """The files that each owner's recordings refer to."""
    found: dict[UUID, set[str]] = defaultdict(set)
    with database.session() as session:
        for owner_id, digest in session.execute(select(Sample.owner_id, Sample.digest)):
            found[owner_id].add(digest)
        for owner_id, digest in session.execute(select(Sample.owner_id, SampleClip.digest).join(SampleClip)):
            found[owner_id].add(digest)
    return found
