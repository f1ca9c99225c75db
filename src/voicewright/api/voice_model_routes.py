"""What the routes of `/voice-models` have in common: who may call them, and how a voice is shown."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Query, Response

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.caller import calling
from voicewright.api.etags import etag
from voicewright.api.problems import refusals
from voicewright.api.services import Services
from voicewright.voices.models import VoiceModel
from voicewright.voices.views import VoiceModelView

Reader = Annotated[Caller, Depends(calling(Scope.VOICES_READ))]
Writer = Annotated[Caller, Depends(calling(Scope.VOICES_WRITE))]
UserId = Annotated[
    UUID | None, Query(alias="userId", description="Your own id, if any; administrators name the owner's.")
]

_TAG: Final = {
    "ETag": {"description": "Of the voice model, for `If-Match`.", "schema": {"type": "string"}},
}
_MADE: Final = _TAG | {
    "Location": {"description": "Of the voice model.", "schema": {"type": "string"}},
}


def showing(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route answers with that shows one voice model, for its `responses=`."""
    return {200: {"headers": _TAG}, **refusals(*statuses)}


def making(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The same of a route that makes one."""
    return {201: {"headers": _MADE}, **refusals(*statuses)}


def archive_body(description: str) -> dict[str, Any]:
    """That an archive is the body of the request, for `openapi_extra=`."""
    content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return {"requestBody": {"required": True, "description": description, "content": content}}


def show(services: Services, voice: VoiceModel, response: Response) -> VoiceModelView:
    """A voice as its owner sees it, with its tag."""
    response.headers["ETag"] = etag(voice.revision)
    return VoiceModelView.of(voice, services.registry.paths)


def show_made(services: Services, voice: VoiceModel, response: Response) -> VoiceModelView:
    """One that was made now."""
    response.headers["Location"] = f"/voice-models/{voice.id}"
    return show(services, voice, response)
