"""Completes the OpenAPI document with what follows from the form of a route, so that no route forgets it.

A route with a body can answer 400, 413, 415 and 422, one with parameters 422, one that asks who calls 401 and
403, and every one 503 while the database is away, and 500, which is a bug. What else a route answers it
declares itself, with `problems.refusals()`. Under `/v1` all of it is said in OpenAI's form. Bodies and
answers that bring no example get one, see `examples`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from voicewright.api.examples import answered_example, sent_example
from voicewright.api.openai_form import OpenAIError, openai_body, openai_status, speaks_openai
from voicewright.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from voicewright.settings import Settings

DESCRIPTION: Final = """\
Recordings in, voices out: upload samples or datasets, start trainings, watch them, and look after who may.

**Who asks.** Send `Authorization: Bearer ...` with an access token (`POST /auth/sign-in`) or an API key
(`POST /auth/api-keys`); an API key may also come as `X-API-Key`. What belongs to somebody else is answered as
if it did not exist (404).

**Errors** all have one form, `Problem`: `error` for people, `code` for programs, `timestamp`, `requestId`,
and `fields` where single fields of the request are to blame. Those under `/v1` have OpenAI's form instead.
Every answer has its id in `X-Request-Id`.

**Lists** come in pages: `limit`, `offset`, and the `total` of all pages. Moments are in UTC.
"""

_WATCHING: Final = (
    "Estimate, start, watch, cancel, retry. What happens in a training is also told over a WebSocket, "
    "`/training/{jobId}/ws`; a browser says there who it is by offering two subprotocols, "
    "`voicewright.bearer` and the credential."
)
TAGS: Final = {
    "sign-in": "The ways in and out, open to everybody.",
    "account": "One's own account: password, API keys, sessions.",
    "openai": "For clients that were made for OpenAI's speech; docs/openai.md shows how to set some up.",
    "consents": "What speakers agreed to; without their consent no voice is made of them.",
    "voice": "From a sample to a voice that speaks: upload, clone, synthesize.",
    "datasets": "Many recordings of one speaker: uploaded, judged, mended, downloaded.",
    "voice history": "What was spoken: found, heard again, forgotten; and what is kept of it at all.",
    "blind tests": "Who hears voices without knowing which is which, and what they prefer.",
    "long texts": "Chapters and batches: queued, watched, paused, retried, fetched as files.",
    "onboarding": "For applications: their users make voices in one call; docs/onboarding.md shows how.",
    "provenance": "Where sound comes from: what is known about a file.",
    "engines": "What makes voices and speaks with them: what each can and costs, and its own voices.",
    "training": _WATCHING,
    "voice models": "The registry: versions of voices, which one speaks, their figures, copies and shares.",
    "admin training": "Datasets and their trainings, for administrators.",
    "voice model cleanup": "What deletes old, poor, unused voices, for administrators.",
    "users": "Accounts, for administrators.",
    "operations": "Metrics, alerts and the audit trail, for administrators.",
    "health": "For whoever watches over the service.",
}
"""The families of endpoints, in the order in which somebody needs them."""

_LIMITS: Final = {
    ("LongTextBody", "text", "maxLength"): "long_characters",
    ("BatchBody", "items", "maxItems"): "batch_items",
}
"""What of a body the settings limit: its schema, the field and the word for it -> the setting."""
_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})
_OWN_SCHEMAS: Final = ("HTTPValidationError", "ValidationError")
"""The framework's own form of errors, which is never sent."""
_REFUSALS: Final = {
    400: ("MALFORMED_JSON", "The body is not JSON: Expecting value, at character 12."),
    401: (
        "NOT_AUTHENTICATED",
        "Nothing says who asks. Send 'Authorization: Bearer ...'.",
    ),
    402: ("DAILY_BUDGET_EXCEEDED", "The job would cost 12.50 dollars, and 3.10 are left of today's budget."),
    403: ("NOT_ALLOWED", "Only administrators may do this."),
    404: ("VOICE_SAMPLE_NOT_FOUND", "There are no such samples: 6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11."),
    409: ("TRAINING_JOB_ENDED", "The training job is completed already, so it can't be cancelled."),
    412: ("VOICE_MODEL_CHANGED", "The voice was changed meanwhile. Read it again, and send its new ETag."),
    413: ("BODY_TOO_LARGE", "The body of this request has at most 1048576 bytes."),
    415: (
        "UNSUPPORTED_MEDIA_TYPE",
        "The content type 'text/plain' is not taken. Send application/json.",
    ),
    422: ("VALIDATION_FAILED", "The request can't be used. options.epochs: Input should be at most 1000"),
    429: ("RATE_LIMITED", "Too many attempts to sign in. Try again in 14 minutes."),
    500: ("INTERNAL_ERROR", "Something unforeseen happened, which is a bug. The log has the details."),
    503: ("DATABASE_UNAVAILABLE", "Something that the service needs is away. Try again in a moment."),
    507: ("STORAGE_FULL", "The service has no room left; nothing was changed."),
}
"""One refusal of each status, as an example."""
_HEADERS: Final = {
    401: {"WWW-Authenticate": "`Bearer`."},
    429: {
        "Retry-After": "Seconds after which it may be asked again.",
        "RateLimit-Limit": "How often it may be asked in one window.",
        "RateLimit-Remaining": "How often it may still be asked in this one: 0.",
        "RateLimit-Reset": "Seconds until the window ends.",
    },
    503: {"Retry-After": "Seconds after which it may be asked again, where that is known."},
}


def complete_document(app: FastAPI) -> None:
    """Have the application's document made in this way."""
    plain = app.openapi
    app.description = DESCRIPTION
    app.openapi_tags = [{"name": name, "description": description} for name, description in TAGS.items()]

    def complete() -> dict[str, Any]:
        made = app.openapi_schema
        document = plain()
        if document is not made:
            _complete(document)
            _tell_limits(document, app.state.services.settings)
        return document

    # replacing its method is how FastAPI has an application make its own document
    app.openapi = complete  # type: ignore[method-assign]


def _tell_limits(document: dict[str, Any], settings: Settings) -> None:
    for (schema, name, word), setting in _LIMITS.items():
        document["components"]["schemas"][schema]["properties"][name][word] = getattr(settings, setting)


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for model in (Problem, OpenAIError):
        own = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= own.pop("$defs")
        schemas[model.__name__] = own
    components["responses"] = {
        _name(status, openai=openai): _refusal(status, openai=openai)
        for openai in (False, True)
        for status in _REFUSALS
        if not openai or openai_status(status) == status
    }
    for path, operation in _operations(document):
        openai = speaks_openai(path)
        responses: dict[str, Any] = {}
        for status in _follows(operation):
            responses |= _referred(status, openai=openai)
        for told, answer in operation["responses"].items():
            if answer.get("description") == "Successful Response":
                answer["description"] = HTTPStatus(int(told)).phrase
            plain = _is_plain_refusal(int(told), answer)
            responses |= _referred(int(told), openai=openai) if plain else {told: answer}
        operation["responses"] = dict(sorted(responses.items()))
        _name_types(responses)
        _show_examples(operation, schemas)
    for name in _OWN_SCHEMAS:
        schemas.pop(name, None)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document.get("paths", {}).items():
        for method, operation in methods.items():
            if method in _METHODS:
                yield path, operation


def _follows(operation: dict[str, Any]) -> list[int]:
    statuses = {500, 503}
    if "requestBody" in operation:
        statuses |= {400, 413, 415, 422}
    if operation.get("parameters"):
        statuses |= {422}
    if operation.get("security"):
        statuses |= {401, 403}
    return sorted(statuses)


def _is_plain_refusal(status: int, answer: dict[str, Any]) -> bool:
    """Whether an answer is a `Problem` and nothing besides; the framework's own form stands for one."""
    content = answer.get("content", {})
    schemas = [kind.get("schema", {}).get("$ref", "") for kind in content.values()]
    return status in _REFUSALS and all(schema.endswith(("/Problem", *_OWN_SCHEMAS)) for schema in schemas)


def _name_types(responses: dict[str, Any]) -> None:
    """Say of a file that it is one, where its route has named nothing but the content type."""
    for answer in responses.values():
        for kind in answer.get("content", {}).values():
            kind.setdefault("schema", {"type": "string", "format": "binary"})


def _show_examples(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    for kind in operation.get("requestBody", {}).get("content", {}).values():
        if not {"example", "examples"} & kind.keys():
            kind["example"] = sent_example(kind["schema"], schemas)
    for status, answer in operation["responses"].items():
        json_kind = answer.get("content", {}).get("application/json")
        if json_kind is None or {"example", "examples"} & json_kind.keys():
            continue
        refused = int(status) in _REFUSALS
        json_kind["example"] = (
            _problem(int(status)) if refused else answered_example(json_kind["schema"], schemas)
        )


def _refusal(status: int, *, openai: bool) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{(OpenAIError if openai else Problem).__name__}"}
    example = openai_body(status, *_REFUSALS[status]) if openai else _problem(status)
    answer: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "x-status": status,
        "content": {"application/json": {"schema": schema, "example": example}},
    }
    if status in _HEADERS:
        answer["headers"] = {
            name: {"description": description, "schema": {"type": "string"}}
            for name, description in _HEADERS[status].items()
        }
    return answer


def _problem(status: int) -> dict[str, Any]:
    code, message = _REFUSALS[status]
    problem: dict[str, Any] = {
        "error": message,
        "code": code,
        "timestamp": "2025-01-15T10:30:00.123Z",
        "requestId": "9b2f6c1e0d5a4a7f8e3b1c2d4f5a6b7c",
    }
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        problem["fields"] = [{"field": "options.epochs", "message": "Input should be at most 1000"}]
    return problem


def _referred(status: int, *, openai: bool) -> dict[str, Any]:
    told = openai_status(status) if openai else status
    return {str(told): {"$ref": f"#/components/responses/{_name(told, openai=openai)}"}}


def _name(status: int, *, openai: bool) -> str:
    return ("OpenAI" if openai else "") + HTTPStatus(status).name.title().replace("_", "")
