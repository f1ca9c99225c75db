"""Waits for the end of a training, for routes that answer with what it has made."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from anyio import to_thread

from voicewright.training.models import is_open

if TYPE_CHECKING:
    from uuid import UUID

    from starlette.requests import Request

    from voicewright.accounts.caller import Caller
    from voicewright.api.services import Services
    from voicewright.training.models import TrainingJob

_LOOK_S: Final = 5.0
"""How often it is looked whether the client is still there, and whether a change was missed."""


async def wait_for_job(
    request: Request, services: Services, caller: Caller, job_id: UUID, *, longest_s: float
) -> TrainingJob:
    """The job once it has ended, or as it is when the time is over, the client has gone or the server ends.

    Args:
        request: its body has been read.
        services: those of the application.
        caller: who may see the job.
        job_id: which job.
        longest_s: how long to wait.

    Raises:
        TrainingJobNotFound: it was deleted.
    """
    watch = request.app.state.job_watch
    give_up_s = time.monotonic() + longest_s
    with watch.watching(job_id) as changed:
        while True:
            changed.clear()
            job = (await to_thread.run_sync(services.training.get, caller, job_id)).job
            left_s = give_up_s - time.monotonic()
            if not is_open(job.status) or left_s <= 0 or watch.ending or await request.is_disconnected():
                return job
            try:
                await asyncio.wait_for(changed.wait(), min(left_s, _LOOK_S))
            except TimeoutError:
                continue
