"""Voices that were made and are not good enough to be entered: kept for listening, for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from voicewright.voices.models import KeptTree
from voicewright.voices.schemas import OwnedTree

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session


def forget_kept(session: Session, training_job_id: uuid.UUID | None) -> list[OwnedTree]:
    """Refer no more to what was kept of a job; answers the trees, which are the caller's to let go."""
    if training_job_id is None:
        return []
    return _forget(session, KeptTree.training_job_id == training_job_id)


def forget_kept_before(session: Session, moment: datetime) -> list[OwnedTree]:
    """The same for all that was kept before a moment."""
    return _forget(session, KeptTree.kept_at < moment)


def _forget(session: Session, which: ColumnElement[bool]) -> list[OwnedTree]:
    gone = delete(KeptTree).where(which).returning(KeptTree.owner_id, KeptTree.digest)
    return [OwnedTree(owner_id, digest) for owner_id, digest in session.execute(gone)]
