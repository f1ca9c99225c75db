"""Whose voice somebody may see, speak with or change: the one place where the registry decides it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Literal

from sqlalchemy import select

from voicewright.accounts.errors import NotAllowed
from voicewright.accounts.policies import may_see, require_own_id
from voicewright.voices.errors import VoiceNotFound
from voicewright.voices.models import VoiceModel
from voicewright.voices.owner_lock import lock_owner
from voicewright.voices.sharing.rules import ALLOWS, granted

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller

Need = Literal["own", "read", "use"]
"""To change, to export or to delete it; to see what is known of it; to speak with it."""


def find_model(session: Session, caller: Caller, model_id: uuid.UUID, *, need: Need) -> VoiceModel:
    """A voice that is not deleted, for a caller who may do with it what they are about to do.

    Raises:
        VoiceNotFound: there is none, or not for them; which of both is not told.
        NotAllowed: it is shared with them, and not for this.
    """
    found = select(VoiceModel).where(VoiceModel.id == model_id, VoiceModel.deleted_at.is_(None))
    voice = session.scalar(found)
    if voice is None:
        raise not_found(model_id)
    if may_see(caller, voice.owner_id):
        return voice
    permission = granted(session, model_id, caller.user_id)
    if permission is None:
        raise not_found(model_id)
    if need not in ALLOWS[permission]:
        raise not_for_this(voice.name, need)
    return voice


def find_named(
    session: Session, caller: Caller, model_id: uuid.UUID, *, user_id: uuid.UUID | None, need: Need
) -> VoiceModel:
    """As `find_model`, where the caller may name a user: themselves, and an administrator the owner.

    Raises:
        NotAllowed: the user named is somebody else; or as `find_model`.
        VoiceNotFound: as `find_model`; or it is not that user's.
    """
    if user_id is not None:
        require_own_id(caller, user_id)
    voice = find_model(session, caller, model_id, need=need)
    if caller.is_admin and user_id not in {None, voice.owner_id}:
        raise not_found(model_id)
    return voice


def find_own(
    session: Session, caller: Caller, model_id: uuid.UUID, *, user_id: uuid.UUID | None
) -> VoiceModel:
    """A voice that the caller may change, and that nobody else changes before the session ends.

    Raises:
        NotAllowed, VoiceNotFound: as `find_named`.
    """
    voice = find_named(session, caller, model_id, user_id=user_id, need="own")
    lock_owner(session, voice.owner_id)
    session.refresh(voice, with_for_update={"key_share": True})
    if voice.deleted_at is not None:
        raise not_found(model_id)
    return voice


def not_for_this(name: str, need: Need) -> NotAllowed:
    """The answer to somebody who may see a voice and wants more than its owner allows."""
    if need == "own":
        return NotAllowed(f"'{name}' is shared with you. Only its owner may do this.")
    return NotAllowed(f"'{name}' is shared with you to look at, not to speak with. Ask its owner.")


def not_found(model_id: uuid.UUID) -> VoiceNotFound:
    """The answer about a voice that is not there, or not for whoever asks."""
    return VoiceNotFound(f"Voice model not found or access denied: {model_id}")
