"""The edge around every route: ids of requests, one form of errors, limits of bodies, storable text."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Annotated

import pytest
from fastapi import Depends, Form, Request, UploadFile
from fastapi.responses import StreamingResponse
from fastapi.routing import iter_route_contexts
from pydantic import Field
from starlette.requests import ClientDisconnect
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.app import create_app
from voicewright.api.bodies import RequestBody
from voicewright.api.body_limit import streams_body
from voicewright.api.caller import calling, subprotocol_of
from voicewright.api.openai_form import speaks_openai
from voicewright.api.problems import STATUS
from voicewright.errors import AppError, ErrorKind


class Clip(RequestBody):
    text: str
    seconds: float = 1.0


class Dataset(RequestBody):
    name: str = ""
    clips: list[Clip] = Field(default_factory=list)
    options: dict[str, str] = Field(default_factory=dict)


class Refused(AppError):
    """Any error, for these tests."""

    code = "REFUSED_IN_A_TEST"
    kind = ErrorKind.INTERNAL


Somebody = Annotated[Caller, Depends(calling(Scope.TRAINING_READ))]


def add_bugs(app):
    """Routes that do what no route should."""

    @app.get("/test/bug")
    def bug():
        raise RuntimeError("the password is hunter2")

    @app.get("/test/broken")
    def broken():
        def pieces():
            yield b"begun"
            raise RuntimeError("half way")

        return StreamingResponse(pieces())

    @app.get("/test/gone")
    async def gone():
        raise ClientDisconnect

    @app.websocket("/test/buggy")
    async def buggy(websocket: WebSocket):
        raise RuntimeError(f"hunter2 {websocket.url}")


@pytest.fixture
def app(services):
    """The application with some routes of the tests' own."""
    app = create_app(services)
    add_bugs(app)

    @app.get("/test/kind/{kind}")
    def kind(kind: ErrorKind):
        error = Refused("Not like this.")
        error.kind = kind
        raise error

    @app.post("/test/json")
    def body(body: Dataset, q: str = ""):
        return {"name": body.name + q}

    @app.post("/test/form")
    async def form(name: Annotated[str, Form()], audio: UploadFile | None = None):
        return {"name": name, "audio": audio is not None}

    @app.post("/test/upload")
    @streams_body
    async def upload(request: Request):
        return {"bytes": sum([len(part) async for part in request.stream()])}

    @app.get("/test/names/{name}")
    def named(name: str):
        return {"name": name}

    @app.post("/test/file")
    async def file(audio: UploadFile):
        return {"audio": audio.filename}

    @app.websocket("/test/socket")
    async def socket(websocket: WebSocket, caller: Somebody):
        await websocket.accept(subprotocol=subprotocol_of(websocket))
        await websocket.send_json({"user_id": str(caller.user_id)})
        await websocket.receive_text()
        raise RuntimeError("hunter2")

    return app


def problem(answer, status, code):
    """Check the form of an error, and give its body."""
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.text
    assert set(body) <= {"error", "code", "timestamp", "requestId", "fields"}
    assert isinstance(body["error"], str)
    assert body["timestamp"].endswith("Z")
    assert abs((datetime.now(UTC) - datetime.fromisoformat(body["timestamp"])).total_seconds()) < 60
    assert answer.headers["x-request-id"] == body["requestId"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    return body


def fields(answer):
    return [fault["field"] for fault in problem(answer, 422, "VALIDATION_FAILED")["fields"]]


def test_health(client):
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert client.get("/ready").json() == {"status": "ready"}
    assert {"x-content-type-options", "x-frame-options", "referrer-policy", "x-request-id"} <= set(
        answer.headers
    )


def test_requests_have_ids(client):
    made = {client.get("/health").headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3
    assert client.get("/health", headers={"X-Request-Id": "job-7.a_B"}).headers["x-request-id"] == "job-7.a_B"
    for wrong in ("", "a b", "x" * 129, "a;b", "<script>", b"\xff"):
        answer = client.get("/nowhere", headers={"X-Request-Id": wrong})
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
        assert answer.json()["requestId"] == answer.headers["x-request-id"]


def test_what_the_framework_refuses_has_the_same_form(client):
    assert "/nowhere" in problem(client.get("/nowhere"), 404, "NOT_FOUND")["error"]
    assert client.get("/nowhere/é").status_code == 404
    answer = client.delete("/health")
    assert "DELETE" in problem(answer, 405, "METHOD_NOT_ALLOWED")["error"]
    assert answer.headers["allow"] == "GET"
    assert client.put("/auth/me").headers["allow"] == "GET, PATCH"
    assert client.put("/training/start").headers["allow"] == "POST"
    assert set(client.put("/docs").headers["allow"].split(", ")) == {"GET", "HEAD"}
    broken = {"Content-Type": "multipart/form-data"}
    problem(client.post("/test/form", content=b"x", headers=broken), 400, "MALFORMED_REQUEST")


def test_every_kind_of_error_has_a_status(client, caplog):
    assert set(STATUS) == set(ErrorKind)
    for kind, status in STATUS.items():
        answer = client.get(f"/test/kind/{kind.value}")
        body = problem(answer, status, "REFUSED_IN_A_TEST")
        assert ("Not like this." in body["error"]) == (kind is not ErrorKind.INTERNAL)
        assert ("www-authenticate" in answer.headers) == (status == 401)
        assert (body["requestId"] in caplog.text) == (status >= 500)


def test_a_bug_is_logged_and_tells_nothing(client, caplog):
    body = problem(client.get("/test/bug"), 500, "INTERNAL_ERROR")
    assert "hunter2" not in json.dumps(body)
    assert body["requestId"] in body["error"]
    assert "hunter2" in caplog.text
    assert body["requestId"] in caplog.text
    assert "Traceback" in caplog.text


def test_bodies_that_can_not_be_read(client):
    for content, status, code in [
        (b"{", 400, "MALFORMED_JSON"),
        (b"\xff\xfe\xff", 400, "MALFORMED_REQUEST"),
        (b'{"name": "\xff"}', 400, "MALFORMED_REQUEST"),
        (b"[" * 100_000, 400, "MALFORMED_JSON"),
        (b'{"name": ' + b"9" * 5000 + b"}", 400, "MALFORMED_REQUEST"),
        (b"", 422, "VALIDATION_FAILED"),
        (b"null", 422, "VALIDATION_FAILED"),
        (b"[1]", 422, "VALIDATION_FAILED"),
    ]:
        answer = client.post("/test/json", content=content, headers={"Content-Type": "application/json"})
        problem(answer, status, code)


def test_a_body_that_is_nested_too_deeply_is_said_to_be(client):
    for path in ("/test/json", "/auth/link"):
        for depth in (*range(500, 1000, 25), 100_000):  # some can be read, and not be looked through
            content = b"[" * depth + b'"\\u0000"' + b"]" * depth
            answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
            if answer.status_code != 422:
                assert "nested too deeply" in problem(answer, 400, "MALFORMED_JSON")["error"]
        assert answer.status_code == 400


def test_bodies_of_another_type(client):
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", None]:
        headers = {"Content-Type": content_type} if content_type else {}
        answer = client.post("/test/json", content=b'{"name": "x"}', headers=headers)
        assert "application/json" in problem(answer, 415, "UNSUPPORTED_MEDIA_TYPE")["error"]


def test_bodies_of_every_kind_of_json_are_read(client):
    for content_type in ("application/json", "APPLICATION/JSON; charset=utf-8", "application/vnd.x+json"):
        answer = client.post("/test/json", content=b'{"name": "x"}', headers={"Content-Type": content_type})
        assert answer.json() == {"name": "x"}
    problem(client.post("/test/form", json={"name": "x"}), 415, "UNSUPPORTED_MEDIA_TYPE")
    problem(client.post("/test/file", json={"audio": "x"}), 415, "UNSUPPORTED_MEDIA_TYPE")
    assert client.post("/test/file", files={"audio": ("a.wav", b"x")}).json() == {"audio": "a.wav"}
    assert client.post("/test/form", data={"name": "x"}).json() == {"name": "x", "audio": False}
    assert fields(client.post("/test/form")) == ["name"]


def test_fields_are_named_as_the_client_wrote_them(client):
    wrong = {"nome": "x", "clips": [{"text": "a"}, {"seconds": "long"}], "options": {"a": 1}}
    answer = client.post("/test/json", json=wrong)
    assert fields(answer) == ["clips[1].text", "clips[1].seconds", "options.a", "nome"]
    assert "long" not in answer.text
    infinite = b'{"clips": [{"text": "a", "seconds": NaN}, {"text": "b", "seconds": 1e999}]}'
    answer = client.post("/test/json", content=infinite, headers={"Content-Type": "application/json"})
    assert fields(answer) == ["clips[0].seconds", "clips[1].seconds"]
    many = client.post("/test/json", json={f"field{n}": 1 for n in range(1000)})
    assert len(fields(many)) == 20
    odd = client.post("/test/json", content=b'{"\\ud800": 1}', headers={"Content-Type": "application/json"})
    assert fields(odd) == ["\ud800"]


def test_text_that_no_table_keeps_is_refused(client):
    for content, field in [
        (rb'{"name": "a\u0000b"}', "name"),
        (rb'{"name": "a\ud83d"}', "name"),
        (rb'{"name": "\udc00\ud83d"}', "name"),
        (b'{"name": "\xed\xa0\x80"}', "name"),
        (rb'{"clips": [{"text": "x"}, {"text": "\u0000"}]}', "clips[1].text"),
        (rb'{"options": {"k": "\u0000"}}', "options.k"),
        ('{"name": "a\\u0000"}'.encode("utf-16"), "name"),
    ]:
        answer = client.post("/test/json", content=content, headers={"Content-Type": "application/json"})
        assert fields(answer) == [field]


def test_text_that_no_table_keeps_is_refused_wherever_it_comes(client):
    assert fields(client.get("/test/names/a%00b")) == ["name"]
    assert fields(client.post("/test/json?q=%00", json={})) == ["q"]
    assert fields(client.post("/test/form", data={"name": "a\0"})) == ["name"]
    assert fields(client.post("/test/form", data={"name": "a\0"}, files={"audio": b"\0"})) == ["name"]
    assert fields(client.get("/test/names/a", headers={"X-Thing": b"\0"})) == ["x-thing"]
    whole = rb'{"name": "\ud83d\ude00 \\u0000"}'
    answer = client.post("/test/json", content=whole, headers={"Content-Type": "application/json"})
    assert answer.json() == {"name": "\U0001f600 \\u0000"}
    assert client.get("/test/names/%F0%9F%98%80").json() == {"name": "\U0001f600"}


class TestBodyLimit:
    @pytest.fixture
    def api_settings(self, settings):
        return settings.model_copy(update={"json_limit_bytes": 2000})

    def test_bodies_are_limited_while_they_are_read(self, client):
        sent = []

        def endless():
            while len(sent) < 1000:
                sent.append(1)
                yield b'{"name": "' + b"x" * 1000

        json_type = {"Content-Type": "application/json"}
        problem(client.post("/test/json", content=endless(), headers=json_type), 413, "BODY_TOO_LARGE")
        problem(client.post("/test/json", json={"name": "x" * 2000}), 413, "BODY_TOO_LARGE")
        lying = json_type | {"Content-Length": "10"}
        problem(client.post("/test/json", content=b"x" * 5000, headers=lying), 413, "BODY_TOO_LARGE")
        problem(client.post("/test/form", data={"name": "x" * 3000}), 413, "BODY_TOO_LARGE")
        problem(client.post("/test/form", files={"audio": b"x" * 3000}), 413, "BODY_TOO_LARGE")
        problem(client.post("/auth/link", json={"token": "x" * 3000}), 413, "BODY_TOO_LARGE")
        assert client.post("/test/json", json={"name": "x" * 1900}).status_code == 200

    def test_uploads_have_limits_of_their_own(self, client):
        assert client.post("/test/upload", content=b"x" * 9000).json() == {"bytes": 9000}


def test_a_database_that_is_away_is_no_bug(client, person, database, monkeypatch):
    monkeypatch.setattr(database, "engine", database.engine.execution_options())
    database.close()

    def away(*_, **__):
        import psycopg

        raise psycopg.OperationalError("connection to server at 10.0.0.5, user voices failed")

    monkeypatch.setattr(database.engine.dialect, "connect", away)
    answer = client.get("/ready")
    body = problem(answer, 503, "DATABASE_UNAVAILABLE")
    assert "10.0.0.5" not in body["error"]
    assert "voices" not in body["error"]
    problem(client.get("/auth/me", headers=person.headers), 503, "DATABASE_UNAVAILABLE")
    credentials = {"email": "ann@example.com", "password": "correct horse battery"}
    problem(client.post("/auth/sign-in", json=credentials), 503, "DATABASE_UNAVAILABLE")
    assert client.get("/health").status_code == 200


def test_an_answer_that_has_begun_is_broken_off_and_logged(client, caplog):
    client.get("/test/broken")
    assert "half way" in caplog.text


def test_a_client_that_has_gone_is_no_bug(client, caplog):
    client.get("/test/gone")
    assert caplog.text == ""


def test_a_bug_behind_a_websocket_tells_nothing(client, caplog):
    with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect("/test/buggy"):
        pass
    assert (refused.value.status_code, refused.value.json()["code"]) == (500, "INTERNAL_ERROR")
    assert "hunter2" not in refused.value.text
    assert "hunter2" in caplog.text


def test_a_websocket_is_refused_as_a_request_is(client, person):
    for headers, status in ((None, 401), (person.key("account"), 403), ({"Authorization": "Bearer x"}, 401)):
        with (
            pytest.raises(WebSocketDenialResponse) as refused,
            client.websocket_connect("/test/socket", headers=headers or {}),
        ):
            pass
        assert refused.value.status_code == status
        assert set(refused.value.json()) == {"error", "code", "timestamp", "requestId"}
        assert refused.value.headers["x-request-id"] == refused.value.json()["requestId"]


def test_a_websocket_without_denials_is_closed(app):
    async def without_extension(scope, receive, send):
        await app({**scope, "extensions": {}}, receive, send)

    with TestClient(without_extension) as client:
        with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect("/test/socket"):
            pass
        assert closed.value.code == 1008
        assert "Nothing says who asks" in closed.value.reason


def test_a_browser_shows_its_token_on_a_websocket_as_a_subprotocol(client, person):
    offered = ["voicewright.bearer", person.access_token]
    with client.websocket_connect("/test/socket", subprotocols=offered) as socket:
        assert socket.accepted_subprotocol == "voicewright.bearer"
        assert socket.receive_json() == {"user_id": str(person.id)}
        # and leaves without a word, which is no bug
    with client.websocket_connect("/test/socket", headers=person.key("training:read")) as socket:
        assert socket.accepted_subprotocol is None
        assert socket.receive_json() == {"user_id": str(person.id)}


def test_the_document_has_every_refusal_that_follows_from_a_route(client, app):
    document = client.get("/openapi.json").json()
    assert "HTTPValidationError" not in json.dumps(document)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            answers = operation["responses"]
            expected = {"500", "503"}
            with_body = {"400", "413"} if speaks_openai(path) else {"400", "413", "415", "422"}
            expected |= with_body if "requestBody" in operation else set()
            expected |= {"401", "403"} if operation.get("security") else set()
            assert expected <= set(answers), path
    assert document is not client.get("/openapi.json").json()
    assert set(document["components"]["schemas"]["Problem"]["required"]) == {
        "error", "code", "timestamp", "requestId",
    }  # fmt: skip
    secured = {c.path for c in iter_route_contexts(app.routes) if c.path in document["paths"]}
    assert "/auth/me" in secured
