"""The registry's use cases: register a voice, find it, judge it, make it ready for an engine, delete it."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select

from voicewright.errors import AppError
from voicewright.home.layout import Home
from voicewright.storage.trees import StoredTree
from voicewright.storage.user_keys import KeyRing
from voicewright.storage.vault import Vault
from voicewright.voices.activation import active_voice, make_active, mark_deleted
from voicewright.voices.artefacts import (
    artefact_pending,
    collect,
    hold_files,
    let_go_of_tree,
    spoken_pending,
    store_artefact,
    store_spoken,
    store_voice,
    tree_bytes,
    voice_pending,
)
from voicewright.voices.cache import VoiceCache
from voicewright.voices.caching import changed
from voicewright.voices.changing import rename
from voicewright.voices.checks import checked_evaluation
from voicewright.voices.described import deleted_path, describe, live_path, move
from voicewright.voices.entering import Entry, enter_voice
from voicewright.voices.figures.usage import UseLog
from voicewright.voices.finding import find_voice, of_job, owned_by
from voicewright.voices.kept import forget_kept, forget_kept_before
from voicewright.voices.models import KeptTree, VoiceModel, VoiceUpload
from voicewright.voices.owner_lock import lock_owner
from voicewright.voices.schemas import LOCAL_USER_ID, Collected, NewVoice, OwnedTree
from voicewright.voices.settling import settle
from voicewright.voices.sharing.speaking import Permit, find_to_speak
from voicewright.voices.uploads import UPLOADS_KEPT_FOR, forget_uploads_before
from voicewright.voices.versions import roll_back

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.settings import Settings
    from voicewright.storage.trees import TreeRef

__all__ = ["NewVoice", "VoiceService"]

_LOG = logging.getLogger(__name__)

_MIB = 1 << 20
_COLLECT_WAIT_S = 5.0
_SETTLED_AFTER = timedelta(hours=2)
"""What was deleted or brought back before that has its description where it belongs."""
KEPT_FOR = timedelta(days=30)
"""How long a voice that was not good enough is kept for listening."""


class VoiceService:
    """The voices of one owner.

    Any number of processes and threads may use the same database, store and cache. Every method raises the
    errors of `db.errors` when the database is away.

    Args:
        database: open.
        vault: where the files are kept.
        cache: where they are unpacked.
        owner_id: whose voices; the user of the command line by default.
        keep_deleted_for: how long the files of a deleted voice stay, so that it can be brought back.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        cache: VoiceCache,
        *,
        owner_id: uuid.UUID = LOCAL_USER_ID,
        keep_deleted_for: timedelta = timedelta(days=30),
    ) -> None:
        self.vault = vault
        self.keep_deleted_for = keep_deleted_for
        self._database = database
        self._blobs = vault.of(owner_id)
        self._cache = cache
        self._owner_id = owner_id

    @classmethod
    def open(cls, settings: Settings, database: Database) -> Self:
        """The service with the store of the settings, and its cache in their data directory."""
        home = Home.open(settings.home)
        vault = Vault.of_voices(settings, KeyRing.open(settings, database))
        cache = VoiceCache(home.voice_cache_dir, limit_bytes=settings.voice_cache_mb * _MIB)
        kept = timedelta(days=settings.deleted_retention_days)
        return cls(database, vault, cache, keep_deleted_for=kept)

    @property
    def owner_id(self) -> uuid.UUID:
        """Whose voices."""
        return self._owner_id

    def of(self, owner_id: uuid.UUID) -> VoiceService:
        """The voices of another owner, in the same store."""
        return VoiceService(
            self._database,
            self.vault,
            self._cache,
            owner_id=owner_id,
            keep_deleted_for=self.keep_deleted_for,
        )

    def register(
        self, new: NewVoice, *, also: Callable[[Session, VoiceModel], None] = lambda _session, _voice: None
    ) -> VoiceModel:
        """Store a trained voice and enter it; the same name again makes the next version.

        It becomes the active voice when there is none, or when it was judged better than 0.8. Where the voice
        of its training job is there already, that one is the answer.

        Args:
            new: what is to be kept.
            also: what else belongs to the same transaction; what it raises takes all of it back.

        Raises:
            VoiceNameInvalid, VoiceDataInvalid: nothing was stored.
            TreeInvalid, StorageFull, StorageReadOnly, StorageUnavailable: the files can't be stored; nothing
                was entered.
        """
        entry = Entry.of(new)
        with voice_pending(self._blobs, new), self._database.session() as session:
            stored = store_voice(session, self._blobs, new)
            lock_owner(session, self._owner_id)
            there = of_job(session, new.training_job_id)
            if there is not None:
                also(session, there)
                return there
            voice = enter_voice(session, self._owner_id, entry, stored)
            kept = forget_kept(session, new.training_job_id)
            also(session, voice)
            describe(self._blobs, voice)
            changed(session, self._owner_id, voice.id)
        self._let_go(kept)
        return voice

    def take_upload(
        self, folder: Path, *, also: Callable[[Session, VoiceUpload], None]
    ) -> tuple[VoiceUpload, TreeRef]:
        """Store an uploaded artefact; it waits for a day to be registered (`voices.uploads`).

        Args:
            folder: its files.
            also: what else belongs to the same transaction.

        Raises:
            TreeInvalid, StorageFull, StorageReadOnly, StorageUnavailable: it can't be stored.
        """
        with artefact_pending(self._blobs, folder), self._database.session() as session:
            tree = store_artefact(session, self._blobs, folder)
            upload = VoiceUpload(owner_id=self._owner_id, digest=tree.digest, bytes=tree.bytes)
            session.add(upload)
            session.flush()
            also(session, upload)
        return upload, tree

    def of_job(self, training_job_id: uuid.UUID) -> VoiceModel | None:
        """The voice that a training job made, deleted or not; None: it has made none."""
        with self._database.session() as session:
            return of_job(session, training_job_id)

    def keep_rejected(
        self, new: NewVoice, *, also: Callable[[Session], None] = lambda _session: None
    ) -> None:
        """Store the files of a voice that is not good enough, under its job, without entering it.

        Errors as in `register`; what was kept of the same job before is replaced.
        """
        job_id = new.training_job_id
        if job_id is None:
            raise ValueError("a voice that is kept needs its training job")
        with voice_pending(self._blobs, new), self._database.session() as session:
            before = forget_kept(session, job_id)
            stored = store_voice(session, self._blobs, new)
            for kind, digest in (("artefact", stored.artefact), ("spoken", stored.spoken)):
                if digest is not None:
                    kept = KeptTree(training_job_id=job_id, kind=kind, owner_id=self._owner_id, digest=digest)
                    session.add(kept)
            also(session)
        self._let_go(before)

    def drop_kept(self, training_job_id: uuid.UUID) -> bool:
        """Delete what was kept of a voice that was not entered; answers whether there was anything."""
        with self._database.session() as session:
            kept = forget_kept(session, training_job_id)
        self._let_go(kept)
        return bool(kept)

    def spoken_of_job(self, training_job_id: uuid.UUID) -> StoredTree:
        """What the voice of a job spoke to be judged by, whether it was entered or only kept."""
        voice = self.of_job(training_job_id)
        if voice is not None and voice.deleted_at is None:
            return self.spoken(voice)
        return self.kept_of_job(training_job_id, "spoken")

    def kept_of_job(self, training_job_id: uuid.UUID, kind: Literal["artefact", "spoken"]) -> StoredTree:
        """Files of a voice that was kept without being entered."""
        with self._database.session() as session:
            kept = session.get(KeptTree, (training_job_id, kind))
        if kept is None:
            return StoredTree(self._blobs, None)
        return StoredTree(self.vault.of(kept.owner_id), kept.digest)

    def list_voices(self) -> list[VoiceModel]:
        """All voices in all versions: by name, the newest version of each first."""
        with self._database.session() as session:
            return list(
                session.scalars(
                    select(VoiceModel)
                    .where(self._mine())
                    .order_by(VoiceModel.name_key, VoiceModel.version.desc())
                )
            )

    def get(self, reference: str | uuid.UUID, version: int | None = None) -> VoiceModel:
        """A voice by its name (the newest version, or the one given) or by its id.

        Raises:
            VoiceNotFound: names those that come close, or the versions that there are.
        """
        with self._database.session() as session:
            return find_voice(session, self._owner_id, reference, version)

    def find_to_speak(self, reference: str | uuid.UUID, version: int | None = None) -> VoiceModel:
        """A voice that the owner may speak with: one of their own, or else one that is shared with them.

        Errors as `speaking.find_to_speak`.
        """
        with self._database.session() as session:
            return find_to_speak(session, self._owner_id, reference, version)

    def permit(self, voice: VoiceModel) -> Permit:
        """What says, before each sentence, whether the owner may still speak with a voice."""
        return Permit(self._database, self._owner_id, voice.id)

    def use_log(self, voice: VoiceModel) -> UseLog:
        """What records how a speech of the owner with a voice ended."""
        return UseLog(self._database, self._owner_id, voice)

    def get_active(self) -> VoiceModel | None:
        """The voice that speaks when none is named."""
        with self._database.session() as session:
            return active_voice(session, self._owner_id)

    def activate(self, reference: str | uuid.UUID, version: int | None = None) -> VoiceModel:
        """Make a voice the active one.

        Raises:
            VoiceNotFound: as in `get`.
        """
        with self._database.session() as session:
            lock_owner(session, self._owner_id)
            voice = find_voice(session, self._owner_id, reference, version)
            before = make_active(session, voice)
            changed(session, self._owner_id, voice.id, *([] if before is None else [before.id]))
            return voice

    def rollback(self, reference: str | uuid.UUID, version: int | None = None) -> VoiceModel:
        """Make an older version the current one again, see `versions.roll_back`.

        Raises:
            VoiceNotFound: as in `get`.
            VoiceIsCurrent: it is the newest version.
        """
        with self._database.session() as session:
            hold_files(session)
            lock_owner(session, self._owner_id)
            new, before = roll_back(session, find_voice(session, self._owner_id, reference, version))
            changed(session, self._owner_id, new.id, *([] if before is None else [before.id]))
            return new

    def rename(self, reference: str | uuid.UUID, name: str) -> VoiceModel:
        """Give a voice another name, in all its versions.

        Raises:
            VoiceNotFound: as in `get`.
            VoiceNameInvalid, VoiceNameTaken: it can't be called that.
        """
        with self._database.session() as session:
            lock_owner(session, self._owner_id)
            voice = find_voice(session, self._owner_id, reference, None)
            others = rename(session, voice, name)
            session.flush()
            changed(session, self._owner_id, voice.id, *(other.id for other in others))
            return voice

    def save_evaluation(
        self, voice_id: uuid.UUID, evaluation: Mapping[str, Any], spoken: Sequence[Path] = ()
    ) -> VoiceModel:
        """Keep a new evaluation of a voice, and the audio that it measured, in place of the old ones.

        Raises:
            VoiceNotFound: it was deleted meanwhile.
            VoiceDataInvalid: it can't be kept as JSON, or its `overall` is no number from 0 to 1.
            StorageFull, StorageReadOnly, StorageUnavailable: the audio can't be stored; the old ones stay.
        """
        checked, score = checked_evaluation(evaluation)
        with spoken_pending(self._blobs, spoken), self._database.session() as session:
            stored = store_spoken(session, self._blobs, spoken)
            lock_owner(session, self._owner_id)
            voice = find_voice(session, self._owner_id, voice_id, None)
            replaced, digest = voice.spoken_digest, None if stored is None else stored.digest
            grown_bytes = (0 if stored is None else stored.bytes) - tree_bytes(self._blobs, replaced)
            voice.evaluation, voice.quality_score, voice.spoken_digest = checked, score, digest
            voice.stored_bytes = max(voice.artefact_bytes, voice.stored_bytes + grown_bytes)
            voice.revision += 1
            describe(self._blobs, voice)
            session.flush()
            changed(session, self._owner_id, voice.id)
        if replaced is not None and replaced != digest:
            self._let_go([OwnedTree(voice.owner_id, replaced)])
        return voice

    def materialise(self, voice: VoiceModel) -> Path:
        """The folder with the voice's files, verified; ask again before each load (see `voices.cache`).

        Raises:
            BlobNotFound, BlobCorrupt: the stored files are missing or damaged.
            StorageFull, StorageReadOnly: they can't be unpacked.
        """
        return self._cache.path_of(self.vault.of(voice.owner_id), voice.artefact_digest)

    def references(self, voice: VoiceModel) -> StoredTree:
        """The recordings to judge the voice by; their names keep the order at registration."""
        return StoredTree(self.vault.of(voice.owner_id), voice.references_digest)

    def spoken(self, voice: VoiceModel) -> StoredTree:
        """What the voice spoke to be judged by, named as in its evaluation."""
        return StoredTree(self.vault.of(voice.owner_id), voice.spoken_digest)

    def delete(
        self, reference: str | uuid.UUID, version: int | None = None, *, purge: bool = False
    ) -> VoiceModel:
        """Delete one version of a voice; when it was the active one, the best of the others takes over.

        Its files stay for a while, so that it can be brought back (`voices.lifecycle`). With `purge` they go
        now, unless another voice shares them; if a voice is being registered at that very moment, they go
        with the next sweep.

        Raises:
            VoiceNotFound: as in `get`.
        """
        with self._database.session() as session:
            lock_owner(session, self._owner_id)
            voice = find_voice(session, self._owner_id, reference, version)
            kept = timedelta(0) if purge else self.keep_deleted_for
            heir = mark_deleted(session, voice, keep_for=kept)
            changed(session, self._owner_id, voice.id, *([] if heir is None else [heir.id]))
        self.put_away(voice)
        return voice

    def sweep(self, *, wait_s: float = _COLLECT_WAIT_S) -> Collected:
        """Remove the files of deleted voices, and what killed or failed registrations left.

        Args:
            wait_s: how long to wait for registrations that are going on before putting it off.

        Raises:
            BlobCorrupt: what a voice refers to can't be told; nothing of it is removed.
        """
        with self._database.session() as session:
            collected = collect(session, self.vault, wait_s=wait_s)
            # before the commit: if this is cut off, the next collection does it again
            for tree in collected.trees:
                self._cache.forget(self.vault.of(tree.owner_id), tree.digest)
        return collected

    def forget_unpacked(self, digests: Collection[str]) -> None:
        """Remove trees of the owner from the cache of this machine: their account is being deleted."""
        for digest in digests:
            self._cache.forget(self._blobs, digest)

    def tidy(self) -> None:
        """Sweep where that is possible at once; what stays is found by the next one."""
        try:
            with self._database.session() as session:
                settle(session, self.vault, since=datetime.now(UTC) - _SETTLED_AFTER)
                kept = forget_kept_before(session, datetime.now(UTC) - KEPT_FOR)
                uploads = forget_uploads_before(session, datetime.now(UTC) - UPLOADS_KEPT_FOR)
            kept += [OwnedTree(upload.owner_id, upload.digest) for upload in uploads]
            self._let_go(kept, tidies=False)
            self.sweep(wait_s=0.0)
            self._cache.drop_idle()
        except AppError as error:
            _LOG.warning("what deleted voices left is removed later: %s", error.message)

    def put_away(self, voice: VoiceModel) -> None:
        """Move what describes a deleted voice, or remove its files, where they are not to stay.

        The deletion stands whatever happens here; what stays is found by the next sweep.
        """
        try:
            if voice.purge_at is not None and voice.purge_at > datetime.now(UTC):
                move(self._blobs, live_path(voice), deleted_path(voice))
                return
            if self.sweep(wait_s=_COLLECT_WAIT_S).postponed:
                _LOG.warning(
                    "the files of %s are removed later: a voice is being registered now", voice.label
                )
        except AppError as error:
            _LOG.warning("the files of %s are removed later: %s", voice.label, error.message)

    def _let_go(self, trees: Collection[OwnedTree], *, tidies: bool = True) -> None:
        """Remove files that nothing refers to any more; what was done stands whatever happens here."""
        try:
            for tree in trees:
                blobs = self.vault.of(tree.owner_id)
                let_go_of_tree(blobs, tree.digest)
                self._cache.forget(blobs, tree.digest)
        except AppError as error:
            _LOG.warning("files that nobody needs stay for now: %s", error.message)
        if trees and tidies:
            self.tidy()

    def _mine(self) -> ColumnElement[bool]:
        return owned_by(self._owner_id)
