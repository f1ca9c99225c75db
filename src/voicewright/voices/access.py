"""Whose voice somebody may see, speak with or change: the one place where the registry decides it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Literal

from sqlalchemy import select

from voicewright.accounts.policies import may_see
from voicewright.voices.errors import VoiceNotFound
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller

Need = Literal["own", "read", "use"]
"""To change, to export or to delete it; to see what is known of it; to speak with it."""


def find_model(session: Session, caller: Caller, model_id: uuid.UUID, *, need: Need) -> VoiceModel:
    """A voice that is not deleted, for a caller who may do with it what they are about to do.

    Raises:
        VoiceNotFound: there is none, or not for them; which of both is not told.
    """
    found = select(VoiceModel).where(VoiceModel.id == model_id, VoiceModel.deleted_at.is_(None))
    voice = session.scalar(found)
    if voice is None or not may_see(caller, voice.owner_id):
        raise not_found(model_id)
    return voice


def not_found(model_id: uuid.UUID) -> VoiceNotFound:
    """The answer about a voice that is not there, or not for whoever asks."""
    return VoiceNotFound(f"Voice model not found or access denied: {model_id}")
