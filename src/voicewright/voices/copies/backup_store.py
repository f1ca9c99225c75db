"""Where backups lie: below `backups/` of the voices' store, or of a store of their own.

    backups/{owner}/backup_20250115T103000Z_1a2b3c4d.json    the manifest of one backup, see `backup_form`
    backups/{owner}/sha256/<2 hex>/<62 hex>                   the files of all backups of an owner, as sealed

Equal files are there once, so that a further backup takes what is new. The manifest is written last: what
has none is no backup. Outside of the store a backup goes by its path, after the address of the store.
"""

from __future__ import annotations

import re
import threading
import uuid
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from voicewright.db.advisory import take_lock
from voicewright.errors import FieldFault
from voicewright.storage.blobs import BlobStore
from voicewright.storage.errors import ObjectNotFound
from voicewright.storage.objects import ObjectStore
from voicewright.voices.artefacts import hold_files
from voicewright.voices.copies.backup_form import MANIFEST_MAX_BYTES, BackupManifest
from voicewright.voices.copies.errors import BackupBusy, BackupDamaged, BackupNotFound, BackupPathRefused
from voicewright.voices.model_paths import LOCAL_STORE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Self

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.settings import Settings
    from voicewright.storage.sealing import Cipher
    from voicewright.storage.vault import Vault

_FOLDER: Final = "backups"
_ID: Final = r"backup_[0-9]{8}T[0-9]{6}Z_[0-9a-f]{8}"
_LOCK: Final = 0x6261636B
"""The first half of the lock under which an owner's backups are made, restored and deleted: "back"."""
_LOCK_WAIT_S: Final = 0.1
_AT_ONCE: Final = threading.BoundedSemaphore(4)
"""Each holds a connection of the database while it goes on, and this process has few of them."""


@dataclass(frozen=True, slots=True)
class BackupPlace:
    """The path of one backup.

    Attributes:
        id: of the backup.
        object_path: in the store.
        told: as people know it.
    """

    id: str
    object_path: str
    told: str


class BackupStore:
    """The backups of all owners.

    Args:
        objects: where they are.
        address: what that is called in paths.
        voices: the store of the voices, whose notes are used.
    """

    def __init__(self, objects: ObjectStore, address: str, voices: Vault) -> None:
        self.objects = objects
        self._address = address
        self._voices = voices

    @classmethod
    def open(cls, settings: Settings, voices: Vault) -> Self:
        """The store that the settings name.

        Raises:
            StoreUrlInvalid: they name none.
        """
        url = settings.backup_url
        if url is None:
            return cls(voices.objects, settings.store_url or LOCAL_STORE, voices)
        if url.startswith("file://"):
            return cls(ObjectStore.in_directory(Path(unquote(urlsplit(url).path))), url, voices)
        return cls(ObjectStore.at_url(url, settings.backup_options or {}), url, voices)

    def new_place(self, owner_id: uuid.UUID, moment: datetime) -> BackupPlace:
        """A path for a new backup."""
        return self._place(owner_id, f"backup_{moment:%Y%m%dT%H%M%SZ}_{uuid.uuid4().hex[:8]}")

    def place(self, owner_id: uuid.UUID, backup_id: str) -> BackupPlace:
        """The path of a backup by its id.

        Raises:
            BackupNotFound: it can't be one.
        """
        if re.fullmatch(_ID, backup_id, re.ASCII) is None:
            raise BackupNotFound(f"There is no backup {backup_id[:100]!r} of this user.")
        return self._place(owner_id, backup_id)

    def parse(self, path: str, owner_id: uuid.UUID) -> BackupPlace:
        """The backup that a path names.

        Raises:
            BackupPathRefused: it is no path of a backup of this owner here.
        """
        before = self._place(owner_id, "").told.removesuffix(".json")
        found = re.fullmatch(rf"{re.escape(before)}({_ID})\.json", path, re.ASCII)
        if found is None:
            message = (
                f"{path[:200]!r} is no backup of this user here. A backupPath begins with {before}, as "
                "GET /voice-models/user/{userId}/backups shows it."
            )
            raise BackupPathRefused(message, fields=[FieldFault("backupPath", message)])
        return self._place(owner_id, found[1])

    def places(self, owner_id: uuid.UUID) -> list[BackupPlace]:
        """All backups of an owner, the newest first."""
        folder = f"{_FOLDER}/{owner_id}"
        names = (path.removeprefix(f"{folder}/").removesuffix(".json") for path in self.objects.paths(folder))
        ids = sorted((name for name in names if re.fullmatch(_ID, name, re.ASCII)), reverse=True)
        return [self._place(owner_id, backup_id) for backup_id in ids]

    def read(self, place: BackupPlace) -> BackupManifest:
        """The manifest of a backup.

        Raises:
            BackupNotFound: there is none.
            BackupDamaged: it is no manifest.
        """
        collected = bytearray()
        try:
            for chunk in self.objects.stream(place.object_path):
                collected += chunk
                if len(collected) > MANIFEST_MAX_BYTES:
                    raise BackupDamaged(f"{place.told} is too large for the manifest of a backup.")
        except ObjectNotFound as error:
            raise BackupNotFound(f"There is no backup {place.told}.") from error
        return BackupManifest.read(bytes(collected))

    def write(self, place: BackupPlace, manifest: BackupManifest) -> None:
        """Write the manifest, which makes a backup of the files that were copied before."""
        self.objects.put(place.object_path, [manifest.to_json()])

    def delete(self, place: BackupPlace) -> None:
        """Remove a manifest.

        Raises:
            BackupNotFound: there is none.
        """
        if not self.objects.delete(place.object_path):
            raise BackupNotFound(f"There is no backup {place.told}.")

    def blobs(self, owner_id: uuid.UUID, cipher: Cipher) -> BlobStore:
        """The files of an owner's backups; they were sealed as files of the owner."""
        folder = f"{_FOLDER}/{owner_id}"
        return self._blobs(self.objects, owner_id, cipher, folder=folder)

    def live_blobs(self, owner_id: uuid.UUID, cipher: Cipher) -> BlobStore:
        """The files of an owner's voices, opened with a key that the owner may not have yet."""
        return self._blobs(self._voices.objects, owner_id, cipher, folder=str(owner_id))

    def _blobs(self, objects: ObjectStore, owner_id: uuid.UUID, cipher: Cipher, *, folder: str) -> BlobStore:
        notes_dir = self._voices.notes_dir / str(owner_id)
        return BlobStore(objects, lambda: cipher, folder=folder, notes_dir=notes_dir, sealed_as=str(owner_id))

    def _place(self, owner_id: uuid.UUID, backup_id: str) -> BackupPlace:
        path = f"{_FOLDER}/{owner_id}/{backup_id}.json"
        return BackupPlace(backup_id, path, f"{self._address}/{path}")


@contextmanager
def one_at_a_time(database: Database, owner_id: uuid.UUID) -> Iterator[None]:
    """A block in which nobody else copies an owner's backups, and no voice's files are removed.

    The lock is that of a transaction of its own, so it goes with a process that is killed.

    Raises:
        BackupBusy: somebody else is at it.
    """
    if not _AT_ONCE.acquire(blocking=False):
        raise BackupBusy("Several users' voices are being backed up at this moment. Try again in a while.")
    try:
        with database.session() as session:
            hold_files(session)
            lock_backups(session, owner_id, wait_s=_LOCK_WAIT_S)
            yield
    finally:
        _AT_ONCE.release()


def lock_backups(session: Session, owner_id: uuid.UUID, *, wait_s: float) -> None:
    """Until the transaction ends nobody makes, restores or deletes a backup of an owner.

    Raises:
        BackupBusy: somebody is at it, and was not done in time.
    """
    if not take_lock(session, _LOCK << 32 | zlib.crc32(owner_id.bytes), wait_s=wait_s):
        raise BackupBusy(
            "The voices of this user are being backed up or restored at this moment. Try again when that is "
            "done."
        )
