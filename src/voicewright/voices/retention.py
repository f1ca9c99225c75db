"""How long the files of a deleted voice stay: as long as it can be brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_

from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement


def rests(now: datetime) -> ColumnElement[bool]:
    """The deleted voices that can still be brought back."""
    return (
        VoiceModel.deleted_at.is_not(None) & VoiceModel.collected_at.is_(None) & (VoiceModel.purge_at > now)
    )


def needs_files(now: datetime) -> ColumnElement[bool]:
    """The voices whose files must stay: those that there are, and those that can be brought back."""
    return or_(VoiceModel.deleted_at.is_(None), rests(now))


def is_to_purge(now: datetime) -> ColumnElement[bool]:
    """The deleted voices whose files are to go."""
    passed = or_(VoiceModel.purge_at.is_(None), VoiceModel.purge_at <= now)
    return VoiceModel.deleted_at.is_not(None) & VoiceModel.collected_at.is_(None) & passed
