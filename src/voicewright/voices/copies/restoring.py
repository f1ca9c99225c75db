"""Restores a user's voices from a backup: all of them or none.

Everything is checked first: that the manifest is authentic, that every file which a voice needs is there,
and, once it lies in the store again, that its content is what it was. That adds files and nothing else; what
refers to them is entered in one transaction at the end. So a restore that fails, or is killed, changes
nothing, and what it copied is found and removed by the next sweep (`storage.pending`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from voicewright.accounts.policies import require_own_id
from voicewright.accounts.rate_limits import per_window
from voicewright.errors import AppError
from voicewright.privacy.speakers import OWN_VOICE
from voicewright.storage.errors import BlobCorrupt, BlobNotFound, MasterKeyWrong, ObjectNotFound, TreeInvalid
from voicewright.storage.pending import pending
from voicewright.storage.trees import read_tree
from voicewright.voices.activation import active_voice
from voicewright.voices.acts import note_reading
from voicewright.voices.artefacts import hold_files, let_go_of_tree
from voicewright.voices.caching import changed
from voicewright.voices.copies.backup_store import one_at_a_time
from voicewright.voices.copies.backups import DAY_S
from voicewright.voices.copies.errors import BackupDamaged, BackupKeyDiffers
from voicewright.voices.copies.restored_rows import Entering, Restored
from voicewright.voices.described import deleted_path, describe
from voicewright.voices.models import VoiceModel
from voicewright.voices.owner_lock import lock_owner

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.accounts.rate_limits import RateLimits
    from voicewright.db.server import Database
    from voicewright.privacy.service import ConsentService
    from voicewright.settings import Settings
    from voicewright.storage.blobs import BlobStore
    from voicewright.storage.sealing import Cipher
    from voicewright.voices.copies.backup_form import BackupContent, BackupManifest, SavedVoice
    from voicewright.voices.copies.backup_store import BackupStore
    from voicewright.voices.service import VoiceService


@dataclass(frozen=True, slots=True)
class _Opened:
    """A backup whose manifest is authentic.

    Attributes:
        manifest: as it lies there.
        content: what was sealed in it.
        cipher: with the user's key.
        brings_key: whether the user has no key here, and takes that of the backup.
    """

    manifest: BackupManifest
    content: BackupContent
    cipher: Cipher
    brings_key: bool


class RestoreService:
    """Brings voices back from backups; callers restore their own, and administrators everybody's.

    Args:
        database: open.
        voices: where they are entered.
        store: of the backups.
        consents: asked before voices are entered.
        limits: where restores are counted.
        settings: how many of them a day may have: as many as backups.
    """

    def __init__(  # noqa: PLR0917 - what it works with
        self,
        database: Database,
        voices: VoiceService,
        store: BackupStore,
        consents: ConsentService,
        limits: RateLimits,
        settings: Settings,
    ) -> None:
        self._consents = consents
        self._limits = limits
        self._limit = per_window("voice-model-restores", settings.model_backups_per_day, DAY_S)
        self._database = database
        self._voices = voices
        self._keys = voices.vault.keys
        self._store = store

    def restore(
        self,
        caller: Caller,
        owner_id: UUID,
        path: str,
        *,
        overwrite: bool = False,
        activate: bool = False,
        counted: bool = True,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> Restored:
        """Bring back the voices of a backup.

        Args:
            caller: who asks.
            owner_id: whose voices.
            path: of the backup.
            overwrite: voices that are there become as they were, too; their name and number stay.
            activate: the voice that was active then becomes the active one.
            counted: against the limit of a day, as soon as there is such a backup.
            on_progress: is told how many of the files are there again, 0..1.

        Raises:
            NotAllowed: the user is somebody else.
            BackupPathRefused, BackupNotFound: there is no such backup of theirs.
            BackupBusy: their voices are being backed up or restored already.
            RateLimited: there were too many today.
            ConsentRequired: a speaker has not agreed, or not any more; as for an import.
            BackupDamaged: it was changed, or files of it are missing or damaged.
            BackupKeyDiffers: it can't be opened with the keys that are here.
            KeyDestroyed: the account was deleted.
            StorageFull, StorageReadOnly, StorageUnavailable: the files can't be stored.
        """
        require_own_id(caller, owner_id)
        place = self._store.parse(path, owner_id)
        try:
            with one_at_a_time(self._database, owner_id):
                manifest = self._store.read(place)
                if counted:
                    self._limits.hit(self._limit, str(owner_id), what="restores in a day")
                opened = self._open(owner_id, manifest)
                done, let_go = self._restore(
                    caller,
                    owner_id,
                    opened,
                    overwrite=overwrite,
                    activate=activate,
                    backup=place.id,
                    on_progress=on_progress,
                )
        except AppError:
            self._voices.tidy()
            raise
        if let_go:
            for tree in let_go:
                let_go_of_tree(self._voices.vault.of(owner_id), tree)
            self._voices.tidy()
        return done

    def _restore(
        self,
        caller: Caller,
        owner_id: UUID,
        opened: _Opened,
        *,
        overwrite: bool,
        activate: bool,
        backup: str,
        on_progress: Callable[[float], None],
    ) -> tuple[Restored, list[str]]:
        """Bring all back; answers the trees that nothing refers to any more, too."""
        header, voices = opened.manifest.header, opened.content.voices
        wanted = self._wanted(owner_id, voices, overwrite=overwrite)
        live = self._store.live_blobs(owner_id, opened.cipher)
        copies = self._store.blobs(owner_id, opened.cipher)
        digests = _digests_of(wanted, copies)
        done = Restored(header)
        with pending(live, digests):
            _bring_back(digests, copies, live, on_progress)
            with self._database.session() as session:
                hold_files(session)
                lock_owner(session, owner_id)
                if opened.brings_key:
                    self._keys.adopt(session, owner_id, header.sealed_key)
                for speaker in _speakers_of(wanted):
                    self._consents.ensure(session, owner_id, speaker, caller.user_id)
                entering = Entering(session, owner_id, done, overwrite=overwrite)
                entering.enter(voices, {voice.model.id for voice in wanted})
                if activate:
                    entering.activate(voices)
                done.active = active_voice(session, owner_id)
                for voice in (*done.restored, *done.replaced):
                    describe(live, voice)
                    live.objects.delete(deleted_path(voice))  # what it said of a deleted one
                changed(session, owner_id, *(voice.model.id for voice in voices))
                self._note(session, caller, owner_id, done, backup)
        return done, entering.replaced_trees

    @staticmethod
    def _note(session: Session, caller: Caller, owner_id: UUID, done: Restored, backup: str) -> None:
        """One record of the restore, and one of each voice that it has entered."""
        counts = {"restored": len(done.restored), "replaced": len(done.replaced)}
        note_reading(session, caller, "restore", owner_id, backup=backup, counts=counts)
        for how, entered in (("restored", done.restored), ("replaced", done.replaced)):
            for voice in entered:
                told = {"backup": backup, "how": how, "version": voice.version}
                note_reading(session, caller, "restore", owner_id, voice.id, **told)

    def _open(self, owner_id: UUID, manifest: BackupManifest) -> _Opened:
        header = manifest.header
        if header.user_id != owner_id:
            raise BackupDamaged("This is the backup of another user, in this one's folder.")
        known = self._keys.known(owner_id)
        try:
            agrees = self._keys.agrees(owner_id, header.sealed_key)
            cipher = self._keys.cipher_of(header.sealed_key)
        except MasterKeyWrong as error:
            wrong = BackupKeyDiffers(
                f"The backup was made with the master key {header.master_key_id}, which is not here, or its "
                "header was changed. Put that master key back (VOICEWRIGHT_MASTER_KEY, or keys/master.key in "
                "the data directory), and try again."
            )
            if known is None:
                raise wrong from error
            # the master key was changed since: the user's own key may still be the same
            cipher = self._keys.cipher(owner_id)
            try:
                return _Opened(manifest, manifest.open(cipher), cipher, brings_key=False)
            except BackupDamaged:
                raise wrong from error
        if agrees is False:
            raise BackupKeyDiffers(
                "The backup was made with another key of this user than the one that they have now, so its "
                "files can't lie among theirs. Restore it to an installation where they have stored nothing "
                "yet."
            )
        return _Opened(manifest, manifest.open(cipher), cipher, brings_key=known is None)

    def _wanted(self, owner_id: UUID, voices: Sequence[SavedVoice], *, overwrite: bool) -> list[SavedVoice]:
        """The voices of the backup that are to be entered."""
        ids = [voice.model.id for voice in voices]
        told = (VoiceModel.id, VoiceModel.owner_id, VoiceModel.deleted_at)
        with self._database.session() as session:
            rows = session.execute(select(*told).where(VoiceModel.id.in_(ids)))
            left = {
                model_id
                for model_id, their_owner, deleted_at in rows
                if their_owner != owner_id or (deleted_at is None and not overwrite)
            }
        return [voice for voice in voices if voice.model.id not in left]


def _speakers_of(voices: Iterable[SavedVoice]) -> list[str]:
    """Who has to agree; of a voice whose speaker is not known, its owner."""
    return sorted({speaker for voice in voices for speaker in voice.speakers or [OWN_VOICE]})


def _digests_of(voices: Iterable[SavedVoice], copies: BlobStore) -> list[str]:
    """All files that these voices need.

    Raises:
        BackupDamaged: the lists of files are missing or damaged.
    """
    trees = {tree for voice in voices for tree in voice.model.trees}
    digests = set(trees)
    for tree in trees:
        try:
            digests.update(file.sha256 for file in read_tree(copies, tree))
        except (BlobNotFound, BlobCorrupt, TreeInvalid) as error:
            raise _damaged(tree) from error
    return sorted(digests)


def _bring_back(
    digests: Collection[str], copies: BlobStore, live: BlobStore, on_progress: Callable[[float], None]
) -> None:
    """Have all files in the store, whole; those that are there already stay as they are.

    Raises:
        BackupDamaged: one is missing or damaged.
    """
    for digest in digests:
        if not (copies.has(digest) or live.has(digest)):
            raise _damaged(digest)
    for number, digest in enumerate(digests):
        on_progress(number / len(digests))
        if _is_sound(live, digest):
            continue
        try:
            live.put_sealed(digest, copies.sealed(digest))
        except ObjectNotFound as error:
            raise _damaged(digest) from error
        if not _is_sound(live, digest):
            raise _damaged(digest)


def _is_sound(blobs: BlobStore, digest: str) -> bool:
    try:
        for _ in blobs.stream(digest):
            pass
    except (BlobNotFound, BlobCorrupt):
        return False
    return True


def _damaged(digest: str) -> BackupDamaged:
    return BackupDamaged(
        f"The file {digest} of the backup is missing or damaged, so nothing was restored. Restore another "
        "backup."
    )
