"""What speaks, with the tone engine in real processes, and voices of several people."""

from __future__ import annotations

import dataclasses
import json
import uuid
from typing import TYPE_CHECKING

import numpy as np
import pytest

from voicewright.accounts.caller import Caller, Role
from voicewright.accounts.clock import utc_now
from voicewright.accounts.policies import scopes_of
from voicewright.accounts.users import new_user
from voicewright.engines.installed import Engines
from voicewright.engines.registry import get_engine
from voicewright.engines.testing import TONE_ENGINE
from voicewright.home.layout import Home
from voicewright.speech.long.models import LongSpeech
from voicewright.speech.long.running import speak_long
from voicewright.speech.long.runs import LongRun
from voicewright.speech.long.service import LongSpeechService
from voicewright.speech.long.tools import LongTools
from voicewright.speech.service import SpeechService
from voicewright.storage.user_keys import KeyRing
from voicewright.voices.schemas import NewVoice
from voicewright.voices.service import VoiceService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from voicewright.db.server import Database
    from voicewright.engines.client import EngineClient
    from voicewright.engines.port import EngineInfo
    from voicewright.settings import Settings
    from voicewright.voices.models import VoiceModel

OTHER_TONE = dataclasses.replace(TONE_ENGINE, id="other-tone", title="Other tone")
AWAY_TONE = dataclasses.replace(TONE_ENGINE, id="away-tone", title="Away", requires=("no_such_module",))
BROKEN_TONE = dataclasses.replace(TONE_ENGINE, id="broken-tone", title="Broken", factory="os:getpid")


@pytest.fixture
def engines() -> dict[str, EngineInfo]:
    """The engines beside those that are installed: they hum, are away, or do not start."""
    return {info.id: info for info in (TONE_ENGINE, OTHER_TONE, AWAY_TONE, BROKEN_TONE)}


@pytest.fixture
def find_engine(engines: dict[str, EngineInfo]) -> Callable[[str], EngineInfo]:
    return lambda engine_id: engines[engine_id] if engine_id in engines else get_engine(engine_id)


@pytest.fixture
def pitch_of() -> Callable[[NDArray[np.float32]], float]:
    """The strongest frequency in a sound of the tone engine."""

    def pitch_of(sound: NDArray[np.float32]) -> float:
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
        return float(np.argmax(spectrum) * TONE_ENGINE.capabilities.sample_rate_hz / len(sound))

    return pitch_of


@pytest.fixture
def speech_settings(settings: Settings) -> Settings:
    """The settings of what speaks; override this to change some."""
    return settings


@pytest.fixture
def voices(speech_settings: Settings, database: Database) -> VoiceService:
    return VoiceService.open(speech_settings, database)


@pytest.fixture
def speeches(
    speech_settings: Settings,
    database: Database,
    voices: VoiceService,
    find_engine: Callable[[str], EngineInfo],
) -> Iterator[SpeechService]:
    with SpeechService(speech_settings, database, voices, engines=Engines(find=find_engine)) as opened:
        yield opened


@pytest.fixture
def make_voice(voices: VoiceService, tmp_path: Path) -> Callable[..., VoiceModel]:
    """Register a tone voice: `make_voice(owner_id, "Ann", pitch_hz=150.0, fault="none")`."""

    def make(
        owner_id: uuid.UUID,
        name: str = "Ann",
        *,
        pitch_hz: float = 150.0,
        fault: str = "none",
        **more: object,
    ) -> VoiceModel:
        folder = tmp_path / uuid.uuid4().hex
        folder.mkdir()
        content = {"format": 1, "pitch_hz": pitch_hz, "speaking_fault": fault}
        (folder / "voice.json").write_text(json.dumps(content))
        facts = {
            "engine": "tone",
            "engine_version": "1",
            "language": "en-us",
            "speech_s": 1.0,
            "train_s": 0.1,
        }
        new = NewVoice(name=name, artefact_dir=folder, **{**facts, **more})  # type: ignore[arg-type]
        return voices.of(owner_id).register(new)

    return make


@pytest.fixture
def make_people(database: Database) -> Callable[[int], list[Caller]]:
    """Make accounts: `make_people(3)`."""

    def make(count: int) -> list[Caller]:
        users = [
            new_user(email=f"{number}@example.com", name=str(number), role=Role.USER, now=utc_now())
            for number in range(count)
        ]
        with database.session() as session:
            session.add_all(users)
        return [Caller(user.id, Role.USER, scopes_of(Role.USER)) for user in users]

    return make


@pytest.fixture
def lasting_speeches(
    speech_settings: Settings,
    database: Database,
    voices: VoiceService,
    find_engine: Callable[[str], EngineInfo],
    lasting_client: Callable[[EngineInfo], EngineClient],
) -> Iterator[SpeechService]:
    """What speaks, in processes that all tests of a file share."""
    with SpeechService(
        speech_settings, database, voices, engines=Engines(find=find_engine), client=lasting_client
    ) as opened:
        yield opened


@pytest.fixture
def long_texts(
    settings: Settings, database: Database, find_engine: Callable[[str], EngineInfo]
) -> LongSpeechService:
    """The long texts of everybody."""
    return LongSpeechService.open(settings, database, KeyRing.open(settings, database), engines=find_engine)


@pytest.fixture
def long_tools(
    settings: Settings, database: Database, lasting_speeches: SpeechService, long_texts: LongSpeechService
) -> LongTools:
    """What a worker with the engine `tone` speaks them with."""
    work_dir = Home.open(settings.home).work_dir
    return LongTools(settings, database, lasting_speeches, long_texts.vault, work_dir, engines=("tone",))


@pytest.fixture
def speak(database: Database, long_tools: LongTools) -> Callable[..., None]:
    """Do what a worker does with a ticket: `speak(shown.speech)`."""

    def do(speech: LongSpeech, tools: LongTools = long_tools) -> None:
        with database.session() as session:
            ticket = session.get_one(LongSpeech, speech.id).ticket
        assert ticket is not None
        run = LongRun.begin(database, speech.id, ticket, node="here")
        assert run is not None
        with run:
            speak_long(run, tools)

    return do
