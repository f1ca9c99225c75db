"""The use cases of datasets: list them, look into one, delete it, and give it back in LJ Speech's layout."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from sqlalchemy import case, cast, delete, func, select
from sqlalchemy.dialects.postgresql import JSONB

from voicewright.recordings.entering import find_dataset
from voicewright.recordings.errors import DatasetNotFound, SampleNotFound
from voicewright.recordings.files import forget, letting_go
from voicewright.recordings.listing import CUT_MARK, unique_ids
from voicewright.recordings.ljspeech import LjClip, write_zip
from voicewright.recordings.models import Dataset, Sample, SampleClip
from voicewright.recordings.report import Verdict
from voicewright.recordings.spread import SPREAD, Measured

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.recordings.samples import SampleService

_WORST_FIRST: Final = (
    case({Verdict.REJECTED.value: 0, Verdict.USABLE.value: 1}, value=Sample.verdict, else_=2),
    func.jsonb_array_length(Sample.reasons).desc(),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """A dataset with the figures of its samples."""

    dataset: Dataset
    files: int = 0
    duration_s: float = 0.0
    speech_s: float = 0.0
    transcripts: int = 0
    """How many samples have one."""
    verdicts: dict[Verdict, int] = field(default_factory=dict)
    """How many samples have each."""


@dataclass(frozen=True, slots=True)
class Totals:
    """All datasets of an owner together."""

    datasets: int
    files: int
    speech_s: float


@dataclass(frozen=True, slots=True)
class Take:
    """What somebody who records has to know of a sample."""

    id: uuid.UUID
    transcript: str | None
    verdict: str
    reasons: list[str]
    speech_s: float


class DatasetService:
    """The datasets of all owners.

    Every method raises the errors of `db.errors` when the database is away, and those that name a dataset
    `DatasetNotFound` where the owner has none of that name.

    Args:
        database: open.
        samples: of the same database; it keeps the files.
    """

    def __init__(self, database: Database, samples: SampleService) -> None:
        self._database = database
        self._samples = samples

    def list_datasets(
        self, owner_id: uuid.UUID, *, search: str | None = None, limit: int = 100, offset: int = 0
    ) -> tuple[list[Summary], int]:
        """The datasets of an owner by name, and how many there are in all.

        Args:
            owner_id: whose.
            search: only those with these letters in their name or their speaker's.
            limit: at most so many.
            offset: leave out so many.
        """
        with self._database.session() as session:
            mine = Dataset.owner_id == owner_id
            if wanted := (search or "").strip():
                mine &= Dataset.name.icontains(wanted, autoescape=True) | Dataset.speaker.icontains(
                    wanted, autoescape=True
                )
            found = list(
                session.scalars(
                    select(Dataset).where(mine).order_by(Dataset.name_key).limit(limit).offset(offset)
                )
            )
            total = session.scalar(select(func.count()).select_from(Dataset).where(mine)) or 0
            return _summarise(session, found), total

    def totals(self, owner_id: uuid.UUID) -> Totals:
        """The figures of all datasets of an owner together."""
        mine = Dataset.owner_id == owner_id
        sums = select(func.count(), func.coalesce(func.sum(Sample.speech_s), 0.0)).join(Dataset).where(mine)
        with self._database.session() as session:
            count = session.scalar(select(func.count()).select_from(Dataset).where(mine)) or 0
            return Totals(count, *session.execute(sums).one())

    def summary(self, owner_id: uuid.UUID, name: str) -> Summary:
        """One dataset with its figures."""
        with self._database.session() as session:
            return _summarise(session, [_require(session, owner_id, name)])[0]

    def samples_of(
        self,
        owner_id: uuid.UUID,
        name: str,
        *,
        verdict: Verdict | None = None,
        search: str | None = None,
        worst_first: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> tuple[list[Sample], int]:
        """The samples of a dataset by the names of their files, and how many there are in all.

        Args:
            owner_id: whose.
            name: of the dataset.
            verdict: only those with this one.
            search: only those with these letters in the name of their file or in what is said in them.
            worst_first: those that harm a voice before those that help it least, with the most flaws first.
            limit: at most so many.
            offset: leave out so many.
        """
        with self._database.session() as session:
            dataset = _require(session, owner_id, name)
            inside = Sample.dataset_id == dataset.id
            if verdict is not None:
                inside &= Sample.verdict == verdict.value
            if wanted := (search or "").strip():
                inside &= Sample.filename.icontains(wanted, autoescape=True) | Sample.transcript.icontains(
                    wanted, autoescape=True
                )
            order = _WORST_FIRST if worst_first else ()
            found = session.scalars(
                select(Sample)
                .where(inside)
                .order_by(*order, Sample.filename, Sample.id)
                .limit(limit)
                .offset(offset)
            )
            return list(found), session.scalar(select(func.count()).select_from(Sample).where(inside)) or 0

    def sample_of(self, owner_id: uuid.UUID, name: str, sample_id: uuid.UUID) -> Sample:
        """One sample of a dataset.

        Raises:
            SampleNotFound: the dataset does not have it.
        """
        with self._database.session() as session:
            dataset = _require(session, owner_id, name)
            sample = session.get(Sample, sample_id)
            if sample is None or sample.dataset_id != dataset.id:
                raise SampleNotFound(f"The dataset {dataset.name} has no sample with the id {sample_id}.")
            return sample

    def measured(self, owner_id: uuid.UUID, name: str) -> list[Measured]:
        """The figures of all clips of a dataset that spread, without their sounds and words and all else."""
        with self._database.session() as session:
            dataset = _require(session, owner_id, name)
            rows = session.execute(
                select(
                    SampleClip.end_s - SampleClip.start_s,
                    *(SampleClip.measures[figure].as_float() for figure in SPREAD),
                    # a list that is empty is not worth its way
                    func.nullif(SampleClip.reasons, cast([], JSONB)),
                )
                .join(Sample)
                .where(Sample.dataset_id == dataset.id)
            )
            return [
                Measured(length_s, dict(zip(SPREAD, figures, strict=True)), reasons or ())
                for length_s, *figures, reasons in rows
            ]

    def takes_of(self, owner_id: uuid.UUID, name: str) -> list[Take]:
        """What was read aloud in a dataset: its samples by the names of their files, without their clips."""
        with self._database.session() as session:
            dataset = _require(session, owner_id, name)
            rows = session.execute(
                select(Sample.id, Sample.transcript, Sample.verdict, Sample.reasons, Sample.speech_s)
                .where(Sample.dataset_id == dataset.id)
                .order_by(Sample.filename, Sample.id)
            )
            return [Take(*row) for row in rows]

    def delete(self, owner_id: uuid.UUID, name: str) -> None:
        """Remove a dataset with all its samples and their files, unless other samples share these."""
        with letting_go(self._database) as session:
            dataset = _require(session, owner_id, name, lock=True)
            inside = Sample.dataset_id == dataset.id
            originals = session.scalars(select(Sample.digest).where(inside))
            copies = session.scalars(select(SampleClip.digest).join(Sample).where(inside))
            forget(self._samples.vault.of(owner_id), {*originals, *copies})
            session.execute(delete(Sample).where(inside))
            session.execute(delete(Dataset).where(Dataset.id == dataset.id))
        self._samples.tidy(wait_s=1.0)

    def download(
        self, owner_id: uuid.UUID, name: str, *, with_rejected: bool = False
    ) -> tuple[str, Iterator[bytes]]:
        """A dataset as a zip of `metadata.csv` and `wavs/`, in pieces; memory does not grow with it.

        Args:
            owner_id: whose.
            name: its name.
            with_rejected: also the clips that would harm a voice.

        Returns:
            The name of the dataset as its owner writes it, and the bytes. What goes wrong with a file while
            they are read (`BlobNotFound`, `BlobCorrupt`) cuts them off, so that the zip can't be opened.
        """
        with self._database.session() as session:
            dataset = _require(session, owner_id, name)
            clips = _clips(session, dataset, with_rejected=with_rejected)
        return dataset.name, write_zip(self._samples.vault.of(owner_id), clips)


def _require(session: Session, owner_id: uuid.UUID, name: str, *, lock: bool = False) -> Dataset:
    dataset = find_dataset(session, owner_id, name)
    if dataset is not None and lock:
        dataset = session.get(Dataset, dataset.id, with_for_update=True, populate_existing=True)
    if dataset is None:
        raise DatasetNotFound(f"There is no dataset called {name!r}. Upload a recording to make it.")
    return dataset


def _summarise(session: Session, datasets: Sequence[Dataset]) -> list[Summary]:
    figures = session.execute(
        select(
            Sample.dataset_id,
            Sample.verdict,
            func.count(),
            func.sum(Sample.duration_s),
            func.sum(Sample.speech_s),
            func.count(Sample.transcript),
        )
        .where(Sample.dataset_id.in_([dataset.id for dataset in datasets]))
        .group_by(Sample.dataset_id, Sample.verdict)
    ).all()
    summaries = []
    for dataset in datasets:
        rows = [row for row in figures if row[0] == dataset.id]
        summaries.append(
            Summary(
                dataset,
                files=sum(row[2] for row in rows),
                duration_s=sum(row[3] for row in rows),
                speech_s=sum(row[4] for row in rows),
                transcripts=sum(row[5] for row in rows),
                verdicts={Verdict(row[1]): row[2] for row in rows},
            )
        )
    return summaries


def _clips(session: Session, dataset: Dataset, *, with_rejected: bool) -> list[LjClip]:
    """Named after the files that people sent, in the order of these; only what is needed of each."""
    place = SampleClip.index.label("place")
    rows = session.execute(
        select(Sample.id, Sample.filename, place, SampleClip.text, SampleClip.digest, SampleClip.verdict)
        .join(SampleClip)
        .where(Sample.dataset_id == dataset.id)
        .order_by(Sample.filename, Sample.id, place)
    ).all()
    files = {row.id: PurePosixPath(row.filename).stem for row in rows}
    ids = dict(zip(files, unique_ids(files.values()), strict=True))
    cut = {row.id for row in rows if row.place > 0}

    def name_of(sample_id: uuid.UUID, index: int) -> str:
        return f"{ids[sample_id]}{CUT_MARK}{index + 1:04d}" if sample_id in cut else ids[sample_id]

    return [
        LjClip(name_of(row.id, row.place), row.text, row.digest)
        for row in rows
        if with_rejected or row.verdict != Verdict.REJECTED
    ]
