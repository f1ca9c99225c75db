"""What is claimed of speech: while it is made, and later of its entry in the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.provenance.claims import Claim

if TYPE_CHECKING:
    from voicewright.speech.models import Synthesis
    from voicewright.speech.speaking import Speech


def claim_of(speech: Speech) -> Claim:
    """Of one that goes on, or has just ended."""
    voice = speech.voice
    return Claim(
        synthesis_id=speech.id,
        user_id=speech.user_id,
        model_id=voice.id,
        model_version=voice.version,
        owner_id=voice.owner_id,
        engine=voice.engine,
        made_at=speech.begun_at,
    )


def claim_of_entry(entry: Synthesis) -> Claim:
    """The same, of what the history says of it."""
    return Claim(
        synthesis_id=entry.id,
        user_id=entry.user_id,
        model_id=entry.voice_model_id,
        model_version=entry.voice_version,
        owner_id=entry.voice_owner_id,
        engine=entry.engine,
        made_at=entry.created_at,
    )
