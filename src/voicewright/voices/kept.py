"""What trainings leave for listening, for a while: voices that were not good enough, and rehearsals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, not_

from voicewright.voices.models import KeptTree
from voicewright.voices.schemas import OwnedTree

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session


REHEARSAL: Final = "rehearsal-"
"""What begins the kind of a tree with what a voice said while it was trained."""
_REHEARSED: Final = KeptTree.kind.startswith(REHEARSAL, autoescape=True)


def forget_kept(
    session: Session, training_job_id: uuid.UUID, *, rehearsals_only: bool = False
) -> list[OwnedTree]:
    """Refer no more to what was kept of a job; answers the trees, which are the caller's to let go."""
    of_it = KeptTree.training_job_id == training_job_id
    return _forget(session, and_(of_it, _REHEARSED) if rehearsals_only else of_it)


def forget_rejected(session: Session, training_job_id: uuid.UUID | None) -> list[OwnedTree]:
    """The same for a voice that was not good enough, and not for what it said while it was trained."""
    if training_job_id is None:
        return []
    return _forget(session, and_(KeptTree.training_job_id == training_job_id, not_(_REHEARSED)))


def forget_kept_before(session: Session, moment: datetime) -> list[OwnedTree]:
    """The same for all that was kept before a moment."""
    return _forget(session, KeptTree.kept_at < moment)


def _forget(session: Session, which: ColumnElement[bool]) -> list[OwnedTree]:
    gone = delete(KeptTree).where(which).returning(KeptTree.owner_id, KeptTree.digest)
    return [OwnedTree(owner_id, digest) for owner_id, digest in session.execute(gone)]
