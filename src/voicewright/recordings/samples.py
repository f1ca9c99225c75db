"""The use cases of samples: take files in, find them, mend what they say, and let them go."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from sqlalchemy import func, select

from voicewright.errors import AppError
from voicewright.home.layout import Home
from voicewright.recordings.entering import (
    Incoming,
    Outcome,
    Place,
    digests_of_copies,
    enter,
    find_dataset,
    find_sample,
    put_copies,
    replace_clips,
    require_length,
    require_match,
)
from voicewright.recordings.errors import SampleNotFound, SampleRefused
from voicewright.recordings.examining import Examined, examine
from voicewright.recordings.files import forget, letting_go, storing, sweep
from voicewright.recordings.models import Dataset, Sample
from voicewright.recordings.names import safe_suffix
from voicewright.recordings.policies import IntakeLimits
from voicewright.recordings.report import RefusedFile
from voicewright.storage.errors import BlobNotFound
from voicewright.storage.space import require_space
from voicewright.storage.user_keys import KeyRing
from voicewright.storage.vault import Vault
from voicewright.storage.work import sweep_work, work_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.settings import Settings

__all__ = ["Incoming", "Place", "SampleService", "Taken", "sweep"]

_LOG = logging.getLogger(__name__)

_SWEEP_WAIT_S = 1.0
_EDITS_AT_ONCE = 2
"""Samples that are examined again because their words changed; they wait for no upload."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one file: a sample, or the reason why not."""

    filename: str
    outcome: Outcome
    sample: Sample | None = None
    refused: RefusedFile | None = None


class SampleService:
    """The samples of all owners.

    Safe for threads. However many files come at once, so many are listened to as the machine has cores, and a
    few more whose words somebody mends. Every method raises the errors of `db.errors` when the database is
    away.

    Args:
        database: open.
        vault: the store of the samples' files; another one than that of the voices.
        uploads_dir: where files lie while they are examined (`Home.uploads_dir`).
        workers: files examined at once; None: one per core.
        reserve_mb: MiB of disk that must stay free when a sample is kept (`Settings.min_free_disk_mb`).
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        uploads_dir: Path,
        *,
        workers: int | None = None,
        reserve_mb: int = 0,
    ) -> None:
        self.vault = vault
        self.uploads_dir = uploads_dir
        self._database = database
        self._reserve_mb = reserve_mb
        self._pool = ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="samples")
        self._edits = ThreadPoolExecutor(_EDITS_AT_ONCE, thread_name_prefix="edits")

    @classmethod
    def open(cls, settings: Settings, database: Database, keys: KeyRing | None = None) -> Self:
        """The service with the store of the settings; the keys are opened here where there are no others."""
        home = Home.open(settings.home)
        vault = Vault.of_samples(settings, keys or KeyRing.open(settings, database))
        return cls(database, vault, home.uploads_dir, reserve_mb=settings.min_free_disk_mb)

    def close(self) -> None:
        """End the threads, after what they are at."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._edits.shutdown(wait=True, cancel_futures=True)

    @contextmanager
    def upload_folder(self) -> Iterator[Path]:
        """An empty folder for what one request brings; it goes with the block, or with the next start.

        Raises:
            StorageFull, StorageReadOnly: it can't be made.
        """
        with work_folder(self.uploads_dir, uuid.uuid4().hex) as folder:
            try:
                yield folder.path
            finally:
                shutil.rmtree(folder.path, ignore_errors=True)

    def require_place(self, place: Place) -> None:
        """Ask before a file is read whether samples may go there.

        Raises:
            DatasetMismatch: the dataset is of another speaker or in another language.
        """
        if place.dataset is not None:
            with self._database.session() as session:
                dataset = find_dataset(session, place.owner_id, place.dataset)
            if dataset is not None:
                require_match(dataset, place)

    def take(
        self, files: Sequence[Incoming], place: Place, folder: Path, *, stop: threading.Event | None = None
    ) -> list[Taken]:
        """Take files in: each that can be used is a sample when this returns, whatever becomes of the others.

        Args:
            files: they may lie in `folder`, and are not changed.
            place: where they go.
            folder: empty but for them; working copies are made there.
            stop: set by another thread to end it soon.

        Returns:
            What came of each, in their order.

        Raises:
            DatasetMismatch: nothing was taken in.
            StorageFull, StorageReadOnly, StorageUnavailable, AudioDiskFull, AudioNotWritten, IntakeCancelled:
                some may have been taken in; the same request again goes on where this one ended.
        """
        self.require_place(place)
        stop = stop or threading.Event()
        futures: list[Future[Taken]] = [
            self._pool.submit(self._take_one, file, place, folder / f"copies-{number}", stop)
            for number, file in enumerate(files)
        ]
        try:
            return [future.result() for future in futures]
        finally:
            stop.set()
            for future in futures:
                if not future.cancel():
                    future.exception()  # waits: it still uses the folder

    def get(self, sample_id: uuid.UUID, owner_id: uuid.UUID | None) -> Sample:
        """One sample of an owner; of any owner where that is None.

        Raises:
            SampleNotFound: there is none, or it is somebody else's.
        """
        with self._database.session() as session:
            sample = session.get(Sample, sample_id)
        if sample is None or owner_id not in {None, sample.owner_id}:
            raise SampleNotFound(f"There is no sample with the id {sample_id}. Check it, or upload it again.")
        return sample

    def get_many(self, sample_ids: Sequence[uuid.UUID], owner_id: uuid.UUID) -> list[Sample]:
        """Samples of an owner in the order of their ids.

        Raises:
            SampleNotFound: names those that are not there, or somebody else's.
        """
        with self._database.session() as session:
            return find_samples(session, sample_ids, owner_id)

    def list_singles(
        self, owner_id: uuid.UUID, *, limit: int = 100, offset: int = 0
    ) -> tuple[list[Sample], int]:
        """The samples of an owner that are in no dataset, the newest first, and how many there are in all."""
        mine = (Sample.owner_id == owner_id) & Sample.dataset_id.is_(None)
        with self._database.session() as session:
            query = select(Sample).where(mine).order_by(Sample.created_at.desc(), Sample.id.desc())
            found = list(session.scalars(query.limit(limit).offset(offset)))
            return found, session.scalar(select(func.count()).select_from(Sample).where(mine)) or 0

    def set_transcript(self, sample: Sample, transcript: str | None) -> Sample:
        """Say what is said in a sample, or that nobody knows; it is cut and judged again, as both may change.

        Raises:
            SampleNotFound: it was deleted meanwhile.
            SampleRefused: it can't be used any more, for example as this release hears no speech in it.
            BlobNotFound, BlobCorrupt: its file is missing or damaged.
        """
        blobs = self.vault.of(sample.owner_id)
        with self.upload_folder() as folder:
            original = folder / f"original{safe_suffix(sample.filename)}"
            try:
                blobs.fetch_file(sample.digest, original)
            except BlobNotFound:
                self.get(sample.id, None)  # which says so where it was deleted meanwhile
                raise
            examined = self._edits.submit(
                examine, original, sample.filename, transcript, folder, IntakeLimits()
            ).result()
            if isinstance(examined, RefusedFile):
                raise SampleRefused(examined.reason)
            with storing(self._database, blobs, digests_of_copies(examined)) as session:
                copies = put_copies(blobs, examined)
                dataset, found = _locked(session, sample)
                if found is None:
                    raise SampleNotFound(f"The sample {sample.id} was deleted meanwhile.")
                replace_clips(blobs, found, transcript, examined, copies)
                if dataset is not None:
                    dataset.updated_at = found.updated_at
        self.tidy()
        return found

    def delete(self, sample: Sample) -> None:
        """Remove a sample with its files, unless another sample shares them; the second time: nothing."""
        with letting_go(self._database) as session:
            dataset, found = _locked(session, sample)
            if found is not None:
                forget(self.vault.of(found.owner_id), [found.digest, *(clip.digest for clip in found.clips)])
                session.delete(found)
                if dataset is not None:
                    dataset.updated_at = datetime.now(UTC)
        self.tidy(wait_s=_SWEEP_WAIT_S)

    def tidy(self, *, wait_s: float = 0.0) -> None:
        """Sweep where that is possible now; what stays is found by the next one."""
        try:
            sweep(self._database, self.vault, wait_s=wait_s)
        except AppError as error:
            _LOG.warning("what samples left is removed later: %s", error.message)

    def clear_uploads(self) -> None:
        """Remove what killed processes left of uploads; once, when a service starts."""
        sweep_work(self.uploads_dir, older_than_s=0.0)
        self.tidy()

    def _take_one(self, file: Incoming, place: Place, copies_dir: Path, stop: threading.Event) -> Taken:
        known = self._known(file, place)
        if known is not None:
            return Taken(file.filename, Outcome.UNCHANGED, known)
        folder = self.vault.objects.directory or self.uploads_dir
        size_bytes, reserve_mb = file.size_bytes, self._reserve_mb
        require_space(folder, needed_bytes=size_bytes, reserve_mb=reserve_mb, purpose="Keeping a sample")
        copies_dir.mkdir(mode=0o700)
        try:
            examined = examine(
                file.path, file.filename, file.transcript, copies_dir, place.limits, stopped=stop.is_set
            )
            if isinstance(examined, Examined):
                examined = require_length(examined, file, place)
            if isinstance(examined, RefusedFile):
                return Taken(file.filename, Outcome.REFUSED, refused=examined)
            digests = [file.digest, *digests_of_copies(examined)]
            blobs = self.vault.of(place.owner_id)
            with storing(self._database, blobs, digests) as session:
                sample, outcome = enter(session, blobs, place, file, examined)
            return Taken(file.filename, outcome, sample)
        finally:
            shutil.rmtree(copies_dir, ignore_errors=True)

    def _known(self, file: Incoming, place: Place) -> Sample | None:
        """The sample that these bytes are already, where nothing new is said about it."""
        with self._database.session() as session:
            sample = find_sample(session, place, file.digest)
        return None if sample is None or file.transcript not in {None, sample.transcript} else sample


def _locked(session: Session, sample: Sample) -> tuple[Dataset | None, Sample | None]:
    """A sample that is to change; its dataset first, as everybody does, so that none wait for each other."""
    dataset = None
    if sample.dataset_id is not None:
        dataset = session.get(Dataset, sample.dataset_id, with_for_update={"key_share": True})
    return dataset, session.get(Sample, sample.id, with_for_update=True)


def find_samples(session: Session, sample_ids: Sequence[uuid.UUID], owner_id: uuid.UUID) -> list[Sample]:
    """Samples of an owner in the order of their ids.

    Raises:
        SampleNotFound: names those that are not there, or somebody else's.
    """
    query = select(Sample).where(Sample.owner_id == owner_id, Sample.id.in_(sample_ids))
    found = {sample.id: sample for sample in session.scalars(query)}
    if missing := [str(sample_id) for sample_id in sample_ids if sample_id not in found]:
        raise SampleNotFound(f"There are no samples with these ids: {', '.join(missing)}.")
    return [found[sample_id] for sample_id in sample_ids]
