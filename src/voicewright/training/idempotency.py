"""Lets a request be sent again without being done again, where an `Idempotency-Key` names it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from voicewright.training.errors import IdempotencyKeyReused
from voicewright.training.models import TrainingJob

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.training.schemas import TrainingRequestBody

_LOCK: Final = 0x74726964
"""The first half of the advisory lock of a key: "trid"."""


def digest_of(body: TrainingRequestBody) -> str:
    """What two requests of one owner that ask for the same have in common."""
    canonical = json.dumps(body.model_dump(mode="json", exclude={"user_id"}), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def earlier_job(session: Session, owner_id: UUID, key: str, digest: str) -> TrainingJob | None:
    """The job that an earlier request with this key queued.

    Waits for one that is just being queued; until the session ends, others with this key wait.

    Raises:
        IdempotencyKeyReused: that was another request.
    """
    session.execute(select(func.pg_advisory_xact_lock(_LOCK, func.hashtext(f"{owner_id} {key}"))))
    job = session.scalars(
        select(TrainingJob).where(TrainingJob.owner_id == owner_id, TrainingJob.idempotency_key == key)
    ).one_or_none()
    if job is not None and job.request_digest != digest:
        raise IdempotencyKeyReused(
            f"The Idempotency-Key was used before for another request (job {job.id}). Use a new one."
        )
    return job
