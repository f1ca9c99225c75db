"""What each of some accounts has and has spent, for administrators who look at them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from voicewright.accounts.models import ApiKey, UserSession
from voicewright.recordings.models import Sample
from voicewright.speech.models import Synthesis
from voicewright.training.models import TrainingJob
from voicewright.voices.figures.models import VoiceUse
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class PersonFigures:
    """Of one account."""

    voices: int
    """That are not deleted."""
    voices_bytes: int
    recordings: int
    recordings_bytes: int
    spoken: int
    """Entries of the history."""
    spoken_bytes: int
    training_spent: Decimal
    """Dollars, of all trainings that ended."""
    speech_spent: Decimal
    """Dollars, of all that they had spoken."""
    last_used_at: datetime | None
    """When one of their sessions or API keys was last used."""
    sessions: int
    """That they could go on with."""
    keys: int
    """API keys that work."""

    @property
    def stored_bytes(self) -> int:
        """Voices, recordings and what was spoken, before compression."""
        return self.voices_bytes + self.recordings_bytes + self.spoken_bytes

    @property
    def spent(self) -> Decimal:
        """Dollars, together."""
        return self.training_spent + self.speech_spent


def figures_of_people(session: Session, user_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, PersonFigures]:
    """Of each of these accounts; each sum is one look into an index by the account."""
    now = func.now()
    count, total = func.count(), func.coalesce
    voices = _by_owner(
        session,
        select(VoiceModel.owner_id, count, total(func.sum(VoiceModel.stored_bytes), 0))
        .where(VoiceModel.owner_id.in_(user_ids), VoiceModel.deleted_at.is_(None))
        .group_by(VoiceModel.owner_id),
    )
    recordings = _by_owner(
        session,
        select(Sample.owner_id, count, total(func.sum(Sample.size_bytes), 0))
        .where(Sample.owner_id.in_(user_ids))
        .group_by(Sample.owner_id),
    )
    spoken = _by_owner(
        session,
        select(Synthesis.user_id, count, total(func.sum(Synthesis.file_bytes), 0))
        .where(Synthesis.user_id.in_(user_ids))
        .group_by(Synthesis.user_id),
    )
    trained = _by_owner(
        session,
        select(TrainingJob.owner_id, total(func.sum(TrainingJob.actual_cost), 0))
        .where(TrainingJob.owner_id.in_(user_ids))
        .group_by(TrainingJob.owner_id),
    )
    used = _by_owner(
        session,
        select(VoiceUse.user_id, total(func.sum(VoiceUse.cost_usd), 0))
        .where(VoiceUse.user_id.in_(user_ids))
        .group_by(VoiceUse.user_id),
    )
    open_session = UserSession.revoked_at.is_(None) & (UserSession.expires_at > now)
    sessions = _by_owner(
        session,
        select(UserSession.user_id, count.filter(open_session), func.max(UserSession.last_used_at))
        .where(UserSession.user_id.in_(user_ids))
        .group_by(UserSession.user_id),
    )
    good_key = ApiKey.revoked_at.is_(None) & or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
    keys = _by_owner(
        session,
        select(ApiKey.user_id, count.filter(good_key), func.max(ApiKey.last_used_at))
        .where(ApiKey.user_id.in_(user_ids))
        .group_by(ApiKey.user_id),
    )
    found = {}
    for user_id in user_ids:
        own_voices, own_recordings = voices.get(user_id, (0, 0)), recordings.get(user_id, (0, 0))
        own_spoken = spoken.get(user_id, (0, 0))
        own_sessions, own_keys = sessions.get(user_id, (0, None)), keys.get(user_id, (0, None))
        found[user_id] = PersonFigures(
            voices=own_voices[0],
            voices_bytes=int(own_voices[1]),
            recordings=own_recordings[0],
            recordings_bytes=int(own_recordings[1]),
            spoken=own_spoken[0],
            spoken_bytes=int(own_spoken[1]),
            training_spent=Decimal(trained.get(user_id, (0,))[0]),
            speech_spent=Decimal(used.get(user_id, (0,))[0]),
            last_used_at=max(filter(None, (own_sessions[1], own_keys[1])), default=None),
            sessions=own_sessions[0],
            keys=own_keys[0],
        )
    return found


def _by_owner(session: Session, query: Any) -> dict[uuid.UUID, tuple[Any, ...]]:
    return {row[0]: tuple(row[1:]) for row in session.execute(query)}
