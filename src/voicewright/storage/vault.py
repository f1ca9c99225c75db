"""The files of all owners in one store, each owner's in a folder and sealed with a key of their own.

{owner}/sha256/<2 hex>/<62 hex>      what their voices or recordings are made of, see `storage.blobs`
{owner}/{voice}/voice.json           what a voice is made of, by digests
deleted/{owner}/{voice}/voice.json   the same of a deleted one, until it is purged
backups/{owner}/...                  see `voices.copies.backups`
{owner}/history/{synthesis}          files of what was spoken, see `speech.keeping`
{owner}/cache/<2 hex>/<62 hex>       pieces that need not be spoken again, see `speech.cache`
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from voicewright.home.layout import Home
from voicewright.storage.blobs import BlobStore
from voicewright.storage.faults import clear_errors
from voicewright.storage.objects import ObjectStore
from voicewright.storage.pending import abandoned, notes_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

    from voicewright.settings import Settings
    from voicewright.storage.user_keys import KeyRing


class Vault:
    """The blobs of all owners.

    Args:
        objects: where they are.
        keys: of the owners.
        notes_dir: where this machine notes what it is storing (`storage.pending`), one folder per owner.
    """

    def __init__(self, objects: ObjectStore, keys: KeyRing, notes_dir: Path) -> None:
        self.objects = objects
        self.keys = keys
        self.notes_dir = notes_dir

    @classmethod
    def of_voices(cls, settings: Settings, keys: KeyRing) -> Self:
        """The store of the voices: `VOICEWRIGHT_STORE_URL`, or `blobs/` in the data directory."""
        home = Home(settings.home)
        return cls(_store(settings, "", home.blobs_dir), keys, home.pending_dir / "voices")

    @classmethod
    def of_samples(cls, settings: Settings, keys: KeyRing) -> Self:
        """The store of the recordings: another folder, as its garbage is told in another way."""
        home = Home(settings.home)
        return cls(_store(settings, "samples", home.samples_dir), keys, home.pending_dir / "samples")

    @classmethod
    def of_speech(cls, settings: Settings, keys: KeyRing) -> Self:
        """The store of what was spoken: nothing in it is shared, so nobody looks for garbage in it."""
        home = Home(settings.home)
        return cls(_store(settings, "speech", home.speech_dir), keys, home.pending_dir / "speech")

    @classmethod
    def of_long_speeches(cls, settings: Settings, keys: KeyRing) -> Self:
        """The store of what was spoken of long texts and batches."""
        home = Home(settings.home)
        return cls(_store(settings, "long", home.long_dir), keys, home.pending_dir / "long")

    def of(self, owner_id: uuid.UUID) -> BlobStore:
        """The blobs of one owner; what is sealed in them raises the errors of `KeyRing.cipher` too."""
        return BlobStore(
            self.objects,
            lambda: self.keys.cipher(owner_id),
            folder=str(owner_id),
            notes_dir=self.notes_dir / str(owner_id),
        )

    def noted_owners(self) -> list[uuid.UUID]:
        """Whose files this machine has notes of; the empty folders of others are removed."""
        with clear_errors("look for what was left behind", str(self.notes_dir)):
            folders = {_owner_of(path): path for path in self.notes_dir.glob("*")}
            return [owner_id for owner_id, path in folders.items() if owner_id and notes_in(path)]

    def forget_notes(self, owner_id: uuid.UUID) -> None:
        """Remove this machine's notes of what was stored for an owner whose objects are gone."""
        with abandoned(self.of(owner_id)):
            pass
        notes_in(self.notes_dir / str(owner_id))


def objects_of(objects: ObjectStore, owner_id: uuid.UUID) -> Iterator[str]:
    """The paths of everything that a store has of an owner: files, deleted voices, backups."""
    for folder in _folders_of(owner_id):
        yield from objects.paths(folder)


def forget_objects(objects: ObjectStore, owner_id: uuid.UUID) -> int:
    """Remove all of it, and the folders; answers how many objects.

    It needs no key, and may be done again.
    """
    count = sum(objects.delete(path) for path in list(objects_of(objects, owner_id)))
    for folder in _folders_of(owner_id):
        objects.prune(folder)
    return count


def _folders_of(owner_id: uuid.UUID) -> tuple[str, ...]:
    return str(owner_id), f"deleted/{owner_id}", f"backups/{owner_id}"


def _owner_of(folder: Path) -> uuid.UUID | None:
    try:
        return uuid.UUID(folder.name)
    except ValueError:
        return None


def _store(settings: Settings, folder: str, local: Path) -> ObjectStore:
    if settings.store_url is None:
        return ObjectStore.in_directory(local)
    url = settings.store_url
    return ObjectStore.at_url(f"{url}/{folder}" if folder else url, settings.store_options or {})
