"""What an answer with speech says of it besides the sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from voicewright.provenance.service import PROVENANCE_HEADER, SYNTHESIS_HEADER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voicewright.api.services import Services
    from voicewright.speech.speaking import Speech

_FILE: Final = {
    SYNTHESIS_HEADER: "Of its entry in the history; `POST /provenance/verify` tells it of a file.",
    PROVENANCE_HEADER: "That a machine speaks, and how the sound says so itself: "
    "`ai-generated; watermark=perth; c2pa=yes`. The watermark may be `partial`, `none` or `unknown`.",
}
_TOLD: Final = {
    "X-Speech-Id": "Of its entry in the history.",
    "X-Voice-Id": "The voice that speaks.",
    "X-Voice-Fallback": "The id of the voice that was asked for, where another one speaks in its place.",
    "X-Voice-Fallback-Reason": "Why: the code of what kept the other voice from speaking, such as "
    "`ENGINE_NOT_INSTALLED` or `LANGUAGE_UNSUPPORTED`, or the rule that chose: `best`, `cost`, `latency`. "
    "The history has it in words.",
    **_FILE,
}


def _documented(told: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"description": words, "schema": {"type": "string"}} for name, words in told.items()}


SPEECH_HEADERS: Final = _documented(_TOLD)
"""Of what is spoken for an answer, for the OpenAPI document."""
FILE_HEADERS: Final = _documented(_FILE)
"""Of a file that was spoken before."""
PROVENANCE_ALONE: Final = _documented({PROVENANCE_HEADER: _FILE[PROVENANCE_HEADER]})
"""Of what has no entry in the history."""


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
        headers["X-Voice-Fallback-Reason"] = speech.fallback.code
    return {**headers, **services.provenance.header(speech.id, speech.figures.watermark, signed=signed)}
