"""Keeps bodies small that are read whole: JSON and forms, not uploads.

The limit holds while the body is being read, whatever its headers say of its length, so a body that is too
large never occupies memory. A route that takes an upload reads its stream itself, with a limit of its own,
and says so:

    @router.post("/upload")
    @streams_body
    async def upload(request: Request, ...) -> ...:
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from fastapi import HTTPException
from starlette.datastructures import Headers

from voicewright.errors import AppError, ErrorKind

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_MARK: Final = "__streams_body__"


class BodyTooLarge(AppError):
    """The body of the request is larger than what is taken at once."""

    code: ClassVar[str] = "BODY_TOO_LARGE"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_LARGE


def streams_body(endpoint: Endpoint) -> Endpoint:
    """Leave the body of a route alone: it reads a stream, with a limit of its own."""
    setattr(endpoint, _MARK, True)
    return endpoint


class BodyLimit:
    """The middleware.

    Args:
        app: the rest of the application.
        limit_bytes: how large a body may be.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what the route reads."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        read_bytes = 0

        async def counted() -> Message:
            nonlocal read_bytes
            # the route is known by now: it is the one that reads
            if getattr(scope.get("endpoint"), _MARK, False):
                return await receive()
            if _announced_bytes(scope) > self._limit_bytes:
                raise self._refusal()
            message = await receive()
            read_bytes += len(message.get("body", b""))
            if read_bytes > self._limit_bytes:
                raise self._refusal()
            return message

        await self._app(scope, counted, send)

    def _refusal(self) -> HTTPException:
        """What the framework lets through from below a body that it reads."""
        refusal = HTTPException(413)
        refusal.__cause__ = BodyTooLarge(f"The body of this request has at most {self._limit_bytes} bytes.")
        return refusal


def _announced_bytes(scope: Scope) -> int:
    announced = Headers(scope=scope).get("content-length", "")
    return int(announced) if announced.isdecimal() else 0
