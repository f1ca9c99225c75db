"""Imports an exported voice: all of it is checked before any of it is entered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from voicewright.engines.languages import language_unsupported, match_language
from voicewright.engines.port import PROVIDER_VOICE, PROVIDER_VOICE_BYTES
from voicewright.engines.registry import get_engine
from voicewright.errors import AppError
from voicewright.privacy.speakers import OWN_VOICE
from voicewright.recordings.archive_budget import ArchiveBudget, ArchiveLimits
from voicewright.recordings.archives import unpack
from voicewright.voices.acts import note_change
from voicewright.voices.checks import checked_details
from voicewright.voices.copies.archive_form import MOST_FILES, REFERENCES_DIR, SPOKEN_DIR, OpenedArchive
from voicewright.voices.entering import Entry
from voicewright.voices.model_paths import ModelPaths
from voicewright.voices.owners import owner_of, require_owner
from voicewright.voices.schemas import NewVoice
from voicewright.voices.sources import Sources
from voicewright.voices.uploads import require_made_here

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.engines.port import EngineInfo
    from voicewright.privacy.service import ConsentService
    from voicewright.settings import Settings
    from voicewright.voices.limits import ModelLimits
    from voicewright.voices.models import VoiceModel
    from voicewright.voices.service import VoiceService

_MIB: Final = 1 << 20


class ImportService:
    """Makes voices of exported archives, those of other installations too.

    Args:
        settings: limits of uploads.
        voices: where they are entered.
        consents: asked before a voice is entered.
        limits: how often voices are registered.
        engines: finds an engine by its id.
    """

    def __init__(
        self,
        settings: Settings,
        voices: VoiceService,
        consents: ConsentService,
        limits: ModelLimits,
        *,
        engines: Callable[[str], EngineInfo] = get_engine,
    ) -> None:
        self._settings = settings
        self._voices = voices
        self._consents = consents
        self._limits = limits
        self._sources = Sources(voices.vault, ModelPaths.open(settings), engines)

    def require_may_import(self, caller: Caller, user_id: UUID | None) -> None:
        """What can be told before an archive is read.

        Raises:
            NotAllowed: the user that is named is somebody else.
            RateLimited: too many voices were registered in this hour.
        """
        owner_of(caller, user_id)
        self._limits.creation(caller)

    def take(
        self,
        caller: Caller,
        archive: Path,
        folder: Path,
        *,
        user_id: UUID | None = None,
        name: str | None = None,
        speaker: str | None = None,
    ) -> VoiceModel:
        """Enter the voice of an archive; it becomes a new voice, or the next version of one of that name.

        It becomes the active voice as a new one does, but never in place of another.

        Args:
            caller: who asks.
            archive: what came.
            folder: an empty one, for its files.
            user_id: whose it will be; the caller's by default.
            name: what it will be called; as in the archive by default.
            speaker: whose voice it is; as in the archive by default, and where that does not say, the owner's
                own. Their consent is demanded.

        Raises:
            ArchiveUnreadable, ArchiveUnsafe, ArchiveTooLarge, VoiceArchiveInvalid: it can't be taken.
            VoiceProviderUnknown, LanguageUnsupported, VoiceDataInvalid, VoiceMetadataInvalid,
            VoiceNameInvalid: what it says of the voice can't be.
            ProviderArtefactRefused: it lies at a provider, and was not made by this installation.
            ConsentRequired: the speaker has not agreed.
            UserNotFound: the user that is named has no account.
            StorageFull, StorageReadOnly, StorageUnavailable: it can't be stored.
        """
        owner_id = owner_of(caller, user_id)
        opened = OpenedArchive.read(unpack(archive, folder, ArchiveBudget(self._archive_limits(), folder)))
        speakers = sorted({speaker} if speaker else set(opened.manifest.speakers) or {OWN_VOICE})
        new = self._voice_of(opened, name, speakers[0] if len(speakers) == 1 else None)
        Entry.of(new)
        engine = self._sources.check_provider(new.engine)
        named = _named_by(new.artefact_dir / PROVIDER_VOICE)

        def also(session: Session, voice: VoiceModel) -> None:
            require_made_here(session, engine, named)
            require_owner(session, caller, owner_id)
            for each in speakers:
                self._consents.ensure(session, owner_id, each, caller.user_id)
            origin = opened.manifest.voice.id
            note_change(session, caller, "import", voice, exported_id=str(origin), version=voice.version)

        voices = self._voices.of(owner_id)
        try:
            return voices.register(new, also=also, verb=None, takes_over=False)
        except AppError:
            voices.tidy()
            raise

    def _voice_of(self, opened: OpenedArchive, name: str | None, speaker: str | None) -> NewVoice:
        said = opened.manifest.voice
        engine = self._sources.check_provider(said.provider)
        if match_language(said.language, engine.capabilities.languages) is None:
            raise language_unsupported(engine, said.language)
        return NewVoice(
            name=name or said.name,
            engine=engine.id,
            engine_version=said.engine_version,
            language=said.language,
            speech_s=said.speech_seconds,
            train_s=said.training_seconds,
            sample_rate_hz=said.sample_rate,
            evaluation=opened.evaluation,
            quality_score=said.quality_score,
            options=said.options,
            dataset_hash=said.dataset_hash,
            speaker=speaker,
            details=checked_details(said.metadata),
            notes=said.notes,
            artefact_dir=opened.model_dir,
            references=opened.files_of(REFERENCES_DIR),
            spoken=opened.files_of(SPOKEN_DIR),
        )

    def _archive_limits(self) -> ArchiveLimits:
        settings = self._settings
        return ArchiveLimits(
            max_files=MOST_FILES + 1,  # and the manifest
            max_bytes=settings.max_upload_mb * _MIB,
            max_file_bytes=settings.max_upload_file_mb * _MIB,
            reserve_mb=settings.min_free_disk_mb,
            keeps_archives=True,  # weights may be zip files
        )


def _named_by(file: Path) -> bytes | None:
    """What names a voice at a provider, as far as that can be."""
    is_one = file.is_file() and file.stat().st_size <= PROVIDER_VOICE_BYTES
    return file.read_bytes() if is_one else None
