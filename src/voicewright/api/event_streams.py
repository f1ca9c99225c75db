"""Streams of what happens in a training or a long text, until it has ended.

What is sent is read from the database, so a client that comes back, to this process or to another, goes on
where it was. The connection on which PostgreSQL tells of changes is one for all streams of a process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi.responses import StreamingResponse

from voicewright.api.job_watch import JobWatch
from voicewright.errors import AppError, ErrorKind

if TYPE_CHECKING:
    from uuid import UUID

    from fastapi import FastAPI

    from voicewright.accounts.caller import Caller

T = TypeVar("T")

SIGN_OF_LIFE_S: Final = 15.0
"""How often a stream on which nothing happens says that it is there, and looks for what it has missed.

At least as often it is looked up whether its client may go on."""
LONGEST_STREAM_S: Final = 3600.0
"""Then the client has to show again who it is."""
_READERS: Final = 4
"""Threads that read for all streams of a process."""
_AWAY_PAUSE_S: Final = 1.0
_COME_BACK_MS: Final = 2000


class Next(Enum):
    """When to read again."""

    AT_ONCE = auto()
    """There is more already."""
    LATER = auto()
    """When something has changed."""
    NEVER = auto()
    """It has ended."""


@asynccontextmanager
async def watching_jobs(app: FastAPI) -> AsyncIterator[None]:
    """Have `app.state.job_watch` while the application runs, and the threads that read for its watchers."""
    app.state.job_watch = JobWatch(app.state.services.database)
    app.state.stream_readers = CapacityLimiter(_READERS)
    try:
        yield
    finally:
        await app.state.job_watch.close()


async def read_beside(app: FastAPI, read: Callable[[], T]) -> T:
    """What a function reads from the database, without holding the event loop up."""
    return await to_thread.run_sync(read, limiter=app.state.stream_readers)


async def follow(
    app: FastAPI, caller: Caller, subject_id: UUID, read: Callable[[], Awaitable[tuple[Sequence[T], Next]]]
) -> AsyncIterator[Sequence[T]]:
    """What is new of a job, until it ends; nothing is a sign of life.

    Args:
        app: its `state.job_watch` tells of changes.
        caller: who follows, as long as they may.
        subject_id: of which job.
        read: gives what is new since it was last asked.
    """
    watch: JobWatch = app.state.job_watch
    with watch.watching(subject_id) as changed:
        async for found in reading(app, caller, changed, read):
            yield found


async def reading(
    app: FastAPI,
    caller: Caller,
    changed: asyncio.Event,
    read: Callable[[], Awaitable[tuple[Sequence[T], Next]]],
) -> AsyncIterator[Sequence[T]]:
    """As `follow`, of whatever an event tells that it changed."""
    watch: JobWatch = app.state.job_watch
    may = partial(app.state.services.accounts.is_good_still, caller)
    give_up_s = time.monotonic() + LONGEST_STREAM_S
    look_again_s = time.monotonic() + SIGN_OF_LIFE_S
    while time.monotonic() < give_up_s and not watch.ending:
        changed.clear()
        try:
            if time.monotonic() >= look_again_s:
                if not await read_beside(app, may):  # signed out, disabled, or no administrator any more
                    return
                look_again_s = time.monotonic() + SIGN_OF_LIFE_S
            found, then = await read()
        except AppError as error:
            if error.kind is not ErrorKind.UNAVAILABLE:  # it was deleted meanwhile
                return
            yield ()
            await asyncio.sleep(_AWAY_PAUSE_S)
            continue
        if found:
            yield found
        if then is Next.AT_ONCE:
            continue
        if then is Next.NEVER:
            return
        try:
            await asyncio.wait_for(changed.wait(), max(0.0, look_again_s - time.monotonic()))
        except TimeoutError:
            yield ()


def event_stream(batches: AsyncIterator[Sequence[T]], write: Callable[[T], str]) -> StreamingResponse:
    """Server-sent events, as they come.

    Args:
        batches: as `follow` gives them.
        write: makes the text of one, see `event_text`.
    """

    async def texts() -> AsyncIterator[str]:
        yield f"retry: {_COME_BACK_MS}\n\n"
        async for batch in batches:
            yield "".join(map(write, batch)) or ": still there\n\n"

    return StreamingResponse(
        texts(),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def event_text(event_id: object, kind: str, data: str) -> str:
    """One event; its data has no line break."""
    return f"id: {event_id}\nevent: {kind}\ndata: {data}\n\n"


def event_answer(kinds: Sequence[str], data: dict[str, Any], example: str) -> dict[str, Any]:
    """What the document says of a stream.

    Args:
        kinds: of its events.
        data: the schema of what an event carries.
        example: of an event.
    """
    schema = {
        "description": "One of the events.",
        "type": "object",
        "required": ["id", "event", "data"],
        "properties": {
            "id": {"type": "string", "description": "`Last-Event-ID` of the next request."},
            "event": {"enum": list(kinds)},
            "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": data},
        },
    }
    return {
        "description": "The events as they happen; it ends with the job.",
        "content": {"text/event-stream": {"schema": schema, "example": example}},
    }
