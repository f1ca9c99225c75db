"""What happens in a training job, while it happens: as server-sent events, and over a WebSocket.

Both begin after the event that the client has seen last (`Last-Event-ID`, `?after=`) and end with the event
of the job's last state. What is sent is read from the database: a client that comes back, to this process or
to another, gets everything once and in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Response, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.caller import calling, subprotocol_of
from voicewright.api.event_streams import Next, event_answer, event_stream, event_text, follow, read_beside
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.training.models import is_open
from voicewright.training.views import EventView

if TYPE_CHECKING:
    from voicewright.api.job_watch import JobWatch
    from voicewright.training.models import TrainingEvent
    from voicewright.training.service import TrainingService

_BATCH: Final = 200
_NORMAL: Final = 1000
_GOING_AWAY: Final = 1001
_LARGEST_ID: Final = 2**63 - 1
_KINDS: Final = ("log", "progress", "metric", "status")
_EXAMPLE: Final = 'id: 7\nevent: progress\ndata: {"id":7,"kind":"progress","data":{"progress":45.5}}\n\n'

JobId = Annotated[UUID, Path(alias="jobId")]
Watcher = Annotated[Caller, Depends(calling(Scope.TRAINING_READ))]
After = Annotated[int, Query(ge=0, le=_LARGEST_ID, description="The id of the last event that was seen.")]


@dataclass(frozen=True, slots=True)
class _Feed:
    """What happens in one job, for one watcher."""

    app: FastAPI
    training: TrainingService
    caller: Caller
    job_id: UUID

    @property
    def watch(self) -> JobWatch:
        """Tells of changes."""
        watch: JobWatch = self.app.state.job_watch
        return watch

    async def read(self, after: int) -> tuple[str, Sequence[TrainingEvent]]:
        """As `TrainingService.follow`."""
        read = partial(self.training.follow, self.caller, self.job_id, after=after, limit=_BATCH)
        return await read_beside(self.app, read)

    def batches(self, after: int) -> AsyncIterator[Sequence[TrainingEvent]]:
        """What is new, until the job ends; nothing is a sign of life."""
        seen = after

        async def news() -> tuple[Sequence[TrainingEvent], Next]:
            nonlocal seen
            status, found = await self.read(seen)
            if found:
                seen = found[-1].id
            if len(found) == _BATCH:
                return found, Next.AT_ONCE
            # one that was retried while it was read is open again
            states = [event.message for event in found if event.kind == "status"]
            return found, Next.LATER if is_open(states[-1] if states else status) else Next.NEVER

        return follow(self.app, self.caller, self.job_id, news)


def _feed(connection: HTTPConnection, job_id: JobId, caller: Watcher, services: Wired) -> _Feed:
    return _Feed(connection.app, services.training, caller, job_id)


router = APIRouter(prefix="/training", tags=["training"])


@router.get(
    "/{jobId}/events",
    summary="Watch a training",
    response_class=StreamingResponse,
    responses={
        200: event_answer(_KINDS, EventView.model_json_schema(mode="serialization"), _EXAMPLE),
        204: {"description": "The job has ended, and the client has seen its last event."},
        **refusals(404),
    },
)
async def events(
    feed: Annotated[_Feed, Depends(_feed)],
    after: After = 0,
    last_event_id: Annotated[
        Annotated[int, Field(ge=0, le=_LARGEST_ID)] | Literal[""] | None,
        Header(description="As `after`; sent by a browser that comes back, empty where it has seen nothing."),
    ] = None,
) -> Response:
    """Server-sent events, each with the kind as its name and JSON as its data.

    The stream goes on where `Last-Event-ID` says, also after the server or its database was away. Lines that
    begin with a colon are signs of life. It ends with the event of the job's last state, after an hour,
    and soon after the caller may no longer.
    """
    seen = last_event_id if isinstance(last_event_id, int) else after
    status, found = await feed.read(seen)
    if not found and not is_open(status):
        return Response(status_code=204)
    return event_stream(feed.batches(seen), _event_text)


@router.websocket("/{jobId}/ws")
async def watch(websocket: WebSocket, feed: Annotated[_Feed, Depends(_feed)], after: After = 0) -> None:
    """The same events, each a text of JSON; what the client says is not listened to."""
    await feed.read(after)
    await websocket.accept(subprotocol=subprotocol_of(websocket))
    sending = asyncio.create_task(_send(websocket, feed, after))
    leaving = asyncio.create_task(_until_gone(websocket))
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, leaving):
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)
    if not leaving.done() or leaving.cancelled():
        with suppress(RuntimeError, WebSocketDisconnect):  # it went in this very moment
            await websocket.close(_GOING_AWAY if feed.watch.ending else _NORMAL)


def _event_text(event: TrainingEvent) -> str:
    return event_text(event.id, event.kind, _as_json(event))


def _as_json(event: TrainingEvent) -> str:
    return EventView.of(event).model_dump_json(by_alias=True)


async def _send(websocket: WebSocket, feed: _Feed, after: int) -> None:
    async for batch in feed.batches(after):
        for event in batch:
            await websocket.send_text(_as_json(event))


async def _until_gone(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
