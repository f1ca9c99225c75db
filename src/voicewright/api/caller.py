"""Finds out who asks, and whether their key is made for it: a dependency of every route that is not open.

    def upload(caller: Annotated[Caller, Depends(calling(Scope.SAMPLES_WRITE))], ...): ...

A credential comes as `Authorization: Bearer ...` (an access token, an API key, or a token of the identity
provider) or as `X-API-Key: ...`. A browser can't set headers on a WebSocket: there it may offer the two
subprotocols `voicewright.bearer` and the credential itself, and the server accepts the first of them
(`await websocket.accept(subprotocol=subprotocol_of(websocket))`). Where none of these comes, the cookie of a
browser counts that signed in to the panel (`api.browser`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Security
from fastapi.openapi.models import APIKey, APIKeyIn, HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from voicewright.accounts.caller import Caller, Scope
from voicewright.accounts.errors import NotAuthenticated
from voicewright.accounts.policies import require_account, require_admin, require_scope
from voicewright.api.audit_record import remember_caller
from voicewright.api.browser import cookie_of
from voicewright.api.services import Wired

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

SUBPROTOCOL: Final = "voicewright.bearer"


class _Bearer(SecurityBase):
    """Reads `Authorization: Bearer`, or what stands for it on a WebSocket of a browser."""

    scheme_name = "bearer"
    model = HTTPBearer(
        scheme="bearer",
        bearerFormat="JWT or API key",
        description="An access token (`POST /auth/sign-in`), an API key, or the identity provider's token.",
    )

    async def __call__(self, connection: HTTPConnection) -> str | None:
        kind, _, value = connection.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and value.strip():
            return value.strip()
        if connection.scope["type"] == "websocket":
            offered: list[str] = connection.scope.get("subprotocols", [])
            if len(offered) > 1 and offered[0] == SUBPROTOCOL:
                return offered[1]
        return None


class _Key(SecurityBase):
    """Reads `X-API-Key`."""

    scheme_name = "apiKey"
    model = APIKey.model_validate(  # by the alias: `in` is a word of Python
        {"in": APIKeyIn.header, "name": "X-API-Key", "description": "An API key, `vw_...`."}
    )

    async def __call__(self, connection: HTTPConnection) -> str | None:
        return connection.headers.get("x-api-key", "").strip() or None


BEARER: Final = _Bearer()
KEY: Final = _Key()


def identify(  # in a thread: it asks the database
    connection: HTTPConnection,
    services: Wired,
    bearer: Annotated[str | None, Security(BEARER)],
    key: Annotated[str | None, Security(KEY)],
) -> Caller:
    """Who asks, whatever they may do.

    Raises:
        NotAuthenticated: nothing was shown, or nothing that is good.
        CrossSiteRequest: a browser shows its cookie for somebody else's page.
    """
    if bearer is not None and key is not None and bearer != key:
        raise NotAuthenticated("Two credentials came. Send either Authorization or X-API-Key.")
    credential = bearer or key or cookie_of(connection)
    if credential is None:
        raise NotAuthenticated(
            "Nothing says who asks. Send 'Authorization: Bearer ...' with an access token or an API key."
        )
    caller = services.accounts.authenticate(credential)
    remember_caller(connection, caller)
    return caller


@cache
def calling(scope: Scope | None = None) -> Callable[..., Awaitable[Caller]]:
    """A dependency that gives the caller, who may do what the scope is for.

    Args:
        scope: what the caller must have; `Scope.ADMIN` also asks for the role. None: whoever they are.

    Raises:
        NotAuthenticated, NotAllowed: from the dependency.
    """

    async def caller(known: Annotated[Caller, Depends(identify)]) -> Caller:
        require_account(known)
        if scope is Scope.ADMIN:
            require_admin(known)
        if scope is not None:
            require_scope(known, scope)
        return known

    return caller


def subprotocol_of(websocket: WebSocket) -> str | None:
    """What to accept a WebSocket with, see above."""
    return SUBPROTOCOL if SUBPROTOCOL in websocket.scope.get("subprotocols", []) else None
