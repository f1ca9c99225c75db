"""Enters examined recordings: which dataset they go to, which sample they are, and what changes in it."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from voicewright.privacy.speakers import OWN_VOICE, clean_speaker, speaker_key
from voicewright.recordings.errors import DatasetMismatch
from voicewright.recordings.files import forget
from voicewright.recordings.models import Dataset, Sample, SampleClip
from voicewright.recordings.names import clean_dataset_name, clean_language, dataset_key
from voicewright.recordings.policies import IntakeLimits
from voicewright.recordings.report import RefusedFile, rounded

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from sqlalchemy.orm import Session

    from voicewright.recordings.examining import Examined
    from voicewright.storage.blobs import BlobStore

DEFAULT_LANGUAGE: Final = "en-us"


class Outcome(StrEnum):
    """What came of a file."""

    CREATED = "created"
    UPDATED = "updated"
    """The same bytes were there; they have another transcript now."""
    UNCHANGED = "unchanged"
    """The same bytes were there."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that was sent."""

    path: Path
    filename: str
    """As its sender calls it, see `names.clean_filename`."""
    digest: str
    """SHA-256."""
    size_bytes: int
    transcript: str | None = None
    """See `names.clean_transcript`; None: nobody said anything about it."""

    @classmethod
    def of(cls, path: Path, filename: str, transcript: str | None = None) -> Self:
        """A file that nobody has read yet."""
        return cls(path, filename, _digest_of(path), path.stat().st_size, transcript)


@dataclass(frozen=True, slots=True)
class Place:
    """Where samples go, and what is taken in there."""

    owner_id: uuid.UUID
    dataset: str | None = None
    """Its name; made where it is missing. None: samples on their own."""
    speaker: str | None = None
    """None: the dataset's; of a new one its name; of a sample on its own the owner."""
    language: str | None = None
    limits: IntakeLimits = field(default_factory=IntakeLimits)
    min_s: float = 0.0
    """Recordings that are shorter, or longer than `max_s`, are refused."""
    max_s: float | None = None

    @classmethod
    def for_single(cls, owner_id: uuid.UUID, speaker: str | None, *, min_s: float, max_s: float) -> Self:
        """Samples on their own; of what is longer than allowed no more is read than shows it."""
        speaker = OWN_VOICE if speaker is None else clean_speaker(speaker)
        limits = IntakeLimits(max_file_s=max_s + 1.0)
        return cls(owner_id, None, speaker, None, limits, min_s, max_s)

    @classmethod
    def for_dataset(
        cls, owner_id: uuid.UUID, name: str, *, speaker: str | None = None, language: str | None = None
    ) -> Self:
        """Samples of a dataset.

        Raises:
            DatasetNameInvalid, SpeakerInvalid, LanguageInvalid: with the reason.
        """
        speaker = None if speaker is None else clean_speaker(speaker)
        language = None if language is None else clean_language(language)
        return cls(owner_id, clean_dataset_name(name), speaker, language)


def find_dataset(session: Session, owner_id: uuid.UUID, name: str, *, lock: bool = False) -> Dataset | None:
    """A dataset by any spelling of its name; locked against other changes where asked."""
    query = select(Dataset).where(Dataset.owner_id == owner_id, Dataset.name_key == dataset_key(name))
    if lock:
        # `populate_existing`: what was read before the wait for the lock may be old
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalar(query)


def require_match(dataset: Dataset, place: Place) -> None:
    """A dataset is of one speaker and in one language.

    Raises:
        DatasetMismatch: the upload says something else.
    """
    if place.speaker is not None and speaker_key(place.speaker) != speaker_key(dataset.speaker):
        raise DatasetMismatch(
            f"The dataset {dataset.name} is of the speaker {dataset.speaker!r}, and this upload says"
            f" {place.speaker!r}. Leave `speaker` out, or upload to a dataset of its own."
        )
    if place.language is not None and place.language.casefold() != dataset.language.casefold():
        raise DatasetMismatch(
            f"The dataset {dataset.name} is in {dataset.language!r}, and this upload says"
            f" {place.language!r}. Leave `language` out, or upload to a dataset of its own."
        )


def require_length(examined: Examined, incoming: Incoming, place: Place) -> Examined | RefusedFile:
    """Refuse a recording that is shorter or longer than the place takes."""
    length_s, most_s = examined.duration_s, place.max_s
    if length_s < place.min_s:
        reason = f"only {length_s:.1f} s long; at least {place.min_s:g} s are needed. Record more."
        return RefusedFile(incoming.path, "TOO_SHORT", reason)
    if most_s is not None and length_s > most_s:
        reason = f"longer than the {most_s:g} s that a sample may have. Cut it, or use a dataset."
        return RefusedFile(incoming.path, "TOO_LONG", reason)
    return examined


def find_sample(session: Session, place: Place, digest: str, *, lock: bool = False) -> Sample | None:
    """The sample that is these bytes in this place; locked against other changes where asked."""
    query = select(Sample).where(Sample.owner_id == place.owner_id, Sample.digest == digest)
    if place.dataset is None:
        query = query.where(Sample.dataset_id.is_(None))
    else:
        query = query.join(Dataset, Dataset.id == Sample.dataset_id)
        query = query.where(Dataset.name_key == dataset_key(place.dataset))
    return session.scalar(query.with_for_update(of=Sample) if lock else query)


def enter(
    session: Session, blobs: BlobStore, place: Place, incoming: Incoming, examined: Examined
) -> tuple[Sample, Outcome]:
    """Put a recording in with its files, in a unit of work of `files.storing`.

    Raises:
        DatasetMismatch: the dataset is of another speaker or in another language.
        StorageFull, StorageReadOnly, StorageUnavailable: nothing is entered.
    """
    blobs.put_file(incoming.path)
    copies = put_copies(blobs, examined)
    dataset = None if place.dataset is None else _locked_dataset(session, place, place.dataset)
    sample_id = session.scalar(
        insert(Sample)
        .values(_values(session, place, dataset, incoming, examined))
        .on_conflict_do_nothing()
        .returning(Sample.id)
    )
    if sample_id is not None:
        session.add_all(_clips(sample_id, examined, copies))
        outcome = Outcome.CREATED
    else:
        existing = find_sample(session, place, incoming.digest, lock=True)
        if existing is None:  # deleted between the two
            return enter(session, blobs, place, incoming, examined)
        sample_id = existing.id
        if incoming.transcript in {None, existing.transcript}:
            forget(blobs, copies)  # another version of this program may have cut it differently
            outcome = Outcome.UNCHANGED
        else:
            replace_clips(blobs, existing, incoming.transcript, examined, copies)
            outcome = Outcome.UPDATED
    if dataset is not None and outcome is not Outcome.UNCHANGED:
        dataset.updated_at = datetime.now(UTC)
    session.flush()
    sample = session.get_one(Sample, sample_id, populate_existing=True)
    return sample, outcome


def put_copies(blobs: BlobStore, examined: Examined) -> list[str]:
    """Store the working copies of the clips; gives their digests in the order of the clips."""
    return [blobs.put_file(clip.path).digest for clip in examined.clips]


def digests_of_copies(examined: Examined) -> list[str]:
    """The same before they are stored."""
    return [_digest_of(clip.path) for clip in examined.clips]


def replace_clips(
    blobs: BlobStore, sample: Sample, transcript: str | None, examined: Examined, copies: list[str]
) -> None:
    """Give a sample other words, and with them other clips and verdicts."""
    forget(blobs, {clip.digest for clip in sample.clips} - set(copies))
    sample.clips = _clips(sample.id, examined, copies)
    sample.transcript = transcript
    sample.verdict, sample.reasons = examined.verdict.value, list(examined.reasons)
    sample.notes, sample.speech_s = list(examined.notes), examined.speech_s
    sample.updated_at = datetime.now(UTC)


def _locked_dataset(session: Session, place: Place, name: str) -> Dataset:
    """The dataset of a name, made where it is missing; one transaction at a time changes it."""
    session.execute(
        insert(Dataset)
        .values(
            id=uuid.uuid4(),
            owner_id=place.owner_id,
            name=name,
            name_key=dataset_key(name),
            language=place.language or DEFAULT_LANGUAGE,
            speaker=place.speaker or name,
        )
        .on_conflict_do_nothing()
    )
    dataset = find_dataset(session, place.owner_id, name, lock=True)
    if dataset is None:  # deleted between the two
        return _locked_dataset(session, place, name)
    require_match(dataset, place)
    return dataset


def _values(
    session: Session, place: Place, dataset: Dataset | None, incoming: Incoming, examined: Examined
) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "owner_id": place.owner_id,
        "dataset_id": None if dataset is None else dataset.id,
        "speaker": (place.speaker or OWN_VOICE) if dataset is None else dataset.speaker,
        "filename": incoming.filename,
        "digest": incoming.digest,
        "size_bytes": incoming.size_bytes,
        "container": examined.container,
        "sound_digest": examined.sound_digest,
        "transcript": incoming.transcript,
        "verdict": examined.verdict.value,
        "reasons": list(examined.reasons),
        "notes": [*examined.notes, *_same_sound(session, dataset, incoming, examined)],
        "duration_s": examined.duration_s,
        "speech_s": examined.speech_s,
    }


def _same_sound(
    session: Session, dataset: Dataset | None, incoming: Incoming, examined: Examined
) -> list[str]:
    """Say which other file of the dataset sounds the same, say a WAV beside its FLAC."""
    if dataset is None:
        return []
    twin = session.scalar(
        select(Sample.filename)
        .where(
            Sample.dataset_id == dataset.id,
            Sample.sound_digest == examined.sound_digest,
            Sample.digest != incoming.digest,
        )
        .limit(1)
    )
    return [] if twin is None else [f"It is the same recording as {twin}; a training uses one of them."]


def _clips(sample_id: uuid.UUID, examined: Examined, copies: list[str]) -> list[SampleClip]:
    return [
        SampleClip(
            sample_id=sample_id,
            index=index,
            start_s=clip.start_s,
            end_s=clip.end_s,
            speech_s=clip.speech_s,
            digest=digest,
            text=clip.text,
            verdict=clip.verdict.value,
            reasons=list(clip.reasons),
            measures={name: rounded(value) for name, value in asdict(clip.measures).items()},
        )
        for index, (clip, digest) in enumerate(zip(examined.clips, copies, strict=True))
    ]


def _digest_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
