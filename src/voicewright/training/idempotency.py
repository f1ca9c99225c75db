"""Lets a request be sent again without being done again, where an `Idempotency-Key` names it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from voicewright.training.errors import IdempotencyKeyReused
from voicewright.training.models import TrainingJob
from voicewright.training.schemas import MOST_PROVIDERS, TrainingRequestBody

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

_LOCK: Final = 0x74726964
"""The first half of the advisory lock of a key: "trid"."""


_YOUNGER: Final = ("method", "providers")
"""Fields that requests had not from the beginning."""


def digest_of(body: TrainingRequestBody) -> str:
    """What two requests of one owner that ask for the same have in common."""
    said = body.model_dump(mode="json", exclude={"user_id"})
    for name in _YOUNGER:  # as if they were not there, so that a request is known again after an update
        if said[name] == TrainingRequestBody.model_fields[name].default:
            del said[name]
    canonical = json.dumps(said, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def key_of_place(key: str, place: int) -> str:
    """Under which key each job of one request is kept; no header has a space in it."""
    return key if place == 0 else f"{key} {place}"


def earlier_jobs(session: Session, owner_id: UUID, key: str, digest: str) -> list[TrainingJob]:
    """The jobs that an earlier request with this key queued, in their order.

    Waits for one that is just being queued; until the session ends, others with this key wait.

    Raises:
        IdempotencyKeyReused: that was another request.
    """
    session.execute(select(func.pg_advisory_xact_lock(_LOCK, func.hashtext(f"{owner_id} {key}"))))
    keys = [key_of_place(key, place) for place in range(MOST_PROVIDERS)]
    mine = (TrainingJob.owner_id == owner_id) & TrainingJob.idempotency_key.in_(keys)
    found = {job.idempotency_key: job for job in session.scalars(select(TrainingJob).where(mine))}
    jobs = [found[each] for each in keys if each in found]
    if jobs and jobs[0].request_digest != digest:
        raise IdempotencyKeyReused(
            f"The Idempotency-Key was used before for another request (job {jobs[0].id}). Use a new one."
        )
    return jobs
