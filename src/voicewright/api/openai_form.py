"""How the routes under `/v1` say that something went wrong: in OpenAI's form, so that its clients understand.

    {"error": {"message": "There is no voice called 'Ana'. Did you mean 'Anna'?",
               "type": "invalid_request_error", "param": "voice", "code": "voice_not_found"}}

OpenAI's clients tell errors apart by the status first, so those that it never uses become the ones that it
does. `code` is the one of docs/errors.md in small letters, but where OpenAI has a name of its own for it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from voicewright.accounts.rate_limits import Allowance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from voicewright.errors import FieldFault

_PREFIXES: Final = ("/v1/", "/audio/")
_STATUS: Final = {402: 429, 415: 400, 422: 400}
"""What OpenAI answers with instead."""
_CODES: Final = {
    "METHOD_NOT_ALLOWED": "method_not_supported",
    "NOT_FOUND": "unknown_url",
    "RATE_LIMITED": "rate_limit_exceeded",
}
_QUOTA: Final = "insufficient_quota"


class OpenAIErrorBody(BaseModel):
    """What went wrong."""

    message: str = Field(description="What is wrong and what to do, for people.")
    type: str = Field(
        description="`invalid_request_error`, `requests` (too many), `insufficient_quota` or `server_error`.",
        examples=["invalid_request_error"],
    )
    param: str | None = Field(description="The field of the request that is to blame.", examples=[None])
    code: str | None = Field(description="For programs.", examples=["invalid_api_key"])


class OpenAIError(BaseModel):
    """The body of every answer under `/v1` that is not a good one."""

    model_config = ConfigDict(title="OpenAIError")

    error: OpenAIErrorBody


def speaks_openai(path: str) -> bool:
    """Whether a path is one of those that OpenAI's clients call."""
    return path == "/v1" or path.startswith(_PREFIXES)


def openai_status(status: int) -> int:
    """The status that OpenAI has for it."""
    return _STATUS.get(status, status)


def openai_body(status: int, code: str, message: str, fields: Sequence[FieldFault] = ()) -> dict[str, Any]:
    """The body.

    Args:
        status: before it became OpenAI's.
        code: of the error, as docs/errors.md has it.
        message: for people.
        fields: the first one is the one that is named.
    """
    kind, told = _kind(status), _CODES.get(code, code.lower())
    if status == HTTPStatus.UNAUTHORIZED:
        told = "invalid_api_key"
    elif kind == _QUOTA:
        told = _QUOTA
    param = fields[0].field if fields else None
    return {"error": {"message": message, "type": kind, "param": param, "code": told}}


def openai_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """What a refusal tells of limits, also under the names that OpenAI gives it."""
    if "RateLimit-Limit" not in headers:
        return dict(headers)
    limit, left, reset_s = (int(headers[f"RateLimit-{what}"]) for what in ("Limit", "Remaining", "Reset"))
    return {**headers, **limit_headers(Allowance(limit, left, reset_s))}


def limit_headers(allowance: Allowance) -> dict[str, str]:
    """What is left of a window, as OpenAI tells it."""
    return {
        "x-ratelimit-limit-requests": str(allowance.limit),
        "x-ratelimit-remaining-requests": str(allowance.remaining),
        "x-ratelimit-reset-requests": duration(allowance.reset_s),
    }


def duration(seconds: int) -> str:
    """A time as OpenAI's headers have it: `9s`, `1m0s`, `1h0m0s`."""
    minutes, rest_s = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest_s}s"
    return f"{minutes}m{rest_s}s" if minutes else f"{rest_s}s"


def _kind(status: int) -> str:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "server_error"
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return _QUOTA
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "requests"
    return "invalid_request_error"
