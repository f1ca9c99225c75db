"""Exports a voice: all that belongs to it as one zip, made while it is sent.

A zip rather than a tar: everybody can open one, files of any size stream into it, and its directory is its
end, so that one which was cut off is none to any program. Nothing of it is held in memory but the names and
the small tables; the digests of what is stored are known beforehand, so that the manifest comes first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from voicewright import __version__
from voicewright.privacy.models import Consent
from voicewright.privacy.speakers import speaker_key
from voicewright.recordings.errors import ArchiveTooLarge
from voicewright.recordings.ljspeech import metadata_line
from voicewright.recordings.names import safe_suffix
from voicewright.recordings.zip_streams import ZipStream
from voicewright.storage.errors import BlobNotFound
from voicewright.storage.trees import StoredTree
from voicewright.voices.acts import note_reading
from voicewright.voices.copies.archive_form import (
    ANALYTICS,
    CONSENT,
    EVALUATION,
    MANIFEST,
    MODEL_DIR,
    MOST_FILES,
    REFERENCES_DIR,
    SPOKEN_DIR,
    TRAINING_DIR,
    ArchivedFile,
    ArchivedVoice,
    Manifest,
)
from voicewright.voices.errors import VoiceFilesGone
from voicewright.voices.figures.service import stats_of
from voicewright.voices.models import VoiceModel
from voicewright.voices.retention import needs_files
from voicewright.voices.sharing.access import find_named, not_found

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.db.server import Database
    from voicewright.storage.blobs import BlobStore
    from voicewright.storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that a voice was trained on, as it was uploaded."""

    sample_id: UUID
    filename: str
    digest: str
    size_bytes: int
    text: str | None


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a voice was trained on, as far as it is known and still there.

    Attributes:
        recordings: in the order of the training.
        missing: ids of samples that were deleted since.
        speakers: whose they are.
    """

    recordings: tuple[Recording, ...] = ()
    missing: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()


FindTrainingData = Callable[["Session", "VoiceModel"], TrainingData]


@dataclass(frozen=True, slots=True)
class _Part:
    """One file of the archive: its content is stored, or at hand."""

    file: ArchivedFile
    chunks: Callable[[], Iterable[bytes]]

    @classmethod
    def stored(cls, blobs: BlobStore, path: str, digest: str, size_bytes: int) -> _Part:
        file = ArchivedFile(path=path, size_bytes=size_bytes, sha256=digest)
        return cls(file, lambda: blobs.stream(digest))

    @classmethod
    def made(cls, path: str, content: bytes) -> _Part:
        sha256 = hashlib.sha256(content).hexdigest()
        file = ArchivedFile(path=path, size_bytes=len(content), sha256=sha256)
        return cls(file, lambda: [content])


@dataclass(frozen=True, slots=True)
class Export:
    """An archive that is ready to be sent.

    Attributes:
        title: what the voice is called.
        manifest: the first file.
        parts: the others.
    """

    title: str
    manifest: Manifest
    parts: tuple[_Part, ...]

    @property
    def content_bytes(self) -> int:
        """Of all files; the archive has little more, as what is large in it is not packed."""
        return sum(part.file.size_bytes for part in self.parts)

    def pieces(self) -> Iterator[bytes]:
        """The archive.

        Raises:
            BlobNotFound, BlobCorrupt, StorageUnavailable: a file is missing or damaged; what was given so far
                is no archive.
        """
        stream = ZipStream()
        yield from stream.add(MANIFEST, [self.manifest.to_json()], packed=True)
        for part in self.parts:
            yield from stream.add(part.file.path, part.chunks(), size_bytes=part.file.size_bytes)
        yield from stream.end()


class ExportService:
    """Makes archives of voices, for their owners and for administrators: a shared voice is not exported.

    Args:
        database: open.
        voices: the store of the voices' files.
        samples: the store of the recordings.
        training_data: finds what a voice was trained on.
    """

    def __init__(
        self, database: Database, voices: Vault, samples: Vault, training_data: FindTrainingData
    ) -> None:
        self._database = database
        self._voices = voices
        self._samples = samples
        self._training_data = training_data

    def export(
        self,
        caller: Caller,
        model_id: UUID,
        *,
        user_id: UUID | None = None,
        with_recordings: bool = True,
    ) -> Export:
        """Prepare the archive of a voice; nothing of its files is read yet.

        Args:
            caller: who asks.
            model_id: which voice.
            user_id: whose the caller says that it is.
            with_recordings: also what it was trained on.

        Raises:
            ArchiveTooLarge: it was trained on more recordings than an archive holds.
            VoiceNotFound, NotAllowed: as `access.find_named`.
            VoiceFilesGone: what it speaks with is missing.
            BlobCorrupt: the list of its files is damaged.
        """
        with self._database.session() as session:
            voice = find_named(session, caller, model_id, user_id=user_id, need="own")
            return self._prepare(session, caller, voice, with_recordings=with_recordings)

    def export_own(self, caller: Caller, model_id: UUID, *, with_recordings: bool = True) -> Export:
        """The same of a voice of the caller's own, also of a deleted one that can still be brought back.

        Raises:
            VoiceNotFound: they have no such voice.
            ArchiveTooLarge, VoiceFilesGone, BlobCorrupt: as `export`.
        """
        own = (VoiceModel.owner_id == caller.user_id) & needs_files(datetime.now(UTC))
        with self._database.session() as session:
            voice = session.scalar(select(VoiceModel).where(VoiceModel.id == model_id, own))
            if voice is None:
                raise not_found(model_id)
            return self._prepare(session, caller, voice, with_recordings=with_recordings)

    def _prepare(
        self, session: Session, caller: Caller, voice: VoiceModel, *, with_recordings: bool
    ) -> Export:
        data = self._training_data(session, voice)
        consents = _consents_of(session, voice.owner_id, data.speakers)
        stats = stats_of(session, [voice.id])[voice.id]
        parts = [*self._stored(voice)]
        if voice.evaluation is not None:
            parts.append(_Part.made(EVALUATION, _json(voice.evaluation)))
        parts.append(_Part.made(ANALYTICS, stats.model_dump_json(by_alias=True, indent=1).encode()))
        missing = list(data.missing)
        if with_recordings:
            recordings, gone = self._recordings(voice.owner_id, data)
            parts += recordings
            missing += gone
        parts.append(_Part.made(CONSENT, _json(_consents_json(data.speakers, consents))))
        if len(parts) > MOST_FILES:
            raise ArchiveTooLarge(
                f"An exported voice has at most {MOST_FILES:,} files, and this one would have "
                f"{len(parts):,}. Export it without its recordings (recordings=false)."
            )
        note_reading(session, caller, "export", voice.owner_id, voice.id, files=len(parts))
        manifest = Manifest(
            exported_at=datetime.now(UTC),
            exported_by=__version__,
            voice=_archived(voice),
            speakers=list(data.speakers),
            missing_recordings=missing,
            files=[part.file for part in parts],
        )
        return Export(voice.label, manifest, tuple(parts))

    def _stored(self, voice: VoiceModel) -> Iterator[_Part]:
        blobs = self._voices.of(voice.owner_id)
        trees = {
            MODEL_DIR: voice.artefact_digest,
            REFERENCES_DIR: voice.references_digest,
            SPOKEN_DIR: voice.spoken_digest,
        }
        for folder, digest in trees.items():
            try:
                files = StoredTree(blobs, digest).files()
            except BlobNotFound as error:
                raise VoiceFilesGone(
                    f"The files of {voice.label} are missing in the store. Restore them from a backup."
                ) from error
            for file in files:
                yield _Part.stored(blobs, folder + file.path, file.sha256, file.size_bytes)

    def _recordings(self, owner_id: UUID, data: TrainingData) -> tuple[list[_Part], list[str]]:
        """The recordings with the table of what is said in them, and the ids of those without a file."""
        blobs, parts, gone, table = self._samples.of(owner_id), [], [], bytearray()
        for number, one in enumerate(data.recordings, start=1):
            if not blobs.has(one.digest):
                gone.append(str(one.sample_id))
                continue
            name = f"{number:05d}"
            path = f"{TRAINING_DIR}wavs/{name}{safe_suffix(one.filename)}"
            parts.append(_Part.stored(blobs, path, one.digest, one.size_bytes))
            table += metadata_line(name, one.text)
        if parts:
            parts.append(_Part.made(f"{TRAINING_DIR}metadata.csv", bytes(table)))
        return parts, gone


def _archived(voice: VoiceModel) -> ArchivedVoice:
    return ArchivedVoice(
        id=voice.id,
        name=voice.name,
        version=voice.version,
        lineage_id=voice.lineage_id,
        parent_id=voice.parent_id,
        training_job_id=voice.training_job_id,
        dataset_hash=voice.dataset_hash,
        provider=voice.engine,
        engine_version=voice.engine_version,
        code_version=voice.code_version,
        language=voice.language,
        sample_rate=voice.sample_rate_hz,
        quality_score=voice.quality_score,
        speech_seconds=voice.speech_s,
        training_seconds=voice.train_s,
        options=voice.options,
        metadata=voice.details,
        notes=voice.notes,
        created_at=voice.created_at,
    )


def _consents_of(session: Session, owner_id: UUID, speakers: Sequence[str]) -> list[Consent]:
    keys = {speaker_key(speaker) for speaker in speakers}
    found = select(Consent).where(Consent.owner_id == owner_id, Consent.speaker_key.in_(keys))
    return list(session.scalars(found.order_by(Consent.asserted_at, Consent.id)))


def _consents_json(speakers: Sequence[str], consents: Sequence[Consent]) -> dict[str, Any]:
    told = [
        {
            "speaker": one.speaker,
            "scope": one.scope,
            "statement": one.statement,
            "source": one.source,
            "assertedAt": one.asserted_at.isoformat(),
            "expiresAt": None if one.expires_at is None else one.expires_at.isoformat(),
            "revokedAt": None if one.revoked_at is None else one.revoked_at.isoformat(),
        }
        for one in consents
    ]
    return {"speakers": list(speakers), "consents": told}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False).encode()
