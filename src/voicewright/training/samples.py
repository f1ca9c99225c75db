"""The recordings that a job is to learn from: finds those that a request names, and says what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import Float, func, select

from voicewright.errors import FieldFault
from voicewright.privacy.speakers import speaker_key
from voicewright.recordings.errors import DatasetNotFound
from voicewright.recordings.models import Dataset, Sample, SampleClip
from voicewright.recordings.names import dataset_key
from voicewright.training.errors import NoUsableSpeech, TrainingRequestInvalid, VoiceSampleNotFound
from voicewright.training.plan import RECOGNISED_WEIGHT, USABLE_WEIGHT

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.training.schemas import TrainingRequestBody

_FIELD: Final = "voiceSampleIds"
_MOST_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """What is known of one sample."""

    id: UUID
    filename: str
    speaker: str
    verdict: str
    reasons: tuple[str, ...]
    size_bytes: int
    good_s: float
    """Seconds of speech in clips without flaws."""
    good_told_s: float
    """Of these, in clips whose words are known."""
    usable_s: float
    """Seconds of speech in clips with flaws."""
    usable_told_s: float
    shortest_s: float = 0.0
    """Seconds of speech in the shortest clip that a training can use."""

    @property
    def speech_s(self) -> float:
        """Seconds of speech that a training can use."""
        return self.good_s + self.usable_s

    @property
    def told(self) -> bool:
        """Whether the words of all its speech are known."""
        return self.good_told_s + self.usable_told_s >= self.speech_s

    @property
    def clean_s(self) -> float:
        """Its speech as so many seconds of flawless speech with known words; see `training.plan`."""
        return self._clean_s(USABLE_WEIGHT, RECOGNISED_WEIGHT)

    @property
    def clean_if_told_s(self) -> float:
        """The same, if all its words were known."""
        return self._clean_s(USABLE_WEIGHT, 1.0)

    @property
    def clean_if_flawless_s(self) -> float:
        """The same, if it was recorded without flaws."""
        return self._clean_s(1.0, RECOGNISED_WEIGHT)

    def _clean_s(self, usable_weight: float, untold_weight: float) -> float:
        told_s = self.good_told_s + self.usable_told_s * usable_weight
        all_s = self.good_s + self.usable_s * usable_weight
        return told_s + (all_s - told_s) * untold_weight


@dataclass(frozen=True, slots=True)
class Material:
    """All that a job learns from: samples of one speaker, at least one."""

    samples: tuple[SampleFacts, ...]
    speaker: str
    dataset_id: UUID | None = None
    dataset_name: str | None = None
    language: str | None = None
    """Of the dataset."""

    @property
    def field(self) -> str:
        """The field of the request that names them."""
        return _FIELD if self.dataset_id is None else "datasetName"

    @property
    def usable(self) -> tuple[SampleFacts, ...]:
        """Those that are not rejected."""
        return tuple(sample for sample in self.samples if sample.verdict != "rejected")

    @property
    def speech_s(self) -> float:
        """Seconds of speech that can be learnt from."""
        return sum(sample.speech_s for sample in self.usable)

    @property
    def clean_s(self) -> float:
        """The same as so many seconds of flawless speech with known words."""
        return sum(sample.clean_s for sample in self.usable)

    def leaves(self, needed_s: float) -> bool:
        """Whether a clip can be kept from a training that needs so much speech, to judge the voice by."""
        shortest_s = min((sample.shortest_s for sample in self.usable), default=0.0)
        return self.speech_s - shortest_s >= needed_s

    @property
    def size_bytes(self) -> int:
        """Of the recordings as they were uploaded."""
        return sum(sample.size_bytes for sample in self.usable)


def find_material(
    session: Session, owner_id: UUID, body: TrainingRequestBody, *, most_samples: int
) -> Material:
    """The samples that a request names, in its order, or those of the dataset that it names.

    Raises:
        VoiceSampleNotFound: some do not exist, or are somebody else's; names all of these.
        DatasetNotFound: the same of a dataset.
        TrainingRequestInvalid: too many, one of them twice, or of several speakers.
        NoUsableSpeech: the dataset is empty.
    """
    if body.voice_sample_ids is not None:
        ids = _as_ids(body.voice_sample_ids, most_samples)
        found = {sample.id: sample for sample in _read(session, owner_id, Sample.id.in_(ids))}
        missing = [named for named, id_ in zip(body.voice_sample_ids, ids, strict=True) if id_ not in found]
        if missing:
            raise _not_found(missing)
        samples = tuple(found[id_] for id_ in ids)
        return Material(samples, _one_speaker(samples))
    dataset = _find_dataset(session, owner_id, body)
    samples = tuple(_read(session, owner_id, Sample.dataset_id == dataset.id))
    if not samples:
        raise NoUsableSpeech(f"The dataset {dataset.name} has no samples. Upload some first.")
    return Material(samples, dataset.speaker, dataset.id, dataset.name, dataset.language)


def _as_ids(named: Sequence[str], most_samples: int) -> list[UUID]:
    """The ids, in their order.

    Raises:
        VoiceSampleNotFound: some are no ids at all.
        TrainingRequestInvalid: too many, or one of them twice.
    """
    if len(named) > most_samples:
        message = (
            f"A request names at most {most_samples} samples, and this one names {len(named)}. Put them "
            "into a dataset and name that."
        )
        raise TrainingRequestInvalid(message, fields=[FieldFault(_FIELD, message)])
    ids = [_as_id(each) for each in named]
    strange = [each for each, id_ in zip(named, ids, strict=True) if id_ is None]
    if strange:
        raise _not_found(strange)
    known = [id_ for id_ in ids if id_ is not None]
    first = {id_: place for place, id_ in reversed(list(enumerate(known)))}
    twice = [
        FieldFault(f"{_FIELD}[{place}]", f"{id_} is named twice")
        for place, id_ in enumerate(known)
        if first[id_] != place
    ]
    if twice:
        told = ", ".join(sorted({fault.message.split()[0] for fault in twice})[:_MOST_SHOWN])
        raise TrainingRequestInvalid(f"Name each sample once; named twice: {told}.", fields=twice)
    return known


def _as_id(named: str) -> UUID | None:
    try:
        return UUID(named)
    except ValueError:
        return None


def _not_found(missing: Sequence[str]) -> VoiceSampleNotFound:
    shown = ", ".join(missing[:_MOST_SHOWN])
    more = f" and {len(missing) - _MOST_SHOWN} more" if len(missing) > _MOST_SHOWN else ""
    return VoiceSampleNotFound(
        f"There is no sample of yours with the id {shown}{more}. Check the ids, or upload the recordings.",
        fields=[FieldFault(_FIELD, f"There is no sample {each} of yours.") for each in missing],
    )


def _find_dataset(session: Session, owner_id: UUID, body: TrainingRequestBody) -> Dataset:
    query = select(Dataset).where(Dataset.owner_id == owner_id)
    if body.dataset_id is not None:
        field, named = "datasetId", str(body.dataset_id)
        query = query.where(Dataset.id == body.dataset_id)
    else:
        field, named = "datasetName", body.dataset_name or ""
        query = query.where(Dataset.name_key == dataset_key(named))
    dataset = session.scalars(query).one_or_none()
    if dataset is None:
        message = f"There is no dataset {named!r} of yours. Upload samples into it first."
        raise DatasetNotFound(message, fields=[FieldFault(field, message)])
    return dataset


def _one_speaker(samples: Sequence[SampleFacts]) -> str:
    """Whose voice it is.

    Raises:
        TrainingRequestInvalid: several people's.
    """
    speakers = {speaker_key(sample.speaker): sample.speaker for sample in samples}
    if len(speakers) > 1:
        message = f"A voice is one speaker's, and these samples are {', '.join(sorted(speakers.values()))}'s."
        raise TrainingRequestInvalid(message, fields=[FieldFault(_FIELD, message)])
    return next(iter(speakers.values()))


def _read(session: Session, owner_id: UUID, which: ColumnElement[bool]) -> list[SampleFacts]:
    told = SampleClip.text.is_not(None)

    def seconds(*conditions: ColumnElement[bool]) -> ColumnElement[float]:
        return func.coalesce(func.sum(SampleClip.speech_s).filter(*conditions), 0.0, type_=Float)

    good, usable = SampleClip.verdict == "good", SampleClip.verdict == "usable"
    rows = session.execute(
        select(
            Sample.id, Sample.filename, Sample.speaker, Sample.verdict, Sample.reasons, Sample.size_bytes,
            seconds(good), seconds(good, told), seconds(usable), seconds(usable, told),
            func.coalesce(func.min(SampleClip.speech_s).filter(good | usable), 0.0, type_=Float),
        )
        .outerjoin(SampleClip, SampleClip.sample_id == Sample.id)
        .where(Sample.owner_id == owner_id, which)
        .group_by(Sample.id)
        .order_by(Sample.created_at, Sample.id)
    )  # fmt: skip
    return [
        SampleFacts(id_, filename, speaker, verdict, tuple(map(str, reasons)), *amounts)
        for id_, filename, speaker, verdict, reasons, *amounts in rows
    ]
