"""Records what somebody did with a voice model, and makes the answers untrue that it changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from voicewright.audit.acts import Act
from voicewright.audit.origin import SCHEDULE, current_origin
from voicewright.audit.trail import note
from voicewright.voices.caching import changed

if TYPE_CHECKING:
    import uuid
    from typing import Self

    from sqlalchemy.orm import Session

    from voicewright.voices.models import VoiceModel


class Actor(Protocol):
    """Who acts: a caller of the service, or whoever runs commands on the machine."""

    @property
    def user_id(self) -> uuid.UUID | None:
        """Their account; None: the platform itself."""

    @property
    def api_key_id(self) -> uuid.UUID | None:
        """The key that they use, if any."""


@dataclass(frozen=True, slots=True)
class LocalActor:
    """Whoever acts on this machine, without a caller who was checked."""

    user_id: uuid.UUID | None
    api_key_id: None = None

    @classmethod
    def for_owner(cls, owner_id: uuid.UUID) -> Self:
        """The owner whose voices a command is about; nobody in a worker, which acts by itself."""
        return cls(None if current_origin() == SCHEDULE else owner_id)


def note_reading(
    session: Session,
    actor: Actor,
    verb: str,
    owner_id: uuid.UUID,
    model_id: uuid.UUID | None = None,
    **details: Any,
) -> None:
    """Record that somebody looked; last in a unit of work, as `audit.trail.note`."""
    act = Act(
        f"voice_model.{verb}",
        owner_id,
        actor.user_id,
        model_id=model_id,
        api_key_id=actor.api_key_id,
        details=details,
    )
    note(session, act)


def note_change(
    session: Session,
    actor: Actor,
    verb: str,
    voice: VoiceModel,
    *others: VoiceModel | None,
    **details: Any,
) -> None:
    """Record that somebody changed a voice, and with it perhaps others; last in a unit of work."""
    session.flush()
    changed(session, voice.owner_id, voice.id, *(other.id for other in others if other is not None))
    note_reading(session, actor, verb, voice.owner_id, voice.id, **details)
