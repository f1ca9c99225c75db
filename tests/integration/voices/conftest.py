"""A registry of the test's own, and small artefacts to put in."""

from __future__ import annotations

import dataclasses
import itertools
import json
import time
import uuid

import pytest
from sqlalchemy import text

from voicewright.accounts.caller import Caller, Role
from voicewright.accounts.policies import scopes_of
from voicewright.accounts.rate_limits import RateLimits
from voicewright.db.server import Database
from voicewright.engines.registry import get_engine
from voicewright.engines.testing import TONE_ENGINE
from voicewright.privacy.service import ConsentService
from voicewright.settings import Settings
from voicewright.training.data_of_voice import data_of_voice
from voicewright.voices.copies.service import Copies
from voicewright.voices.schemas import NewVoice
from voicewright.voices.service import VoiceService


@pytest.fixture
def until_unlocked():
    """Wait until a server has noticed that whoever held its locks was killed: `until_unlocked(database)`."""
    held = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    )

    def wait(database):
        with database.session() as session:
            for _ in range(600):
                if session.scalar(held) == 0:
                    return
                time.sleep(0.05)
        raise AssertionError("a lock is still held")

    return wait


@pytest.fixture
def voices(settings, database):
    return VoiceService.open(settings, database)


@pytest.fixture
def new_voice(tmp_path):
    """Makes voices to register; each has files of its own unless told otherwise."""
    numbers = itertools.count()

    def make(name="My voice", *, content=None, **fields):
        folder = tmp_path / f"artefact-{next(numbers)}"
        folder.mkdir()
        (folder / "voice.json").write_text('{"format": 1}')
        (folder / "model.safetensors").write_bytes((content or folder.name).encode() * 1000)
        values = {
            "engine": "tone",
            "engine_version": "1",
            "language": "en-US",
            "speech_s": 20.0,
            "train_s": 1.5,
        }
        return NewVoice(name=name, artefact_dir=folder, **{**values, **fields})

    return make


@dataclasses.dataclass
class Installation:
    """One that voices are copied from or to, with a master key of its own unless told otherwise."""

    settings: Settings
    database: Database

    def __post_init__(self):
        self.voices = VoiceService.open(self.settings, self.database)
        self.copies = Copies.open(
            self.settings,
            self.database,
            self.voices,
            consents=ConsentService(self.database, self.settings.environment),
            rate_limits=RateLimits(self.database),
            training_data=data_of_voice,
            engines=lambda name: TONE_ENGINE if name == "tone" else get_engine(name),
        )


@pytest.fixture
def installation(settings, database):
    return Installation(settings, database)


@pytest.fixture
def make_installation(short_dir, another_database_url):
    """Another installation: `make_installation(environment="production")`."""
    opened = []

    def make(**changes):
        home = short_dir / f"home-{len(opened)}"
        values = {"home": home, "database_url": another_database_url, **changes}
        opened.append(Database.connect(values["database_url"]))
        return Installation(Settings(**values), opened[-1])

    yield make
    for database in opened:
        database.close()


@pytest.fixture
def make_caller():
    """Somebody who may do what people may: `make_caller(user_id=None, admin=False)`."""

    def make(user_id=None, *, admin=False):
        role = Role.ADMIN if admin else Role.USER
        return Caller(user_id or uuid.uuid4(), role, scopes_of(role))

    return make


@pytest.fixture
def evaluation():
    """How a voice was judged, in full: `evaluation(0.75)`."""

    def make(overall):
        return {
            "similarity": overall, "naturalness": None, "clarity": 1, "consistency": 0.5, "overall": overall,
            "raw": {"wer": None, "speaker_cosine": 0.8}, "reasons": ["It hums."],
            "sentences": [{"text": "One.", "audio": "sentence-00.flac", "duration_s": 1.5, "silent": False}],
            "language": "en-us", "recogniser": None,
        }  # fmt: skip

    return make


@pytest.fixture
def whole_voice(new_voice, evaluation, tmp_path):
    """A humming voice with all that a voice may have: `whole_voice("Ann", pitch_hz=150.0)`."""

    def make(name="Ann", *, pitch_hz=150.0, overall=0.75, **fields):
        content = {"format": 1, "pitch_hz": pitch_hz, "speaking_fault": "none"}
        folder = tmp_path / uuid.uuid4().hex
        folder.mkdir()
        for number in (1, 2):
            (folder / f"held-out-{number}.wav").write_bytes(b"RIFF" + bytes([number]) * 5000)
        (folder / "sentence-00.flac").write_bytes(b"fLaC" + str(pitch_hz).encode() * 100)
        new = new_voice(
            name,
            evaluation=evaluation(overall),
            references=sorted(folder.glob("*.wav")),
            spoken=[folder / "sentence-00.flac"],
            language="en-us",
            sample_rate_hz=22_050,
            options={"epochs": 4},
            dataset_hash="abc",
            details={"b": {"c": ["\u00e4", None, 1.5]}},
            notes="Trained at night.",
            **fields,
        )
        (new.artefact_dir / "voice.json").write_text(json.dumps(content))
        (new.artefact_dir / "parts").mkdir()
        (new.artefact_dir / "parts" / "lexicon.txt").write_text("a b c\n" * 1000)
        return new

    return make
