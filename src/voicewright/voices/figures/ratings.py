"""What those who may use a voice think of it: one to five stars, each person's last word."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from voicewright.voices.caching import changed
from voicewright.voices.figures.models import VoiceRating

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.voices.models import VoiceModel


@dataclass(frozen=True, slots=True)
class RatingSum:
    """What everybody thinks of a voice together; the average of none is 0."""

    count: int = 0
    average: float = 0.0


def put_rating(session: Session, voice: VoiceModel, *, user_id: uuid.UUID, stars: int) -> VoiceRating:
    """Somebody rates a voice; what they said before is replaced."""
    new = insert(VoiceRating).values(model_id=voice.id, user_id=user_id, stars=stars, at=datetime.now(UTC))
    put = new.on_conflict_do_update(
        index_elements=[VoiceRating.model_id, VoiceRating.user_id],
        set_={"stars": new.excluded.stars, "at": new.excluded.at},
    ).returning(VoiceRating)
    rating = session.scalars(put, execution_options={"populate_existing": True}).one()
    changed(session, voice.id)
    return rating


def remove_rating(session: Session, voice: VoiceModel, *, user_id: uuid.UUID) -> None:
    """Take back what somebody said of a voice, if they said anything."""
    session.execute(
        delete(VoiceRating).where(VoiceRating.model_id == voice.id, VoiceRating.user_id == user_id)
    )
    changed(session, voice.id)


def ratings_of(session: Session, model_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, RatingSum]:
    """What is thought of each of these voices; nothing is left out."""
    rows = session.execute(
        select(VoiceRating.model_id, func.count(), func.avg(VoiceRating.stars))
        .where(VoiceRating.model_id.in_(model_ids))
        .group_by(VoiceRating.model_id)
    )
    sums = {model_id: RatingSum(count, float(average)) for model_id, count, average in rows}
    return {model_id: sums.get(model_id, RatingSum()) for model_id in model_ids}


def rating_by(session: Session, model_id: uuid.UUID, user_id: uuid.UUID) -> int | None:
    """What somebody said of a voice; None: nothing."""
    found = session.get(VoiceRating, (model_id, user_id))
    return None if found is None else found.stars
