"""The registry as the command line and the worker use it: register a voice, find it, judge it, delete it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from voicewright.voices.activation import active_voice, make_active, mark_deleted
from voicewright.voices.acts import LocalActor, note_change, note_reading
from voicewright.voices.artefacts import (
    artefact_pending,
    hold_files,
    spoken_pending,
    store_artefact,
    store_spoken,
    store_voice,
    tree_bytes,
    voice_pending,
)
from voicewright.voices.changing import rename
from voicewright.voices.checks import checked_evaluation
from voicewright.voices.described import describe
from voicewright.voices.entering import Entry, enter_voice
from voicewright.voices.figures.usage import UseLog
from voicewright.voices.files import VoiceFiles
from voicewright.voices.finding import find_voice, of_job, owned_by
from voicewright.voices.kept import forget_rejected
from voicewright.voices.models import VoiceModel, VoiceUpload
from voicewright.voices.owner_lock import lock_owner
from voicewright.voices.schemas import NewVoice, OwnedTree
from voicewright.voices.sharing.speaking import Permit, find_to_speak, list_to_speak
from voicewright.voices.versions import roll_back

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

    from voicewright.storage.trees import TreeRef
    from voicewright.voices.acts import Actor

__all__ = ["NewVoice", "VoiceService"]


class VoiceService(VoiceFiles):
    """The voices of one owner, and their files.

    Any number of processes and threads may use the same database, store and cache. Every method raises the
    errors of `db.errors` when the database is away. What looks at a voice or changes it leaves a record
    (`audit.trail`): of the owner on the command line, and of nobody in a worker.
    """

    def register(
        self,
        new: NewVoice,
        *,
        also: Callable[[Session, VoiceModel], None] = lambda _session, _voice: None,
        verb: str | None = "create",
        activates: bool | None = None,
        takes_over: bool = True,
    ) -> VoiceModel:
        """Store a trained voice and enter it; the same name again makes the next version.

        It becomes the active voice when it is the first one, or when it was judged better than 0.8. Where the
        voice of its training job is there already, that one is the answer.

        Args:
            new: what is to be kept.
            also: what else belongs to the same transaction; what it raises takes all of it back.
            verb: what is recorded; None: `also` does that.
            activates: whether it becomes the active voice; None: as above.
            takes_over: whether it may become so in place of another.

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
            before = active_voice(session, self._owner_id)
            voice = enter_voice(
                session, self._owner_id, entry, stored, activates=activates, takes_over=takes_over
            )
            kept = forget_rejected(session, new.training_job_id)
            also(session, voice)
            describe(self._blobs, voice)
            if verb is not None:
                note_change(session, self._actor, verb, voice, before, version=voice.version)
        self.let_go(kept)
        return voice

    def take_upload(
        self, folder: Path, *, also: Callable[[Session, VoiceUpload], None]
    ) -> tuple[VoiceUpload, TreeRef]:
        """Store an uploaded artefact; it waits for a day to be registered (`voices.uploads`).

        Args:
            folder: its files.
            also: what else belongs to the same transaction, with the record of it.

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

    def list_voices(self) -> list[VoiceModel]:
        """All voices in all versions: by name, the newest version of each first."""
        with self._database.session() as session:
            by_name = (VoiceModel.name_key, VoiceModel.version.desc())
            mine = select(VoiceModel).where(owned_by(self._owner_id)).order_by(*by_name)
            found = list(session.scalars(mine))
            note_reading(session, self._actor, "list", self._owner_id, found=len(found))
            return found

    def get(self, reference: str | uuid.UUID, version: int | None = None) -> VoiceModel:
        """A voice by its name (the newest version, or the one given) or by its id.

        Raises:
            VoiceNotFound: names those that come close, or the versions that there are.
        """
        with self._database.session() as session:
            return self._read(session, find_voice(session, self._owner_id, reference, version))

    def find_to_speak(self, reference: str | uuid.UUID, version: int | None = None) -> VoiceModel:
        """A voice that the owner may speak with: one of their own, or else one that is shared with them.

        Errors as `speaking.find_to_speak`.
        """
        with self._database.session() as session:
            return self._read(session, find_to_speak(session, self._owner_id, reference, version))

    def list_to_speak(self) -> list[VoiceModel]:
        """The voices that the owner may speak with, as `speaking.list_to_speak`."""
        with self._database.session() as session:
            found = list_to_speak(session, self._owner_id)
            note_reading(session, self._actor, "list", self._owner_id, found=len(found))
            return found

    def made_by(self, training_job_id: uuid.UUID) -> VoiceModel | None:
        """The voice of the owner that a training made, if it was not deleted."""
        with self._database.session() as session:
            voice = of_job(session, training_job_id)
            if voice is None or voice.deleted_at is not None or voice.owner_id != self._owner_id:
                return None
            return self._read(session, voice)

    def permit(self, voice: VoiceModel) -> Permit:
        """What says, before each sentence, whether the owner may still speak with a voice."""
        return Permit(self._database, self._owner_id, voice.id)

    def use_log(self, voice: VoiceModel) -> UseLog:
        """What records how a speech of the owner with a voice ended."""
        return UseLog(self._database, self._owner_id, voice)

    def get_active(self) -> VoiceModel | None:
        """The voice that speaks when none is named."""
        with self._database.session() as session:
            voice = active_voice(session, self._owner_id)
            return None if voice is None else self._read(session, voice)

    def activate(self, reference: str | uuid.UUID, version: int | None = None) -> VoiceModel:
        """Make a voice the active one.

        Raises:
            VoiceNotFound: as in `get`.
        """
        with self._database.session() as session:
            lock_owner(session, self._owner_id)
            voice = find_voice(session, self._owner_id, reference, version)
            before = make_active(session, voice)
            note_change(session, self._actor, "activate", voice, before)
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
            voice = find_voice(session, self._owner_id, reference, version)
            new, before = roll_back(session, voice)
            about = {"of": str(voice.id), "version": new.version}
            note_change(session, self._actor, "rollback", new, before, **about)
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
            note_change(session, self._actor, "update", voice, *others, fields=["name"])
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
            note_change(session, self._actor, "evaluate", voice)
        if replaced is not None and replaced != digest:
            self.let_go([OwnedTree(voice.owner_id, replaced)])
        return voice

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
            told = {"purged": True} if purge else {} if heir is None else {"activated": str(heir.id)}
            note_change(session, self._actor, "delete", voice, heir, **told)
        self.put_away(voice)
        return voice

    def _read(self, session: Session, voice: VoiceModel) -> VoiceModel:
        note_reading(session, self._actor, "read", voice.owner_id, voice.id)
        return voice

    @property
    def _actor(self) -> Actor:
        return LocalActor.for_owner(self._owner_id)
