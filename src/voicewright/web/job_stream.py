"""What a list of jobs needs to stay as they are: one stream for all of them.

Each event says where one job is now, so that a page moves its bar and asks for no row again. Whatever happens
within a moment is told at once. A page says with a mark what it was drawn from: where that is not how things
are when the stream begins, the page is told so first, and nothing is lost in between.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from functools import partial
from typing import TYPE_CHECKING, Final

from voicewright.api.event_streams import Next, event_stream, read_beside, reading
from voicewright.errors import AppError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from uuid import UUID

    from fastapi import FastAPI
    from fastapi.responses import StreamingResponse

    from voicewright.accounts.caller import Caller
    from voicewright.api.job_watch import JobWatch
    from voicewright.training.listing import JobState, Standing
    from voicewright.training.service import TrainingService

_MOMENT_S: Final = 0.3
_MARK_DIGITS: Final = 16
_ALL: Final = "event: all\ndata: {}\n\n"
"""Any may have changed: nothing could be heard for a while."""


def mark_of(standing: Standing) -> str:
    """Tells how jobs are at one time from how they are at another."""
    states = [(str(job.id), job.status, job.progress, job.stage) for job in standing.newest]
    content = json.dumps([dict(standing.counts), states])
    return hashlib.sha256(content.encode()).hexdigest()[:_MARK_DIGITS]


def changes_of_jobs(
    app: FastAPI, training: TrainingService, caller: Caller, owner_id: UUID | None, mark: str
) -> StreamingResponse:
    """The stream.

    Args:
        app: its `state.job_watch` tells of changes.
        training: says where jobs are.
        caller: who follows.
        owner_id: whose jobs; None: everybody's.
        mark: of what the page shows; empty: unknown.
    """
    return event_stream(_batches(app, training, caller, owner_id, mark), str)


async def _batches(
    app: FastAPI, training: TrainingService, caller: Caller, owner_id: UUID | None, mark: str
) -> AsyncIterator[Sequence[str]]:
    watch: JobWatch = app.state.job_watch
    with watch.watching_all() as changes:
        changes.note(None)  # since the page was drawn

        async def news() -> tuple[Sequence[str], Next]:
            nonlocal mark
            await asyncio.sleep(_MOMENT_S)
            changes.happened.clear()
            ids = changes.take()
            if ids is not None and not ids:
                return (), Next.LATER
            try:
                if ids is None:
                    standing = await read_beside(app, partial(training.standing, caller, owner_id))
                    before, mark = mark, mark_of(standing)
                    return () if mark == before else (_ALL,), Next.LATER
                states = await read_beside(app, partial(training.states_of, caller, ids, owner_id=owner_id))
            except AppError:
                changes.note(None)  # what was taken is not lost
                raise
            return list(map(_told, states)), Next.LATER

        async for batch in reading(app, caller, changes.happened, news):
            yield batch


def _told(state: JobState) -> str:
    data = {"id": str(state.id), "status": state.status, "progress": state.progress, "stage": state.stage}
    return f"event: job\ndata: {json.dumps(data)}\n\n"
