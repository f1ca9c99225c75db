"""Lets a client that is still sending read why it is refused, and then hangs up.

Whoever answers before the end of a body (a limit that is passed, no valid credential) leaves the rest of it
in the connection. Where that is much, or nobody knows how much, the answer says that the connection closes,
the client gets a few seconds to read it and stop, and what it sends meanwhile is thrown away, up to a limit.
Closing at once would make many clients fail before they have read the answer; reading to the end would never
end for some.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LITTLE_BYTES: Final = 256 << 10
"""So much more is read by the server itself, so that the connection can be used again."""
_LINGER_S: Final = 3.0
_LINGER_BYTES: Final = 32 << 20


class LingeringClose:
    """The middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch how much of the body is read before the answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(scope, receive)
        hangs_up = False

        async def watching(message: Message) -> None:
            nonlocal hangs_up
            if message["type"] == "http.response.start" and body.has_much_left:
                hangs_up = True
                MutableHeaders(scope=message)["connection"] = "close"
            if hangs_up and message["type"] == "http.response.body" and not message.get("more_body", False):
                await send({**message, "more_body": True})
                await body.throw_away()
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        await self._app(scope, body.receive, watching)


class _Body:
    """The body of a request, counted as it is read."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        self._left_bytes: int | None = int(length) if length.isdecimal() else None
        self._ended = self._left_bytes in {0, None} and "transfer-encoding" not in headers
        self._receive = receive

    @property
    def has_much_left(self) -> bool:
        """Whether the client has to be told to stop."""
        return not self._ended and (self._left_bytes is None or self._left_bytes > _LITTLE_BYTES)

    async def receive(self) -> Message:
        """The next message of the client."""
        message = await self._receive()
        if message["type"] == "http.request":
            if self._left_bytes is not None:
                self._left_bytes -= len(message.get("body", b""))
            self._ended = not message.get("more_body", False)
        else:
            self._ended = True
        return message

    async def throw_away(self) -> None:
        """Read on for a while."""
        read_bytes = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                while not self._ended and read_bytes < _LINGER_BYTES:
                    read_bytes += len((await self.receive()).get("body", b""))
