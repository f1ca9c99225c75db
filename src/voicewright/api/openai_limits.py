"""Tells OpenAI's clients how often they may still ask: in the headers of every answer to what is counted.

x-ratelimit-limit-requests: 60
x-ratelimit-remaining-requests: 59
x-ratelimit-reset-requests: 1m0s
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.datastructures import MutableHeaders

from voicewright.api.openai_form import limit_headers, speaks_openai

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from voicewright.accounts.rate_limits import Allowance

_KEY: Final = "voicewright.allowance"
LIMIT_HEADERS: Final[dict[str, Any]] = {
    name: {"description": description, "schema": {"type": "string"}}
    for name, description in {
        "x-ratelimit-limit-requests": "How often it may be asked in one window.",
        "x-ratelimit-remaining-requests": "How often it may still be asked in this one.",
        "x-ratelimit-reset-requests": "When the window ends, from now: `1m0s`.",
    }.items()
}
"""For the OpenAPI document."""


def remember_allowance(connection: HTTPConnection, allowance: Allowance) -> None:
    """Keep what is left of a window with the request that was counted in it."""
    connection.scope[_KEY] = allowance


class OpenAILimits:
    """The middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to the beginning of the answer, good or not; those of a refusal stay."""
        if scope["type"] != "http" or not speaks_openai(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def telling(message: Message) -> None:
            allowance: Allowance | None = scope.get(_KEY)
            if message["type"] == "http.response.start" and allowance is not None:
                headers = MutableHeaders(scope=message)
                for name, value in limit_headers(allowance).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, telling)
