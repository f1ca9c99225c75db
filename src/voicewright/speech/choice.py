"""Which voice speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.voices.activation import active_voice
from voicewright.voices.errors import NoActiveVoice
from voicewright.voices.sharing.speaking import find_to_speak

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.orm import Session

    from voicewright.speech.order import SpeechOrder
    from voicewright.voices.models import VoiceModel


@dataclass(frozen=True, slots=True)
class Fallback:
    """Another voice of the same person speaks than the one that was asked for."""

    wanted: VoiceModel
    reason: str
    """Why it does not speak itself, in words."""


def choose_voice(session: Session, user_id: uuid.UUID, order: SpeechOrder) -> VoiceModel:
    """The voice that was asked for, or the active one where none was named.

    Raises:
        VoiceNotFound, VoiceNameAmbiguous, NotAllowed: as `find_to_speak`.
        NoActiveVoice: none was named, and none is active.
    """
    if order.voice is not None:
        return find_to_speak(session, user_id, order.voice, order.version)
    voice = active_voice(session, user_id)
    if voice is None:
        raise NoActiveVoice("No voice is active. Name one, or make one of yours the active one.")
    return voice
