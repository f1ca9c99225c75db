"""What a training works with: a real engine process, a real registry, and judges of few words."""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.testing import TONE_ENGINE
from voicewright.home.layout import Home
from voicewright.privacy.service import ConsentService
from voicewright.quality.figures import Dnsmos, Recognition
from voicewright.recordings.models import Sample
from voicewright.storage.user_keys import KeyRing
from voicewright.storage.vault import Vault
from voicewright.training.clone import CloneTools
from voicewright.training.models import TrainingJob
from voicewright.training.transitions import issue_ticket
from voicewright.training.workflow import WorkTools
from voicewright.voices.service import VoiceService

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.settings import Settings


OWNER = uuid.UUID("7d7d7d7d-0000-4000-8000-000000000001")


class PlainJudges:
    """Answers as `Measurer` does, at once: everybody is one speaker, sounds fair, and says the same."""

    def __init__(self) -> None:
        self.asked_about: list[Path] = []

    def speaker_embeddings(self, paths: Sequence[Path], **_: object) -> np.ndarray:
        self.asked_about += paths
        rows = np.zeros((len(paths), 256), dtype=np.float32)
        rows[:, 0] = 1.0
        return rows

    def speaker_embedding_of_all(self, paths: Sequence[Path], **_: object) -> np.ndarray:
        return self.speaker_embeddings(paths)[0]

    def dnsmos(self, paths: Sequence[Path], max_windows: int = 1, **_: object) -> list[Dnsmos]:
        return [Dnsmos(3.0, 3.3, 3.9)] * len(paths)

    def supports_recognition(self, language: str) -> bool:
        return True

    def recogniser(self, language: str) -> str:
        return "plain"

    def recognise(
        self,
        paths: Sequence[Path],
        language: str,
        *,
        progress: Callable[[float], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> list[Recognition]:
        return [Recognition("the same words", confidence=0.9)] * len(paths)


@pytest.fixture
def judges() -> PlainJudges:
    return PlainJudges()


@pytest.fixture
def voices(settings: Settings, database: Database) -> VoiceService:
    return VoiceService.open(settings, database)


@pytest.fixture
def engine() -> Iterator[EngineClient]:
    with EngineClient(TONE_ENGINE) as client:
        yield client


@pytest.fixture
def tools(engine: EngineClient, judges: PlainJudges, voices: VoiceService, settings: Settings) -> CloneTools:
    work_dir = Home.open(settings.home).work_dir
    return CloneTools(engine=engine, measurer=judges, voices=voices, work_dir=work_dir)  # type: ignore[arg-type]


@pytest.fixture
def recordings(sample_recordings: Path, tmp_path: Path) -> Path:
    """Five sample recordings without transcripts, about 24 s."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number in range(1, 6):
        shutil.copy(sample_recordings / f"sample-{number:02d}.flac", folder)
    return folder


@pytest.fixture
def sample_vault(settings: Settings, database: Database) -> Vault:
    return Vault.of_samples(settings, KeyRing.open(settings, database))


@pytest.fixture
def samples(recordings: Path, database: Database, sample_vault: Vault) -> list[Sample]:
    """Five uploaded recordings of one owner, about 24 s."""
    rows = []
    for path in sorted(recordings.iterdir()):
        stored = sample_vault.of(OWNER).put_file(path)
        rows.append(
            Sample(
                owner_id=OWNER,
                dataset_id=None,
                speaker="Ann",
                filename=path.name,
                digest=stored.digest,
                size_bytes=stored.size_bytes,
                container="flac",
                sound_digest=stored.digest,
                transcript=None,
                verdict="good",
                reasons=[],
                notes=[],
                duration_s=5.0,
                speech_s=4.8,
            )
        )
    with database.session() as session:
        session.add_all(rows)
    return rows


@pytest.fixture
def make_job(database: Database, samples: list[Sample]) -> Callable[..., TrainingJob]:
    """Enters jobs for the tone engine, each with its ticket, as the service does."""

    def make(*, options: dict[str, Any] | None = None, consent: bool = True, **columns: Any) -> TrainingJob:
        if consent:
            ConsentService(database, "production").assert_consent(OWNER, "Ann", asserted_by=OWNER)
        job = TrainingJob(
            **{
                "owner_id": OWNER,
                "name": "Ann",
                "provider": "tone",
                "language": "en-us",
                "sample_ids": [str(sample.id) for sample in samples],
                "options": options or {},
                "engine_options": options or {},
                "quality_threshold": 0.0,
                "max_training_ms": 600_000,
                "status": "queued",
                "priority": 50,
                "max_retries": 3,
                "estimated_cost": Decimal(0),
                "estimated_time_ms": 1000,
                "forecast_time_ms": 1000,
            }
            | columns
        )
        with database.session() as session:
            session.add(job)
            issue_ticket(session, job)
        return job

    return make


@pytest.fixture
def work_tools(  # noqa: PLR0917 - fixtures
    engine: EngineClient,
    judges: PlainJudges,
    voices: VoiceService,
    settings: Settings,
    database: Database,
    sample_vault: Vault,
) -> WorkTools:
    return WorkTools(
        settings=settings,
        database=database,
        engine=engine,
        measurer=judges,  # type: ignore[arg-type]
        voices=voices,
        samples=sample_vault,
        consents=ConsentService(database, "development"),
        work_dir=Home.open(settings.home).work_dir,
    )
