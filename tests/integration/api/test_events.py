"""What happens in a job, as a real server streams it: in order, once, and over a break of the database."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest
from websockets.exceptions import ConnectionClosedOK, InvalidStatus
from websockets.sync.client import connect

from voicewright.accounts.models import User
from voicewright.api import event_streams
from voicewright.api.server import Server, listen
from voicewright.db.embedded import EmbeddedServer
from voicewright.db.server import Database
from voicewright.db.url import embedded_url
from voicewright.home.layout import Home
from voicewright.settings import Settings
from voicewright.training.events import record
from voicewright.training.models import TrainingJob

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

    from voicewright.api.job_watch import JobWatch

PATIENCE_S = 60


class Stream:
    """A client of the events; reads one at a time."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def __iter__(self) -> Iterator[dict[str, Any]]:
        fields: dict[str, str] = {}
        for line in self._lines:
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                event = json.loads(fields["data"])
                assert (fields["id"], fields["event"]) == (str(event["id"]), event["kind"])
                yield event
                fields = {}


@pytest.fixture
def http(base_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base_url, timeout=PATIENCE_S) as client:
        yield client


@pytest.fixture
def job(person: Any, database: Database) -> TrainingJob:
    """A job of the ordinary user's, that runs."""
    return enter_job(database, person.id)


def enter_job(database: Database, owner_id: uuid.UUID, status: str = "running") -> TrainingJob:
    job = TrainingJob(
        owner_id=owner_id, name="x", provider="tone", language="en-us", sample_ids=[], options={},
        engine_options={}, quality_threshold=0.0, max_training_ms=1000, status=status, priority=50,
        max_retries=3, estimated_cost=0, estimated_time_ms=1, forecast_time_ms=1, attempt=1,
    )  # fmt: skip
    with database.session() as session:
        session.add(job)
    return job


def happen(database: Database, job: TrainingJob, *messages: str, status: str | None = None) -> list[int]:
    """Log lines, and perhaps a new state, in one transaction; answers with their ids."""
    with database.session() as session:
        current = session.get_one(TrainingJob, job.id)
        ids = [record(session, current, "log", message).id for message in messages]
        if status is not None:
            current.status = status
            ids.append(record(session, current, "status", status).id)
    return ids


def messages_of(stream: Any) -> list[str]:
    return [event["message"] for event in stream]


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that nothing tells of."""
    deadline = threading.Event()
    for _ in range(PATIENCE_S * 50):
        if condition():
            return
        deadline.wait(0.02)
    pytest.fail("it did not happen")


def test_events_come_as_they_happen_and_end_with_the_job(
    http: httpx.Client, person: Any, job: TrainingJob, database: Database
) -> None:
    happen(database, job, "one", "two")
    with http.stream("GET", f"/training/{job.id}/events", headers=person.headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        stream = iter(Stream(answer.iter_lines()))
        first = next(stream)
        assert first == {
            "id": first["id"],
            "jobId": str(job.id),
            "kind": "log",
            "timestamp": first["timestamp"],
            "attempt": 1,
            "level": "info",
            "message": "one",
            "data": {},
        }
        assert next(stream)["message"] == "two"
        other = enter_job(database, person.id)
        for number in range(5):  # only now that all before was read: it is woken, it does not look
            happen(database, other, "another job's")
            happen(database, job, f"line {number}")
            assert next(stream)["message"] == f"line {number}"
        happen(database, job, "the end", status="completed")
        assert messages_of(stream) == ["the end", "completed"]


def test_a_client_that_comes_back_gets_what_it_has_not_seen_and_no_more(
    http: httpx.Client, person: Any, job: TrainingJob, database: Database
) -> None:
    path = f"/training/{job.id}/events"
    with http.stream("GET", path, headers=person.headers) as answer:
        stream = iter(Stream(answer.iter_lines()))
        happen(database, job, *map(str, range(10)))
        seen = [next(stream) for _ in range(4)]
    happen(database, job, "meanwhile")

    again = {**person.headers, "Last-Event-ID": str(seen[-1]["id"])}
    with http.stream("GET", path, headers=again) as answer:
        happen(database, job, status="failed")
        later = list(Stream(answer.iter_lines()))
    assert messages_of(seen + later) == [*map(str, range(10)), "meanwhile", "failed"]
    with http.stream("GET", path, params={"after": later[-3]["id"]}, headers=person.headers) as answer:
        assert messages_of(Stream(answer.iter_lines())) == ["meanwhile", "failed"]
    done = http.get(path, headers={**person.headers, "Last-Event-ID": str(later[-1]["id"])})
    assert (done.status_code, done.content) == (204, b"")
    empty = http.get(path, headers={**person.headers, "Last-Event-ID": ""})
    assert messages_of(Stream(empty.text.splitlines()))[-1] == "failed"
    for wrong in ("x", "-1", str(2**63)):
        refused = http.get(path, headers={**person.headers, "Last-Event-ID": wrong})
        assert refused.status_code == 422, wrong


def test_a_retried_job_is_followed_past_its_first_end(
    http: httpx.Client, person: Any, job: TrainingJob, database: Database
) -> None:
    happen(database, job, status="failed")
    happen(database, job, status="queued")
    with http.stream("GET", f"/training/{job.id}/events", headers=person.headers) as answer:
        stream = iter(Stream(answer.iter_lines()))
        assert [next(stream)["message"] for _ in range(2)] == ["failed", "queued"]
        happen(database, job, status="cancelled")
        assert messages_of(stream) == ["cancelled"]


def test_many_events_come_whole_and_in_order_while_others_are_written(
    http: httpx.Client, person: Any, job: TrainingJob, database: Database
) -> None:
    writers, lines = 3, 150

    def write(writer: int) -> None:
        for number in range(lines):
            happen(database, job, f"{writer}:{number}")

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    with http.stream("GET", f"/training/{job.id}/events", headers=person.headers) as answer:
        for thread in threads:
            thread.start()

        def end() -> None:
            for thread in threads:
                thread.join()
            happen(database, job, status="completed")

        ending = threading.Thread(target=end)
        ending.start()
        events = list(Stream(answer.iter_lines()))
        ending.join()
    ids = [event["id"] for event in events]
    assert ids == sorted(set(ids))
    for writer in range(writers):
        own = [event["message"] for event in events if event["message"].startswith(f"{writer}:")]
        assert own == [f"{writer}:{number}" for number in range(lines)]


def test_somebody_elses_job_is_not_there_and_nobody_watches_without_a_name(
    http: httpx.Client, base_url: str, other: Any, person: Any, job: TrainingJob
) -> None:
    path, address = f"/training/{job.id}", base_url.replace("http", "ws")
    assert http.get(f"{path}/events").status_code == 401
    assert http.get(f"{path}/events", headers=other.headers).status_code == 404
    assert http.get(f"{path}/events", headers=person.key("samples:read")).status_code == 403
    for headers, status in (({}, 401), (other.headers, 404), (person.key("samples:read"), 403)):
        with (
            pytest.raises(InvalidStatus) as caught,
            connect(f"{address}{path}/ws", additional_headers=headers),
        ):
            pass
        response = caught.value.response
        assert response.status_code == status
        assert json.loads(response.body or b"")["code"]
    with pytest.raises(InvalidStatus) as caught:
        connect(f"{address}/training/nobody/ws")
    assert caught.value.response.status_code in {401, 422}


@pytest.mark.parametrize("way", ["header", "key", "subprotocol"])
def test_a_websocket_has_the_same_events(
    base_url: str, person: Any, job: TrainingJob, database: Database, way: str
) -> None:
    (first,) = happen(database, job, "one")
    address = f"{base_url.replace('http', 'ws')}/training/{job.id}/ws"
    options: dict[str, Any] = {
        "header": {"additional_headers": person.headers},
        "key": {"additional_headers": person.key("training:read")},
        "subprotocol": {"subprotocols": ["voicewright.bearer", person.access_token]},
    }[way]

    with connect(address, **options) as socket:
        assert json.loads(socket.recv(PATIENCE_S))["message"] == "one"
        socket.send("nobody listens to this")
        happen(database, job, "two")
        assert json.loads(socket.recv(PATIENCE_S))["message"] == "two"
        happen(database, job, status="completed")
        last = json.loads(socket.recv(PATIENCE_S))
        assert (last["kind"], last["message"]) == ("status", "completed")
        with pytest.raises(ConnectionClosedOK):
            socket.recv(PATIENCE_S)
    with connect(f"{address}?after={first}", **options) as socket:
        assert [json.loads(text)["message"] for text in socket] == ["two", "completed"]


def test_a_client_that_goes_away_is_noticed(  # noqa: PLR0917 - fixtures
    app: FastAPI, http: httpx.Client, base_url: str, person: Any, job: TrainingJob, database: Database
) -> None:
    watch: JobWatch = app.state.job_watch
    happen(database, job, "one")
    address = f"{base_url.replace('http', 'ws')}/training/{job.id}/ws"

    with (
        http.stream("GET", f"/training/{job.id}/events", headers=person.headers) as answer,
        connect(address, additional_headers=person.headers) as socket,
    ):
        stream = iter(Stream(answer.iter_lines()))
        next(stream)
        socket.recv(PATIENCE_S)
        assert watch.watchers == 2

    wait_until(lambda: watch.watchers == 0)  # nothing has happened in the job


def test_silence_is_broken_by_signs_of_life(
    http: httpx.Client, person: Any, job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_streams, "SIGN_OF_LIFE_S", 0.05)
    with http.stream("GET", f"/training/{job.id}/events", headers=person.headers) as answer:
        lines = answer.iter_lines()
        assert [next(lines) for _ in range(4)] == ["retry: 2000", "", ": still there", ""]


def test_a_stream_ends_so_that_its_client_shows_again_who_it_is(
    http: httpx.Client, person: Any, job: TrainingJob, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_streams, "LONGEST_STREAM_S", 0.2)
    monkeypatch.setattr(event_streams, "SIGN_OF_LIFE_S", 0.05)
    happen(database, job, "one")
    with http.stream("GET", f"/training/{job.id}/events", headers=person.headers) as answer:
        assert messages_of(Stream(answer.iter_lines())) == ["one"]


@pytest.mark.parametrize("way", ["signed out", "key revoked", "disabled", "another role"])
def test_a_stream_ends_when_its_client_may_no_longer(  # noqa: PLR0917 - fixtures
    http: httpx.Client, person: Any, services: Any, job: TrainingJob, database: Database,
    monkeypatch: pytest.MonkeyPatch, way: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(event_streams, "SIGN_OF_LIFE_S", 0.05)
    headers = person.key("training:read") if way == "key revoked" else person.headers
    accounts = services.accounts
    with http.stream("GET", f"/training/{job.id}/events", headers=headers) as answer:
        lines = answer.iter_lines()
        assert ": still there" in lines  # it goes on as long as they may
        assert ": still there" in lines
        if way == "signed out":
            accounts.sessions.sign_out(person.refresh_token)
        elif way == "key revoked":
            (key,) = accounts.api_keys.of_user(person.id)
            accounts.api_keys.revoke(person.id, key.id)
        else:
            with database.session() as session:
                user = session.get_one(User, person.id)
                if way == "disabled":
                    user.disabled_at = datetime.now(UTC)
                else:
                    user.role = "admin"
        assert not [line for line in lines if line and not line.startswith(":")]
    if way != "another role":  # who shows again who they are, as another one
        assert http.get(f"/training/{job.id}/events", headers=headers).status_code == 401


def test_streams_end_when_the_server_is_told_to(
    app: FastAPI, person: Any, job: TrainingJob, database: Database
) -> None:
    happen(database, job, "one")
    with closing(listen("127.0.0.1", 0)) as listener:
        ready = threading.Event()
        server = Server(app, listener, on_ready=ready.set)
        thread = threading.Thread(target=server.serve_until_stopped)
        thread.start()
        assert ready.wait(PATIENCE_S)
        port = listener.getsockname()[1]
        with (
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as http,
            http.stream("GET", f"/training/{job.id}/events", headers=person.headers) as answer,
            connect(
                f"ws://127.0.0.1:{port}/training/{job.id}/ws", additional_headers=person.headers
            ) as socket,
        ):
            stream = iter(Stream(answer.iter_lines()))
            next(stream)
            socket.recv(PATIENCE_S)
            server.should_exit = True
            assert list(stream) == []  # a clean end of the answer, not a cut
            with pytest.raises(Exception) as caught:  # noqa: PT011 - of the library's
                socket.recv(PATIENCE_S)
            assert caught.value.rcvd.code in {1001, 1012}  # type: ignore[attr-defined]
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


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

    def test_a_stream_goes_on_and_neither_loses_nor_repeats_an_event(
        self, http: httpx.Client, person: Any, job: TrainingJob, database: Database, server: EmbeddedServer
    ) -> None:
        happen(database, job, "before")
        path = f"/training/{job.id}"
        with http.stream("GET", f"{path}/events", headers=person.headers) as answer:
            stream = iter(Stream(answer.iter_lines()))
            assert next(stream)["message"] == "before"

            server.leave()
            away = http.get(path, headers=person.headers)
            assert (away.status_code, away.json()["code"]) == (503, "DATABASE_UNAVAILABLE")
            server.join()

            happen(database, job, "after")
            assert next(stream)["message"] == "after"
            with psycopg.connect(database.conninfo, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
                )
            happen(database, job, "the end", status="completed")
            assert messages_of(stream) == ["the end", "completed"]
