"""Answers when each word of a speech is said: as JSON, or as subtitles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import Response
from fastapi.responses import JSONResponse

from voicewright.speech.history_views import TimingsFormat, TimingsView
from voicewright.speech.subtitles import to_srt, to_webvtt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.engines.port import SpokenWord

_SUBTITLES: Final = {
    "text/vtt": "WEBVTT\n\n00:00:00.000 --> 00:00:01.250\nHello, world!\n",
    "application/x-subrip": "1\n00:00:00,000 --> 00:00:01,250\nHello, world!\n\n",
}
TIMINGS_ANSWER: Final[dict[str, Any]] = {
    "model": TimingsView,
    "description": "The words.",
    "content": {
        kind: {"schema": {"type": "string"}, "example": example} for kind, example in _SUBTITLES.items()
    },
}
"""What the document says of it."""


def answer_timings(words: Sequence[SpokenWord], told: TimingsView, format_: TimingsFormat) -> Response:
    """The words in a form.

    Args:
        words: for subtitles.
        told: for JSON.
        format_: which form.
    """
    match format_:
        case "vtt":
            return Response(to_webvtt(words), media_type="text/vtt")
        case "srt":
            return Response(to_srt(words), media_type="application/x-subrip")
    return JSONResponse(told.model_dump(mode="json"))
