"""Puts the descriptions of voices where they belong that a process which was killed did not move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from voicewright.voices.described import deleted_path, live_path, move
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from voicewright.storage.vault import Vault


def settle(session: Session, vault: Vault, *, since: datetime) -> int:
    """Look after the voices that were deleted or brought back since a moment; answers how many were moved.

    Raises:
        StorageReadOnly, StorageUnavailable: nothing can be moved now.
    """
    lately = or_(VoiceModel.deleted_at >= since, VoiceModel.undeleted_at >= since)
    found = session.scalars(select(VoiceModel).where(lately, VoiceModel.collected_at.is_(None)))
    moved = 0
    for voice in found:
        paths = (live_path(voice), deleted_path(voice))
        there, here = paths if voice.deleted_at is not None else reversed(paths)
        moved += move(vault.of(voice.owner_id), there, here)
    return moved
