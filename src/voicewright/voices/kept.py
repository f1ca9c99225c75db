"""Voices that were made and are not good enough to be entered: kept for listening, for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from voicewright.voices.models import KeptTree

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from sqlalchemy.orm import Session


def forget_kept(session: Session, training_job_id: uuid.UUID | None) -> list[str]:
    """Refer no more to what was kept of a job; answers the trees, which are the caller's to let go."""
    if training_job_id is None:
        return []
    gone = delete(KeptTree).where(KeptTree.training_job_id == training_job_id).returning(KeptTree.digest)
    return list(session.scalars(gone))


def forget_kept_before(session: Session, moment: datetime) -> list[str]:
    """The same for all that was kept before a moment."""
    return list(session.scalars(delete(KeptTree).where(KeptTree.kept_at < moment).returning(KeptTree.digest)))
