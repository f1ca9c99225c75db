"""What lies in the data directory once nothing runs: no sound that can be heard, nothing of the deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from voicewright.accounts.models import User
from voicewright.accounts.service import AccountService
from voicewright.assembly.erasures import make_erasures
from voicewright.engines.port import SynthesisRequest
from voicewright.recordings.entering import Incoming, Place
from voicewright.recordings.samples import SampleService
from voicewright.training.clone import CloneTools, clone_voice
from voicewright.training.making import VoiceRequest
from voicewright.training.models import TrainingJob
from voicewright.training.runs import Run
from voicewright.training.workflow import WorkTools, run_job
from voicewright.voices.models import VoiceModel
from voicewright.voices.schemas import LOCAL_USER_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from voicewright.db.server import Database
    from voicewright.erasure.models import Erasure
    from voicewright.erasure.service import ErasureService
    from voicewright.settings import Settings
    from voicewright.storage.vault import Vault
    from voicewright.voices.schemas import NewVoice
    from voicewright.voices.service import VoiceService

WINDOW = 48
"""Bytes that are looked for, of each piece of sound."""


@pytest.fixture
def uploaded(settings: Settings, database: Database) -> Iterator[SampleService]:
    service = SampleService.open(settings, database)
    yield service
    service.close()


@pytest.fixture
def erasures(
    settings: Settings, database: Database, work_tools: WorkTools, uploaded: SampleService
) -> ErasureService:
    accounts = AccountService(settings, database)
    return make_erasures(settings, database, accounts, work_tools.voices, uploaded.vault)


@pytest.fixture
def erase(database: Database, erasures: ErasureService) -> Callable[[UUID], Erasure]:
    """Delete the account of somebody, which is made here."""

    def erase(owner_id: UUID) -> Erasure:
        now = datetime.now(UTC)
        user = User(id=owner_id, name="Ann", role="user", created_at=now, tokens_void_before=now)
        with database.session() as session:
            session.add(user)
        return erasures.erase(owner_id, requested_by=None)

    return erase


def loudest(samples: np.ndarray) -> bytes:
    at = int(np.abs(samples[:-WINDOW].astype(float)).argmax())
    return samples[at : at + WINDOW // samples.itemsize].tobytes()


def sounds_in(recordings: Path, *stores: tuple[Vault, UUID]) -> list[bytes]:
    """Pieces of the recordings as they came and decoded, and of every file that is stored of them."""
    found = []
    for path in recordings.iterdir():
        found.append(path.read_bytes()[2000 : 2000 + WINDOW])
        found += [loudest(soundfile.read(path, dtype=kind)[0]) for kind in ("int16", "float32")]
    for vault, owner_id in stores:
        blobs = vault.of(owner_id)
        contents = [blobs.read(digest) for digest in blobs.digests()]
        found += [each[len(each) // 2 :][:WINDOW] for each in contents if len(each) > 4 * WINDOW]
    return [piece for piece in found if len(set(piece)) > WINDOW // 4]


def lying_open(home: Path, pieces: list[bytes]) -> list[Path]:
    contents = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    return [path for path, content in contents.items() if any(piece in content for piece in pieces)]


def begin(database: Database, job: TrainingJob) -> Run:
    assert job.ticket is not None
    run = Run.begin(database, job.id, job.ticket, node="here")
    assert run is not None
    return run


def test_no_sound_lies_open_and_nothing_of_a_deleted_account_is_left(  # noqa: PLR0917 - fixtures
    settings: Settings,
    database: Database,
    recordings: Path,
    uploaded: SampleService,
    make_job: Callable[..., TrainingJob],
    work_tools: WorkTools,
    tools: CloneTools,
    erase: Callable[[UUID], Erasure],
    tmp_path: Path,
) -> None:
    owner_id, voices = make_job().owner_id, work_tools.voices
    with uploaded.upload_folder() as folder:
        files = [Incoming.of(path, path.name) for path in sorted(recordings.iterdir())]
        place = Place(owner_id, dataset="mine", speaker="Ann", language="en-us")
        samples = [taken.sample for taken in uploaded.take(files, place, folder) if taken.sample]
    job = make_job(sample_ids=[str(sample.id) for sample in samples], engine_options={"keeps_epochs": True})
    with begin(database, job) as run:
        assert run_job(run, work_tools) is None
    voice = voices.of(owner_id).get("Ann")
    assert voice.references_digest is not None
    assert voice.spoken_digest is not None
    voice_dir = voices.of(owner_id).materialise(voice)
    list(tools.engine.synthesize(SynthesisRequest(voice_dir, "One two three.")))
    clone_voice(VoiceRequest(recordings, "Local", "en-us", {}), tools)

    stores = [(voices.vault, owner_id), (uploaded.vault, owner_id), (voices.vault, LOCAL_USER_ID)]
    pieces = sounds_in(recordings, *stores)
    assert len(pieces) > 3 * len(samples) + 10  # working copies, references, spoken sentences
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "open.flac").write_bytes(next(recordings.iterdir()).read_bytes())
    assert lying_open(tmp_path / "copy", pieces)  # it would be found
    assert lying_open(settings.home, pieces) == []
    assert not list(settings.home.glob("uploads/*"))
    assert not [path for path in settings.home.glob("work/*") if path.is_dir()]

    assert erase(owner_id).state == "complete"
    names = [str(path) for path in settings.home.rglob("*")]
    assert [name for name in names if str(owner_id) in name or job.id.hex in name] == []
    assert list(voices.vault.of(owner_id).digests()) == list(uploaded.vault.of(owner_id).digests()) == []
    assert not voice_dir.exists()
    assert voices.get("Local").name == "Local"
    assert lying_open(settings.home, pieces) == []


class TooLate:
    """A registry in which the owner's account is deleted just before their voice is entered."""

    def __init__(self, voices: VoiceService, erase: Callable[[UUID], Erasure]) -> None:
        self._voices = voices
        self._erase = erase

    def of(self, owner_id: UUID) -> TooLate:
        return TooLate(self._voices.of(owner_id), self._erase)

    def keep_rehearsal(self, *said: Any, **options: Any) -> Any:
        return self._voices.keep_rehearsal(*said, **options)

    def register(self, new: NewVoice, **options: Any) -> VoiceModel:
        self._erase(self._voices.owner_id)
        return self._voices.register(new, **options)


def test_a_training_that_still_goes_on_brings_nothing_back(  # noqa: PLR0917 - fixtures
    settings: Settings,
    database: Database,
    make_job: Callable[..., TrainingJob],
    work_tools: WorkTools,
    erasures: ErasureService,
    erase: Callable[[UUID], Erasure],
) -> None:
    job = make_job()
    with begin(database, job) as run:
        late: Any = TooLate(work_tools.voices, erase)
        assert run_job(run, replace(work_tools, voices=late)) is None
    with database.session() as session:
        assert session.query(VoiceModel).count() == session.query(TrainingJob).count() == 0
    assert list(work_tools.voices.vault.of(job.owner_id).digests()) == []
    assert erasures.sweep() == 1  # the note of what was going to be stored
    names = [str(path) for path in settings.home.rglob("*")]
    assert [name for name in names if str(job.owner_id) in name or job.id.hex in name] == []
