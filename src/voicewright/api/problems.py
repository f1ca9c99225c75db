"""Turns whatever goes wrong into an answer: one table from kinds of errors to statuses, one form of body.

    {"error": "what is wrong and what to do", "code": "VOICE_SAMPLE_NOT_FOUND",
     "timestamp": "2025-01-15T10:30:00.123Z", "requestId": "...",
     "fields": [{"field": "options.epochs", "message": "..."}]}

`fields` is there where single fields of the request are to blame, named as the client wrote them. Under `/v1`
the same is said in OpenAI's form (`openai_form`). A route raises `AppError`s and knows nothing of this.
`api.document` says in the OpenAPI document which statuses a route can answer with for reasons that follow
from its form; a router names the others with `refusals()`.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from voicewright.api.audit_record import remember_code
from voicewright.api.openai_form import openai_body, openai_headers, openai_status, speaks_openai
from voicewright.api.request_ids import request_id
from voicewright.api.validation import TOO_DEEP, MalformedJson, refused_input
from voicewright.errors import OPERATORS, AppError, ErrorKind, FieldFault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = logging.getLogger(__name__)

STATUS: Final = {
    ErrorKind.INVALID: 422,
    ErrorKind.MALFORMED: 400,
    ErrorKind.UNSUPPORTED_TYPE: 415,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.PRECONDITION: 412,
    ErrorKind.OVER_BUDGET: 402,
    ErrorKind.RATE_LIMITED: 429,
    ErrorKind.MISSING_DEPENDENCY: 503,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.NO_SPACE: 507,
    ErrorKind.CANCELLED: 409,
    ErrorKind.INTERNAL: 500,
}
"""By kind alone, never by class."""

# What the framework itself refuses, by status: no route, no such method, a form that can't be read.
_FRAMEWORK_CODES: Final = {
    400: "MALFORMED_REQUEST",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "BODY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
}
PLAIN_WORDS: Final = {
    ErrorKind.UNAVAILABLE: "Something that the service needs is away. Try again in a moment.",
    ErrorKind.MISSING_DEPENDENCY: "Something that the service needs is not installed.",
    ErrorKind.NO_SPACE: "The service has no room left; nothing was changed.",
    ErrorKind.INTERNAL: "Something unforeseen happened, which is a bug.",
}
"""What callers are told instead of a message that is for operators."""
_POLICY_VIOLATION: Final = 1008
_REASON_BYTES: Final = 123
"""The most that a WebSocket may say when it closes."""


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    model_config = ConfigDict(json_schema_extra={"example": {"field": "options.epochs", "message": "..."}})

    field: str = Field(description="As the client wrote it; of one inside another, `options.epochs`.")
    message: str


class Problem(BaseModel):
    """The body of every answer that is not a good one."""

    error: str = Field(description="What is wrong and what to do, for people.")
    code: str = Field(description="For programs; docs/errors.md lists them.", examples=["NOT_AUTHENTICATED"])
    timestamp: datetime
    requestId: str = Field(description="Also in the header X-Request-Id, and in the log.")  # noqa: N815 - the spec's
    fields: list[FieldProblem] | None = Field(
        default=None, description="The fields of the request that are to blame, where there are such."
    )


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route or a router answers with besides a good answer, for its `responses=`."""
    return {
        status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in sorted(statuses)
    }


def is_for_operators(error: AppError) -> bool:
    """Whether what an error says is for whoever runs the service, and not for whoever calls it."""
    return error.kind is ErrorKind.INTERNAL or type(error).__module__.startswith(OPERATORS)


def handle_problems(app: FastAPI) -> None:
    """Answer in the form above, whatever goes wrong in a route or on the way to it."""
    handlers: dict[type[Exception], Any] = {
        AppError: _on_app_error,
        RequestValidationError: _on_invalid_input,
        WebSocketRequestValidationError: _on_invalid_input,
        HTTPException: _on_http_exception,
    }
    for error, handler in handlers.items():
        app.add_exception_handler(error, handler)


class UnexpectedErrors:
    """Middleware that logs what nobody foresaw and answers 500, telling the caller nothing of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request; after the answer has begun, all that is left is to break it off."""
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except (ClientDisconnect, WebSocketDisconnect):
            return  # whoever asked has gone, which is their right
        except Exception as error:
            if scope["type"] not in {"http", "websocket"}:
                raise
            connection = HTTPConnection(scope)
            name = request_id(connection)
            where = f"{scope.get('method', 'WEBSOCKET')} {scope['path']}"
            _LOG.exception("unexpected %s at %r (request %s)", type(error).__name__, where, name)
            if begun:
                raise
            told = f"{PLAIN_WORDS[ErrorKind.INTERNAL]} The log has the details under request {name}."
            answer = _answer(connection, 500, AppError.code, told)
            if scope["type"] == "http":
                await answer(scope, receive, send)
            else:
                await _refuse(WebSocket(scope, receive, send), answer, told)


async def _on_app_error(connection: HTTPConnection, error: Exception) -> Response | None:
    assert isinstance(error, AppError)  # noqa: S101 - it is registered for these
    status, told = STATUS[error.kind], error.message
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        name, bug = request_id(connection), error if error.kind is ErrorKind.INTERNAL else None
        _LOG.error("%s: %s (request %s)", error.code, error.message, name, exc_info=bug)
        if is_for_operators(error):
            told = f"{PLAIN_WORDS[error.kind]} The log has the details under request {name}."
    answer = _answer(connection, status, error.code, told, fields=error.fields, headers=_headers_of(error))
    return await _given(connection, answer, told)


async def _on_invalid_input(connection: HTTPConnection, error: Exception) -> Response | None:
    assert isinstance(error, RequestValidationError | WebSocketRequestValidationError)  # noqa: S101 - as above
    return await _on_app_error(connection, refused_input(connection, error.errors()))


async def _on_http_exception(connection: HTTPConnection, error: Exception) -> Response | None:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    if isinstance(error.__cause__, AppError):  # the framework hides what a body's stream was refused with
        return await _on_app_error(connection, error.__cause__)
    if isinstance(error.__cause__, RecursionError):
        return await _on_app_error(connection, MalformedJson(TOO_DEEP))
    status = error.status_code
    code = _FRAMEWORK_CODES.get(status, HTTPStatus(status).name)
    told = _framework_words(connection, error)
    headers = dict(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers |= _allowed(connection)
    answer = _answer(connection, status, code, told, headers=headers)
    return await _given(connection, answer, told)


async def _given(connection: HTTPConnection, answer: Response, told: str) -> Response | None:
    """The answer to a request; a WebSocket is refused with it."""
    if isinstance(connection, WebSocket):
        await _refuse(connection, answer, told)
        return None
    return answer


async def _refuse(websocket: WebSocket, answer: Response, told: str) -> None:
    """Say no before the handshake, with a status and a body where the server can; afterwards by closing."""
    waiting = websocket.application_state is WebSocketState.CONNECTING
    if waiting and "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(answer)
        return
    reason = told.encode()[:_REASON_BYTES].decode(errors="ignore")
    await websocket.close(_POLICY_VIOLATION, reason)


def _framework_words(connection: HTTPConnection, error: HTTPException) -> str:
    path = connection.scope["path"]
    if error.status_code == HTTPStatus.NOT_FOUND:
        return f"There is nothing at {path}. /docs lists what there is."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and isinstance(connection, Request):
        return f"{connection.method} is not for {path}. /docs lists what is."
    return str(error.detail)


def _allowed(connection: HTTPConnection) -> dict[str, str]:
    """What may be done at the path of a request; the framework names the methods of one of its routes."""
    route = connection.scope.get("route")
    documented = connection.app.openapi()["paths"].get(getattr(route, "path", None), {})
    return {"Allow": ", ".join(sorted(documented)).upper()} if documented else {}


def _headers_of(error: AppError) -> dict[str, str]:
    if error.kind is ErrorKind.UNAUTHENTICATED:
        return {"WWW-Authenticate": "Bearer"}
    retry_after_s = getattr(error, "retry_after_s", None)
    if retry_after_s is None:
        return {}
    headers = {"Retry-After": str(retry_after_s)}
    limit = getattr(error, "limit", None)
    if limit is not None:
        headers |= {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": "0",
            "RateLimit-Reset": str(retry_after_s),
        }
    return headers


def _answer(
    connection: HTTPConnection,
    status: int,
    code: str,
    message: str,
    *,
    fields: Sequence[FieldFault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    remember_code(connection, code)
    if speaks_openai(connection.scope["path"]):
        body = openai_body(status, code, message, fields)
        return _json(body, openai_status(status), openai_headers(headers or {}))
    body = {
        "error": message,
        "code": code,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestId": request_id(connection),
    }
    named = [{"field": fault.field, "message": fault.message} for fault in fields]
    if named:
        body["fields"] = named
    return _json(body, status, headers)


def _json(body: dict[str, Any], status: int, headers: Mapping[str, str] | None) -> Response:
    # what a client wrote may hold half a character: it goes back escaped, as it came
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(content, status, headers, media_type="application/json")
