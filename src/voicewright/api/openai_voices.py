"""`/v1/audio/voices`: which voices there are to speak with, and new ones, in the form of OpenAI's clients."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, Self
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.body_limit import streams_body
from voicewright.api.caller import calling
from voicewright.api.job_wait import wait_for_job
from voicewright.api.openai_recordings import form_limits, limit_uploads, take_recording
from voicewright.api.openai_voice_choice import made_by
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.api.uploads import form_document, in_upload_thread, receive_form, upload_folder
from voicewright.api.validation import field_name, invalid_fields
from voicewright.errors import AppError, ErrorKind, FieldFault
from voicewright.privacy.errors import ConsentNotFound
from voicewright.training.models import is_open
from voicewright.training.schemas import TrainingRequestBody
from voicewright.voices.errors import VoiceNotFound
from voicewright.voices.models import VoiceModel
from voicewright.voices.names import as_id

if TYPE_CHECKING:
    from pathlib import Path as Folder
    from typing import Any

    from voicewright.api.multipart import Form
    from voicewright.privacy.models import Consent
    from voicewright.training.models import TrainingJob

router = APIRouter(tags=["openai"])

Speaker = Annotated[Caller, Depends(calling(Scope.SPEECH))]
Maker = Annotated[Caller, Depends(calling(Scope.TRAINING_WRITE))]
Keeper = Annotated[Caller, Depends(calling(Scope.VOICES_WRITE))]

LONGEST_WAIT_S = 540.0
"""OpenAI's clients wait for ten minutes."""
_PROVIDER: Final = "builtin"
_FORM: Final = form_document(
    {
        "name": {"type": "string", "description": "What the voice will be called.", "examples": ["Ann"]},
        "audio_sample": {"type": "string", "format": "binary", "description": "Speech of 10 to 300 seconds."},
        "consent": {
            "type": "string",
            "description": "The id of the speaker's consent.",
            "examples": ["f5f3d1a0-2c53-4e0e-8f0c-7f3a2f1b9c11"],
        },
        "type": {"type": "string", "enum": ["audio_sample"], "default": "audio_sample"},
        "provider": {
            "type": "string",
            "default": _PROVIDER,
            "description": "Ours: the engine that learns it.",
        },
    },
    ["name", "audio_sample", "consent"],
)


class VoiceNotMade(AppError):
    """The training of a voice that an OpenAI client asked for did not end well; the message says why."""

    code: ClassVar[str] = "VOICE_NOT_MADE"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class SpeakableVoice(BaseModel):
    """A voice to speak with."""

    id: str = Field(
        description="For `voice`; the newest version keeps it until there is a newer one.",
        examples=["6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"],
    )
    name: str = Field(description="For people, and for `voice` as well.", examples=["Ann"])
    language: str
    engine: str = Field(examples=["builtin"])
    is_active: bool = Field(description="Whether it speaks where no voice is named.")

    @classmethod
    def of(cls, voice: VoiceModel, user_id: UUID) -> Self:
        """Show a voice to somebody."""
        return cls(
            id=str(voice.id),
            name=voice.name,
            language=voice.language,
            engine=voice.engine,
            is_active=voice.is_active and voice.owner_id == user_id,
        )


class SpeakableVoicesView(BaseModel):
    """All voices that somebody may speak with."""

    voices: list[SpeakableVoice]


class OpenAIVoice(BaseModel):
    """A voice that was made, or is being made."""

    model_config = ConfigDict(title="OpenAIVoice")

    id: str = Field(description='For `voice={"id": ...}`.', examples=["6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"])
    object: Literal["audio.voice"] = "audio.voice"
    type: Literal["audio_sample"] = "audio_sample"
    name: str = Field(examples=["Ann"])
    created_at: int = Field(description="Seconds since 1970.", examples=[1_736_937_000])
    status: str = Field(description="Ours: `completed`, or how its training stands.", examples=["completed"])

    @classmethod
    def of_job(cls, job: TrainingJob, voice_id: UUID | None) -> Self:
        """Show what a training has made, or is to make."""
        return cls(
            id=str(voice_id or job.id), name=job.name, created_at=_seconds(job.created_at), status=job.status
        )


class OpenAIVoiceDeleted(BaseModel):
    """A voice that is gone."""

    model_config = ConfigDict(title="OpenAIVoiceDeleted")

    id: str = Field(examples=["6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"])
    object: Literal["audio.voice.deleted"] = "audio.voice.deleted"
    deleted: Literal[True] = True


@router.get("/v1/audio/voices", summary="List the voices to speak with")
def voices(services: Wired, caller: Speaker) -> SpeakableVoicesView:
    """Your own and those that others share with you for it, each in its newest version."""
    found = services.voices.of(caller.user_id).list_to_speak()
    return SpeakableVoicesView(voices=[SpeakableVoice.of(voice, caller.user_id) for voice in found])


@router.get("/audio/voices", summary="List the voices to speak with")
def voices_without_version(services: Wired, caller: Speaker) -> SpeakableVoicesView:
    """The same as `/v1/audio/voices`, for clients whose base address lacks the `/v1`."""
    return voices(services, caller)


@router.post(
    "/v1/audio/voices",
    summary="Make a voice, for OpenAI's clients",
    responses=refusals(402, 404, 409, 429, 507),
    openapi_extra=_FORM,
)
@streams_body
async def create(request: Request, services: Wired, caller: Maker) -> OpenAIVoice:
    """Make a voice of a recording, with the consent of its speaker (`POST /v1/audio/voice_consents`).

    The answer comes when the voice is there; a training that takes longer than a client waits is answered
    before its end, and the id is good from then on. What the engine needs of speech is its own rule.
    """
    await limit_uploads(request, services, caller)
    async with upload_folder(services.samples) as folder:
        fields = {"name", "consent", "type", "provider"}
        form = await receive_form(
            request, folder, form_limits(services.settings), files={"audio_sample"}, fields=fields
        )
        stop = threading.Event()
        job_id = await in_upload_thread(_start, services, caller, form, folder, stop, stop=stop)
    job = await wait_for_job(request, services, caller, job_id, longest_s=LONGEST_WAIT_S)
    if is_open(job.status):
        return OpenAIVoice.of_job(job, None)
    made = await to_thread.run_sync(made_by, services, caller, job_id)
    if made is None:
        raise VoiceNotMade(f"The training is {job.status}. {job.last_error or ''}".strip())
    return OpenAIVoice.of_job(job, made)


@router.delete(
    "/v1/audio/voices/{voice_id}",
    summary="Delete a voice, for OpenAI's clients",
    responses=refusals(404, 409),
)
def delete(
    voice_id: Annotated[str, Path(max_length=200)], services: Wired, caller: Keeper
) -> OpenAIVoiceDeleted:
    """Delete one version of a voice; it can be brought back for a while, as after `DELETE /voice-models`."""
    model_id = as_id(voice_id)
    if model_id is None:
        raise VoiceNotFound(f"There is no voice with the id {voice_id}.")
    try:
        services.registry.delete(caller, model_id, user_id=None)
    except VoiceNotFound:
        made = made_by(services, caller, model_id)
        if made is None:
            raise
        services.registry.delete(caller, made, user_id=None)
    return OpenAIVoiceDeleted(id=voice_id)


def _start(services: Wired, caller: Caller, form: Form, folder: Folder, stop: threading.Event) -> UUID:
    """Take the recording in, and queue the training."""
    if (kind := form.one("type")) not in {None, "audio_sample"}:
        raise invalid_fields([FieldFault("type", f"{kind!r} is not made here, only 'audio_sample'.")])
    name, consent = form.require("name"), _consent(services, caller, form.require("consent"))
    sample = take_recording(
        services,
        caller,
        form.require_file("audio_sample"),
        folder,
        speaker=consent.speaker,
        min_s=services.settings.min_voice_s,
        stop=stop,
    )
    language = (consent.evidence or {}).get("language")
    provider = form.one("provider") or _PROVIDER
    wanted: dict[str, Any] = {
        "voiceSampleIds": [str(sample.id)],
        "provider": provider,
        "method": services.training.quick_method(provider),
        "name": name,
        "language": language,
    }
    try:
        body = TrainingRequestBody.model_validate(wanted)
    except ValidationError as error:
        faults = [FieldFault(field_name(("", *each["loc"])), each["msg"]) for each in error.errors()]
        raise invalid_fields(faults) from None
    return services.training.start(caller, body).job_id


def _consent(services: Wired, caller: Caller, reference: str) -> Consent:
    consent_id = as_id(reference)
    if consent_id is None:
        message = f"There is no consent with the id {reference}. POST /v1/audio/voice_consents makes one."
        raise ConsentNotFound(message, fields=[FieldFault("consent", message)])
    return services.consents.get(consent_id, caller.user_id)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
