"""`/admin/audit`: who did what to which voice model, for administrators."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from voicewright.accounts.caller import Scope
from voicewright.api.caller import calling
from voicewright.api.paging import LongLimit
from voicewright.api.services import Wired
from voicewright.audit.models import AuditEvent
from voicewright.audit.reading import Wanted, find_events
from voicewright.audit.verification import verify_chains


def _moment(text: object) -> object:
    """A number would be taken for seconds since 1970, which the document does not say."""
    if isinstance(text, str) and "T" not in text.upper():
        raise ValueError("write it as 2025-01-15T10:30:00Z")
    return text


router = APIRouter(prefix="/admin/audit", tags=["operations"], dependencies=[Depends(calling(Scope.ADMIN))])

_LARGEST_ID = (1 << 63) - 1
MOST_BREAKS: Final = 100


class AuditEventView(BaseModel):
    """One act, or an attempt."""

    id: int
    owner_id: UUID = Field(description="In whose chain it is: the owner's; of an attempt, who asked.")
    sequence: int = Field(description="1, 2, 3 in this chain.")
    at: datetime
    action: str = Field(
        description="`voice_model.activate`; of an attempt that came to nothing, its route.",
        examples=["voice_model.activate"],
    )
    actor_id: UUID | None = Field(description="The account that acted; null: the platform itself.")
    api_key_id: UUID | None
    model_id: UUID | None
    result: str = Field(description="`done`, `refused` or `failed`.", examples=["done"])
    code: str | None = Field(description="Of the error.")
    source: str = Field(description="Address of the client, `command` or `schedule`.", examples=["192.0.2.7"])
    request_id: str | None = Field(examples=["9b2f6c1e0d5a4a7f8e3b1c2d4f5a6b7c"])
    details: dict[str, Any] = Field(examples=[{"version": 2}])
    hash: str = Field(
        description="SHA-256 of all this and of the event before it.",
        examples=["8cd041aad3794ee05193213af594346f3112990aa9c32017df0e9f92e24a9f0e"],
    )

    @classmethod
    def of(cls, event: AuditEvent) -> Self:
        """From its row."""
        shown = {name: getattr(event, name) for name in cls.model_fields if name != "hash"}
        return cls(**shown, hash=event.hash.hex())


class AuditView(BaseModel):
    """Some events, the newest first."""

    events: list[AuditEventView]
    next_before: int | None = Field(description="`before` of the next page; null: this is the last one.")


class AuditBreakView(BaseModel):
    """A place where a chain is not as it was written."""

    owner_id: UUID = Field(description="Whose chain.")
    sequence: int = Field(description="Of the event.", examples=[7])
    kind: str = Field(
        description="`changed_row`, `missing_row`, `broken_link`, `wrong_head`, `cut_tail`, `beyond_head` or "
        "`missing_head`.",
        examples=["changed_row"],
    )
    message: str = Field(examples=["event 7 was changed after it was written."])


class AuditVerificationView(BaseModel):
    """What a walk over all chains found."""

    chains: int
    events: int = Field(description="In all chains.")
    heads_sha256: str = Field(
        description="Of the heads of all chains, to compare with one that was kept elsewhere.",
        examples=["8cd041aad3794ee05193213af594346f3112990aa9c32017df0e9f92e24a9f0e"],
    )
    broken: int = Field(description="Places where a chain is broken; 0: the trail is whole.")
    breaks: list[AuditBreakView] = Field(description=f"The first {MOST_BREAKS} of them.", examples=[[]])


def _asked(
    *,
    user_id: Annotated[UUID | None, Query(description="In whose chain.")] = None,
    actor_id: Annotated[UUID | None, Query(description="Who acted.")] = None,
    model_id: Annotated[UUID | None, Query(description="About which voice, attempts on it included.")] = None,
    action: Annotated[str | None, Query(max_length=200, description="Exactly this one.")] = None,
    result: Annotated[
        Literal["done", "refused", "failed"] | None, Query(description="What came of it.")
    ] = None,
    since: Annotated[
        AwareDatetime | None, BeforeValidator(_moment), Query(description="Not before this moment.")
    ] = None,
    until: Annotated[
        AwareDatetime | None, BeforeValidator(_moment), Query(description="Before this moment.")
    ] = None,
) -> Wanted:
    return Wanted(
        owner_id=user_id,
        actor_id=actor_id,
        model_id=model_id,
        action=action,
        result=result,
        since=since,
        until=until,
    )


Asked = Annotated[Wanted, Depends(_asked)]
"""Which events somebody asks for."""


@router.get("", summary="Read the audit trail")
def audit(
    services: Wired,
    wanted: Asked,
    *,
    before: Annotated[
        int | None, Query(ge=1, le=_LARGEST_ID, description="Older than the event with this id.")
    ] = None,
    limit: LongLimit = 100,
) -> AuditView:
    """A page of the events of all users, the newest first; `voicewright audit verify` checks the chains."""
    with services.database.session() as session:
        found = find_events(session, replace(wanted, before=before), limit=limit + 1)
    shown = [AuditEventView.of(event) for event in found[:limit]]
    return AuditView(events=shown, next_before=shown[-1].id if len(found) > limit else None)


@router.get("/verification", summary="Check the audit trail")
def audit_verification(services: Wired) -> AuditVerificationView:
    """Walk all chains: each event has to follow from the one before it, and none may be missing.

    It reads every event once, in one snapshot: a second for some tens of thousands.
    """
    with services.database.session() as session:
        found = verify_chains(session, most_breaks=MOST_BREAKS)
    return AuditVerificationView(
        chains=found.chains,
        events=found.events,
        heads_sha256=found.digest,
        broken=found.broken,
        breaks=[
            AuditBreakView(owner_id=one.owner_id, sequence=one.sequence, kind=one.kind, message=one.message)
            for one in found.breaks
        ],
    )
