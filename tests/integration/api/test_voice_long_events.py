"""How far a long text is, as a real server streams it."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from voicewright.api import event_streams
from voicewright.api.server import Server, listen
from voicewright.speech.long.models import LongChunk, LongPart, LongSpeech
from voicewright.speech.long.runs import LongRun
from voicewright.speech.long.transitions import end, issue_ticket

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from fastapi import FastAPI

    from voicewright.db.server import Database

PATIENCE_S = 60


@pytest.fixture
def http(app: FastAPI) -> Iterator[httpx.Client]:
    """A client of the application, which is served on a port."""
    with closing(listen("127.0.0.1", 0)) as listener:
        ready = threading.Event()
        server = Server(app, listener, on_ready=ready.set)
        thread = threading.Thread(target=server.serve_until_stopped, name="server")
        thread.start()
        assert ready.wait(PATIENCE_S)
        with httpx.Client(
            base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=PATIENCE_S
        ) as client:
            yield client
        server.should_exit = True
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


def enter(database: Database, owner_id: uuid.UUID) -> LongSpeech:
    """A text of two chunks, queued."""
    speech = LongSpeech(
        owner_id=owner_id, kind="text", title="", text_digest="0" * 64, markup="text", characters=8,
        parameters={}, output_format="mp3", paragraphs=False,
    )  # fmt: skip
    with database.session() as session:
        session.add(speech)
        session.flush()
        session.add(LongPart(speech_id=speech.id, number=1, name="", engine="tone", speed=1.0))
        session.flush()
        for number in (1, 2):
            session.add(LongChunk(speech_id=speech.id, number=number, part=1, pieces=[], characters=4))
        issue_ticket(session, speech)
    return speech


def told(lines: Iterator[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The id, the kind and the data of each event."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line and name:
            fields[name] = value
        elif "data" in fields:
            yield fields["id"], fields["event"], json.loads(fields["data"])
            fields = {}


def test_a_long_text_is_watched_to_its_end(http, person, other, services, database):
    speech = enter(database, person.id)
    path = f"/api/voice/long/{speech.id}/events"
    with http.stream("GET", path, headers=person.headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        stream = told(answer.iter_lines())

        def heard() -> tuple[str, str, int]:
            _, kind, data = next(stream)
            return kind, data["state"], data["chunks"]["spoken"]

        assert heard() == ("status", "queued", 0)
        services.long.pause(person.id, speech.id)
        assert heard() == ("status", "paused", 0)
        ticket = services.long.resume(person.id, speech.id).speech.ticket
        assert heard() == ("status", "queued", 0)
        run = LongRun.begin(database, speech.id, ticket, node="here")
        assert run is not None
        assert heard() == ("status", "running", 0)
        with run.writing() as (session, _):
            chunk = session.get_one(LongChunk, (speech.id, 1))
            chunk.state, chunk.digest, chunk.audio_s, chunk.took_s = "spoken", "0" * 64, 1.0, 0.5
        last_id, kind, data = next(stream)
        assert (kind, data["progress"], data["seconds_left"]) == ("progress", 49.5, 0.5)

    back = {**person.headers, "Last-Event-ID": last_id}
    with http.stream("GET", path, headers=back) as answer:
        with run.writing() as (session, row):
            end(session, row, "failed", "HOST_DIED", "It fell over.")
        ((last_id, kind, data),) = told(answer.iter_lines())  # what was seen does not come again
    assert (kind, data["state"], data["error"]["code"]) == ("status", "failed", "HOST_DIED")
    ended = http.get(path, headers={**person.headers, "Last-Event-ID": last_id})
    assert (ended.status_code, ended.content) == (204, b"")
    assert [kind for _, kind, _ in told(iter(http.get(path, headers=person.headers).text.split("\n")))] == [
        "status"
    ]
    assert http.get(path, headers=other.headers).status_code == 404
    assert http.get(path, headers=person.key("samples:read")).status_code == 403


def test_a_stream_gives_signs_of_life_and_ends_with_what_it_watches(  # noqa: PLR0917 - fixtures
    app, http, person, services, database, monkeypatch
):
    monkeypatch.setattr(event_streams, "SIGN_OF_LIFE_S", 0.02)
    speech = enter(database, person.id)
    with http.stream("GET", f"/api/voice/long/{speech.id}/events", headers=person.headers) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "retry: 2000"
        assert ": still there" in lines
        services.long.delete(person.id, speech.id)
        assert [line for line in lines if not line.startswith(":") and line] == []
    assert app.state.job_watch.watchers == 0
