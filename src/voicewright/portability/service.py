"""Takes all of an account away in one zip, which is made while it is sent.

README.txt                 what is where, and what is not here
account.json               profile, preferences, API keys without their secrets, sessions
consents.json              what speakers agreed to
shares.json                voices that are shared, in both directions; the others by their ids
ratings.json               what was thought of voices
voice_uses.json            when which voice spoke, and how that went
jobs.json                  trainings
jobs/<id>.json             what happened in each: its log and its curves
recordings/<dataset>/      the files as they were uploaded, with metadata.csv and recordings.json
recordings/single/         those that are in no dataset
voices/<name>-v<n>.zip     each version as `GET /voice-models/{modelId}/export` gives it, to be imported again
voices/deleted/            the same of deleted ones that can still be brought back
blind_tests.json           what was chosen in blind tests
history.json               what was spoken
history/<id>.<format>      its sound, as far as it is kept
left_out.json              what is named above and could not be read, and why

A file that is missing or damaged is left out and named, so that one does not cost somebody all the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from voicewright.portability.holdings import Holdings, holdings_of
from voicewright.portability.tables import (
    account_json,
    blind_tests_json,
    consents_json,
    datasets_of,
    events_json,
    history_json,
    jobs_json,
    jobs_of,
    ratings_json,
    recordings_json,
    samples_of,
    shares_json,
    spoken_by,
    to_json,
    voice_uses_json,
)
from voicewright.recordings.listing import unique_ids
from voicewright.recordings.ljspeech import metadata_line
from voicewright.recordings.names import safe_suffix
from voicewright.recordings.zip_streams import ZipStream
from voicewright.speech.long.models import LongPart, LongSpeech
from voicewright.storage.errors import BlobCorrupt, BlobNotFound, ObjectNotFound, SealBroken
from voicewright.voices.errors import VoiceFilesGone, VoiceNotFound
from voicewright.voices.models import VoiceModel
from voicewright.voices.retention import needs_files

if TYPE_CHECKING:
    import uuid

    from voicewright.accounts.caller import Caller
    from voicewright.db.server import Database
    from voicewright.errors import AppError
    from voicewright.notifications.choices import NotificationChoices
    from voicewright.recordings.models import Sample
    from voicewright.speech.history import HistoryService
    from voicewright.speech.models import Synthesis
    from voicewright.storage.vault import Vault
    from voicewright.voices.copies.exporting import ExportService

_UNREADABLE: Final = (BlobCorrupt, BlobNotFound, ObjectNotFound, SealBroken, VoiceFilesGone, VoiceNotFound)
_SINGLE: Final = "single"
_README: Final = """\
What Voicewright keeps of your account.

account.json          your profile, preferences, API keys (without their secrets) and sessions
consents.json         what speakers agreed to
shares.json           the voices that you share, and those that are shared with you, ended shares too; the
                      others by their ids (ownerId, targetUserId)
ratings.json          what you think of voices
voice_uses.json       when your voices spoke, and others' voices for you (ownVoice, byYou), and how that went
jobs.json             your trainings; jobs/ has for each of them, by its id, what happened: its log (kind
                      log), its curves point by point (kind metric), how far it was and its states
blind_tests.json      what you chose in blind tests
recordings/           your recordings as you uploaded them, one folder for each dataset. metadata.csv has
                      what is said in them (file|text|text), recordings.json what was measured.
voices/               each version of your voices, as a zip that any Voicewright can import; voices/deleted/
                      has those that you deleted and can still bring back
history.json          what you had spoken; history/ has the sound, as far as it is kept
left_out.json         only where something could not be read: what, and why

What is kept and deliberately not here:

- secrets: of passwords, API keys, sessions and tokens there are only digests, which are good for nothing else
- what can be made of the files that are here again: clips cut out of recordings, sentences kept to be spoken
  faster, fingerprints that spoken sound is known again by
- what goes by itself: what a voice said while it was trained, a voice that was not good enough, an uploaded
  model that is not registered yet, a mail that is not sent yet
- backups of your voices, which are here themselves
- for which of its users an application made voices with your account
- the audit trail and the counters of limits, which belong to the installation
- what others think of your voices, and who of them had your voices speak
- what would tell who speaks in a blind test that goes on: it is here once you have finished that
"""


@dataclass(frozen=True, slots=True)
class PortabilityParts:
    """What the export works with.

    Attributes:
        database: open.
        samples: the store of the recordings.
        long: the store of long texts.
        voices: exports voices.
        history: what was spoken, and its files.
        choices: what people want to be told of.
    """

    database: Database
    samples: Vault
    long: Vault
    voices: ExportService
    history: HistoryService
    choices: NotificationChoices


@dataclass(slots=True)
class _Archive:
    """The zip, and what did not get into it."""

    stream: ZipStream = field(default_factory=ZipStream)
    left_out: list[dict[str, str]] = field(default_factory=list)

    def add(
        self, name: str, content: Iterable[bytes], *, size_bytes: int = 0, packed: bool = False
    ) -> Iterator[bytes]:
        """Add a file; one that can't be read to its end is noted, and what came of it stays."""
        try:
            yield from self.stream.add(name, content, size_bytes=size_bytes, packed=packed)
        except _UNREADABLE as error:
            self.leave_out(name, error)

    def leave_out(self, name: str, error: AppError) -> None:
        self.left_out.append({"file": name, "code": error.code, "reason": error.message})

    def end(self) -> Iterator[bytes]:
        if self.left_out:
            yield from self.stream.add("left_out.json", [to_json(self.left_out)])
        yield from self.stream.end()


class PortabilityService:
    """What is kept of an account, and all of it in one archive; safe for threads.

    Args:
        parts: see there.
    """

    def __init__(self, parts: PortabilityParts) -> None:
        self._parts = parts

    def holdings(self, user_id: uuid.UUID) -> Holdings:
        """How much there is."""
        with self._parts.database.session() as session:
            return holdings_of(session, user_id)

    def export(self, caller: Caller, *, with_audio: bool = True) -> Iterator[bytes]:
        """The archive in pieces; what fails in its middle leaves one that is none.

        Args:
            caller: whose account it is.
            with_audio: also the sound of what was spoken.

        Raises:
            StorageUnavailable, KeyDestroyed and those of `db.errors`: now, or while it is read.
        """
        user_id = caller.user_id
        preferences = {
            "speech": asdict(self._parts.history.preferences(user_id)),
            "by_mail": {notice.value: wanted for notice, wanted in self._parts.choices.of(user_id).items()},
        }
        with self._parts.database.session() as session:
            small = {
                "README.txt": _README.encode(),
                "account.json": account_json(session, user_id, preferences),
                "consents.json": consents_json(session, user_id),
            }
        return self._pieces(caller, small, with_audio=with_audio)

    def _pieces(self, caller: Caller, small: Mapping[str, bytes], *, with_audio: bool) -> Iterator[bytes]:
        archive, user_id, database = _Archive(), caller.user_id, self._parts.database
        for name, content in small.items():
            yield from archive.add(name, [content])
        tables = {
            "shares.json": shares_json(database, user_id),
            "ratings.json": ratings_json(database, user_id),
            "voice_uses.json": voice_uses_json(database, user_id),
            "jobs.json": jobs_json(jobs_of(database, user_id)),
            "history.json": history_json(database, user_id),
            "blind_tests.json": blind_tests_json(database, user_id),
        }
        for name, rows in tables.items():
            yield from archive.add(name, rows, packed=True)
        for job in jobs_of(database, user_id):
            yield from archive.add(f"jobs/{job.id}.json", events_json(database, job.id), packed=True)
        yield from self._recordings(archive, user_id)
        yield from self._voices(archive, caller)
        if with_audio:
            for entry in spoken_by(database, user_id):
                yield from self._sound_of(archive, entry)
        yield from archive.end()

    def _recordings(self, archive: _Archive, owner_id: uuid.UUID) -> Iterator[bytes]:
        with self._parts.database.session() as session:
            datasets = datasets_of(session, owner_id)
        names = unique_ids([_SINGLE, *(dataset.name for dataset in datasets)])
        for dataset_id, name in zip([None, *(dataset.id for dataset in datasets)], names, strict=True):
            yield from self._folder(archive, owner_id, dataset_id, f"recordings/{name}/")

    def _folder(
        self, archive: _Archive, owner_id: uuid.UUID, dataset_id: uuid.UUID | None, folder: str
    ) -> Iterator[bytes]:
        database, blobs = self._parts.database, self._parts.samples.of(owner_id)
        table, number = bytearray(), 0
        for number, sample in enumerate(samples_of(database, owner_id, dataset_id), start=1):
            name = f"{number:05d}-{_stem_of(sample)}"
            table += metadata_line(name, sample.transcript)
            yield from archive.add(
                f"{folder}{name}{safe_suffix(sample.filename)}",
                blobs.stream(sample.digest),
                size_bytes=sample.size_bytes,
            )
        if number:
            yield from archive.add(f"{folder}metadata.csv", [bytes(table)], packed=True)
            told = recordings_json(samples_of(database, owner_id, dataset_id))
            yield from archive.add(f"{folder}recordings.json", told, packed=True)

    def _voices(self, archive: _Archive, caller: Caller) -> Iterator[bytes]:
        mine = (VoiceModel.owner_id == caller.user_id) & needs_files(datetime.now(UTC))
        columns = (VoiceModel.id, VoiceModel.name, VoiceModel.version, VoiceModel.deleted_at)
        with self._parts.database.session() as session:
            found = select(*columns).where(mine).order_by(VoiceModel.created_at, VoiceModel.id)
            voices = session.execute(found).all()
        files = unique_ids(f"{voice.name}-v{voice.version}" for voice in voices)
        for voice, file in zip(voices, files, strict=True):
            name = f"voices/{file}.zip" if voice.deleted_at is None else f"voices/deleted/{file}.zip"
            try:
                # its recordings are in the archive already
                export = self._parts.voices.export_own(caller, voice.id, with_recordings=False)
            except _UNREADABLE as error:
                archive.leave_out(name, error)
                continue
            yield from archive.add(name, export.pieces(), size_bytes=export.content_bytes)

    def _sound_of(self, archive: _Archive, entry: Synthesis) -> Iterator[bytes]:
        if entry.file_digest is not None:
            name = f"history/{entry.id}.{entry.file_format}"
            chunks = self._parts.history.stream(entry)
            yield from archive.add(name, chunks, size_bytes=entry.file_bytes or 0)
        if entry.source == "long":
            blobs = self._parts.long.of(entry.user_id)
            for name, digest, size_bytes in self._long_files(entry):
                yield from archive.add(name, blobs.stream(digest), size_bytes=size_bytes)

    def _long_files(self, entry: Synthesis) -> list[tuple[str, str, int]]:
        """The joined file of a long text, or those of the items of a batch."""
        with self._parts.database.session() as session:
            speech = session.get(LongSpeech, entry.id)
            if speech is None:
                return []
            suffix = speech.output_format
            if speech.file_digest is not None:
                return [(f"history/{entry.id}.{suffix}", speech.file_digest, speech.file_bytes or 0)]
            parts = select(LongPart).where(LongPart.speech_id == speech.id, LongPart.file_digest.is_not(None))
            return [
                (
                    f"history/{entry.id}/{part.number:04d}.{suffix}",
                    str(part.file_digest),
                    part.file_bytes or 0,
                )
                for part in session.scalars(parts.order_by(LongPart.number))
            ]


def _stem_of(sample: Sample) -> str:
    return next(unique_ids([sample.filename.rpartition("/")[2].rpartition(".")[0] or sample.filename]))
