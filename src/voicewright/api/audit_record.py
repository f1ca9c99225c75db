"""Says of each request where it comes from, and records the attempts on voice models that came to nothing.

What a use case does it records itself, in its own transaction (`audit.trail.note`). An attempt that was
refused or failed has none: it is recorded here, in a transaction of its own, as "who asked for which route".

It goes into the chain of **who asked**, not of the owner: a stranger who tries ids writes into nobody's chain
but their own, and a refusal says nothing of whose the voice is. The id that was asked for is kept with it, so
that the attempts on a voice can be found.

Nobody is named where nobody is known: an answer of 401, and a body that can't even be read, leave no record.
"""

from __future__ import annotations

import logging
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import anyio
from anyio.to_thread import run_sync
from starlette.requests import HTTPConnection

from voicewright.api.request_ids import request_id
from voicewright.audit.acts import Act
from voicewright.audit.origin import RequestOrigin, begin_request
from voicewright.audit.trail import note
from voicewright.errors import AppError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from voicewright.accounts.caller import Caller
    from voicewright.api.services import Services

FAMILY: Final = "/voice-models"
_CALLER: Final = "voicewright.caller"
_CODE: Final = "voicewright.code"
_WAIT_S: Final = 2.0
"""A database that is away holds an answer up no longer than this."""

_LOG = logging.getLogger(__name__)


def remember_caller(connection: HTTPConnection, caller: Caller) -> None:
    """Keep who asks with the request, for what is recorded of it."""
    connection.scope[_CALLER] = caller


def remember_code(connection: HTTPConnection, code: str) -> None:
    """Keep the code of the error that a request is answered with."""
    connection.scope[_CODE] = code


class AuditRecord:
    """The middleware; inside of what knows the client's address and the id of the request.

    Args:
        app: the rest of the application.
        services: of the application.
    """

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request, and record how it ended where that is no good end."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        client = connection.client
        begin_request(RequestOrigin(client.host if client else "", request_id(connection)))
        late: Act | None = None

        async def recording(message: Message) -> None:
            nonlocal late
            if message["type"] == "http.response.start":
                act = _attempt(scope, message["status"])
                if act is not None and act.result == "refused":
                    await self._record(act)  # whoever has the answer can't say that it was not recorded
                else:
                    late = act  # the database may be what is away: the answer does not wait for it
            await send(message)

        await self._app(scope, receive, recording)
        if late is not None:
            await self._record(late)

    async def _record(self, act: Act) -> None:
        with anyio.move_on_after(_WAIT_S) as waited:
            await run_sync(self._note, act, abandon_on_cancel=True)
        if waited.cancelled_caught:
            _LOG.error("an attempt is not recorded in time: %s", act)

    def _note(self, act: Act) -> None:
        try:
            with self._services.database.session() as session:
                note(session, act)
        except AppError as error:
            _LOG.error("an attempt is not recorded, %s: %s", error.message, act)
        except Exception:  # noqa: BLE001 - the answer stays as it is, whatever happens here
            _LOG.exception("an attempt is not recorded: %s", act)


def _attempt(scope: Scope, status: int) -> Act | None:
    caller: Caller | None = scope.get(_CALLER)
    if status < HTTPStatus.BAD_REQUEST or caller is None or not _is_of_family(scope["path"]):
        return None
    failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Act(
        action=f"{scope['method']} {_route(scope)}",
        owner_id=caller.user_id,
        actor_id=caller.user_id,
        api_key_id=caller.api_key_id,
        model_id=_model_id(scope),
        result="failed" if failed else "refused",
        code=scope.get(_CODE),
        details={"status": status},
    )


def _is_of_family(path: str) -> bool:
    return path == FAMILY or path.startswith(f"{FAMILY}/")


def _route(scope: Scope) -> str:
    """As the router has it: ids are no part of an action."""
    path: str = getattr(scope.get("route"), "path", FAMILY)
    return path


def _model_id(scope: Scope) -> uuid.UUID | None:
    params = scope.get("path_params", {})
    try:
        return uuid.UUID(str(params.get("modelId", params.get("model_id"))))
    except ValueError:
        return None
