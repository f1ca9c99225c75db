"""`/api/voice/models`: the voices that somebody may speak with, and those that are being made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.bodies import RequestBody
from voicewright.api.caller import calling
from voicewright.api.openai_voice_choice import VoiceNotReady
from voicewright.api.paging import Limit, Offset
from voicewright.api.problems import refusals
from voicewright.api.services import Services, Wired
from voicewright.api.voice_clone import waits_for
from voicewright.api.voice_model_answers import (
    CloneModelAnswer,
    CloneModelsAnswer,
    CloneModelView,
    LanguagesAnswer,
    LanguageView,
)
from voicewright.training.errors import TrainingJobNotFound
from voicewright.training.models import is_open
from voicewright.training.nodes import live_nodes
from voicewright.voices.bodies import VoiceModelChangesBody
from voicewright.voices.errors import VoiceNotFound

if TYPE_CHECKING:
    from voicewright.training.models import TrainingJob

router = APIRouter(prefix="/api/voice", tags=["voice"])

Reader = Annotated[Caller, Depends(calling(Scope.VOICES_READ))]
Writer = Annotated[Caller, Depends(calling(Scope.VOICES_WRITE))]
ModelId = Annotated[UUID, Path(description="Of a voice, or of the training that makes or has made it.")]
_MOST_OPEN = 100
"""Trainings that are shown among the voices."""


class RenameBody(RequestBody):
    """What a voice is to be called."""

    name: str = Field(min_length=1, max_length=200, examples=["My Voice"])


@router.get("/models", summary="List the voices")
def models(
    services: Wired,
    caller: Reader,
    limit: Limit = 20,
    offset: Offset = 0,
    shared: Annotated[bool | None, Query(description="Only those of others, or only your own.")] = None,
) -> CloneModelsAnswer:
    """Your voices and those that others let you speak with, each in its newest version.

    Voices that are being made come first.
    """
    found = [
        CloneModelView.of(voice, caller.user_id)
        for voice in services.voices.of(caller.user_id).list_to_speak()
        if shared is None or shared == (voice.owner_id != caller.user_id)
    ]
    if not shared:
        jobs, _ = services.training.list_jobs(caller, owner_id=caller.user_id, limit=_MOST_OPEN, offset=0)
        found[:0] = [CloneModelView.of_job(job) for job in jobs if is_open(job.status)]
    return CloneModelsAnswer(
        models=found[offset : offset + limit], total=len(found), limit=limit, offset=offset
    )


@router.get("/models/{model_id}", summary="Look at a voice", responses=refusals(404))
def model(model_id: ModelId, services: Wired, caller: Reader) -> CloneModelAnswer:
    """One voice, also one that is being made (`pending`, `processing`) or was not (`failed`: `error`)."""
    try:
        voice = services.registry.get(caller, model_id)
    except VoiceNotFound as missing:
        job = _training(services, caller, model_id, missing)
        made = services.voices.of(job.owner_id).made_by(job.id)
        if made is None:
            return CloneModelAnswer(model=CloneModelView.of_job(job, waits_for(services, caller, job)))
        voice = made
    return CloneModelAnswer(model=CloneModelView.of(voice, caller.user_id))


@router.patch("/models/{model_id}", summary="Rename a voice", responses=refusals(404, 409, 429))
def rename(model_id: ModelId, body: RenameBody, services: Wired, caller: Writer) -> CloneModelAnswer:
    """Call it something else, in all its versions; each name is that of one voice."""
    changes = VoiceModelChangesBody(name=body.name)
    voice_id = _made(services, caller, model_id)
    return CloneModelAnswer(
        model=CloneModelView.of(services.registry.update(caller, voice_id, changes), caller.user_id)
    )


@router.put("/models/{model_id}", summary="Rename a voice", responses=refusals(404, 409, 429))
def put(model_id: ModelId, body: RenameBody, services: Wired, caller: Writer) -> CloneModelAnswer:
    """The same as PATCH."""
    return rename(model_id, body, services, caller)


@router.delete("/models/{model_id}", status_code=204, summary="Delete a voice", responses=refusals(404, 409))
def delete(model_id: ModelId, services: Wired, caller: Writer) -> None:
    """Delete one version of a voice; it can be brought back for a while (`/voice-models`).

    A voice that is still being made is a 409: `POST /training/{jobId}/cancel` ends its training.
    """
    services.registry.delete(caller, _made(services, caller, model_id))


@router.get("/languages", summary="List the languages")
def languages(services: Wired, _caller: Reader) -> LanguagesAnswer:
    """What can be spoken with the engines that are ready here, or on a node; a voice speaks its engine's."""
    engines = services.stock.engines
    with services.database.session() as session:
        offered = {engine_id for node in live_nodes(session) for engine_id in (*node.engines, *node.speaks)}
    speakers: dict[str, list[str]] = {}
    for engine in engines.known():
        if engine.id in offered or engines.is_ready(engine):
            for code in engine.capabilities.languages:
                speakers.setdefault(code, []).append(engine.id)
    return LanguagesAnswer(
        languages=[LanguageView(code=code, providers=speakers[code]) for code in sorted(speakers)]
    )


def _made(services: Services, caller: Caller, model_id: UUID) -> UUID:
    """The voice that an id stands for.

    Raises:
        VoiceNotFound: none.
        VoiceNotReady: it is being made.
    """
    try:
        return services.registry.get(caller, model_id).id
    except VoiceNotFound as missing:
        job = _training(services, caller, model_id, missing)
        if is_open(job.status):
            raise VoiceNotReady(
                f"The voice is still being made: its training is {job.status}. Ask again in a while."
            ) from None
        made = services.voices.of(job.owner_id).made_by(job.id)
        if made is None:
            raise
        return made.id


def _training(services: Services, caller: Caller, job_id: UUID, missing: VoiceNotFound) -> TrainingJob:
    """The training of this id; what is told where there is none is that there is no such voice."""
    try:
        return services.training.get(caller, job_id).job
    except TrainingJobNotFound:
        raise missing from None
