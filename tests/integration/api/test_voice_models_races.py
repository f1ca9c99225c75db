"""Many requests at once, about one user's voices and from many users."""

from __future__ import annotations

import io
import zipfile
from collections import Counter

import pytest
from sqlalchemy import func, select

from voicewright.db import connections
from voicewright.db.server import AT_MOST, Database
from voicewright.voices.models import VoiceModel

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
FIRST_UPLOADS = 2 * AT_MOST
PATIENCE_S = 60


@pytest.fixture
def database(database_url, monkeypatch):
    """As everywhere, but whoever waits for a connection gets one however slow the machine is."""
    monkeypatch.setattr(connections, "POOL_TIMEOUT_S", PATIENCE_S)
    with Database.connect(database_url) as opened:
        yield opened


@pytest.fixture
def api_settings(settings):
    return settings.model_copy(update={"model_updates_per_hour": 1000, "model_creations_per_hour": 1000})


def actives(database, owner_id):
    with database.session() as session:
        active = select(func.count()).select_from(VoiceModel)
        return session.scalar(active.where(VoiceModel.owner_id == owner_id, VoiceModel.is_active))


@pytest.mark.slow
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
        return client.post(f"/voice-models/{voices[number % 5].id}/activate", headers=person.headers)

    answers = run_together(activate, AT_ONCE)
    for program in programs:
        assert program.communicate(timeout=PATIENCE_S) == ("done\n", "")
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


def test_first_uploads_of_more_people_than_there_are_connections_all_succeed(
    client, make_person, services, run_together
):
    """Each needs a new key in the middle of its unit of work; none waits for a connection in vain."""
    people = [make_person(f"{number}@example.com") for number in range(FIRST_UPLOADS)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("voice.json", "{}")

    def start(number):
        headers = people[number].headers
        sent = {"headers": headers, "content": packed.getvalue()}
        path = client.post("/voice-models/artefacts", **sent).json().get("modelPath")
        body = {"userId": str(people[number].id), "modelPath": path, "provider": "tone"}
        return client.post("/voice-models", headers=headers, json=body).status_code

    assert Counter(run_together(start, FIRST_UPLOADS)) == {201: FIRST_UPLOADS}
    assert sum(services.voices.vault.keys.counts().values()) >= FIRST_UPLOADS
