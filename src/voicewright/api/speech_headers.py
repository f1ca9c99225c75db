"""What an answer with speech says of it besides the sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from voicewright.speech.speaking import Speech

_TOLD: Final = {
    "X-Speech-Id": "Of its entry in the history.",
    "X-Voice-Id": "The voice that speaks.",
    "X-Voice-Fallback": "The id of the voice that was asked for, where another one speaks in its place.",
}
SPEECH_HEADERS: Final[dict[str, Any]] = {
    name: {"description": description, "schema": {"type": "string"}} for name, description in _TOLD.items()
}
"""For the OpenAPI document."""


def speech_headers(speech: Speech) -> dict[str, str]:
    """Which entry of the history it is, and who speaks."""
    headers = {"X-Speech-Id": str(speech.id), "X-Voice-Id": str(speech.voice.id)}
    if speech.fallback is not None:
        headers["X-Voice-Fallback"] = str(speech.fallback.wanted.id)
    return headers
