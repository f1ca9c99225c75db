"""What speaks, with the tone engine in real processes, and voices of several people."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from voicewright.engines.registry import get_engine
from voicewright.engines.testing import TONE_ENGINE
from voicewright.speech.service import SpeechService
from voicewright.voices.schemas import NewVoice
from voicewright.voices.service import VoiceService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from voicewright.db.server import Database
    from voicewright.engines.port import EngineInfo
    from voicewright.settings import Settings
    from voicewright.voices.models import VoiceModel


def find_engine(engine_id: str) -> EngineInfo:
    """The engines that are installed, and the humming one."""
    return TONE_ENGINE if engine_id == TONE_ENGINE.id else get_engine(engine_id)


@pytest.fixture
def voices(settings: Settings, database: Database) -> VoiceService:
    return VoiceService.open(settings, database)


@pytest.fixture
def speeches(settings: Settings, database: Database, voices: VoiceService) -> Iterator[SpeechService]:
    with SpeechService(settings, database, voices, engines=find_engine) as opened:
        yield opened


@pytest.fixture
def make_voice(voices: VoiceService, tmp_path: Path) -> Callable[..., VoiceModel]:
    """Register a tone voice: `make_voice(owner_id, "Ann", pitch_hz=150.0, fault="none")`."""

    def make(
        owner_id: uuid.UUID, name: str = "Ann", *, pitch_hz: float = 150.0, fault: str = "none", **more: object
    ) -> VoiceModel:
        folder = tmp_path / uuid.uuid4().hex
        folder.mkdir()
        content = {"format": 1, "pitch_hz": pitch_hz, "speaking_fault": fault}
        (folder / "voice.json").write_text(json.dumps(content))
        facts = {"engine": "tone", "engine_version": "1", "language": "en-us", "speech_s": 1.0, "train_s": 0.1}
        new = NewVoice(name=name, artefact_dir=folder, **{**facts, **more})  # type: ignore[arg-type]
        return voices.of(owner_id).register(new)

    return make
