"""`/api/voice/long` and `/api/voice/batch`: texts that are spoken as jobs, watched, and fetched as files."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import StreamingResponse

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.caller import calling
from voicewright.api.openai_voice_choice import made_by
from voicewright.api.paging import Limit, Offset
from voicewright.api.passing_file import PassingFile
from voicewright.api.problems import refusals
from voicewright.api.services import Services, Wired
from voicewright.api.speech_headers import FILE_HEADERS
from voicewright.api.timings_answer import TIMINGS_ANSWER
from voicewright.api.voice_long_files import send_timings, send_whole
from voicewright.api.voice_requests import count_voice_request
from voicewright.audio.codecs import MEDIA_TYPES
from voicewright.speech.history_views import TimingsFormat
from voicewright.speech.keeping import scratch
from voicewright.speech.long.bodies import BatchBody, LongTextBody, OutputFormat, RetryBody
from voicewright.speech.long.claims import watermark_of
from voicewright.speech.long.fetching import archive, fetch_part, file_name, format_of
from voicewright.speech.long.showing import Shown
from voicewright.speech.long.views import LongSpeechDetailView, LongSpeechPageView, LongSpeechView
from voicewright.speech.naming import NamesVoice
from voicewright.training.nodes import engines_that_speak

Naming = TypeVar("Naming", bound=NamesVoice)
Speaker = Annotated[Caller, Depends(calling(Scope.SPEECH))]
Number = Annotated[int, Path(ge=1, le=1_000_000, description="From 1.")]
Download = Annotated[bool, Query(description="To be saved, and not to be played.")]

_LOCATION: Final = {"Location": {"description": "Where it can be watched.", "schema": {"type": "string"}}}
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_SOUND: Final[dict[str, Any]] = dict.fromkeys(sorted(set(MEDIA_TYPES.values())), _BINARY)
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file.", "content": _SOUND, "headers": FILE_HEADERS},
    206: {"description": "The part of it that `Range` asks for.", "content": _SOUND, "headers": FILE_HEADERS},
    **refusals(404, 409, 507),
}
_ZIP: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A zip; cut off it is none. The headers tell of all files in it.",
        "content": {"application/zip": _BINARY},
        "headers": FILE_HEADERS,
    },
    **refusals(404, 409),
}

router = APIRouter(prefix="/api/voice", tags=["long texts"])


@router.post(
    "/long",
    status_code=202,
    summary="Have a long text spoken",
    responses={202: {"headers": _LOCATION}, **refusals(404, 409, 429, 507)},
)
def start(body: LongTextBody, services: Wired, caller: Speaker, response: Response) -> LongSpeechDetailView:
    """Queue a text of up to 50,000 characters, unless the operator has set another limit.

    A worker speaks it chunk by chunk and joins the chunks to one file; with `paragraphs` each paragraph gets
    a file as well. It counts as one request of the hour, as `synthesize` does.
    """
    count_voice_request(services, caller)
    shown = services.long.start_text(caller.user_id, _settled(services, caller, body))
    response.headers["Location"] = f"/api/voice/long/{shown.speech.id}"
    return _told(services, shown)


@router.post(
    "/batch",
    status_code=202,
    summary="Have many short texts spoken",
    responses={202: {"headers": _LOCATION}, **refusals(404, 409, 429, 507)},
)
def start_batch(
    body: BatchBody, services: Wired, caller: Speaker, response: Response
) -> LongSpeechDetailView:
    """Queue up to 100 texts, each with a voice of its own where that is wished, and each for a file.

    An item that can't be spoken fails alone, with its reason; where none can, the batch is refused. It is
    watched, paused, cancelled, retried and deleted as a long text, under `/api/voice/long/{speech_id}`.
    """
    count_voice_request(services, caller)
    if len(body.items) <= services.settings.batch_items:  # otherwise it is refused
        items = [_settled(services, caller, item) for item in body.items]
        body = body.model_copy(update={"items": items})
    shown = services.long.start_batch(caller.user_id, body)
    response.headers["Location"] = f"/api/voice/batch/{shown.speech.id}"
    return _told(services, shown)


@router.get("/long", summary="List your long texts")
def page(services: Wired, caller: Speaker, limit: Limit = 20, offset: Offset = 0) -> LongSpeechPageView:
    """And your batches, the newest first."""
    found, total = services.long.page(caller.user_id, limit=limit, offset=offset)
    items = [LongSpeechView.of(shown) for shown in found]
    return LongSpeechPageView(items=items, total=total, limit=limit, offset=offset)


@router.get("/long/{speech_id}", summary="Look at a long text", responses=refusals(404))
def show(speech_id: UUID, services: Wired, caller: Speaker) -> LongSpeechDetailView:
    """How far it is, how long it will take, what failed, and where its files are."""
    return _told(services, services.long.get(caller.user_id, speech_id))


@router.get("/batch/{speech_id}", summary="Look at a batch", responses=refusals(404))
def show_batch(speech_id: UUID, services: Wired, caller: Speaker) -> LongSpeechDetailView:
    """The same with its items: which are spoken, where their files are, and why others are not."""
    return _told(services, services.long.get(caller.user_id, speech_id))


@router.post("/long/{speech_id}/pause", summary="Pause a long text", responses=refusals(404, 409))
def pause(speech_id: UUID, services: Wired, caller: Speaker) -> LongSpeechDetailView:
    """The engine stops within two seconds; what is spoken stays."""
    return _told(services, services.long.pause(caller.user_id, speech_id))


@router.post("/long/{speech_id}/resume", summary="Go on with a long text", responses=refusals(404, 409))
def resume(speech_id: UUID, services: Wired, caller: Speaker) -> LongSpeechDetailView:
    """With the first chunk that is not spoken."""
    return _told(services, services.long.resume(caller.user_id, speech_id))


@router.post("/long/{speech_id}/cancel", summary="Cancel a long text", responses=refusals(404, 409))
def cancel(speech_id: UUID, services: Wired, caller: Speaker) -> LongSpeechDetailView:
    """The engine stops within two seconds; what is spoken stays until it is deleted, for a retry."""
    return _told(services, services.long.cancel(caller.user_id, speech_id))


@router.post("/long/{speech_id}/retry", summary="Try a long text again", responses=refusals(404, 409, 507))
def retry(
    speech_id: UUID, services: Wired, caller: Speaker, body: RetryBody | None = None
) -> LongSpeechDetailView:
    """One that failed or was cancelled, or a batch of which items failed: only what is missing is spoken.

    With `chunks` those are spoken otherwise as well, also of one that is completed, and the files that they
    are in are made anew.
    """
    chunks = None if body is None else body.chunks
    return _told(services, services.long.retry(caller.user_id, speech_id, chunks))


@router.delete(
    "/long/{speech_id}", status_code=204, summary="Delete a long text", responses=refusals(404, 507)
)
def delete(speech_id: UUID, services: Wired, caller: Speaker) -> None:
    """With all its files, whatever state it is in; its entry in the history stays. This can't be undone."""
    services.long.delete(caller.user_id, speech_id)


@router.get("/long/{speech_id}/audio", summary="Hear a long text", response_class=Response, responses=_FILE)
def audio(
    speech_id: UUID,
    services: Wired,
    caller: Speaker,
    *,
    format: Annotated[  # noqa: A002 - the word of the query
        OutputFormat | None, Query(description="Another format than it was ordered in.")
    ] = None,
    download: Download = False,
) -> Response:
    """The joined file.

    `Range` asks for one part of it; one that makes no sense, or asks for several, is answered with the whole.
    """
    return send_whole(services, caller.user_id, speech_id, format, download=download)


@router.get(
    "/long/{speech_id}/timings",
    summary="See when each word of a long text is said",
    response_class=Response,
    responses={
        200: TIMINGS_ANSWER,
        **refusals(404, 409),
    },
)
def timings(
    speech_id: UUID,
    services: Wired,
    caller: Speaker,
    format: TimingsFormat = "json",  # noqa: A002 - the word of the query
) -> Response:
    """In the joined file, as JSON, or as subtitles: WebVTT, SRT."""
    return send_timings(services, caller.user_id, speech_id, format)


@router.get(
    "/long/{speech_id}/paragraphs/{number}/audio",
    summary="Hear a paragraph",
    response_class=Response,
    responses=_FILE,
)
def paragraph(
    speech_id: UUID,
    number: Number,
    services: Wired,
    caller: Speaker,
    *,
    download: Download = False,
) -> Response:
    """Of a text that was ordered with `paragraphs`; each is there as soon as it is spoken."""
    return _part(services, caller, speech_id, number, download=download)


@router.get(
    "/batch/{speech_id}/items/{number}/audio",
    summary="Hear an item of a batch",
    response_class=Response,
    responses=_FILE,
)
def item(
    speech_id: UUID,
    number: Number,
    services: Wired,
    caller: Speaker,
    *,
    download: Download = False,
) -> Response:
    """Each is there as soon as it is spoken."""
    return _part(services, caller, speech_id, number, download=download)


@router.get(
    "/long/{speech_id}/archive",
    summary="Fetch all paragraphs",
    response_class=StreamingResponse,
    responses=_ZIP,
)
def all_parts(speech_id: UUID, services: Wired, caller: Speaker) -> StreamingResponse:
    """A zip of the files of all paragraphs, or of all items of a batch: `001.mp3`, `002-name.mp3`."""
    shown, chunks = services.long.chunks(caller.user_id, speech_id)
    there = {part.number: part for part in shown.parts if part.file_digest is not None}
    marked = watermark_of(chunk for chunk in chunks if chunk.part in there)
    signed = all(part.file_signed for part in there.values())
    name = quote(file_name(shown.speech), safe="")
    return StreamingResponse(
        archive(services.long.vault, shown),
        media_type="application/zip",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}.zip",
            "Cache-Control": "private, no-store",
            **services.provenance.header(speech_id, marked, signed=signed),
        },
    )


def _settled(services: Services, caller: Caller, named: Naming) -> Naming:
    """With the voice that a training has made in place of the training's id, as `synthesize` takes it.

    Raises:
        VoiceNotReady: the training goes on.
    """
    voice = named.named_voice
    made = made_by(services, caller, voice) if isinstance(voice, UUID) else None
    return named if made is None else named.model_copy(update={"model_id": made, "voice_model_id": None})


def _told(services: Services, shown: Shown) -> LongSpeechDetailView:
    engine = shown.engine
    waits_for = None
    if engine is not None:
        with services.database.session() as session:
            there = engines_that_speak(session)
        if engine not in there:
            waits_for = f"No worker that is there now speaks with the engine '{engine}'."
    return LongSpeechDetailView.of(shown, waits_for=waits_for)


def _part(services: Wired, caller: Caller, speech_id: UUID, number: int, *, download: bool) -> Response:
    shown, chunks = services.long.chunks(caller.user_id, speech_id, number)
    part = shown.parts[number - 1]
    signed = part.file_signed or False
    headers = services.provenance.header(speech_id, watermark_of(chunks), signed=signed)
    with ExitStack() as opened:
        folder = opened.enter_context(scratch(services.long.work_dir))
        path = fetch_part(services.long.vault, shown, number, folder)
        name, format_ = file_name(shown.speech, part), format_of(shown.speech)
        return PassingFile(path, format_, name, headers=headers, folder=opened.pop_all(), download=download)
