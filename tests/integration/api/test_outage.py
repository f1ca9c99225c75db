"""Requests while the database is away: every route says so at once, and works again when it is back."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import WebSocketDenialResponse

from voicewright.db.embedded import EmbeddedServer
from voicewright.db.server import Database
from voicewright.db.url import embedded_url
from voicewright.home.layout import Home
from voicewright.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

WITHOUT_THE_DATABASE = {"/auth/first-run", "/openapi.json", "/docs", "/health"}
"""These routes need none."""


@pytest.fixture
def server(short_dir: Path) -> Iterator[EmbeddedServer]:
    """A server of the test's own, which is stopped and started."""
    server = EmbeddedServer(Home.open(short_dir / "own"), options={"fsync": "off"})
    server.join()
    yield server
    server.leave()


@pytest.fixture
def database_url(server: EmbeddedServer) -> str:
    return embedded_url(str(server.join())).render_as_string(hide_password=False)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database.connect(database_url) as opened:
        yield opened


@pytest.fixture
def api_settings(short_dir: Path, database_url: str) -> Settings:
    return Settings(home=short_dir / "home", database_url=database_url)


@pytest.fixture
def access(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import access_table

    return access_table


@pytest.fixture
def make_things(access, make_person, services, enter_sample, enter_dataset):
    numbers = itertools.count()

    def make():
        owner = make_person(f"{next(numbers)}@example.com")
        return access.Things(owner, services, enter_sample, enter_dataset, make_person)

    return make


@pytest.fixture
def calls(access, admin, make_things):
    """What is called, and as whom: everything is there before the database goes away."""
    found, shared = {}, make_things()
    for route, row in access.TABLE.items():
        things = shared if is_reading(route) else make_things()
        path, more = row.call(things)
        caller = admin if row.owner in {401, 403} else things.owner
        found[route] = (route.split()[0], path, more, caller.headers)
    return found


def is_reading(route):
    return route.split()[0] in {"GET", "HEAD", "WS"}


def answered(client, method, path, more, headers):
    if method == "WS":
        try:
            with client.websocket_connect(path, headers=headers) as socket:
                while socket.receive()["type"] != "websocket.close":
                    pass
                return 101, None
        except WebSocketDenialResponse as refused:
            return refused.status_code, refused.json()["code"]
    answer = client.request(method, path, headers=headers, **more)
    body = answer.json() if answer.status_code >= 400 and method != "HEAD" else {}
    error = body.get("error")
    in_openais_form = isinstance(error, dict)
    return answer.status_code, error["code"].upper() if in_openais_form else body.get("code")


def test_every_route_says_that_the_database_is_away_and_works_again_after_it(client, calls, server):
    reads = {route: call for route, call in calls.items() if is_reading(route)}
    before = {route: answered(client, *call) for route, call in reads.items()}
    assert {route: answer for route, answer in before.items() if answer[0] >= 400} == {}
    server.leave()
    during = {route: answered(client, *call) for route, call in calls.items()}
    server.join()
    wrong = {
        route: answer
        for route, answer in during.items()
        if answer != (503, None if route.startswith("HEAD") else "DATABASE_UNAVAILABLE")
        and route.split()[1] not in WITHOUT_THE_DATABASE
    }
    assert wrong == {}
    assert {route: answered(client, *call) for route, call in reads.items()} == before
