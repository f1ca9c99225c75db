"""`/voice-models/.../share`: an owner lets others see a voice or speak with it, and takes that back."""

from __future__ import annotations

from typing import Annotated, Final, Self
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from voicewright.accounts.rate_limits import per_window
from voicewright.answers import UtcMoment, View
from voicewright.api.paging import Limit, Offset
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.api.voice_model_routes import Reader, Writer
from voicewright.training.schemas import RequestModel
from voicewright.voices.sharing.models import SharePermission, VoiceShare
from voicewright.voices.sharing.service import SharedVoice
from voicewright.voices.views import SharedVoiceView

router = APIRouter(prefix="/voice-models", tags=["voice models"])

_BY_ADDRESS: Final = per_window("shares-by-address", 30, 86_400)


class ShareBody(RequestModel):
    """With whom a voice is to be shared."""

    owner_id: UUID | None = Field(
        default=None,
        description="Whose voice it is: left out, it is yours, and for administrators anybody's.",
    )
    target_user_ids: list[UUID] | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Accounts other than the owner's, by the id that `GET /auth/me` tells each of them.",
    )
    email: str | None = Field(
        default=None,
        min_length=1,
        max_length=254,
        description="One account by its e-mail address, instead of `targetUserIds`.",
        examples=["bob@example.com"],
    )
    permissions: SharePermission = Field(
        default=SharePermission.USE,
        description="`use`: speak with it, and see what is known of it. `read`: only see.",
    )

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["targetUserIds"]}, {"required": ["email"]}]}
    )

    @model_validator(mode="after")
    def _names_accounts_once(self) -> Self:
        if (self.target_user_ids is None) == (self.email is None):
            told = PydanticCustomError("accounts_once", "Name the accounts: either targetUserIds or email")
            fault = InitErrorDetails(type=told, loc=("targetUserIds",), input=self.target_user_ids)
            raise ValidationError.from_exception_data(type(self).__name__, [fault])
        return self


class ShareView(View):
    """With whom a voice is shared."""

    user_id: UUID
    permissions: SharePermission
    shared_at: UtcMoment

    @classmethod
    def of(cls, share: VoiceShare) -> Self:
        """From its row."""
        return cls(
            user_id=share.target_user_id,
            permissions=SharePermission(share.permission),
            shared_at=share.created_at,
        )


class SharesView(View):
    """The shares that were made."""

    model_id: UUID
    owner_id: UUID
    permissions: SharePermission
    shares: list[ShareView]


class SharePageView(View):
    """A page of those who have a voice."""

    shares: list[ShareView]
    total: int
    limit: int
    offset: int


class SharedModelView(SharedVoiceView):
    """Somebody else's voice, as it looks to those it is shared with."""

    owner_name: str | None = Field(
        description="What its owner is called; of one without a name, what is before the @ of the address."
    )
    permissions: SharePermission
    shared_at: UtcMoment

    @classmethod
    def of_share(cls, shared: SharedVoice) -> Self:
        """From a voice and its share."""
        return cls(
            **SharedVoiceView.of(shared.voice).model_dump(),
            owner_name=shared.owner_name,
            permissions=SharePermission(shared.share.permission),
            shared_at=shared.share.created_at,
        )


class SharedModelPageView(View):
    """A page of the voices that others share."""

    models: list[SharedModelView]
    total: int
    limit: int
    offset: int


@router.post("/{modelId}/share", summary="Share a voice", responses=refusals(404, 429))
def share(
    model_id: Annotated[UUID, Path(alias="modelId")], body: ShareBody, caller: Writer, services: Wired
) -> SharesView:
    """Share a voice with all of these accounts, or, if one of them can't have it, with none.

    Who has it already gets this permission instead. A shared voice can be seen, and with `use` spoken with;
    it can't be exported, changed, activated, deleted or passed on. What it speaks counts for its owner.
    An account may be named by its address thirty times a day, so that nobody finds out who has one here.
    """
    if body.email is not None:
        what = "voices shared by e-mail address in a day"
        services.accounts.rate_limits.hit(_BY_ADDRESS, str(caller.user_id), what=what)
    made = services.sharing.share(
        caller,
        model_id,
        owner_id=body.owner_id,
        targets=body.target_user_ids or (),
        email=body.email,
        permission=body.permissions,
    )
    shares = [ShareView.of(each) for each in made]
    return SharesView(
        model_id=model_id, owner_id=made[0].owner_id, permissions=body.permissions, shares=shares
    )


@router.get("/user/{userId}/shared", summary="List the voices that others share with a user")
def shared_models(
    user_id: Annotated[UUID, Path(alias="userId")],
    caller: Reader,
    services: Wired,
    limit: Limit = 20,
    offset: Offset = 0,
) -> SharedModelPageView:
    """The last shared first, with what their owners are called and what they allow."""
    found, total = services.sharing.shared_with(caller, user_id, limit=limit, offset=offset)
    models = [SharedModelView.of_share(each) for each in found]
    return SharedModelPageView(models=models, total=total, limit=limit, offset=offset)


@router.get("/{modelId}/shares", summary="List who has a voice", responses=refusals(404))
def shares(
    model_id: Annotated[UUID, Path(alias="modelId")],
    caller: Reader,
    services: Wired,
    limit: Limit = 20,
    offset: Offset = 0,
) -> SharePageView:
    """With whom one of your own voices is shared, the newest first."""
    found, total = services.sharing.shares_of(caller, model_id, limit=limit, offset=offset)
    return SharePageView(
        shares=[ShareView.of(each) for each in found], total=total, limit=limit, offset=offset
    )


@router.delete(
    "/{modelId}/share/{userId}", status_code=204, summary="Stop sharing a voice", responses=refusals(404)
)
def unshare(
    model_id: Annotated[UUID, Path(alias="modelId")],
    user_id: Annotated[UUID, Path(alias="userId")],
    caller: Writer,
    services: Wired,
) -> None:
    """At once: a speech that is going on ends before its next sentence.

    The owner takes a voice back from an account; whoever has it may give it back.
    """
    services.sharing.unshare(caller, model_id, user_id)
