"""Gives every request an id, which comes back with the answer, in errors and in the log.

A caller may bring one (`X-Request-Id`, up to 128 letters, digits, `-`, `_`, `.`), so that it can be followed
through several programs; anything else is replaced.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Final

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = "x-request-id"

_USABLE: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_KEY: Final = "voicewright.request_id"


class RequestIds:
    """The outermost middleware of the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Name the request, and its answer."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        name = scope[_KEY] = _brought(scope) or uuid.uuid4().hex

        async def named(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        await self._app(scope, receive, named)


def request_id(connection: HTTPConnection) -> str:
    """The id of a request."""
    name: str = connection.scope.get(_KEY, "")
    return name


def _brought(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == HEADER.encode() and _USABLE.fullmatch(value):
            brought: str = value.decode("ascii")
            return brought
    return None
