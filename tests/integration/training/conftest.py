"""What a training works with: a real engine process, a real registry, and judges of few words."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.testing import TONE_ENGINE
from voicewright.home.layout import Home
from voicewright.quality.figures import Dnsmos, Recognition
from voicewright.training.clone import CloneTools
from voicewright.voices.service import VoiceService

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.settings import Settings


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
