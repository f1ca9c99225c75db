"""Backs up all voices of a user: what is known of them, and their files, as they are sealed.

Nothing is decrypted on the way, and files that an earlier backup has are not copied again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from voicewright.accounts.policies import require_own_id
from voicewright.accounts.rate_limits import per_window
from voicewright.errors import AppError
from voicewright.storage.errors import BlobCorrupt, BlobNotFound, TreeInvalid
from voicewright.storage.trees import read_tree
from voicewright.voices.acts import note_reading
from voicewright.voices.copies.backup_form import (
    BackupContent,
    BackupHeader,
    BackupManifest,
    SavedModel,
    SavedRating,
    SavedVoice,
)
from voicewright.voices.copies.backup_store import one_at_a_time
from voicewright.voices.figures.models import VoiceRating
from voicewright.voices.finding import owned_by
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.accounts.rate_limits import RateLimits
    from voicewright.db.server import Database
    from voicewright.settings import Settings
    from voicewright.storage.blobs import BlobStore
    from voicewright.storage.vault import Vault
    from voicewright.voices.copies.backup_store import BackupPlace, BackupStore
    from voicewright.voices.copies.exporting import FindTrainingData

_LOG = logging.getLogger(__name__)
DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that there is.

    Attributes:
        place: its path.
        header: what is told of it without any key.
    """

    place: BackupPlace
    header: BackupHeader


@dataclass(frozen=True, slots=True)
class NewBackup(Backup):
    """A backup that was just made.

    Attributes:
        new_files: how many files no earlier backup had.
        new_bytes: what they have, as they lie in the store.
        left_out: voices whose files can't be read, and that are not in it.
    """

    new_files: int
    new_bytes: int
    left_out: tuple[UUID, ...]


class BackupService:
    """Makes, lists and deletes the backups of users; callers have their own, and administrators all.

    Every method raises `NotAllowed` where the user is somebody else.

    Args:
        database: open.
        vault: the store of the voices.
        store: of the backups.
        limits: where backups are counted.
        settings: how many of them a day may have.
        training_data: finds what a voice was trained on, and so whose it is.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        store: BackupStore,
        limits: RateLimits,
        settings: Settings,
        *,
        training_data: FindTrainingData,
    ) -> None:
        self.store = store
        self._database = database
        self._vault = vault
        self._limits = limits
        self._limit = per_window("voice-model-backups", settings.model_backups_per_day, DAY_S)
        self._training_data = training_data

    def make(
        self,
        caller: Caller,
        owner_id: UUID,
        *,
        counted: bool = True,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> NewBackup:
        """Back up all voices of a user in all their versions.

        Args:
            caller: who asks.
            owner_id: whose voices.
            counted: against the limit of a day.
            on_progress: is told how much of the files is copied, 0..1.

        Raises:
            BackupBusy: it is being done already.
            RateLimited: there were too many today.
            KeyDestroyed, MasterKeyWrong: the user's files can't be read by anybody.
            StorageFull, StorageReadOnly, StorageUnavailable: there is no new backup.
        """
        require_own_id(caller, owner_id)
        with one_at_a_time(self._database, owner_id):
            if counted:
                self._limits.hit(self._limit, str(owner_id), what="backups in a day")
            key, live = self._vault.keys.sealed(owner_id), self._vault.of(owner_id)
            voices, sizes_bytes, left_out = self._read(owner_id, live)
            cipher = self._vault.keys.cipher(owner_id)
            copied = _copy(sizes_bytes, live, self.store.blobs(owner_id, cipher), on_progress)
            header = BackupHeader(
                user_id=owner_id,
                created_at=datetime.now(UTC),
                models=len(voices),
                files=len(sizes_bytes),
                bytes=sum(sizes_bytes.values()),
                master_key_id=key.master_key_id,
                owner_key=key.token.decode(),
            )
            content = BackupContent(voices=voices, blobs=sorted(sizes_bytes))
            place = self.store.new_place(owner_id, header.created_at)
            with self._database.session() as session:
                self.store.write(place, BackupManifest.seal(header, content, cipher))
                note_reading(session, caller, "backup", owner_id, backup=place.id, models=len(voices))
        return NewBackup(
            place=place,
            header=header,
            new_files=len(copied),
            new_bytes=sum(copied),
            left_out=left_out,
        )

    def list_backups(
        self, caller: Caller, owner_id: UUID, *, limit: int = 20, offset: int = 0
    ) -> tuple[list[Backup], int]:
        """A page of a user's backups, the newest first, and how many there are; damaged ones are left out."""
        require_own_id(caller, owner_id)
        places = self.store.places(owner_id)
        found = []
        for place in places[offset : offset + limit]:
            try:
                found.append(Backup(place, self.store.read(place).header))
            except AppError as error:
                _LOG.warning("a backup can't be shown: %s", error.message)
        with self._database.session() as session:
            note_reading(session, caller, "backups", owner_id, found=len(found))
        return found, len(places)

    def delete(self, caller: Caller, owner_id: UUID, backup_id: str) -> None:
        """Delete a backup, with the files that no other backup of the user needs.

        Raises:
            BackupNotFound: there is none of that id.
            BackupBusy: another one is being made or restored.
        """
        require_own_id(caller, owner_id)
        place = self.store.place(owner_id, backup_id)
        with one_at_a_time(self._database, owner_id):
            with self._database.session() as session:
                self.store.delete(place)
                note_reading(session, caller, "delete_backup", owner_id, backup=backup_id)
            try:
                self._collect(owner_id)
            except AppError as error:
                _LOG.warning("files of a deleted backup stay for now: %s", error.message)

    def _read(
        self, owner_id: UUID, live: BlobStore
    ) -> tuple[list[SavedVoice], dict[str, int], tuple[UUID, ...]]:
        """The voices of an owner, the sizes of their files by name, and the voices that are not whole."""
        with self._database.session() as session:
            mine = select(VoiceModel).where(owned_by(owner_id)).order_by(VoiceModel.created_at)
            voices = self._saved(session, session.scalars(mine).all())
        sizes_bytes: dict[str, int] = {}
        whole, left_out = [], []
        for voice in voices:
            try:
                sizes_bytes |= _sizes_of(voice.model, live)
            except (BlobNotFound, BlobCorrupt, TreeInvalid):
                left_out.append(voice.model.id)
            else:
                whole.append(voice)
        if left_out:
            _LOG.warning(
                "files of %d voices of %s are missing or damaged, so that they are not backed up: %s, ...",
                len(left_out), owner_id, left_out[0],
            )  # fmt: skip
        return whole, sizes_bytes, tuple(left_out)

    def _saved(self, session: Session, voices: Sequence[VoiceModel]) -> list[SavedVoice]:
        ids = [voice.id for voice in voices]
        ratings: dict[UUID, list[SavedRating]] = {model_id: [] for model_id in ids}
        for rating in session.scalars(select(VoiceRating).where(VoiceRating.model_id.in_(ids))):
            ratings[rating.model_id].append(SavedRating.model_validate(rating))
        return [
            SavedVoice(
                model=SavedModel.model_validate(voice),
                speakers=list(self._training_data(session, voice).speakers),
                ratings=ratings[voice.id],
            )
            for voice in voices
        ]

    def _collect(self, owner_id: UUID) -> None:
        """Remove the files that no backup needs; where one can't be opened, all of them stay."""
        cipher = self._vault.keys.cipher(owner_id)
        needed: set[str] = set()
        for place in self.store.places(owner_id):
            needed.update(self.store.read(place).open(cipher).blobs)
        copies = self.store.blobs(owner_id, cipher)
        for digest in set(copies.digests()) - needed:
            copies.delete(digest)


def _sizes_of(model: SavedModel, live: BlobStore) -> dict[str, int]:
    """All files of a voice that is whole, the lists of files among them, as they lie in the store.

    Raises:
        BlobNotFound, BlobCorrupt, TreeInvalid: it is not.
    """
    digests = set(model.trees)
    for tree in model.trees:
        digests.update(file.sha256 for file in read_tree(live, tree))
    sizes_bytes = {digest: live.sealed_bytes(digest) for digest in digests}
    missing = [digest for digest, size_bytes in sizes_bytes.items() if size_bytes is None]
    if missing:
        raise BlobNotFound(f"Its file {missing[0]} is missing.")
    return {digest: size_bytes for digest, size_bytes in sizes_bytes.items() if size_bytes is not None}


def _copy(
    sizes_bytes: Mapping[str, int], live: BlobStore, copies: BlobStore, on_progress: Callable[[float], None]
) -> list[int]:
    """Copy what the backups do not have yet, or not whole; answers the sizes of what was copied."""
    copied, looked_at_bytes, total_bytes = [], 0, max(1, sum(sizes_bytes.values()))
    for digest, size_bytes in sizes_bytes.items():
        if copies.sealed_bytes(digest) != size_bytes:
            copies.put_sealed(digest, live.sealed(digest))
            copied.append(size_bytes)
        looked_at_bytes += size_bytes
        on_progress(looked_at_bytes / total_bytes)
    return copied
