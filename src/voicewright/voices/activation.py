"""Which voice of an owner speaks: changed by one transaction at a time, and never two at once.

Whoever changes it holds the owner's lock first (`voices.owner_lock`). The partial unique
index `uq_voice_models_active` is what guarantees the rest, whoever forgets it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from voicewright.voices.finding import owned_by
from voicewright.voices.models import VoiceModel
from voicewright.voices.sharing.rules import end_shares

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.orm import Session


def active_voice(session: Session, owner_id: uuid.UUID) -> VoiceModel | None:
    """The voice that speaks when none is named."""
    return session.scalar(select(VoiceModel).where(owned_by(owner_id), VoiceModel.is_active))


def make_active(session: Session, voice: VoiceModel) -> VoiceModel | None:
    """Make a voice the active one; answers the one that was active before, if that was another."""
    before = active_voice(session, voice.owner_id)
    if before is not None and before.id == voice.id:
        return None
    if before is not None:
        make_inactive(session, before)
    voice.is_active = True
    voice.revision += 1
    session.flush()
    return before


def make_inactive(session: Session, voice: VoiceModel) -> None:
    """Let a voice be active no more; flushed, as at most one may be at any moment."""
    voice.is_active = False
    voice.revision += 1
    session.flush()


def mark_deleted(session: Session, voice: VoiceModel, *, keep_for: timedelta) -> VoiceModel | None:
    """Delete a version; where it was the active one, the best of the others takes over, and is the answer.

    Its shares end. The files stay for a while, so that the voice can be brought back (`voices.lifecycle`);
    then the next collection removes them.

    Args:
        session: in a transaction that holds the owner's lock.
        voice: not deleted.
        keep_for: how long its files stay; none at all: they go with the next collection.
    """
    was_active = voice.is_active
    voice.deleted_at = datetime.now(UTC)
    voice.purge_at = voice.deleted_at + keep_for
    voice.unsettled = keep_for > timedelta(0)
    make_inactive(session, voice)
    end_shares(session, voice.id)
    heir = next_best(session, voice.owner_id) if was_active else None
    if heir is not None:
        make_active(session, heir)
    return heir


def next_best(session: Session, owner_id: uuid.UUID) -> VoiceModel | None:
    """Who takes over: the best judged of the voices that can speak, and the newest among equals."""
    return session.scalar(
        select(VoiceModel)
        .where(owned_by(owner_id), VoiceModel.status == "completed")
        .order_by(VoiceModel.quality_score.desc().nulls_last(), VoiceModel.created_at.desc())
        .limit(1)
    )
