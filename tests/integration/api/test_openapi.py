"""The OpenAPI document and its page say of every route what a caller needs to know."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import jsonschema_rs
import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from voicewright.api.app import create_app
from voicewright.api.document import TAGS
from voicewright.api.examples import UNKNOWN
from voicewright.api.openai_form import speaks_openai
from voicewright.api.problems import STATUS
from voicewright.settings import Settings

OPEN = {
    "GET /.well-known/jwks.json",
    "GET /auth/first-run",
    "GET /health",
    "GET /provenance/certificate",
    "GET /ready",
    "POST /auth/link",
    "POST /auth/refresh",
    "POST /auth/sign-in",
    "POST /auth/sign-out",
}
SELF_CLOSING = {"meta"}
VALIDATORS = {}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """Nothing here needs a service."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), batch_items=7, long_characters=8000)
    return create_app(SimpleNamespace(settings=settings, speech=None))


@pytest.fixture(scope="module")
def document(app):
    return app.openapi()


@pytest.fixture(scope="module")
def operations(document):
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_what_the_settings_limit_is_limited_in_the_document(document):
    schemas = document["components"]["schemas"]
    assert schemas["BatchBody"]["properties"]["items"]["maxItems"] == 7
    assert schemas["LongTextBody"]["properties"]["text"]["maxLength"] == 8000


def resolved(document, answer):
    if "$ref" not in answer:
        return answer
    kind, name = answer["$ref"].removeprefix("#/components/").split("/")
    return document["components"][kind][name]


def answers_of(document, operation):
    return {int(status): resolved(document, answer) for status, answer in operation["responses"].items()}


def check(document, schema, example, where):
    key = (id(document), json.dumps(schema))  # hundreds of answers have one form, and all components are read
    if key not in VALIDATORS:
        whole = {**schema, "components": document["components"]}
        VALIDATORS[key] = jsonschema_rs.validator_for(whole, validate_formats=True)
    found = [error.message for error in VALIDATORS[key].iter_errors(example)]
    assert not found, f"{where}: {found}"
    assert f'"{UNKNOWN}"' not in json.dumps(example), f"{where}: add it to api/example_values.py: {example}"


def examples_of(content):
    return [each["value"] for each in content.get("examples", {}).values()] or [content["example"]]


def test_every_route_is_in_the_document(app, operations):
    routes = {
        f"{method} {route.path}"
        for route in iter_route_contexts(app.routes)
        for method in getattr(route, "methods", None) or ()
    }
    assert routes - set(operations) == {"GET /docs", "HEAD /docs", "GET /openapi.json", "HEAD /openapi.json"}
    assert "/training/{jobId}/ws" in TAGS["training"]  # the document has no word for a WebSocket


def test_every_route_says_what_it_is_for(document, operations):
    assert [tag["name"] for tag in document["tags"]] == list(TAGS)
    assert all(tag["description"] for tag in document["tags"])
    assert {tag for operation in operations.values() for tag in operation["tags"]} == set(TAGS)
    for route, operation in operations.items():
        assert len(operation["tags"]) == 1, route
        assert re.fullmatch(r"[A-Z].*[^.]", operation["summary"]), route
        assert operation["description"].rstrip().endswith("."), route
    assert len({operation["operationId"] for operation in operations.values()}) == len(operations)


def test_every_body_has_examples_that_hold_to_its_schema(document, operations):
    seen = 0
    for route, operation in operations.items():
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            for example in examples_of(content):
                check(document, content["schema"], example, f"{route}, {kind}")
                seen += 1
    assert seen > 15


def test_every_answer_has_an_example_that_holds_to_its_schema(document, operations):
    for route, operation in operations.items():
        good = [status for status in answers_of(document, operation) if status < 400]
        assert good, route
        for status in good:
            answer = answers_of(document, operation)[status]
            assert answer["description"] != "Successful Response", route
            assert (status in {204, 303, 304}) == ("content" not in answer), f"{route}: {status}"
            for kind, content in answer.get("content", {}).items():
                assert content["schema"], f"{route}: {kind}"
                if kind == "text/event-stream":  # the schema is of one event, the example of a stream
                    assert content["example"].endswith("\n\n")
                elif content["schema"].get("format") != "binary":
                    check(document, content["schema"], content["example"], f"{route}, {status}, {kind}")


def test_every_refusal_has_the_form_of_errors(document, operations):
    for route, operation in operations.items():
        form = "OpenAIError" if speaks_openai(route.partition(" ")[2]) else "Problem"
        problem = {"$ref": f"#/components/schemas/{form}"}
        answers = answers_of(document, operation)
        refused = {status: answer for status, answer in answers.items() if status >= 400}
        assert set(refused) <= set(STATUS.values()), route
        for status, answer in refused.items():
            content = answer["content"].get("application/json")
            if content is None:  # a page for people
                assert set(answer["content"]) == {"text/html"}, f"{route}: {status}"
                continue
            assert content["schema"] == problem, f"{route}: {status}"
            check(document, problem, content["example"], f"{route}: {status}")


def test_every_route_names_what_follows_from_its_form(document, operations):
    for route, operation in operations.items():
        statuses = set(answers_of(document, operation))
        openai = speaks_openai(route.partition(" ")[2])
        assert {500, 503} <= statuses, route
        assert not (openai and statuses & {402, 415, 422}), route
        if "requestBody" in operation:
            assert {400, 413} <= statuses, route
            assert openai or {415, 422} <= statuses, route
        if "parameters" in operation:
            assert (400 if openai else 422) in statuses, route
        if re.search(r"\{\w*[iI]d\}", route):
            assert {403, 404} & statuses, route
        if "security" in operation:
            assert {401, 403} <= statuses, route


def test_who_asks_is_known_where_it_must_be(document, operations):
    schemes = document["components"]["securitySchemes"]
    assert (schemes["bearer"]["type"], schemes["bearer"]["scheme"]) == ("http", "bearer")
    assert (schemes["apiKey"]["in"], schemes["apiKey"]["name"]) == ("header", "X-API-Key")
    assert {route for route, operation in operations.items() if "security" not in operation} == OPEN
    for route, operation in operations.items():
        assert operation.get("security", []) in ([], [{"bearer": []}, {"apiKey": []}]), route


def test_the_document_is_made_once(app, document):
    assert app.openapi() is document
    assert "HTTPValidationError" not in document["components"]["schemas"]


class Page(HTMLParser):
    """What a page loads and leads to, and whether its elements are closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.links, self.loads = [], set(), set(), [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.add(tag)
        self.links += [given["href"]] if "href" in given else []
        self.loads += [given["src"]] if "src" in given else []
        self.ids |= {given["id"]} if "id" in given else set()
        assert not any(name.startswith("on") or name == "style" for name in given)
        if tag not in SELF_CLOSING:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_shows_every_route_and_loads_nothing(app, operations):
    client = TestClient(app)
    answer = client.get("/docs")
    page = Page(answer.text)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.open == []
    assert not page.tags & {"script", "link", "img", "iframe", "form", "object"}
    assert page.loads == []
    assert {link for link in page.links if not link.startswith("#")} == {"openapi.json"}
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
    assert {operation["operationId"] for operation in operations.values()} <= page.ids
    assert client.head("/docs").status_code == 200
    assert client.get("/openapi.json").json() == app.openapi()
    assert client.get("/redoc").status_code == 404


def test_the_page_shows_how_to_call_a_route(app):
    text = TestClient(app).get("/docs").text
    assert "curl &quot;$URL/training/start&quot; \\\n  -H &quot;Authorization: Bearer $TOKEN&quot;" in text
    assert "curl -X DELETE &quot;$URL/auth/api-keys/$KEY_ID&quot;" in text
    assert "-F &#x27;audio=@recording.flac&#x27;" in text
    assert "<code>options.batchSize</code>" in text
    assert "integer, ≥ 0, ≤ 100, default 50" in text
