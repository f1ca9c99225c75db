"""The files of voices: made ready for an engine or for listening, kept without a voice, and removed."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from voicewright.errors import AppError
from voicewright.home.layout import Home
from voicewright.storage.errors import BlobCorrupt, BlobNotFound, SealBroken, TreeInvalid
from voicewright.storage.trees import StoredTree
from voicewright.storage.user_keys import KeyRing
from voicewright.storage.vault import Vault
from voicewright.voices.artefacts import (
    let_go_of_tree,
    spoken_pending,
    store_spoken,
    store_voice,
    voice_pending,
)
from voicewright.voices.cache import VoiceCache
from voicewright.voices.collecting import collect
from voicewright.voices.errors import VoiceFilesDamaged
from voicewright.voices.finding import of_job
from voicewright.voices.kept import forget_kept, forget_kept_before, forget_rejected
from voicewright.voices.models import KeptTree, VoiceModel
from voicewright.voices.provided.ledger import ProviderVoices
from voicewright.voices.rehearsals import KeptRehearsal, rehearsals_of
from voicewright.voices.schemas import LOCAL_USER_ID, Collected, NewVoice, OwnedTree
from voicewright.voices.settling import settle_voice
from voicewright.voices.uploads import UPLOADS_KEPT_FOR, forget_uploads_before

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path
    from typing import Self

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.settings import Settings
    from voicewright.voices.rehearsals import Rehearsed

_LOG = logging.getLogger(__name__)

_MIB = 1 << 20
_COLLECT_WAIT_S = 5.0
_TIDY_WAIT_S = 2.0
KEPT_FOR = timedelta(days=30)
"""How long a voice that was not good enough is kept for listening, and what any said while it was trained."""


class VoiceFiles:
    """The files of the voices of one owner.

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
    def open(cls, settings: Settings, database: Database, keys: KeyRing | None = None) -> Self:
        """The service with the store of the settings, and its cache in their data directory.

        Args:
            settings: have them.
            database: open.
            keys: of the owners; opened here where the process has no others.
        """
        home = Home.open(settings.home)
        vault = Vault.of_voices(settings, keys or KeyRing.open(settings, database))
        cache = VoiceCache(home.voice_cache_dir, limit_bytes=settings.voice_cache_mb * _MIB)
        kept = timedelta(days=settings.deleted_retention_days)
        return cls(database, vault, cache, keep_deleted_for=kept)

    @property
    def owner_id(self) -> uuid.UUID:
        """Whose voices."""
        return self._owner_id

    @property
    def provided(self) -> ProviderVoices:
        """The voices of all owners that lie at providers as well."""
        return ProviderVoices(self._database, self.vault.keys)

    def of(self, owner_id: uuid.UUID) -> Self:
        """The voices of another owner, in the same store."""
        return type(self)(
            self._database,
            self.vault,
            self._cache,
            owner_id=owner_id,
            keep_deleted_for=self.keep_deleted_for,
        )

    def of_job(self, training_job_id: uuid.UUID) -> VoiceModel | None:
        """The voice that a training job made, deleted or not; None: it has made none."""
        with self._database.session() as session:
            return of_job(session, training_job_id)

    def materialise(self, voice: VoiceModel) -> Path:
        """The folder with the voice's files, verified; ask again before each load (see `voices.cache`).

        Raises:
            VoiceFilesDamaged: the stored files are missing, or are not what was stored.
            StorageFull, StorageReadOnly: they can't be unpacked.
        """
        try:
            return self._cache.path_of(self.vault.of(voice.owner_id), voice.artefact_digest)
        except (BlobNotFound, BlobCorrupt, TreeInvalid, SealBroken) as error:
            _LOG.error("the voice %s can't be used: %s", voice.id, error.message)
            raise VoiceFilesDamaged(
                f"Files of version {voice.version} of the voice {voice.name!r} are missing or damaged, so it "
                "can't speak. Take another version, restore it from a backup, or train it again."
            ) from error

    def references(self, voice: VoiceModel) -> StoredTree:
        """The recordings to judge the voice by; their names keep the order at registration."""
        return StoredTree(self.vault.of(voice.owner_id), voice.references_digest)

    def spoken(self, voice: VoiceModel) -> StoredTree:
        """What the voice spoke to be judged by, named as in its evaluation."""
        return StoredTree(self.vault.of(voice.owner_id), voice.spoken_digest)

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
            before = forget_rejected(session, job_id)
            stored = store_voice(session, self._blobs, new)
            for kind, digest in (("artefact", stored.artefact), ("spoken", stored.spoken)):
                if digest is not None:
                    kept = KeptTree(training_job_id=job_id, kind=kind, owner_id=self._owner_id, digest=digest)
                    session.add(kept)
            also(session)
        self.let_go(before)

    def drop_kept(self, training_job_id: uuid.UUID) -> bool:
        """Delete what was kept of a training, rehearsals too; answers whether there was anything."""
        with self._database.session() as session:
            kept = forget_kept(session, training_job_id)
        self.let_go(kept)
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

    def keep_rehearsal(
        self,
        training_job_id: uuid.UUID,
        said: Rehearsed,
        path: Path,
        *,
        also: Callable[[Session], None] = lambda _session: None,
    ) -> None:
        """Store what a voice said while it is trained; one of the same epoch is left as it is.

        Args:
            training_job_id: of the training.
            said: what it is.
            path: the recording, called by its name.
            also: done in the same transaction, where it is stored.
        """
        with spoken_pending(self._blobs, (path,)), self._database.session() as session:
            if session.get(KeptTree, (training_job_id, said.kind)) is not None:
                return
            stored = store_spoken(session, self._blobs, (path,))
            if stored is not None:
                session.add(
                    KeptTree(
                        training_job_id=training_job_id,
                        kind=said.kind,
                        owner_id=self._owner_id,
                        digest=stored.digest,
                        about=said.about,
                    )
                )
            also(session)

    def rehearsals_of_job(self, training_job_id: uuid.UUID) -> list[KeptRehearsal]:
        """What a voice said while it was trained, by epochs; nothing once the voice was deleted."""
        with self._database.session() as session:
            voice = of_job(session, training_job_id)
            if voice is not None and voice.deleted_at is not None:
                return []
            return [
                KeptRehearsal(said, StoredTree(self.vault.of(kept.owner_id), kept.digest))
                for kept, said in rehearsals_of(session, training_job_id)
            ]

    def sweep(self, *, wait_s: float = _COLLECT_WAIT_S) -> Collected:
        """Remove the files of deleted voices, and what killed or failed registrations left.

        Args:
            wait_s: how long to wait for registrations that are going on before putting it off.

        Errors as `collecting.collect`.
        """

        def forget(tree: OwnedTree) -> None:
            self._cache.forget(self.vault.of(tree.owner_id), tree.digest)

        return collect(self._database, self.vault, wait_s=wait_s, forget=forget)

    def forget_unpacked(self, digests: Collection[str]) -> None:
        """Remove trees of the owner from the cache of this machine: their account is being deleted."""
        for digest in digests:
            self._cache.forget(self._blobs, digest)

    def tidy(self) -> None:
        """Sweep where that is possible soon; what stays is found by the next one."""
        try:
            with self._database.session() as session:
                kept = forget_kept_before(session, datetime.now(UTC) - KEPT_FOR)
                uploads = forget_uploads_before(session, datetime.now(UTC) - UPLOADS_KEPT_FOR)
            kept += [OwnedTree(upload.owner_id, upload.digest) for upload in uploads]
            self.let_go(kept, tidies=False)
            self.sweep(wait_s=_TIDY_WAIT_S)
            self._cache.drop_idle()
        except AppError as error:
            _LOG.warning("what deleted voices left is removed later: %s", error.message)

    def put_away(self, voice: VoiceModel) -> None:
        """Move what describes a deleted voice, or remove its files, where they are not to stay.

        The deletion stands whatever happens here; what stays is found by the next sweep.
        """
        try:
            if voice.purge_at is not None and voice.purge_at > datetime.now(UTC):
                settle_voice(self._database, self.vault, voice)
                return
            if self.sweep(wait_s=_COLLECT_WAIT_S).postponed:
                _LOG.warning(
                    "the files of %s are removed later: a voice is being registered now", voice.label
                )
        except AppError as error:
            _LOG.warning("the files of %s are removed later: %s", voice.label, error.message)

    def let_go(self, trees: Collection[OwnedTree], *, tidies: bool = True) -> None:
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
