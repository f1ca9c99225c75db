"""Many requests about one user's voices at once, and requests while the database is away."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from voicewright.db.embedded import EmbeddedServer
from voicewright.db.server import Database
from voicewright.db.url import embedded_url
from voicewright.home.layout import Home
from voicewright.settings import Settings
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from collections.abc import Iterator

# Activates its voices in turns until it is told to end.
ACTIVATE = """
import sys, uuid
from voicewright.db.server import Database
from voicewright.settings import Settings
from voicewright.voices.service import VoiceService
settings = Settings(home=sys.argv[1], database_url=sys.argv[2])
owner, *models = map(uuid.UUID, sys.argv[3:])
with Database.open(settings) as database:
    voices = VoiceService.open(settings, database).of(owner)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(25):
        voices.activate(models[number % len(models)])
print("done")
"""
AT_ONCE = 50


@pytest.fixture
def api_settings(settings):
    return settings.model_copy(update={"model_updates_per_hour": 1000, "model_creations_per_hour": 1000})


def actives(database, owner_id):
    with database.session() as session:
        active = select(func.count()).select_from(VoiceModel)
        return session.scalar(active.where(VoiceModel.owner_id == owner_id, VoiceModel.is_active))


def test_fifty_activations_at_once_leave_one_active_voice(  # noqa: PLR0917 - fixtures
    add_voice, client, person, database, settings, run_together, start_python
):
    voices = [add_voice(person, f"Voice {number}") for number in range(5)]
    url = settings.database_url.get_secret_value()
    ids = [voice.id for voice in voices]
    programs = [start_python(ACTIVATE, settings.home, url, person.id, *ids) for _ in range(2)]
    for program in programs:
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        program.stdin.write("go\n")
        program.stdin.flush()

    def activate(number):
        path = f"/voice-models/{voices[number % 5].id}/activate"
        return client.post(path, headers=person.headers)

    answers = run_together(activate, AT_ONCE)
    for program in programs:
        assert program.communicate(timeout=60) == ("done\n", "")
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {200, 409}, statuses
    assert statuses[200] >= 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {
        "VOICE_MODEL_ALREADY_ACTIVE"
    }
    assert actives(database, person.id) == 1


def test_whatever_happens_at_once_one_voice_at_most_is_active(
    add_voice, client, person, database, run_together
):
    """Activations, deactivations, deletions and rollbacks; none of them fails for the others."""
    voices = [add_voice(person, f"Voice {number % 3}", score=number / 12) for number in range(12)]

    def act(number):
        voice = voices[number % len(voices)]
        calls = [("POST", "/activate"), ("POST", "/deactivate"), ("DELETE", ""), ("POST", "/rollback")]
        method, path = calls[number % 4]
        return client.request(method, f"/voice-models/{voice.id}{path}", headers=person.headers).status_code

    statuses = set(run_together(act, 24))
    assert statuses <= {200, 201, 404, 409}, statuses
    assert actives(database, person.id) <= 1


def test_of_two_updates_with_one_etag_one_is_refused(add_voice, client, person, run_together):
    voice = add_voice(person)
    path = f"/voice-models/{voice.id}"
    for revision in range(1, 6):

        def put(number, revision=revision):
            headers = {**person.headers, "If-Match": f'"{revision}"'}
            return client.put(path, headers=headers, json={"metadata": {"by": number + revision * 10}})

        answers = run_together(put, 2)
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        winner = next(answer for answer in answers if answer.status_code == 200)
        assert client.get(path, headers=person.headers).json()["metadata"] == winner.json()["metadata"]


class TestLimits:
    @pytest.fixture
    def api_settings(self, settings):
        return settings

    def test_so_many_an_hour_also_when_they_come_at_once(self, add_voice, client, person, run_together):
        voice = add_voice(person)
        path = f"/voice-models/{voice.id}"

        def put(number):
            return client.put(path, headers=person.headers, json={"notes": str(number)}).status_code

        assert Counter(run_together(put, 30)) == {200: 20, 429: 10}


class TestWhileTheDatabaseIsAway:
    """With a server of the test's own, which is stopped and started."""

    @pytest.fixture
    def server(self, short_dir: Path) -> Iterator[EmbeddedServer]:
        server = EmbeddedServer(Home.open(short_dir / "own"), options={"fsync": "off"})
        server.join()
        yield server
        server.leave()

    @pytest.fixture
    def database_url(self, server: EmbeddedServer) -> str:
        return embedded_url(str(server.join())).render_as_string(hide_password=False)

    @pytest.fixture
    def database(self, database_url: str) -> Iterator[Database]:
        with Database.connect(database_url) as opened:
            yield opened

    @pytest.fixture
    def api_settings(self, short_dir: Path, database_url: str) -> Settings:
        return Settings(home=short_dir / "home", database_url=database_url)

    def test_every_use_is_answered_at_once_and_all_is_well_afterwards(
        self, add_voice, client, person, server
    ):
        voice = add_voice(person)
        path = f"/voice-models/{voice.id}"
        calls = [
            ("GET", path), ("PUT", path), ("DELETE", path), ("POST", f"{path}/activate"),
            ("GET", f"/voice-models/user/{person.id}"), ("GET", f"{path}/versions"),
            ("POST", "/voice-models"),
        ]  # fmt: skip
        before = client.get(path, headers=person.headers).json()
        server.leave()
        for method, where in calls:
            body = {"json": {}} if method == "PUT" else {}
            if where == "/voice-models":
                body = {"json": {"modelPath": before["modelPath"]}}
            answer = client.request(method, where, headers=person.headers, **body)
            assert (answer.status_code, answer.json()["code"]) == (503, "DATABASE_UNAVAILABLE")
        server.join()
        assert client.get(path, headers=person.headers).json() == before
