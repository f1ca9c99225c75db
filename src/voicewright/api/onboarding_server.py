"""`/voice-onboarding`: what an application's server does about the voices of its users."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from voicewright.accounts.caller import Caller, Scope
from voicewright.accounts.policies import require_scope
from voicewright.api.caller import calling
from voicewright.api.onboarding_answers import (
    OnboardingPage,
    OnboardingRecord,
    OnboardingStatistics,
    OnboardingTokenAnswer,
)
from voicewright.api.paging import Limit, Offset
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.onboarding.labels import MAX_END_USER_CHARACTERS, clean_end_user
from voicewright.onboarding.reading import State
from voicewright.onboarding.service import Asserted
from voicewright.privacy.policies import ConsentScope
from voicewright.privacy.service import MAX_STATEMENT_CHARACTERS
from voicewright.training.schemas import Moment, RequestModel, Whole

router = APIRouter(prefix="/voice-onboarding", tags=["onboarding"])

Reader = Annotated[Caller, Depends(calling(Scope.TRAINING_READ))]
Maker = Annotated[Caller, Depends(calling(Scope.TRAINING_WRITE))]
EndUser = Annotated[
    str | None,
    Query(alias="userId", min_length=1, max_length=MAX_END_USER_CHARACTERS, description="Only this user's."),
]


class ConsentAssertion(RequestModel):
    """That the application has asked its user, and they agree."""

    statement: Annotated[str, Field(min_length=1, max_length=MAX_STATEMENT_CHARACTERS)] = Field(
        description="What they agreed to, in their words or yours.",
        examples=["Ticked the box 'Make a voice that speaks like me'."],
    )
    scope: list[ConsentScope] = Field(
        default=[ConsentScope.VOICE_CLONING],
        min_length=1,
        description="To what; `provider-upload` as well where the engine is a company's.",
    )
    expires_at: Moment | None = Field(default=None, description="When that ends by itself.")


class OnboardingTokenBody(RequestModel):
    """For whom a token is, and how much it is good for."""

    user_id: Annotated[str, Field(min_length=1, max_length=MAX_END_USER_CHARACTERS)] = Field(
        description="As your application calls its user.", examples=["user_123"]
    )
    expires_in_s: Annotated[Whole, Field(ge=30, le=86_400)] = Field(
        default=900, description="Seconds for which it is good."
    )
    max_clones: Annotated[Whole, Field(ge=1, le=100)] = Field(
        default=1, description="Voices that may be begun with it."
    )
    provider: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None,
        description="Id of the engine that makes them, or `auto`; with the token nobody chooses another. "
        "Default: `VOICEWRIGHT_ONBOARDING_PROVIDER`.",
        examples=[None],
    )
    consent: ConsentAssertion | None = Field(
        default=None,
        description="That your user agrees to a voice being made of them; in production there is none "
        "without it. The key needs the scope `consents:write` as well.",
    )


@router.post(
    "/tokens", status_code=201, summary="Make a token for one of your users", responses=refusals(404)
)
def make_token(body: OnboardingTokenBody, services: Wired, caller: Maker) -> OnboardingTokenAnswer:
    """Make a short-lived token that one user's browser shows to `/api/public/voice/onboarding`.

    It begins so many voices of this user, shows how far they are and what they said first, and nothing else.
    It is void with what made it: the API key that is revoked, the session that ends, the account that is
    disabled.
    """
    consent = None
    if body.consent is not None:
        require_scope(caller, Scope.CONSENTS_WRITE)
        consent = Asserted(body.consent.statement, body.consent.scope, body.consent.expires_at)
    made = services.onboarding.make_token(
        caller,
        body.user_id,
        lifetime_s=body.expires_in_s,
        max_clones=body.max_clones,
        consent=consent,
        provider=body.provider,
    )
    return OnboardingTokenAnswer.of(made)


@router.delete("/tokens/{tokenId}", status_code=204, summary="Revoke a token", responses=refusals(404))
def revoke_token(tokenId: UUID, services: Wired, caller: Maker) -> None:  # noqa: N803 - as in the path
    """At once; what it has begun goes on."""
    services.accounts.onboarding_tokens.revoke(caller, tokenId)


@router.get("/jobs", summary="List the voices of your users")
def jobs(  # noqa: PLR0917 - FastAPI names them
    services: Wired,
    caller: Reader,
    user_id: EndUser = None,
    status: State | None = None,
    limit: Limit = 10,
    offset: Offset = 0,
) -> OnboardingPage:
    """The newest first; those of all applications for administrators."""
    found, total = services.onboarding.list_jobs(
        caller, end_user=_cleaned(user_id), state=status, limit=limit, offset=offset
    )
    listed = [OnboardingRecord.of_record(record) for record in found]
    return OnboardingPage(jobs=listed, total=total, limit=limit, offset=offset)


@router.get("/stats", summary="Count the voices of your users")
def stats(services: Wired, caller: Reader, user_id: EndUser = None) -> OnboardingStatistics:
    """How many there are, how long one takes, and what that costs; of all applications for administrators."""
    settings = services.settings
    found = services.onboarding.statistics(caller, end_user=_cleaned(user_id))
    price = float(settings.price_onboarding_hour)
    return OnboardingStatistics.of(found, price=price, environment=settings.environment)


def _cleaned(user_id: str | None) -> str | None:
    return None if user_id is None else clean_end_user(user_id, field="userId")
