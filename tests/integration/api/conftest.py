"""The whole HTTP application over real services, and people to call it.

    def test_something(client, make_person):
        ann = make_person("ann@example.com")             # or admin=True
        answer = client.get("/auth/me", headers=ann.headers)

`make_person` makes the account and signs it in, without the price of a password hash;
`person.key("training:read")` gives the headers of an API key. Settings of a test's own: override the fixture
`api_settings`.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import argon2
import pytest
from starlette.testclient import TestClient

from voicewright.accounts.caller import Role, Scope
from voicewright.accounts.passwords import Passwords
from voicewright.accounts.schemas import Origin
from voicewright.accounts.service import AccountService
from voicewright.api.app import create_app
from voicewright.api.server import Server, listen
from voicewright.assembly.services import make_services
from voicewright.assembly.speech import make_speech
from voicewright.engines.installed import Engines
from voicewright.engines.port import Forecast
from voicewright.engines.registry import get_engine
from voicewright.engines.testing import TONE_ENGINE
from voicewright.provenance.service import ProvenanceService
from voicewright.speech.history import HistoryService
from voicewright.storage.user_keys import KeyRing
from voicewright.voices.schemas import NewVoice
from voicewright.voices.service import VoiceService

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from fastapi import FastAPI

    from voicewright.api.services import Services
    from voicewright.db.server import Database
    from voicewright.engines.port import EngineInfo
    from voicewright.settings import Settings
    from voicewright.speech.service import SpeechService
    from voicewright.voices.models import VoiceModel

PASSWORD = "correct horse battery"  # noqa: S105
PATIENCE_S = 60


@dataclass(frozen=True)
class Person:
    """Somebody with an account, signed in."""

    id: UUID
    email: str
    access_token: str
    refresh_token: str
    accounts: AccountService

    @property
    def headers(self) -> dict[str, str]:
        """What a request of theirs carries."""
        return {"Authorization": f"Bearer {self.access_token}"}

    def key(self, *scopes: str | Scope) -> dict[str, str]:
        """The headers of a new API key of theirs with these scopes."""
        return {"X-API-Key": self.new_key(*scopes)[1]}

    def new_key(self, *scopes: str | Scope) -> tuple[UUID, str]:
        """The id and the secret of a new API key."""
        made = self.accounts.api_keys.make(self.id, name="test", scopes=[Scope(scope) for scope in scopes])
        return made.key.id, made.secret


HEAVY_ENGINE = replace(TONE_ENGINE, id="heavy", forecast=Forecast(gpu_memory_mb=14_000))
"""Clones anywhere, and trains on a large GPU only."""


def find_engine(engine_id: str) -> EngineInfo:
    """The engines of the tests: those that are installed, the humming one, `tone`, and `heavy`."""
    own = {TONE_ENGINE.id: TONE_ENGINE, HEAVY_ENGINE.id: HEAVY_ENGINE}
    return own.get(engine_id) or get_engine(engine_id)


@pytest.fixture
def api_settings(settings: Settings) -> Settings:
    """The settings of the application; override this to change some."""
    return settings


@pytest.fixture
def passwords() -> Passwords:
    """Passwords that are hashed with the least that Argon2 can do: these tests are not about its strength."""
    return Passwords(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def accounts(api_settings: Settings, database: Database, passwords: Passwords) -> AccountService:
    """The accounts that the application works with."""
    return AccountService(api_settings, database, passwords=passwords)


@pytest.fixture
def watermark() -> str:
    """What is done about watermarks; to be overridden where they matter: marking takes a second to begin."""
    return "off"


@pytest.fixture
def provenance(api_settings: Settings, database: Database, watermark: str) -> Iterator[ProvenanceService]:
    """What marks speech; its process starts with the first mark."""
    changed = api_settings.model_copy(update={"watermark": watermark})
    with ProvenanceService(changed, database, KeyRing.open(api_settings, database)) as opened:
        yield opened


@pytest.fixture
def history(api_settings: Settings, database: Database, provenance: ProvenanceService) -> HistoryService:
    """What was spoken."""
    return HistoryService(api_settings, database, KeyRing.open(api_settings, database), provenance)


@pytest.fixture
def engines() -> Engines:
    """The engines that the application knows."""
    return Engines(find=find_engine)


@pytest.fixture
def speech(
    api_settings: Settings,
    database: Database,
    history: HistoryService,
    provenance: ProvenanceService,
    engines: Engines,
) -> Iterator[SpeechService]:
    """What speaks, with the engines of the tests; its processes start with the first speech."""
    voices = VoiceService.open(api_settings, database)
    made = make_speech(api_settings, database, voices, provenance, history=history, engines=engines)
    with made as opened:
        yield opened


@pytest.fixture
def services(  # noqa: PLR0917 - what the application is made of
    api_settings: Settings,
    database: Database,
    accounts: AccountService,
    speech: SpeechService,
    provenance: ProvenanceService,
    history: HistoryService,
    engines: Engines,
) -> Services:
    """The services that the application works with."""
    return make_services(
        api_settings,
        database,
        accounts,
        speech=speech,
        provenance=provenance,
        history=history,
        engines=engines,
    )


@pytest.fixture
def app(services: Services) -> FastAPI:
    """The application."""
    return create_app(services)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client of the application; an error that nobody foresaw is an answer, as it is for a real one."""
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def base_url(app: FastAPI) -> Iterator[str]:
    """The application, served on a port."""
    with closing(listen("127.0.0.1", 0)) as listener:
        ready = threading.Event()
        server = Server(app, listener, on_ready=ready.set)
        thread = threading.Thread(target=server.serve_until_stopped, name="server")
        thread.start()
        assert ready.wait(PATIENCE_S)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


@pytest.fixture
def make_person(accounts: AccountService, database: Database) -> Callable[..., Person]:
    """Make an account and sign it in: `make_person(email, admin=False, password=None)`."""

    def make(
        email: str = "ann@example.com", *, admin: bool = False, password: str | None = None, name: str = ""
    ) -> Person:
        role = Role.ADMIN if admin else Role.USER
        user = accounts.users.add(email, name=name, role=role, password=password)
        with database.session() as session:
            session.add(user)
            tokens = accounts.sessions.start(session, user, Origin("192.0.2.1", "pytest"))
        return Person(user.id, email, tokens.access_token, tokens.refresh_token, accounts)

    return make


@pytest.fixture
def person(make_person: Callable[..., Person]) -> Person:
    """An ordinary user."""
    return make_person("ann@example.com")


@pytest.fixture
def other(make_person: Callable[..., Person]) -> Person:
    """Another ordinary user."""
    return make_person("bob@example.com")


@pytest.fixture
def admin(make_person: Callable[..., Person]) -> Person:
    """An administrator."""
    return make_person("admin@example.com", admin=True)


@pytest.fixture
def run_together() -> Callable[..., list[Any]]:
    """Run a function many times at once: `run_together(function, 8)` calls `function(0)` to `function(7)`."""

    def run(function: Callable[[int], Any], count: int) -> list[Any]:
        barrier = threading.Barrier(count)

        def one(number: int) -> Any:
            barrier.wait()
            return function(number)

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    return run


@pytest.fixture
def add_voice(services: Services, tmp_path: Path) -> Callable[..., VoiceModel]:
    """Register a voice of somebody, as a training does: `add_voice(person, "Ann", score=0.9)`."""
    numbers = itertools.count()

    def add(owner: Person, name: str = "Ann", *, score: float | None = None, **fields: Any) -> VoiceModel:
        folder = tmp_path / f"artefact-{next(numbers)}"
        folder.mkdir()
        (folder / "voice.json").write_text('{"format": 1}')
        (folder / "model.safetensors").write_bytes(folder.name.encode() * 100)
        values = {
            "engine": "tone", "engine_version": "1", "language": "en-us", "speech_s": 20.0, "train_s": 1.5,
            "sample_rate_hz": 22050, "evaluation": None if score is None else {"overall": score},
        }  # fmt: skip
        return services.voices.of(owner.id).register(
            NewVoice(name=name, artefact_dir=folder, **{**values, **fields})
        )

    return add


@pytest.fixture
def call_models(client: TestClient, person: Person) -> Callable[..., Any]:
    """Call `/voice-models...` as `person`, or with `headers`; answers the body, of the status `expect`."""

    def call(
        method: str, path: str = "", *, expect: int = 200, headers: dict[str, str] | None = None, **more: Any
    ) -> Any:
        shown = {**(person.headers if headers is None else headers)}
        if "content" in more:
            shown.setdefault("Content-Type", "application/json")
        answer = client.request(method, f"/voice-models{path}", headers=shown, **more)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    return call


@pytest.fixture
def humming(services: Services, tmp_path: Path) -> Callable[..., VoiceModel]:
    """Register a voice that can hum: `humming(person, "Ann", fault="none")`."""

    def register(owner: Person, name: str = "Ann", *, fault: str = "none", **fields: Any) -> VoiceModel:
        folder = tmp_path / f"{name}-{owner.id}"
        folder.mkdir()
        voice = {"format": 1, "pitch_hz": 150.0, "speaking_fault": fault}
        (folder / "voice.json").write_text(json.dumps(voice))
        facts = {
            "engine": "tone", "engine_version": "1", "language": "en-us", "speech_s": 20.0, "train_s": 1.5,
            "sample_rate_hz": 22050,
        }  # fmt: skip
        new = NewVoice(name=name, artefact_dir=folder, **{**facts, **fields})
        return services.voices.of(owner.id).register(new)

    return register


@pytest.fixture
def call_voice(client: TestClient, person: Person) -> Callable[..., Any]:
    """Call `/api/voice...` as `person`, or `by` another: the answer, of the status `expect`."""

    def call(method: str, path: str, body: Any = None, *, expect: int = 200, **more: Any) -> Any:
        caller = more.pop("by", person)
        headers = {**(caller if isinstance(caller, dict) else caller.headers), **more.pop("headers", {})}
        answer = client.request(method, f"/api/voice{path}", json=body, headers=headers, **more)
        assert answer.status_code == expect, answer.text
        return answer

    return call


@pytest.fixture
def speak(call_voice: Callable[..., Any], person: Person) -> Callable[..., dict[str, Any]]:
    """Have something spoken and kept, by `person` or another: the synthesis as it is answered."""

    def send(text: str = "Hello big world.", by: Person = person, **body: Any) -> dict[str, Any]:
        answer = call_voice("POST", "/synthesize", {"text": text, **body}, expect=201, by=by)
        made: dict[str, Any] = answer.json()["synthesis"]
        return made

    return send
