"""Finds the voices that the cleanup may take, in the database, by the rules of `cleanup.policies`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, func, or_, select, tuple_

from voicewright.voices.figures.models import VoiceUse
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from voicewright.voices.cleanup.policies import CleanupRules


def eligible(rules: CleanupRules, now: datetime) -> ColumnElement[bool]:
    """The voices for which `CleanupRules.is_eligible` holds at a moment, which may be one to come."""
    unused_since = now - rules.unused_for
    used = exists().where(VoiceUse.model_id == VoiceModel.id, VoiceUse.at >= unused_since)
    return (
        VoiceModel.deleted_at.is_(None)
        & ~VoiceModel.is_active
        & (VoiceModel.quality_score < rules.below_quality)
        & (VoiceModel.created_at < now - rules.min_age)
        & or_(VoiceModel.undeleted_at.is_(None), VoiceModel.undeleted_at < unused_since)
        & ~used
    )


def in_order(found: Select[VoiceModel], after: VoiceModel | None = None) -> Select[VoiceModel]:
    """The worst first, as the index has them, from behind one of them on."""
    key = (VoiceModel.quality_score, VoiceModel.created_at, VoiceModel.id)
    if after is not None:
        found = found.where(tuple_(*key) > (after.quality_score, after.created_at, after.id))
    return found.order_by(*key)


def last_uses(session: Session, model_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When somebody last had these voices speak; those that nobody did are left out."""
    last = select(VoiceUse.model_id, func.max(VoiceUse.at)).where(VoiceUse.model_id.in_(model_ids))
    rows = session.execute(last.group_by(VoiceUse.model_id))
    return {row[0]: row[1] for row in rows}
