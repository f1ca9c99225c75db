"""Lets pages of other web sites call the onboarding from a browser, where the operator names them (CORS).

Nothing else of the service is open to them. What they show is a token in a header, which a browser sends by
itself to nobody: no cookies are taken here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.middleware.cors import CORSMiddleware

from voicewright.api.onboarding_answers import PUBLIC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

_TOLD: Final = (
    "Location",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-Id",
)
_REMEMBERED_S: Final = 600


class OnboardingCors:
    """The middleware.

    Args:
        app: the rest of the application.
        origins: the web sites, `*` for all.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=("Authorization", "Content-Type", "X-Request-Id"),
            expose_headers=_TOLD,
            max_age=_REMEMBERED_S,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a browser that asks whether it may; add to other answers that it may."""
        is_public = scope["type"] == "http" and scope["path"].startswith(f"{PUBLIC}/")
        await (self._open if is_public else self._app)(scope, receive, send)
