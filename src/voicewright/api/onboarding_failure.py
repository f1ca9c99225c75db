"""The answer to a client that waited for a voice, and none was made."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi.responses import JSONResponse

from voicewright.api.audit_record import remember_code
from voicewright.api.request_ids import request_id
from voicewright.errors import AppError, ErrorKind
from voicewright.onboarding.failures import told_end_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from voicewright.onboarding.reading import Record

_SURROUNDINGS: Final = frozenset(
    {
        ErrorKind.INTERNAL,
        ErrorKind.MISSING_DEPENDENCY,
        ErrorKind.NO_SPACE,
        ErrorKind.RATE_LIMITED,
        ErrorKind.UNAVAILABLE,
    }
)
_CANCELLED: Final = "CANCELLED"


def failed_answer(request: Request, record: Record, *, for_end_user: bool) -> JSONResponse:
    """Why, in the form of all errors, with `success` false and the id of the job.

    422 where it is the recording, 503 where the surroundings failed and the same may succeed later, 409 where
    the job was cancelled. An application's user is told it in plain words.
    """
    job = record.job
    if job.status == "cancelled":
        status, code, told = HTTPStatus.CONFLICT, _CANCELLED, "The job was cancelled."
    else:
        code = job.error_code or AppError.code
        status = _status_of(code)
        told = told_end_user(code) if for_end_user else job.last_error or "The job has failed."
    remember_code(request, code)
    body = {
        "success": False,
        "jobId": str(record.mine.job_id),
        "error": told,
        "code": code,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestId": request_id(request),
    }
    return JSONResponse(body, status)


def _status_of(code: str) -> HTTPStatus:
    """By the kind of an error; nobody who sent a recording can do anything about a bug."""
    kinds = {error.kind for error in _errors(AppError) if error.code == code}
    if kinds and not kinds & _SURROUNDINGS:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.SERVICE_UNAVAILABLE


def _errors(of: type[AppError]) -> Iterator[type[AppError]]:
    yield of
    for error in of.__subclasses__():
        yield from _errors(error)
