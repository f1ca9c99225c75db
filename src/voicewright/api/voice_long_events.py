"""How far a long text or a batch is, while it is spoken: as server-sent events.

Each event says all that there is to say, so a client that missed some has lost nothing. The id of an event is
a digest of it: a client that comes back with the last one is told only of what is different now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Response
from fastapi.responses import StreamingResponse
from starlette.requests import Request

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.caller import calling
from voicewright.api.event_streams import Next, event_answer, event_stream, event_text, follow, read_beside
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.speech.long.models import is_open
from voicewright.speech.long.views import LongSpeechView

_KINDS: Final = ("status", "progress")
_ID_DIGITS: Final = 16
_EXAMPLE: Final = 'id: 5b1e0c8f6d2a4e97\nevent: progress\ndata: {"state":"running","progress":45.5}\n\n'

router = APIRouter(prefix="/api/voice", tags=["long texts"])


@router.get(
    "/long/{speech_id}/events",
    summary="Watch a long text",
    response_class=StreamingResponse,
    responses={
        200: event_answer(_KINDS, LongSpeechView.model_json_schema(mode="serialization"), _EXAMPLE),
        204: {"description": "It has ended, and the client has seen its last event."},
        **refusals(404),
    },
)
async def events(
    request: Request,
    speech_id: UUID,
    services: Wired,
    caller: Annotated[Caller, Depends(calling(Scope.SPEECH))],
    last_event_id: Annotated[
        str,
        Header(max_length=200, description="Id of the last event; sent by a browser that comes back."),
    ] = "",
) -> Response:
    """Server-sent events, each with where the long text or the batch is as its data.

    The first event is a `status`, and so is each with another state than the one before; the others are
    `progress`: a chunk was spoken, or failed. Lines that begin with a colon are signs of life. The stream
    goes on after the server or its database was away, and ends with the last state, after an hour, and soon
    after the caller may no longer.
    """

    def look() -> LongSpeechView:
        return LongSpeechView.of(services.long.get(caller.user_id, speech_id))

    now = await read_beside(request.app, look)
    if not is_open(now.state) and _id_of(now) == last_event_id:
        return Response(status_code=204)
    told: tuple[str, str] = (last_event_id, "")

    async def news() -> tuple[Sequence[str], Next]:
        nonlocal told
        view = await read_beside(request.app, look)
        seen_id, seen_state = told
        told = (_id_of(view), view.state)
        kind = "status" if view.state != seen_state else "progress"
        changed = [event_text(told[0], kind, view.model_dump_json())] if told[0] != seen_id else []
        return changed, Next.LATER if is_open(view.state) else Next.NEVER

    return event_stream(follow(request.app, caller, speech_id, news), str)


def _id_of(view: LongSpeechView) -> str:
    return hashlib.sha256(view.model_dump_json().encode()).hexdigest()[:_ID_DIGITS]
