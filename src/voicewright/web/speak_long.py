"""`/panel/speak/long`: long texts and batches, while they are spoken and afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from fastapi import Request, Response

from voicewright.api.paging import Offset
from voicewright.api.services import Wired
from voicewright.speech.long.chunks import plain_text, read
from voicewright.speech.long.models import is_open
from voicewright.speech.long.views import LongSpeechDetailView, LongSpeechView
from voicewright.training.nodes import engines_that_speak
from voicewright.web.list_pages import check_offset
from voicewright.web.rendering import is_partial, page_router, render
from voicewright.web.speak import FORMATS
from voicewright.web.visitor import Visiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.api.services import Services
    from voicewright.speech.long.models import LongChunk
    from voicewright.speech.long.showing import Shown

router = page_router()

PATH: Final = "/panel/speak/long"
_AT_ONCE: Final = 20


@router.get("/speak/long")
def long_texts(request: Request, visitor: Visiting, services: Wired, offset: Offset = 0) -> Response:
    """The list, the newest first."""
    found, total = services.long.page(visitor.id, limit=_AT_ONCE, offset=offset)
    check_offset(offset, _AT_ONCE, total)
    return render(
        request,
        "speak/long_list.html",
        visitor,
        block="list" if is_partial(request) else None,
        path=PATH,
        speeches=[LongSpeechView.of(shown) for shown in found],
        total=total,
        offset=offset,
        limit=_AT_ONCE,
    )


@router.get("/speak/long/{speech_id}")
def long_text(request: Request, speech_id: UUID, visitor: Visiting, services: Wired) -> Response:
    """One of them; HTMX takes what changes."""
    shown, chunks = services.long.chunks(visitor.id, speech_id)
    return render(
        request,
        "speak/long.html",
        visitor,
        block="all" if is_partial(request) else None,
        speech=LongSpeechDetailView.of(shown, waits_for=_waits_for(services, shown)),
        is_open=is_open(shown.speech.state),
        openings=_openings(chunks),
        joining=_joining(shown, chunks),
        formats=FORMATS,
    )


def _openings(chunks: Sequence[LongChunk]) -> dict[int, str]:
    """How each part begins, where its text is kept."""
    found: dict[int, str] = {}
    for chunk in chunks:
        if chunk.part not in found and chunk.pieces:
            found[chunk.part] = plain_text(read(chunk.pieces))
    return found


def _joining(shown: Shown, chunks: Sequence[LongChunk]) -> set[int]:
    """The parts that are spoken and have no file yet: it is there in a moment, and no event tells of it."""
    missing = {chunk.part for chunk in chunks if chunk.state != "spoken"}
    is_running = shown.speech.state == "running"
    waiting = {part.number for part in shown.parts if part.state == "waiting"} - missing
    return waiting if is_running and (shown.speech.paragraphs or shown.speech.kind == "batch") else set()


def _waits_for(services: Services, shown: Shown) -> str | None:
    """What has to come before it can be spoken at all."""
    engine = shown.engine
    if engine is None:
        return None
    with services.database.session() as session:
        there = engines_that_speak(session)
    if engine in there:
        return None
    return (
        f"No worker that is there now speaks with the engine {engine}. It begins by itself once one is there."
    )
