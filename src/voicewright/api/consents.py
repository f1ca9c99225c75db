"""`/consents`: what speakers agreed to; without their consent no voice is made.

Everybody records consents for recordings of their own; an administrator may name another account (`user_id`).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from voicewright.accounts.caller import Caller, Scope
from voicewright.accounts.policies import require_own_id
from voicewright.api.bodies import RequestBody
from voicewright.api.caller import calling
from voicewright.api.paging import LongLimit, Offset
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.privacy.models import Consent
from voicewright.privacy.policies import ConsentScope
from voicewright.recordings.agreeing import evidence_of, language_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.api.services import Services

router = APIRouter(prefix="/consents", tags=["consents"])

Reader = Annotated[Caller, Depends(calling(Scope.CONSENTS_READ))]
Writer = Annotated[Caller, Depends(calling(Scope.CONSENTS_WRITE))]


class NewConsentBody(RequestBody):
    """Somebody's word that a speaker agrees."""

    speaker: str = Field(description="As datasets and samples name them.", examples=["Ann"])
    scope: list[ConsentScope] = Field(default=[ConsentScope.VOICE_CLONING], min_length=1)
    statement: str | None = Field(
        default=None,
        max_length=4000,
        description="What is asserted, in your words.",
        examples=["Signed on paper."],
    )
    expires_at: AwareDatetime | None = Field(default=None, description="When it ends by itself.")
    recording_sample_id: UUID | None = Field(
        default=None,
        description="A sample of the speaker in which they are heard agreeing; providers may demand one.",
    )
    language: str | None = Field(
        default=None,
        max_length=35,
        description="BCP 47 tag of what is said in it.",
        examples=["en-us"],
    )
    user_id: UUID | None = Field(
        default=None, description="Whose recordings; administrators may name another."
    )


class ConsentView(BaseModel):
    """A consent."""

    id: UUID
    user_id: UUID
    speaker: str
    scope: list[ConsentScope]
    statement: str
    source: str = Field(description="`assertion`: somebody says so; `recording`: the speaker was recorded.")
    recording_sample_id: UUID | None = Field(description="The sample in which they are heard agreeing.")
    language: str | None = Field(description="Of what is said in it; `und`: nobody knows.")
    asserted_by: UUID
    asserted_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    stands_for: list[ConsentScope] = Field(
        description="What of its scope it counts for now; empty where it has expired or was taken back, "
        "itself or with one that was recorded later."
    )

    @classmethod
    def of(cls, consent: Consent, stands_for: Sequence[ConsentScope]) -> Self:
        """Show a consent, and what it counts for."""
        told = consent.evidence if consent.source == "recording" else None
        return cls(
            id=consent.id,
            user_id=consent.owner_id,
            speaker=consent.speaker,
            scope=[ConsentScope(one) for one in consent.scope],
            statement=consent.statement,
            source=consent.source,
            recording_sample_id=None if told is None else UUID(told["sample_id"]),
            language=None if told is None else language_of(told),
            asserted_by=consent.asserted_by,
            asserted_at=consent.asserted_at,
            expires_at=consent.expires_at,
            revoked_at=consent.revoked_at,
            stands_for=list(stands_for),
        )


class ConsentsView(BaseModel):
    """A page of consents."""

    consents: list[ConsentView]
    total: int


@router.post("", status_code=201, summary="Record a consent", responses=refusals(404))
def add_consent(body: NewConsentBody, services: Wired, caller: Writer) -> ConsentView:
    """Who calls answers for it that the speaker agrees.

    Before recordings are sent to a provider, the consent has to be for `provider-upload` as well, and some
    demand a recording of the speaker: upload it, and name it by `recording_sample_id`.
    """
    owner_id = caller.user_id
    if body.user_id is not None:
        require_own_id(caller, body.user_id)
        owner_id = body.user_id
    recording = None
    if body.recording_sample_id is not None:
        sample = services.samples.get(body.recording_sample_id, owner_id)
        recording = evidence_of(sample, body.speaker, body.language)
    consent = services.consents.assert_consent(
        owner_id,
        body.speaker,
        asserted_by=caller.user_id,
        scope=body.scope,
        statement=body.statement,
        expires_at=body.expires_at,
        recording=recording,
    )
    return _shown(services, consent)


@router.get("", summary="List consents")
def consents(
    services: Wired,
    caller: Reader,
    *,
    speaker: Annotated[str | None, Query(max_length=200)] = None,
    user_id: Annotated[UUID | None, Query(description="Whose; your own by default.")] = None,
    limit: LongLimit = 100,
    offset: Offset = 0,
) -> ConsentsView:
    """The newest first, revoked and expired ones too."""
    if user_id is not None:
        require_own_id(caller, user_id)
    owner_id = user_id or caller.user_id
    found, total = services.consents.list_consents(owner_id, speaker=speaker, limit=limit, offset=offset)
    standing = services.consents.standing_of(owner_id, found)
    return ConsentsView(
        consents=[ConsentView.of(one, standing.get(one.id, ())) for one in found], total=total
    )


@router.get("/{consent_id}", summary="Look at a consent", responses=refusals(404))
def consent(consent_id: UUID, services: Wired, caller: Reader) -> ConsentView:
    """One of your own; administrators see all."""
    return _shown(services, services.consents.get(consent_id, _whose(caller)))


@router.post("/{consent_id}/revoke", summary="Take a consent back", responses=refusals(404))
def revoke(consent_id: UUID, services: Wired, caller: Writer) -> ConsentView:
    """From now on no voice is made of the speaker's recordings, until a new consent is recorded.

    It ends every consent of the speaker to the same that was recorded before.
    """
    return _shown(services, services.consents.revoke(consent_id, _whose(caller)))


@router.delete("/{consent_id}", status_code=204, summary="Take a consent back", responses=refusals(404))
def delete(consent_id: UUID, services: Wired, caller: Writer) -> None:
    """As `revoke`: that it was given, and taken back, stays on record."""
    services.consents.revoke(consent_id, _whose(caller))


def _shown(services: Services, consent: Consent) -> ConsentView:
    standing = services.consents.standing_of(consent.owner_id, [consent])
    return ConsentView.of(consent, standing.get(consent.id, ()))


def _whose(caller: Caller) -> UUID | None:
    return None if caller.is_admin else caller.user_id
