"""The registry of voice models as people use it over HTTP: who asks is checked, and what they do recorded.

Each use case is one transaction: the check, the change and its record stand together or not at all. Changes
hold the owner's lock (`voices.activation`), so that they happen one after the other for each owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.accounts.policies import require_own_id
from voicewright.engines.registry import get_engine
from voicewright.voices.activation import active_voice, make_active, make_inactive, mark_deleted
from voicewright.voices.acts import note_change, note_reading
from voicewright.voices.artefacts import hold_files
from voicewright.voices.changing import apply_changes, require_revision
from voicewright.voices.checks import checked_details
from voicewright.voices.described import describe
from voicewright.voices.entering import Entry, enter_voice
from voicewright.voices.errors import NoActiveVoice, VoiceAlreadyActive, VoiceNotActive
from voicewright.voices.kept import forget_rejected
from voicewright.voices.listing import kinds_of, list_models
from voicewright.voices.model_paths import ModelPaths
from voicewright.voices.owner_lock import lock_owner
from voicewright.voices.owners import owner_of, require_owner
from voicewright.voices.sharing.access import find_model, find_named, find_own
from voicewright.voices.sources import Sources
from voicewright.voices.uploads import unpack_artefact

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.db.server import Database
    from voicewright.engines.port import EngineInfo
    from voicewright.privacy.service import ConsentService
    from voicewright.settings import Settings
    from voicewright.storage.trees import TreeRef
    from voicewright.voices.bodies import NewVoiceModelBody, VoiceModelChangesBody
    from voicewright.voices.limits import ModelLimits
    from voicewright.voices.listing import Listing
    from voicewright.voices.models import VoiceModel, VoiceUpload
    from voicewright.voices.service import VoiceService
    from voicewright.voices.sources import JobVoice


class RegistryService:
    """The voice models of all owners; callers see their own, and administrators all.

    Every method raises the errors of `db.errors` when the database is away, `NotAllowed` where the user that
    is named is somebody else, and those that take a model `VoiceNotFound`.

    Args:
        database: open.
        settings: the store, and limits of uploads.
        voices: has the files.
        consents: asked before a voice is made.
        limits: how often voices are registered and changed.
        engines: finds an engine by its id.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        voices: VoiceService,
        consents: ConsentService,
        limits: ModelLimits,
        *,
        engines: Callable[[str], EngineInfo] = get_engine,
    ) -> None:
        self.paths = ModelPaths.open(settings)
        self._database = database
        self._settings = settings
        self._voices = voices
        self._consents = consents
        self._limits = limits
        self._sources = Sources(voices.vault, self.paths, engines)

    def create(self, caller: Caller, body: NewVoiceModelBody, *, job: JobVoice | None = None) -> VoiceModel:
        """Register a voice of files that are stored already.

        Args:
            caller: who asks.
            body: what for.
            job: the training that the body names.

        Raises:
            VoiceMetadataInvalid, VoiceNameInvalid, VoiceDataInvalid, VoiceProviderUnknown,
            LanguageUnsupported, ModelPathRefused: with the field.
            VoiceModelExists, VoiceFilesGone: of a training.
            ConsentRequired: the speaker has not agreed.
            RateLimited: too many in this hour.
        """
        owner_id = owner_of(caller, body.user_id) if job is None else job.owner_id
        if body.model_path is not None:
            self.paths.parse(body.model_path, owner_id)
        if body.provider is not None:
            self._sources.check_provider(body.provider)
        checked_details(body.metadata)
        self._limits.creation(caller)
        with self._database.session() as session:
            hold_files(session)
            lock_owner(session, owner_id)
            source = (
                self._sources.of_path(session, body, owner_id)
                if job is None
                else self._sources.of_job(session, body, job)
            )
            for speaker in sorted(set(source.speakers)):
                self._consents.ensure(session, owner_id, speaker, caller.user_id)
            before = active_voice(session, owner_id)
            voice = enter_voice(session, owner_id, Entry.of(source.facts), source.trees)
            if job is not None:
                forget_rejected(session, job.facts.training_job_id)  # the voice refers to its files now
                job.adopt(session, voice)
            describe(self._voices.vault.of(owner_id), voice)
            note_change(session, caller, "create", voice, before, version=voice.version)
        return voice

    def take_artefact(
        self, caller: Caller, archive: Path, folder: Path, *, user_id: UUID | None
    ) -> tuple[VoiceUpload, TreeRef]:
        """Store the files of an uploaded archive, to be registered within a day.

        Args:
            caller: who asks.
            archive: what came.
            folder: an empty one, for its files.
            user_id: whose it will be; the caller's by default.

        Raises:
            ArchiveUnreadable, ArchiveUnsafe, ArchiveTooLarge, TreeInvalid: it can't be taken.
            StorageFull, StorageReadOnly, StorageUnavailable: it can't be stored.
            UserNotFound: the user that is named has no account.
        """
        owner_id = owner_of(caller, user_id)
        content = unpack_artefact(archive, folder, self._settings)

        def also(session: Session, upload: VoiceUpload) -> None:
            require_owner(session, caller, owner_id)
            note_reading(session, caller, "upload", owner_id, upload.id, bytes=upload.bytes)

        return self._voices.of(owner_id).take_upload(content, also=also)

    def require_may_upload(self, caller: Caller, user_id: UUID | None) -> None:
        """What can be told before an upload is read.

        Raises:
            RateLimited: too many in this hour.
            UserNotFound: the user that is named has no account.
        """
        owner_id = owner_of(caller, user_id)
        self._limits.upload(caller)
        with self._database.session() as session:
            require_owner(session, caller, owner_id)

    def list_models(self, caller: Caller, owner_id: UUID, wanted: Listing) -> tuple[list[VoiceModel], int]:
        """A page of an owner's voices, and how many there are on all pages."""
        require_own_id(caller, owner_id)
        with self._database.session() as session:
            found, total = list_models(session, owner_id, wanted)
            note_reading(session, caller, "list", owner_id, found=len(found))
            return found, total

    def kinds(self, owner_id: UUID) -> list[tuple[str, str]]:
        """The pairs of engine and language that an owner's voices have."""
        with self._database.session() as session:
            return kinds_of(session, owner_id)

    def get(self, caller: Caller, model_id: UUID, *, user_id: UUID | None = None) -> VoiceModel:
        """One voice."""
        with self._database.session() as session:
            voice = find_named(session, caller, model_id, user_id=user_id, need="read")
            note_reading(session, caller, "read", voice.owner_id, voice.id)
            return voice

    def get_own(self, caller: Caller, model_id: UUID) -> VoiceModel:
        """One voice, with all that only its owner sees of it.

        Raises:
            VoiceNotFound: there is none, or not for them.
            NotAllowed: it is shared with them.
        """
        with self._database.session() as session:
            voice = find_model(session, caller, model_id, need="own")
            note_reading(session, caller, "read", voice.owner_id, voice.id)
            return voice

    def get_active(self, caller: Caller, owner_id: UUID) -> VoiceModel:
        """The voice that speaks where none is named.

        Raises:
            NoActiveVoice: there is none.
        """
        require_own_id(caller, owner_id)
        with self._database.session() as session:
            voice = active_voice(session, owner_id)
            if voice is None:
                raise NoActiveVoice(
                    "This user has no active voice model. POST /voice-models/{modelId}/activate makes one so."
                )
            note_reading(session, caller, "read", owner_id, voice.id)
            return voice

    def update(
        self,
        caller: Caller,
        model_id: UUID,
        body: VoiceModelChangesBody,
        *,
        revisions: Collection[int] | None = None,
    ) -> VoiceModel:
        """Change what an owner may change of a voice.

        Args:
            caller: who asks.
            model_id: which voice.
            body: what to change.
            revisions: the voice has to be at one of these; None: at any.

        Raises:
            VoiceChanged: it is not.
            VoiceMetadataInvalid, VoiceNameInvalid: with the field.
            VoiceNameTaken: another voice of the owner has the name.
            RateLimited: too many in this hour.
        """
        checked_details(body.metadata or {})
        self._limits.update(caller)
        with self._database.session() as session:
            voice = find_own(session, caller, model_id, user_id=body.user_id)
            require_revision(voice, revisions)
            renamed = apply_changes(session, voice, body)
            told = sorted(body.model_fields_set - {"user_id"})
            note_change(session, caller, "update", voice, *renamed, fields=told)
            return voice

    def delete(
        self, caller: Caller, model_id: UUID, *, user_id: UUID | None = None
    ) -> tuple[VoiceModel, VoiceModel | None]:
        """Delete a voice; answers it, and the one that became active in its place."""
        with self._database.session() as session:
            voice = find_own(session, caller, model_id, user_id=user_id)
            heir = mark_deleted(session, voice, keep_for=self._voices.keep_deleted_for)
            details = {} if heir is None else {"activated": str(heir.id)}
            note_change(session, caller, "delete", voice, heir, **details)
        self._voices.of(voice.owner_id).put_away(voice)
        return voice, heir

    def activate(self, caller: Caller, model_id: UUID, *, user_id: UUID | None = None) -> VoiceModel:
        """Make a voice the active one, and the one that was active no more.

        Raises:
            VoiceAlreadyActive: it is.
        """
        with self._database.session() as session:
            voice = find_own(session, caller, model_id, user_id=user_id)
            if voice.is_active:
                raise VoiceAlreadyActive(f"{voice.label}, is the active voice model already.")
            before = make_active(session, voice)
            note_change(session, caller, "activate", voice, before)
            return voice

    def deactivate(self, caller: Caller, model_id: UUID, *, user_id: UUID | None = None) -> VoiceModel:
        """Let a voice be active no more; then no voice speaks where none is named.

        Raises:
            VoiceNotActive: it is not.
        """
        with self._database.session() as session:
            voice = find_own(session, caller, model_id, user_id=user_id)
            if not voice.is_active:
                raise VoiceNotActive(f"{voice.label}, is not the active voice model.")
            make_inactive(session, voice)
            note_change(session, caller, "deactivate", voice)
            return voice
