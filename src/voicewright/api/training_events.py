"""What happens in a training job, while it happens: as server-sent events, and over a WebSocket.

Both begin after the event that the client has seen last (`Last-Event-ID`, `?after=`) and end with the event
of the job's last state. What is sent is read from the database: a client that comes back, to this process or
to another, gets everything once and in order.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, Literal
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Header, Path, Query, Response, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.caller import calling, subprotocol_of
from voicewright.api.job_watch import JobWatch
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.errors import AppError, ErrorKind
from voicewright.training.models import is_open
from voicewright.training.views import EventView

if TYPE_CHECKING:
    from fastapi import FastAPI

    from voicewright.training.models import TrainingEvent
    from voicewright.training.service import TrainingService

SIGN_OF_LIFE_S: Final = 15.0
"""How often a stream on which nothing happens says that it is there, and looks for what it has missed."""
LONGEST_STREAM_S: Final = 3600.0
"""Then the client has to show again who it is."""
_BATCH: Final = 200
_READERS: Final = 4
"""Threads that read for all streams of a process."""
_AWAY_PAUSE_S: Final = 1.0
_COME_BACK_MS: Final = 2000
_NORMAL: Final = 1000
_GOING_AWAY: Final = 1001
_LARGEST_ID: Final = 2**63 - 1
_EVENT: Final = {
    "description": "One of the events.",
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {
        "id": {"type": "string", "description": "`after` or `Last-Event-ID` of the next request."},
        "event": {"enum": ["log", "progress", "metric", "status"]},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": EventView.model_json_schema(mode="serialization"),
        },
    },
}
_EXAMPLE: Final = 'id: 7\nevent: progress\ndata: {"id":7,"kind":"progress","data":{"progress":45.5}}\n\n'

JobId = Annotated[UUID, Path(alias="jobId")]
Watcher = Annotated[Caller, Depends(calling(Scope.TRAINING_READ))]
After = Annotated[int, Query(ge=0, le=_LARGEST_ID, description="The id of the last event that was seen.")]


@dataclass(frozen=True, slots=True)
class _Feed:
    """What happens in one job, for one watcher."""

    training: TrainingService
    watch: JobWatch
    readers: CapacityLimiter
    caller: Caller
    job_id: UUID

    async def read(self, after: int) -> tuple[str, Sequence[TrainingEvent]]:
        """As `TrainingService.follow`, without holding the event loop up."""
        follow = partial(self.training.follow, self.caller, self.job_id, after=after, limit=_BATCH)
        return await to_thread.run_sync(follow, limiter=self.readers)

    async def batches(self, after: int) -> AsyncIterator[Sequence[TrainingEvent]]:
        """What is new, until the job ends; nothing is a sign of life."""
        give_up_s = time.monotonic() + LONGEST_STREAM_S
        with self.watch.watching(self.job_id) as changed:
            while time.monotonic() < give_up_s and not self.watch.ending:
                changed.clear()
                try:
                    status, found = await self.read(after)
                except AppError as error:
                    if error.kind is not ErrorKind.UNAVAILABLE:  # it was deleted meanwhile
                        return
                    yield ()
                    await asyncio.sleep(_AWAY_PAUSE_S)
                    continue
                if found:
                    after = found[-1].id
                    yield found
                if len(found) == _BATCH:
                    continue
                # one that was retried while it was read is open again
                states = [event.message for event in found if event.kind == "status"]
                if not is_open(states[-1] if states else status):
                    return
                try:
                    await asyncio.wait_for(changed.wait(), SIGN_OF_LIFE_S)
                except TimeoutError:
                    yield ()


def _feed(connection: HTTPConnection, job_id: JobId, caller: Watcher, services: Wired) -> _Feed:
    state = connection.app.state
    return _Feed(services.training, state.job_watch, state.stream_readers, caller, job_id)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.job_watch = JobWatch(app.state.services.database)
    app.state.stream_readers = CapacityLimiter(_READERS)
    try:
        yield
    finally:
        await app.state.job_watch.close()


router = APIRouter(prefix="/training", tags=["training"], lifespan=_lifespan)


@router.get(
    "/{jobId}/events",
    summary="Watch a training",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The events as they happen; it ends with the job.",
            "content": {"text/event-stream": {"schema": _EVENT, "example": _EXAMPLE}},
        },
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
    begin with a colon are signs of life. It ends with the event of the job's last state, and after an hour.
    """
    seen = last_event_id if isinstance(last_event_id, int) else after
    status, found = await feed.read(seen)
    if not found and not is_open(status):
        return Response(status_code=204)
    return StreamingResponse(
        _as_text(feed, seen),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


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


async def _as_text(feed: _Feed, after: int) -> AsyncIterator[str]:
    yield f"retry: {_COME_BACK_MS}\n\n"
    async for batch in feed.batches(after):
        yield "".join(map(_event_text, batch)) or ": still there\n\n"


def _event_text(event: TrainingEvent) -> str:
    return f"id: {event.id}\nevent: {event.kind}\ndata: {_as_json(event)}\n\n"


def _as_json(event: TrainingEvent) -> str:
    return EventView.of(event).model_dump_json(by_alias=True)


async def _send(websocket: WebSocket, feed: _Feed, after: int) -> None:
    async for batch in feed.batches(after):
        for event in batch:
            await websocket.send_text(_as_json(event))


async def _until_gone(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
