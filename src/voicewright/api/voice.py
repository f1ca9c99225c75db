"""`/api/voice`: people upload samples of a voice, and look after them."""

from __future__ import annotations

import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.body_limit import streams_body
from voicewright.api.caller import calling
from voicewright.api.multipart import FormLimits
from voicewright.api.paging import LongLimit, Offset
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.api.uploads import form_document, in_upload_thread, receive_form, require_some, upload_folder
from voicewright.api.voice_requests import count_voice_request
from voicewright.recordings.entering import Incoming, Outcome, Place
from voicewright.recordings.names import clean_transcript
from voicewright.recordings.schemas import SamplesView, SampleView

if TYPE_CHECKING:
    from pathlib import Path

    from voicewright.api.multipart import Form
    from voicewright.recordings.samples import Taken

router = APIRouter(prefix="/api/voice", tags=["voice"])

_FORM_BYTES: Final = 256 << 10
"""What a form has besides its file."""
Reader = Annotated[Caller, Depends(calling(Scope.SAMPLES_READ))]
Writer = Annotated[Caller, Depends(calling(Scope.SAMPLES_WRITE))]


class UploadedSample(BaseModel):
    """The sample that an upload made."""

    sample: SampleView


_FORM: Final = form_document(
    {
        "audio": {"type": "string", "format": "binary", "description": "WAV, MP3, FLAC and others."},
        "transcript": {"type": "string", "description": "What is said in it."},
        "speaker": {"type": "string", "default": "self", "description": "Whose voice it is."},
    },
    ["audio"],
)


@router.post(
    "/upload",
    status_code=201,
    summary="Upload a sample of a voice",
    responses={200: {"model": UploadedSample, "description": "It was there"}, **refusals(429, 507)},
    openapi_extra=_FORM,
)
@streams_body
async def upload(request: Request, response: Response, services: Wired, caller: Writer) -> UploadedSample:
    """A recording of 10 to 300 seconds and at most 10 MB, unless the operator has set other limits.

    The `id` of the sample is what trainings name. The same bytes again are the same sample.
    An account may send so many uploads, clones and syntheses in an hour, 20 by default, and those that are
    refused count; more are answered with 429 and `Retry-After`.
    """
    settings = services.settings
    most, reserve_mb = settings.max_voice_file_bytes, settings.min_free_disk_mb
    limits = FormLimits(body_bytes=most + _FORM_BYTES, file_bytes=most, files=1, reserve_mb=reserve_mb)
    await in_upload_thread(count_voice_request, services, caller)
    async with upload_folder(services.samples) as folder:
        form = await receive_form(request, folder, limits, files={"audio"}, fields={"transcript", "speaker"})
        stop = threading.Event()
        taken = await in_upload_thread(_store, services, caller, form, folder, stop, stop=stop)
    if taken.outcome is not Outcome.CREATED:
        response.status_code = HTTPStatus.OK
    assert taken.sample is not None  # noqa: S101 - what was refused has ended above
    return UploadedSample(sample=SampleView.of(taken.sample))


def _store(services: Wired, caller: Caller, form: Form, folder: Path, stop: threading.Event) -> Taken:
    settings = services.settings
    place = Place.for_single(
        caller.user_id, form.one("speaker"), min_s=settings.min_voice_s, max_s=settings.max_voice_s
    )
    sent = form.require_file("audio")
    transcript = clean_transcript(form.one("transcript"))
    file = Incoming(sent.path, sent.filename, sent.digest, sent.size_bytes, transcript)
    taken = services.samples.take([file], place, folder, stop=stop)
    require_some(taken)
    return taken[0]


@router.get("/samples", summary="List your samples")
def samples(
    services: Wired,
    caller: Reader,
    limit: LongLimit = 100,
    offset: Offset = 0,
) -> SamplesView:
    """Those that are in no dataset, the newest first."""
    found, total = services.samples.list_singles(caller.user_id, limit=limit, offset=offset)
    return SamplesView(samples=[SampleView.of(sample) for sample in found], total=total)


@router.get("/samples/{sample_id}", summary="Look at a sample", responses=refusals(404))
def sample(sample_id: UUID, services: Wired, caller: Reader) -> SampleView:
    """With its clips: verdicts, measures and reasons."""
    return SampleView.of(services.samples.get(sample_id, None if caller.is_admin else caller.user_id))


@router.delete("/samples/{sample_id}", status_code=204, summary="Delete a sample", responses=refusals(404))
def delete_sample(sample_id: UUID, services: Wired, caller: Writer) -> None:
    """With its file; this can't be undone."""
    services.samples.delete(services.samples.get(sample_id, None if caller.is_admin else caller.user_id))
