"""`/api/public/voice/onboarding`: somebody who uses an application makes their voice in one call."""

from __future__ import annotations

import base64
import logging
import threading
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.body_limit import streams_body
from voicewright.api.job_wait import wait_for_job
from voicewright.api.multipart import FormLimits
from voicewright.api.onboarding_answers import PUBLIC, ClonedAnswer, OnboardingStatus, QueuedAnswer
from voicewright.api.onboarding_caller import onboarding
from voicewright.api.onboarding_failure import failed_answer
from voicewright.api.openai_voice_choice import VoiceNotReady
from voicewright.api.problems import refusals
from voicewright.api.request_ids import request_id
from voicewright.api.services import Services, Wired
from voicewright.api.speech_response import while_connected
from voicewright.api.uploads import form_document, in_upload_thread, receive_form, upload_folder
from voicewright.errors import AppError, FieldFault
from voicewright.onboarding.cloning import CloneOrder
from voicewright.onboarding.texts import MAX_SAMPLE_TEXT_CHARACTERS
from voicewright.recordings.entering import Incoming
from voicewright.recordings.names import clean_language, clean_transcript
from voicewright.text.errors import TextTooLong
from voicewright.text.legible import storable
from voicewright.text.sentences import require_sentences
from voicewright.training.models import is_open
from voicewright.voices.errors import VoiceNameInvalid
from voicewright.voices.names import clean_name

if TYPE_CHECKING:
    from voicewright.api.multipart import Form
    from voicewright.onboarding.reading import Record

router = APIRouter(prefix=PUBLIC, tags=["onboarding"])

Maker = Annotated[Caller, Depends(onboarding(Scope.TRAINING_WRITE))]
Watcher = Annotated[Caller, Depends(onboarding(Scope.TRAINING_READ))]

_FORM_BYTES: Final = 256 << 10
"""What a form has besides its file."""
_FIELDS: Final = {"user_id", "voice_name", "sample_text", "language", "provider", "transcript"}
_FORM: Final = form_document(
    {
        "audio_file": {
            "type": "string",
            "format": "binary",
            "description": "Speech of 10 to 300 seconds, at most 10 MB: WAV, MP3, FLAC, WebM and others.",
        },
        "user_id": {
            "type": "string",
            "description": "As the application calls its user; with a token it may be left out.",
            "examples": ["user_123"],
        },
        "voice_name": {"type": "string", "examples": ["My Voice"]},
        "sample_text": {
            "type": "string",
            "description": f"What the voice says first, at most {MAX_SAMPLE_TEXT_CHARACTERS} characters. "
            "Default: a sentence in its language.",
            "examples": ["Hello, this is my cloned voice"],
        },
        "language": {"type": "string", "description": "BCP 47 tag of what is spoken.", "default": "en-us"},
        "provider": {
            "type": "string",
            "description": "Id of the engine, or `auto`. Default: `VOICEWRIGHT_ONBOARDING_PROVIDER`. With a "
            "token it is the token's.",
        },
        "transcript": {
            "type": "string",
            "description": "What is said in the recording, where it was read from a page: it makes a better "
            "voice.",
        },
    },
    ["audio_file", "voice_name"],
)
_MP3: Final = "audio/mpeg"

_LOG = logging.getLogger(__name__)


@router.post(
    "/clone",
    summary="Make a voice in one call",
    response_model=ClonedAnswer,
    responses={
        202: {"model": QueuedAnswer, "description": "It is being made; `statusUrl` shows how far it is."},
        **refusals(402, 404, 409, 429, 507),
    },
    openapi_extra=_FORM,
)
@streams_body
async def clone(request: Request, services: Wired, caller: Maker) -> Response:
    """Make the voice of an application's user from one recording of 10 to 300 seconds.

    Who calls shows an onboarding token (`POST /voice-onboarding/tokens`), or the application's own key. In
    development the answer comes when the voice is there, with its first words (200); in production, and where
    that takes longer than `VOICEWRIGHT_CLONE_WAIT_S`, as soon as the job is queued (202). It goes on when the
    client has gone. The same recording for the same voice, while the first is being made, is the same job.
    A job that fails while somebody waits is answered with `success` false, its `jobId` and its error: 422
    where it is the recording, 503 where it may succeed later.
    """
    settings = services.settings
    job_id = await _begin(request, services, caller)
    if settings.environment == "development":
        job = await wait_for_job(request, services, caller, job_id, longest_s=settings.clone_wait_s)
        if not is_open(job.status):
            return await _ended(request, services, caller, job_id)
    answer = QueuedAnswer.of(job_id)
    headers = {"Location": answer.status_url}
    return JSONResponse(answer.model_dump(mode="json", by_alias=True), 202, headers)


@router.get("/jobs/{job_id}/status", summary="See how far a voice is", responses=refusals(404))
def job_status(job_id: UUID, services: Wired, caller: Watcher) -> OnboardingStatus:
    """Ask every second or two; `pending`, `processing`, then `completed` or `failed`."""
    record = services.onboarding.get(caller, job_id)
    return OnboardingStatus.of(record, for_end_user=caller.end_user is not None)


@router.get(
    "/jobs/{job_id}/sample",
    summary="Hear a new voice's first words",
    response_class=Response,
    responses={
        200: {
            "description": "The sound.",
            "content": {_MP3: {"schema": {"type": "string", "format": "binary"}}},
        },
        **refusals(404, 409, 429),
    },
)
async def sample(request: Request, job_id: UUID, services: Wired, caller: Watcher) -> Response:
    """The `sample_text`, spoken by the voice that was made: when it is first asked for, and kept then."""
    record = await to_thread.run_sync(services.onboarding.get, caller, job_id)
    if is_open(record.job.status):
        raise VoiceNotReady(f"The voice is still being made: {record.job.progress:.0f} % are done.")
    sound = await _first_words(request, services, caller, job_id)
    return Response(sound, media_type=_MP3, headers={"Cache-Control": "no-store"})


async def _begin(request: Request, services: Services, caller: Caller) -> UUID:
    """Take the form in and begin the job."""
    most, reserve_mb = services.settings.max_voice_file_bytes, services.settings.min_free_disk_mb
    limits = FormLimits(body_bytes=most + _FORM_BYTES, file_bytes=most, files=1, reserve_mb=reserve_mb)
    await in_upload_thread(services.onboarding.count_clone, caller)
    async with upload_folder(services.samples) as folder:
        form = await receive_form(request, folder, limits, files={"audio_file"}, fields=_FIELDS)
        stop = threading.Event()
        order = _order(services, caller, form)
        begun = await in_upload_thread(
            lambda: services.onboarding.clone(caller, order, folder, stop=stop), stop=stop
        )
    return begun.job_id


def _order(services: Services, caller: Caller, form: Form) -> CloneOrder:
    sent = form.require_file("audio_file")
    end_user = services.onboarding.end_user_of(caller, form.one("user_id"))
    try:
        voice_name = clean_name(form.require("voice_name"))
    except VoiceNameInvalid as error:
        raise VoiceNameInvalid(error.message, fields=[FieldFault("voice_name", error.message)]) from error
    text, language = form.one("sample_text"), form.one("language")
    if text is not None:
        text = _checked(storable(text))
    transcript = clean_transcript(form.one("transcript"))
    return CloneOrder(
        end_user=end_user,
        voice_name=voice_name,
        recording=Incoming(sent.path, sent.filename, sent.digest, sent.size_bytes, transcript),
        sample_text=text,
        language=None if language is None else clean_language(language),
        provider=services.onboarding.provider_of(caller, form.one("provider")),
    )


def _checked(text: str) -> str:
    if len(text) > MAX_SAMPLE_TEXT_CHARACTERS:
        message = f"A sample text has at most {MAX_SAMPLE_TEXT_CHARACTERS} characters."
        raise TextTooLong(message, fields=[FieldFault("sample_text", message)])
    require_sentences(text)
    return text


async def _ended(request: Request, services: Services, caller: Caller, job_id: UUID) -> Response:
    record = await to_thread.run_sync(services.onboarding.get, caller, job_id)
    if record.state == "failed":
        return failed_answer(request, record, for_end_user=caller.end_user is not None)
    sound: bytes | None = None
    message = "Voice cloning completed successfully"
    try:
        sound = await _first_words(request, services, caller, job_id)
    except AppError as error:  # the voice is there all the same
        _LOG.warning("the first words of the voice of the job %s: %s", job_id, error.message)
        message = f"Voice cloning completed successfully; its sample can't be spoken just now ({error.code})"
    return JSONResponse(_cloned(record, sound, message).model_dump(mode="json"))


def _cloned(record: Record, sound: bytes | None, message: str) -> ClonedAnswer:
    audio = None if sound is None else f"data:audio/mp3;base64,{base64.b64encode(sound).decode()}"
    return ClonedAnswer(
        jobId=record.mine.job_id,
        voice_id=str(record.job.voice_model_id),
        voice_name=record.mine.voice_name,
        sample_audio=audio,
        processingTime=record.processing_s or 0.0,
        message=message,
    )


async def _first_words(request: Request, services: Services, caller: Caller, job_id: UUID) -> bytes:
    return await while_connected(
        request,
        lambda cancel: services.onboarding.sample(
            caller, job_id, cancel=cancel, request_id=request_id(request)
        ),
    )
