"""Where the files of a voice that is registered over HTTP come from: a training, another voice, an upload."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy import select

from voicewright.engines.errors import EngineNotFound
from voicewright.engines.languages import language_unsupported, match_language
from voicewright.engines.port import PROVIDER_VOICE, PROVIDER_VOICE_BYTES
from voicewright.engines.registry import get_engine
from voicewright.errors import FieldFault
from voicewright.privacy.speakers import OWN_VOICE
from voicewright.storage.errors import BlobNotFound
from voicewright.storage.trees import StoredTree, read_tree
from voicewright.voices.entering import facts_of, trees_of
from voicewright.voices.errors import (
    VoiceDataInvalid,
    VoiceFilesGone,
    VoiceModelExists,
    VoiceProviderUnknown,
)
from voicewright.voices.finding import of_job, owned_by
from voicewright.voices.models import KeptTree, VoiceModel, VoiceUpload
from voicewright.voices.schemas import StoredTrees, VoiceFacts
from voicewright.voices.uploads import find_upload, require_made_here

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from voicewright.engines.port import EngineInfo
    from voicewright.storage.vault import Vault
    from voicewright.voices.bodies import NewVoiceModelBody
    from voicewright.voices.model_paths import ModelPaths

DEFAULT_LANGUAGE = "en-us"


@dataclass(frozen=True, slots=True)
class JobVoice:
    """What is known of the voice of a training job, whether it was entered or not.

    Attributes:
        owner_id: whose job it is.
        facts: what is said of the voice; `facts.training_job_id` is the job.
        speakers: whose recordings it was trained on, as far as they are still there.
        adopt: writes into the job that it has this voice, in the transaction that enters it.
    """

    owner_id: uuid.UUID
    facts: VoiceFacts
    speakers: tuple[str, ...]
    adopt: Callable[[Session, VoiceModel], None]


@dataclass(frozen=True, slots=True)
class Source:
    """Files that are stored, what is known of the voice, and whose voice it is."""

    facts: VoiceFacts
    trees: StoredTrees
    speakers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """Finds them; every method needs a session that holds the files (`artefacts.hold_files`)."""

    vault: Vault
    paths: ModelPaths
    engines: Callable[[str], EngineInfo] = get_engine

    def of_job(self, session: Session, body: NewVoiceModelBody, job: JobVoice) -> Source:
        """What a training made that is not registered.

        Raises:
            VoiceModelExists: it is registered.
            VoiceFilesGone: its files are no longer there.
            VoiceProviderUnknown, VoiceDataInvalid, LanguageUnsupported: what is said of them can't be.
        """
        there = of_job(session, job.facts.training_job_id)
        if there is not None and there.deleted_at is None:
            raise VoiceModelExists(
                f"The voice of this training job is registered: {there.id}, called {there.label}."
            )
        speakers = (body.speaker,) if body.speaker else job.speakers or (OWN_VOICE,)
        if there is not None and there.collected_at is None:
            self._require_files(there.owner_id, there.artefact_digest)
            facts = replace(facts_of(there), training_job_id=there.training_job_id)
            return Source(self._as_told(facts, body), trees_of(there), speakers)
        facts = replace(job.facts, speaker=speakers[0] if len(speakers) == 1 else None)
        rows = session.execute(
            select(KeptTree.kind, KeptTree.digest).where(
                KeptTree.training_job_id == job.facts.training_job_id, KeptTree.owner_id == job.owner_id
            )
        )
        kept: dict[str, str] = {row.kind: row.digest for row in rows}
        if "artefact" not in kept:
            raise VoiceFilesGone("Nothing is left of the voice of this training job. Start a new training.")
        artefact_bytes = self._require_files(job.owner_id, kept["artefact"])
        spoken = kept.get("spoken")
        spoken_bytes = 0 if spoken is None else self._require_files(job.owner_id, spoken)
        trees = StoredTrees(
            artefact=kept["artefact"],
            artefact_bytes=artefact_bytes,
            spoken=spoken,
            stored_bytes=artefact_bytes + spoken_bytes,
        )
        return Source(self._as_told(facts, body), trees, speakers)

    def of_path(self, session: Session, body: NewVoiceModelBody, owner_id: uuid.UUID) -> Source:
        """The files that a model path names: those of a voice of the owner, or an upload.

        An upload becomes one voice: from then on its files are the voice's, and go with it.

        Raises:
            ModelPathRefused: it names nothing that the owner has.
            VoiceFilesGone: the files are no longer there.
            VoiceProviderUnknown, VoiceDataInvalid, LanguageUnsupported: what is said of them can't be.
            ProviderArtefactRefused: an upload names a voice at a provider that was not made here.
        """
        path = body.model_path or ""
        wanted = self.paths.parse(path, owner_id)
        speakers = (body.speaker or OWN_VOICE,)
        voice = session.scalar(select(VoiceModel).where(owned_by(owner_id), VoiceModel.id == wanted))
        if voice is not None:
            self._require_files(owner_id, voice.artefact_digest)
            facts = replace(facts_of(voice), parent_id=voice.id)
            return Source(self._as_told(facts, body), trees_of(voice), speakers)
        upload = find_upload(session, owner_id, wanted)
        if upload is None:
            raise self.paths.refusal(path, owner_id)
        trees = StoredTrees(artefact=upload.digest, artefact_bytes=upload.bytes, stored_bytes=upload.bytes)
        facts = self._as_told(self._facts_of_upload(body), body)
        require_made_here(session, self.check_provider(facts.engine), self._named_by(upload))
        session.delete(upload)
        return Source(facts, trees, speakers)

    def check_provider(self, provider: str) -> EngineInfo:
        """The engine of that id.

        Raises:
            VoiceProviderUnknown: there is none; names those that there are.
            VoiceDataInvalid: it has voices of its own.
        """
        try:
            engine = self.engines(provider)
        except EngineNotFound as error:
            fault = FieldFault("provider", error.message)
            raise VoiceProviderUnknown(error.message, fields=[fault]) from error
        if not engine.capabilities.learns:
            raise _refused(
                "provider",
                f"The engine {engine.title} has voices of its own; other ones can't be given to it.",
            )
        return engine

    def _facts_of_upload(self, body: NewVoiceModelBody) -> VoiceFacts:
        if body.provider is None:
            raise _refused(
                "provider", "Name the provider: the id of the engine that speaks with the uploaded files."
            )
        engine = self.check_provider(body.provider)
        return VoiceFacts(
            name=f"Voice of {datetime.now(UTC):%Y-%m-%d %H:%M}",
            engine=engine.id,
            engine_version=engine.version,
            language=self._language(engine, DEFAULT_LANGUAGE) if body.language is None else body.language,
            speech_s=0.0,
            train_s=0.0,
            sample_rate_hz=engine.capabilities.sample_rate_hz,
            speaker=OWN_VOICE,
        )

    def _named_by(self, upload: VoiceUpload) -> bytes | None:
        """What names a voice at a provider among uploaded files."""
        tree = StoredTree(self.vault.of(upload.owner_id), upload.digest)
        sizes = {file.path: file.size_bytes for file in tree.files()}
        if sizes.get(PROVIDER_VOICE, 0) > PROVIDER_VOICE_BYTES:
            return None
        return tree.read(PROVIDER_VOICE)

    def _as_told(self, facts: VoiceFacts, body: NewVoiceModelBody) -> VoiceFacts:
        """What the request says comes before what is known, where the files don't say the contrary."""
        if body.provider not in {None, facts.engine}:
            raise _refused("provider", f"These files are for the engine {facts.engine}.")
        if facts.sample_rate_hz is not None and body.sample_rate not in {None, facts.sample_rate_hz}:
            raise _refused("sampleRate", f"The sound of this voice has {facts.sample_rate_hz} Hz.")
        said: dict[str, Any] = {
            "name": body.name,
            "sample_rate_hz": body.sample_rate,
            "quality_score": body.quality_score,
            "notes": body.notes,
            "speaker": body.speaker,
        }
        if body.language is not None:
            said["language"] = self._language(self.check_provider(facts.engine), body.language)
        return replace(
            facts,
            details={**facts.details, **body.metadata},
            **{name: value for name, value in said.items() if value is not None},
        )

    def _language(self, engine: EngineInfo, wanted: str) -> str:
        found = match_language(wanted, engine.capabilities.languages)
        if found is None:
            error = language_unsupported(engine, wanted)
            error.fields = (FieldFault("language", error.message),)
            raise error
        return found

    def _require_files(self, owner_id: uuid.UUID, digest: str) -> int:
        """The bytes of a tree that is there."""
        try:
            return sum(file.size_bytes for file in read_tree(self.vault.of(owner_id), digest))
        except BlobNotFound as error:
            _gone(error)


def _refused(field: str, message: str) -> VoiceDataInvalid:
    return VoiceDataInvalid(message, fields=[FieldFault(field, message)])


def _gone(error: BlobNotFound) -> NoReturn:
    raise VoiceFilesGone("The files of this voice were deleted. Train it again, or upload them.") from error
