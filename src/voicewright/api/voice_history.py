"""`/api/voice/history`: what was spoken, to be found, heard and deleted; and what is kept of it at all."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import numpy as np
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BeforeValidator, Field, Strict

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.bodies import RequestBody
from voicewright.api.caller import calling
from voicewright.api.paging import Limit, Offset
from voicewright.api.passing_file import PassingFile
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.api.speech_headers import FILE_HEADERS
from voicewright.api.timings_answer import TIMINGS_ANSWER, answer_timings
from voicewright.api.voice_long_files import is_long, send_timings_of, send_whole_of
from voicewright.audio.codecs import MEDIA_TYPES, AudioFormat
from voicewright.audio.decode import open_audio
from voicewright.audio.encode import write_audio
from voicewright.audio.mono import mono_blocks
from voicewright.engines.port import SpokenWord
from voicewright.speech.claims import claim_of_entry
from voicewright.speech.errors import SynthesisTimingsNotKept
from voicewright.speech.history import KeepText, Search, State
from voicewright.speech.history_views import (
    HistoryDeletedView,
    HistoryView,
    PreferencesView,
    SynthesisView,
    TimingsFormat,
    TimingsView,
)
from voicewright.speech.keeping import scratch
from voicewright.speech.order import Choose
from voicewright.training.schemas import Moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from voicewright.speech.models import Synthesis

router = APIRouter(prefix="/api/voice", tags=["voice history"])

Owner = Annotated[Caller, Depends(calling(Scope.SPEECH))]
_SOUND: Final[dict[str, Any]] = {
    kind: {"schema": {"type": "string", "format": "binary"}} for kind in sorted(set(MEDIA_TYPES.values()))
}
"""The media types that a file may have."""
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file.", "content": _SOUND, "headers": FILE_HEADERS},
    206: {
        "description": "The part of it that `Range` asks for.",
        "content": _SOUND,
        "headers": FILE_HEADERS,
    },
    **refusals(404, 507),
}
_BLOCK_BYTES: Final = 1 << 18
_FULL_SCALE: Final = 32768.0


def _written_out(value: Any) -> Any:
    """A moment as people write it, and no number of seconds."""
    if isinstance(value, str) and _is_number(value):
        raise ValueError("write it as 2025-01-15T10:30:00Z")
    return value


def _is_number(text: str) -> bool:
    """In any form: -2.2e-311 as well."""
    try:
        float(text)
    except ValueError:
        return False
    return True


WrittenMoment = Annotated[Moment, BeforeValidator(_written_out)]


class PreferencesBody(RequestBody):
    """What is to be kept from now on, and which voice speaks; what is left out stays as it is."""

    keep_text: KeepText | None = None
    keep_audio: Annotated[bool, Strict()] | None = None
    choose: Choose | None = Field(
        default=None,
        description="Which of the voices that several engines made of one person speaks, where a request "
        "does not say it and lets another one speak (`fallback`).",
    )


@router.get("/history", summary="Look through what was spoken")
def history(
    services: Wired,
    caller: Owner,
    *,
    limit: Limit = 20,
    offset: Offset = 0,
    q: Annotated[
        str | None,
        Query(max_length=200, description="Words of the text or of the voice's name, or parts of them."),
    ] = None,
    model_id: Annotated[UUID | None, Query(description="Spoken by this voice; of a batch, one item.")] = None,
    status: State | None = None,
    from_: Annotated[
        WrittenMoment | None, Query(alias="from", description="At this moment or later.")
    ] = None,
    to: Annotated[WrittenMoment | None, Query(description="Before this moment.")] = None,
) -> HistoryView:
    """Your syntheses, the newest first."""
    wanted = Search(
        words=q, model_id=model_id, state=status, since=from_, until=to, limit=limit, offset=offset
    )
    found, total = services.history.search(caller.user_id, wanted)
    joined = services.long.joined_files(found)
    return HistoryView.of(found, joined, total=total, limit=limit, offset=offset)


@router.delete("/history", summary="Forget all that was spoken")
def forget_all(services: Wired, caller: Owner) -> HistoryDeletedView:
    """Delete the whole of your history, with its files; this can't be undone.

    That this instance made the sound stays known, for as long as entries are kept.
    """
    return HistoryDeletedView(deleted=services.history.delete_all(caller.user_id))


@router.get("/history/{synthesis_id}", summary="Look at what was spoken", responses=refusals(404))
def synthesis(synthesis_id: UUID, services: Wired, caller: Owner) -> SynthesisView:
    """One synthesis: what, with which voice, how it went, and why if it failed."""
    entry = services.history.get(caller.user_id, synthesis_id)
    return SynthesisView.of(entry, services.long.joined_files([entry]).get(entry.id))


@router.delete(
    "/history/{synthesis_id}", status_code=204, summary="Forget what was spoken", responses=refusals(404)
)
def forget(synthesis_id: UUID, services: Wired, caller: Owner) -> None:
    """Delete a synthesis with its file; this can't be undone.

    That this instance made the sound stays known, for as long as entries are kept.
    """
    services.history.delete(caller.user_id, synthesis_id)


@router.head(
    "/history/{synthesis_id}/audio",
    summary="Ask about what was spoken",
    response_class=Response,
    responses=_FILE,
)
@router.get(
    "/history/{synthesis_id}/audio",
    summary="Hear what was spoken",
    response_class=Response,
    responses=_FILE,
)
def audio(
    synthesis_id: UUID,
    services: Wired,
    caller: Owner,
    *,
    format: Annotated[  # noqa: A002 - the word of the query
        AudioFormat | None, Query(description="Another format than it is kept in.")
    ] = None,
    download: Annotated[bool, Query(description="To be saved, and not to be played.")] = False,
) -> Response:
    """The file as it is kept, or in another format; of a long text, the joined one.

    `Range` asks for one part of it; one that makes no sense, or asks for several, is answered with the whole.
    """
    entry = services.history.get(caller.user_id, synthesis_id)
    if is_long(entry):
        return send_whole_of(services, entry, format, download=download)
    with ExitStack() as opened:
        folder = opened.enter_context(scratch(services.history.work_dir))
        path = folder / "speech"
        services.history.fetch(entry, path)
        kept: Any = entry.file_format
        signed = entry.file_signed or False
        if format is not None and format != kept:
            path = _transcoded(entry, path, format)
            signed = services.provenance.sign_if_possible(path, format, claim_of_entry(entry))
        return PassingFile(
            path,
            format or kept,
            f"speech-{entry.id}",
            headers=services.provenance.header(entry.id, entry.watermark, signed=signed),
            download=download,
            folder=opened.pop_all(),
        )


@router.get(
    "/history/{synthesis_id}/timings",
    summary="See when each word is said",
    response_class=Response,
    responses={
        200: TIMINGS_ANSWER,
        **refusals(404),
    },
)
def timings(
    synthesis_id: UUID,
    services: Wired,
    caller: Owner,
    format: TimingsFormat = "json",  # noqa: A002 - the word of the query
) -> Response:
    """As JSON, or as subtitles: WebVTT, SRT."""
    entry = services.history.get(caller.user_id, synthesis_id)
    if is_long(entry):
        return send_timings_of(services, entry, format)
    if not entry.words:
        raise SynthesisTimingsNotKept(
            f"It is not kept when the words of the synthesis {entry.id} are said. Have it spoken again, with "
            "its text kept."
        )
    words = [SpokenWord(spoken, start_s, end_s) for spoken, start_s, end_s in entry.words]
    return answer_timings(words, TimingsView.of(entry), format)


@router.get("/preferences", summary="See what is kept of your speech")
def preferences(services: Wired, caller: Owner) -> PreferencesView:
    """Whether texts are kept, and files; and which of a person's voices speaks."""
    return PreferencesView.of(services.history.preferences(caller.user_id))


@router.patch("/preferences", summary="Say what is to be kept of your speech")
def prefer(body: PreferencesBody, services: Wired, caller: Owner) -> PreferencesView:
    """For what is spoken from now on; what is there stays, until it is deleted."""
    return PreferencesView.of(
        services.history.prefer(
            caller.user_id, keep_text=body.keep_text, keep_audio=body.keep_audio, choose=body.choose
        )
    )


def _transcoded(entry: Synthesis, path: Path, format_: AudioFormat) -> Path:
    """Write the same in another format."""
    target = path.with_name(f"speech.{format_}")
    rate_hz = entry.file_rate_hz or 0
    if entry.file_format == "pcm":
        write_audio(target, _bare_samples(path), rate_hz, format_, durable=False)
        return target
    with open_audio(path) as reader:
        write_audio(target, mono_blocks(reader, rate_hz), rate_hz, format_, durable=False)
    return target


def _bare_samples(path: Path) -> Iterator[NDArray[np.float32]]:
    with path.open("rb") as file:
        while data := file.read(_BLOCK_BYTES):
            yield np.frombuffer(data, "<i2").astype(np.float32) / np.float32(_FULL_SCALE)
