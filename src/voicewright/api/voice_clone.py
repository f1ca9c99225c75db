"""`/api/voice/clone`: a sample becomes a voice model."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, Strict, ValidationError, model_validator

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.bodies import RequestBody
from voicewright.api.caller import calling
from voicewright.api.job_wait import wait_for_job
from voicewright.api.problems import refusals
from voicewright.api.services import Services, Wired
from voicewright.api.validation import invalid_fields
from voicewright.api.voice_model_answers import CloneModelAnswer, CloneModelView
from voicewright.api.voice_requests import count_voice_request
from voicewright.errors import FieldFault
from voicewright.training.methods import Method
from voicewright.training.models import TrainingJob, is_open
from voicewright.training.schemas import TrainingRequestBody

router = APIRouter(prefix="/api/voice", tags=["voice"])

Maker = Annotated[Caller, Depends(calling(Scope.TRAINING_WRITE))]
_MOST_SAMPLES: Final = 500
_ID: Final = "6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"


class CloneBody(RequestBody):
    """What a voice is made of."""

    sample_id: UUID | None = Field(default=None, description="An uploaded sample.", examples=[_ID])
    sample_ids: Annotated[list[UUID], Field(min_length=1, max_length=_MOST_SAMPLES)] | None = Field(
        default=None, description="Or several of one speaker.", examples=[None]
    )
    name: str = Field(
        min_length=1, max_length=200, description="What it will be called.", examples=["My Voice"]
    )
    language: Annotated[str, Field(min_length=2, max_length=35)] | None = Field(
        default=None, description="BCP 47 tag of what is spoken; `en-us` by default.", examples=["en"]
    )
    provider: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        default="builtin", description="Id of the engine that learns it."
    )
    method: Method | None = Field(
        default=None,
        description="`clone`: from a short sample, in seconds; `train`: on all there is; `auto`: trained "
        "where there is speech enough for it. Default: cloned where the engine clones, else trained.",
        examples=[None],
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="As the `options` of `POST /training/start`."
    )
    wait: Annotated[bool, Strict()] | None = Field(
        default=None,
        description="Whether the answer comes when the voice is there. Default: in development, not in "
        "production.",
        examples=[None],
    )

    @model_validator(mode="after")
    def _names_samples(self) -> CloneBody:
        if (self.sample_id is None) == (self.sample_ids is None):
            raise ValueError("name the sample: sample_id, or several as sample_ids")
        return self


@router.post(
    "/clone",
    status_code=201,
    summary="Make a voice model of a sample",
    responses={
        202: {"model": CloneModelAnswer, "description": "It is being made; `status_url` shows it."},
        **refusals(402, 404, 409, 429),
    },
)
async def clone(
    request: Request, response: Response, body: CloneBody, services: Wired, caller: Maker
) -> CloneModelAnswer:
    """Make a voice of one sample, or several of one speaker, who has consented.

    It is cloned in seconds where the engine does that, unless `method` says otherwise; else it is trained.

    In development, or with `wait`, the answer comes when the voice is there (201), for
    `VOICEWRIGHT_CLONE_WAIT_S` at most. Otherwise the voice is answered as it is then (202): `pending` or
    `processing`. Its id is good from then on: `GET /api/voice/models/{id}` shows it while it is made,
    afterwards, and why it failed if it did.
    """
    settings = services.settings
    job_id = await to_thread.run_sync(_start, services, caller, body)
    waits = settings.environment == "development" if body.wait is None else body.wait
    longest_s = settings.clone_wait_s if waits else 0.0
    job = await wait_for_job(request, services, caller, job_id, longest_s=longest_s)
    shown = await to_thread.run_sync(_show, services, caller, job)
    if is_open(job.status):
        response.status_code = 202
        response.headers["Location"] = shown.status_url
    return CloneModelAnswer(model=shown)


def waits_for(services: Services, caller: Caller, job: TrainingJob) -> str | None:
    """What a training that was not begun waits for, in words."""
    said = services.training.logs(caller, job.id, after=0, limit=100)
    waiting = [line.message for line in said if line.level == "warning" and "waits for" in line.message]
    return waiting[-1] if waiting else None


def _start(services: Services, caller: Caller, body: CloneBody) -> UUID:
    count_voice_request(services, caller)
    ids = [body.sample_id] if body.sample_ids is None else body.sample_ids
    asked = {
        "voiceSampleIds": [str(sample_id) for sample_id in ids],
        "provider": body.provider,
        "method": body.method or services.training.quick_method(body.provider),
        "name": body.name,
        "language": body.language,
        "options": body.options,
    }
    try:
        wanted = TrainingRequestBody.model_validate(asked)
    except ValidationError as error:
        raise invalid_fields(
            FieldFault(".".join(map(str, fault["loc"])), fault["msg"])
            for fault in error.errors(include_url=False)
        ) from None
    return services.training.start(caller, wanted).job_id


def _show(services: Services, caller: Caller, job: TrainingJob) -> CloneModelView:
    voice = None if is_open(job.status) else services.voices.of(caller.user_id).made_by(job.id)
    if voice is not None:
        return CloneModelView.of(voice, caller.user_id)
    return CloneModelView.of_job(job, waits_for(services, caller, job))
