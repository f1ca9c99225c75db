"""`/v1/audio/voice_consents`: what speakers agreed to, in the form of OpenAI's clients.

The recording is kept as a sample of the speaker, and the consent says which it is. Nobody has listened to it:
whoever sends it answers for what is said in it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.body_limit import streams_body
from voicewright.api.caller import calling
from voicewright.api.openai_recordings import form_limits, limit_uploads, take_recording
from voicewright.api.paging import Limit
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.api.uploads import form_document, in_upload_thread, receive_form, upload_folder
from voicewright.privacy.errors import ConsentNotFound
from voicewright.privacy.models import Consent
from voicewright.recordings.agreeing import SHORTEST_S, evidence_of, language_of
from voicewright.recordings.names import clean_language
from voicewright.voices.names import as_id

if TYPE_CHECKING:
    from pathlib import Path as Folder
    from uuid import UUID

    from voicewright.api.multipart import Form

router = APIRouter(prefix="/v1/audio/voice_consents", tags=["openai"])

Reader = Annotated[Caller, Depends(calling(Scope.CONSENTS_READ))]
Writer = Annotated[Caller, Depends(calling(Scope.CONSENTS_WRITE))]
ConsentId = Annotated[str, Path(max_length=200)]

_STATEMENT: Final = "{speaker} agrees to a voice being made of their recordings, as recorded."
_FORM: Final = form_document(
    {
        "name": {"type": "string", "description": "Who agrees.", "examples": ["Ann"]},
        "language": {
            "type": "string",
            "description": "BCP 47 tag of what is said.",
            "examples": ["en-US"],
        },
        "recording": {"type": "string", "format": "binary", "description": "The speaker, agreeing."},
    },
    ["name", "language", "recording"],
)


class OpenAIConsent(BaseModel):
    """A consent."""

    model_config = ConfigDict(title="OpenAIConsent")

    id: str = Field(examples=["6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"])
    object: Literal["audio.voice_consent"] = "audio.voice_consent"
    name: str = Field(description="Who agrees, or what it was called since.", examples=["Ann"])
    language: str = Field(description="BCP 47 tag of what is said.", examples=["en-US"])
    created_at: int = Field(description="Seconds since 1970.", examples=[1_736_937_000])

    @classmethod
    def of(cls, consent: Consent) -> Self:
        """Show a consent."""
        told = consent.evidence or {}
        return cls(
            id=str(consent.id),
            name=told.get("label", consent.speaker),
            language=language_of(told),
            created_at=int(consent.asserted_at.timestamp()),
        )


class OpenAIConsentsView(BaseModel):
    """Some consents; `after` with the last of their ids gives the next ones."""

    model_config = ConfigDict(title="OpenAIConsents")

    object: Literal["list"] = "list"
    data: list[OpenAIConsent]
    first_id: str | None = Field(examples=["6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"])
    last_id: str | None = Field(examples=["6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"])
    has_more: bool


class OpenAIConsentLabel(BaseModel):
    """What a consent is to be called."""

    model_config = ConfigDict(title="OpenAIConsentLabel", extra="ignore", frozen=True)

    name: str = Field(min_length=1, max_length=200, examples=["Ann, in the studio"])


class OpenAIConsentDeleted(BaseModel):
    """A consent that was taken back."""

    model_config = ConfigDict(title="OpenAIConsentDeleted")

    id: str = Field(examples=["6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"])
    object: Literal["audio.voice_consent"] = "audio.voice_consent"
    deleted: Literal[True] = True


@router.post(
    "", summary="Record a consent, for OpenAI's clients", responses=refusals(429, 507), openapi_extra=_FORM
)
@streams_body
async def create(request: Request, services: Wired, caller: Writer) -> OpenAIConsent:
    """Record that a speaker agrees to a voice being made of their recordings; you answer for it."""
    await limit_uploads(request, services, caller)
    async with upload_folder(services.samples) as folder:
        form = await receive_form(
            request, folder, form_limits(services.settings), files={"recording"}, fields={"name", "language"}
        )
        stop = threading.Event()
        consent = await in_upload_thread(_record, services, caller, form, folder, stop, stop=stop)
    return OpenAIConsent.of(consent)


@router.get("", summary="List consents, for OpenAI's clients", responses=refusals(404))
def consents(
    services: Wired,
    caller: Reader,
    after: Annotated[str | None, Query(max_length=200, description="The last id of a page.")] = None,
    limit: Limit = 20,
) -> OpenAIConsentsView:
    """Your own that were not taken back, the newest first."""
    last = None if after is None else _id(after)
    found, has_more = services.consents.page(caller.user_id, after=last, limit=limit)
    data = [OpenAIConsent.of(one) for one in found]
    ends = (data[0].id, data[-1].id) if data else (None, None)
    return OpenAIConsentsView(data=data, first_id=ends[0], last_id=ends[1], has_more=has_more)


@router.get("/{consent_id}", summary="Look at a consent, for OpenAI's clients", responses=refusals(404))
def consent(consent_id: ConsentId, services: Wired, caller: Reader) -> OpenAIConsent:
    """One of your own, taken back or not; administrators see all."""
    return OpenAIConsent.of(services.consents.get(_id(consent_id), _whose(caller)))


@router.post("/{consent_id}", summary="Rename a consent, for OpenAI's clients", responses=refusals(404))
def rename(consent_id: ConsentId, body: OpenAIConsentLabel, services: Wired, caller: Writer) -> OpenAIConsent:
    """Call it something else; who agreed, and the speaker of the voices that it is for, stay."""
    return OpenAIConsent.of(services.consents.relabel(_id(consent_id), _whose(caller), body.name))


@router.delete("/{consent_id}", summary="Take a consent back, for OpenAI's clients", responses=refusals(404))
def delete(consent_id: ConsentId, services: Wired, caller: Writer) -> OpenAIConsentDeleted:
    """From now on no voice is made of the speaker's recordings; that it was given stays on record."""
    services.consents.revoke(_id(consent_id), _whose(caller))
    return OpenAIConsentDeleted(id=consent_id)


def _record(services: Wired, caller: Caller, form: Form, folder: Folder, stop: threading.Event) -> Consent:
    name, language = form.require("name"), clean_language(form.require("language"))
    sent = form.require_file("recording")
    sample = take_recording(services, caller, sent, folder, speaker=name, min_s=SHORTEST_S, stop=stop)
    return services.consents.assert_consent(
        caller.user_id,
        name,
        asserted_by=caller.user_id,
        statement=_STATEMENT.format(speaker=name),
        recording=evidence_of(sample, name, language),
    )


def _id(reference: str) -> UUID:
    consent_id = as_id(reference)
    if consent_id is None:
        raise ConsentNotFound(f"There is no consent with the id {reference}.")
    return consent_id


def _whose(caller: Caller) -> UUID | None:
    return None if caller.is_admin else caller.user_id
