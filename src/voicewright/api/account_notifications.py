"""`/auth/me/notifications`: what somebody wants to be told of by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StrictBool

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.bodies import RequestBody
from voicewright.api.caller import calling
from voicewright.api.services import Wired
from voicewright.notifications.mail import MailServer
from voicewright.notifications.notices import Notice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from voicewright.api.services import Services

router = APIRouter(prefix="/auth/me/notifications", tags=["account"])

Owner = Annotated[Caller, Depends(calling(Scope.ACCOUNT))]


class ByMailAnswer(BaseModel):
    """Which news come by mail."""

    training_ended: bool = Field(description="A training of yours is completed, or has failed for good.")
    voices_expiring: bool = Field(description="The scheduled cleanup is going to delete voices of yours.")
    alerts: bool = Field(description="Something is wrong with the platform; only administrators are told.")


class NotificationsAnswer(BaseModel):
    """What the account is told of, and whether it can be."""

    by_mail: ByMailAnswer
    mail_is_sent: bool = Field(
        description="Whether this installation has a mail server at all (`VOICEWRIGHT_SMTP_URL`)."
    )
    address: str | None = Field(description="Where mails go.", examples=["ann@example.com"])

    @classmethod
    def of(cls, services: Services, user_id: UUID, by_mail: Mapping[Notice, bool]) -> Self:
        """From what holds now."""
        return cls(
            by_mail=ByMailAnswer(**{notice.value: wanted for notice, wanted in by_mail.items()}),
            mail_is_sent=MailServer.of(services.settings) is not None,
            address=services.accounts.users.get(user_id).email,
        )


class ByMailBody(RequestBody):
    """Which news are to come by mail; what is left out stays."""

    training_ended: StrictBool | None = Field(default=None, examples=[True])
    voices_expiring: StrictBool | None = None
    alerts: StrictBool | None = None


class NotificationsBody(RequestBody):
    """What somebody wants to be told of."""

    by_mail: ByMailBody


@router.get("", summary="Show what the account is told of")
def notifications(caller: Owner, services: Wired) -> NotificationsAnswer:
    """Who has never chosen is told where something may be lost otherwise, and of nothing else."""
    by_mail = services.notifications.of(caller.user_id)
    return NotificationsAnswer.of(services, caller.user_id, by_mail)


@router.patch("", summary="Choose what the account is told of")
def choose_notifications(body: NotificationsBody, caller: Owner, services: Wired) -> NotificationsAnswer:
    """For what happens from now on; mails that are waiting to be sent still come."""
    wanted = body.by_mail.model_dump(exclude_none=True)
    by_mail = services.notifications.change(
        caller.user_id, {Notice(name): by_mail for name, by_mail in wanted.items()}
    )
    return NotificationsAnswer.of(services, caller.user_id, by_mail)
