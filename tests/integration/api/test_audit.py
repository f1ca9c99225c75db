"""Attempts on voice models that come to nothing are on record; administrators read all of it."""

from __future__ import annotations

import asyncio
import socket
import threading
import uuid
from types import SimpleNamespace

import pytest
from sqlalchemy import make_url, select
from starlette.requests import HTTPConnection

from voicewright.api import audit_record
from voicewright.api.audit_record import AuditRecord, remember_caller
from voicewright.api.request_ids import RequestIds
from voicewright.audit.acts import Act
from voicewright.audit.models import AuditEvent
from voicewright.audit.trail import note
from voicewright.audit.verification import Walk
from voicewright.db.server import Database
from voicewright.voices.schemas import LOCAL_USER_ID


@pytest.fixture
def trail(database):
    """The events of a chain, the oldest first."""

    def trail(owner_id):
        with database.session() as session:
            assert list(Walk(session).breaks()) == []
        with database.session() as session:
            query = select(AuditEvent).where(AuditEvent.owner_id == owner_id).order_by(AuditEvent.sequence)
            return list(session.scalars(query))

    return trail


def test_an_attempt_is_in_the_chain_of_who_made_it(client, person, other, add_voice, trail):
    voice = add_voice(person)
    before = len(trail(person.id))
    key_id, secret = other.new_key("voices:read")
    path = f"/voice-models/{voice.id}"

    answers = [
        client.get(path, headers={"X-API-Key": secret, "X-Request-Id": "req-1"}),  # somebody else's
        client.delete(path, headers={"X-API-Key": secret}),  # and not with this key
        client.get(path, params={"userId": str(person.id)}, headers=other.headers),
        client.get("/voice-models/nonsense", headers=other.headers),
        client.put(path, headers=other.headers, json={"qualityScore": 7}),
        client.get(path),  # nobody knows who
        client.get("/auth/nothing", headers=other.headers),  # not about voices
    ]

    assert [answer.status_code for answer in answers] == [404, 403, 403, 422, 422, 401, 404]
    assert len(trail(person.id)) == before  # a stranger writes into nobody's chain
    events = trail(other.id)
    route = "/voice-models/{modelId}"
    assert [(event.action, event.model_id, event.code) for event in events] == [
        (f"GET {route}", voice.id, answers[0].json()["code"]),
        (f"DELETE {route}", voice.id, answers[1].json()["code"]),
        (f"GET {route}", voice.id, answers[2].json()["code"]),
        (f"GET {route}", None, "VALIDATION_FAILED"),
        (f"PUT {route}", voice.id, "VALIDATION_FAILED"),
    ]
    first = events[0]
    assert (first.actor_id, first.api_key_id, first.result) == (other.id, key_id, "refused")
    assert (first.source, first.request_id, first.details) == ("testclient", "req-1", {"status": 404})


def test_what_succeeds_knows_the_request_as_well(client, person, add_voice, trail):
    voice = add_voice(person)
    seen = len(trail(person.id))
    headers = person.headers | {"X-Request-Id": "req-2"}
    assert client.get(f"/voice-models/{voice.id}", headers=headers).status_code == 200
    [event] = trail(person.id)[seen:]
    assert (event.action, event.model_id, event.result) == ("voice_model.read", voice.id, "done")
    assert (event.source, event.request_id) == ("testclient", "req-2")


def test_a_failure_is_on_record_as_one(client, person, services, trail, monkeypatch):
    def fail(*_args, **_kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(type(services.registry), "list_models", fail)
    answer = client.get(f"/voice-models/user/{person.id}", headers=person.headers)
    assert answer.status_code == 500
    [event] = trail(person.id)
    assert (event.action, event.result, event.code) == (
        "GET /voice-models/user/{userId}", "failed", "INTERNAL_ERROR",
    )  # fmt: skip


def answered_without(database, *, status):
    """What comes out of the middleware in front of an application that answers so."""

    async def app(scope, _receive, send):
        remember_caller(HTTPConnection(scope), SimpleNamespace(user_id=uuid.uuid4(), api_key_id=None))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"so it is"})

    async def ask():
        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/voice-models", "headers": [], "client": None}
        await RequestIds(AuditRecord(app, SimpleNamespace(database=database)))(scope, None, send)
        return sent[0]["status"], sent[1]["body"]

    return asyncio.run(ask())


@pytest.mark.parametrize("status", [404, 503])
def test_a_database_that_is_away_changes_no_answer(status, caplog):
    with Database(make_url("postgresql+psycopg://nobody@127.0.0.1:1/none")) as away:
        assert answered_without(away, status=status) == (status, b"so it is")
    assert "an attempt is not recorded" in caplog.text


def test_a_database_that_hangs_holds_no_answer_up(caplog, monkeypatch):
    monkeypatch.setattr(audit_record, "_WAIT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = make_url("postgresql+psycopg://nobody@127.0.0.1/none").set(port=silent.getsockname()[1])
        with Database(url) as hanging:
            threading.Timer(0.3, silent.close).start()
            assert answered_without(hanging, status=409) == (409, b"so it is")
    assert "not recorded in time" in caplog.text


def test_administrators_read_all_and_page_through_it(client, admin, person, database):
    model_id = uuid.uuid4()
    for number in range(5):
        with database.session() as session:
            note(session, Act("voice_model.read", person.id, person.id, details={"number": number}))
            note(session, Act("voice_model.list", LOCAL_USER_ID, None, model_id=model_id))

    def read(expect=200, **params):
        answer = client.get("/admin/audit", params=params, headers=admin.headers)
        assert answer.status_code == expect, answer.text
        return answer.json()

    everything = read()
    assert [event["id"] for event in everything["events"]] == list(range(10, 0, -1))
    assert everything["next_before"] is None
    assert len(everything["events"][0]["hash"]) == 64
    first = read(user_id=str(person.id), limit=3)
    second = read(user_id=str(person.id), limit=3, before=first["next_before"])
    numbers = [event["details"]["number"] for event in first["events"] + second["events"]]
    assert (numbers, second["next_before"]) == ([4, 3, 2, 1, 0], None)
    assert len(read(model_id=str(model_id))["events"]) == 5
    assert len(read(actor_id=str(person.id))["events"]) == 5
    assert len(read(action="voice_model.list", user_id=str(LOCAL_USER_ID))["events"]) == 5
    assert read(since="2100-01-01T00:00:00Z")["events"] == []
    assert read(expect=422, since="yesterday", limit=501)["code"] == "VALIDATION_FAILED"


def test_a_moment_is_written_as_one(client, admin):
    for moment in ("0", "1732180000", "2025-01-15"):
        answer = client.get("/admin/audit", params={"since": moment}, headers=admin.headers)
        assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "since")
    answer = client.get("/admin/audit", params={"since": "2025-01-15T10:30:00Z"}, headers=admin.headers)
    assert answer.status_code == 200
