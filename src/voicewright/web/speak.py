"""`/panel/speak`: a text is heard while it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from fastapi import Query, Request, Response

from voicewright.api.services import Wired
from voicewright.web.language_titles import language_options
from voicewright.web.rendering import page_router, render
from voicewright.web.speaking_voices import asked_for, grouped, voice_of, voices_of
from voicewright.web.visitor import Visiting

if TYPE_CHECKING:
    from voicewright.voices.models import VoiceModel
    from voicewright.web.speaking_voices import SpeakingVoice

router = page_router()

_MANY: Final = 8
"""Voices that nobody needs to search."""
FORMATS: Final = ("mp3", "wav", "flac", "opus", "aac")
"""That files can be downloaded in."""


@router.get("/speak")
def speak(  # noqa: PLR0917 - what the address may say
    request: Request,
    visitor: Visiting,
    services: Wired,
    voice: Annotated[str, Query(max_length=200)] = "",
    text: Annotated[str, Query(max_length=20_000)] = "",
    again: UUID | None = None,
) -> Response:
    """The page; `again` takes up what the history has."""
    before = None if again is None else services.history.get(visitor.id, again)
    asked = asked_for(services, visitor, voice if before is None else voice_of(before))
    voices = voices_of(services, visitor.id, also=asked.voice)
    settings = services.settings
    return render(
        request,
        "speak/speak.html",
        visitor,
        voices=voices,
        languages=language_options({code for one in voices for code in one.languages}),
        groups=grouped(voices),
        many=len(voices) > _MANY,
        picked=_picked(voices, asked.voice),
        refused=asked.refused,
        before=before,
        text=text if before is None else before.text or "",
        most=settings.max_synthesis_text_length,
        most_long=settings.long_characters,
        preferences=services.history.preferences(visitor.id),
        formats=FORMATS,
    )


def _picked(voices: list[SpeakingVoice], asked: VoiceModel | None) -> str:
    """The id of the voice that is chosen at first: the one that was asked for, else the first."""
    if asked is not None:
        return str(asked.id)
    ready = [one for one in voices if not one.fault]
    return str((ready or voices)[0].voice.id) if voices else ""
