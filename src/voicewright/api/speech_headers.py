"""What an answer with speech says of it besides the sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from voicewright.provenance.service import PROVENANCE_HEADER, SYNTHESIS_HEADER
from voicewright.speech.history import claim_of

if TYPE_CHECKING:
    from voicewright.api.services import Services
    from voicewright.speech.speaking import Speech

_TOLD: Final = {
    "X-Speech-Id": "Of its entry in the history.",
    "X-Voice-Id": "The voice that speaks.",
    "X-Voice-Fallback": "The id of the voice that was asked for, where another one speaks in its place.",
    SYNTHESIS_HEADER: "As `X-Speech-Id`; `POST /provenance/verify` tells it of a file.",
    PROVENANCE_HEADER: "That a machine speaks, and how the sound says so itself.",
}
SPEECH_HEADERS: Final[dict[str, Any]] = {
    name: {"description": description, "schema": {"type": "string"}} for name, description in _TOLD.items()
}
"""For the OpenAPI document."""


def speech_headers(services: Services, speech: Speech, *, signed: bool = False) -> dict[str, str]:
    """Which entry of the history it is, who speaks, and that it is no person.

    Args:
        services: for the marks.
        speech: has begun.
        signed: whether what is sent has a signed manifest.
    """
    headers = {"X-Speech-Id": str(speech.id), "X-Voice-Id": str(speech.voice.id)}
    if speech.fallback is not None:
        headers["X-Voice-Fallback"] = str(speech.fallback.wanted.id)
    return {**headers, **services.provenance.header(claim_of(speech), signed=signed)}
