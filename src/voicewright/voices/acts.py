"""Records what somebody did with a voice model, and makes the answers untrue that it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voicewright.audit.acts import Act
from voicewright.audit.trail import note
from voicewright.voices.caching import changed

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.voices.models import VoiceModel


def note_reading(
    session: Session,
    caller: Caller,
    verb: str,
    owner_id: uuid.UUID,
    model_id: uuid.UUID | None = None,
    **details: Any,
) -> None:
    """Record that somebody looked; last in a unit of work, as `audit.trail.note`."""
    act = Act(
        f"voice_model.{verb}",
        owner_id,
        caller.user_id,
        model_id=model_id,
        api_key_id=caller.api_key_id,
        details=details,
    )
    note(session, act)


def note_change(
    session: Session,
    caller: Caller,
    verb: str,
    voice: VoiceModel,
    *others: VoiceModel | None,
    **details: Any,
) -> None:
    """Record that somebody changed a voice, and with it perhaps others; last in a unit of work."""
    session.flush()
    changed(session, voice.owner_id, voice.id, *(other.id for other in others if other is not None))
    note_reading(session, caller, verb, voice.owner_id, voice.id, **details)
