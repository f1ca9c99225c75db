"""`/panel/account/notifications`: what somebody is told of, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response

from voicewright.api.services import Wired
from voicewright.notifications.mail import MailServer
from voicewright.notifications.notices import Notice
from voicewright.web.rendering import page_router, render
from voicewright.web.visitor import Visiting

router = page_router()


@dataclass(frozen=True, slots=True)
class NoticeChoice:
    """A kind of news in words."""

    notice: Notice
    title: str
    text: str
    for_admins: bool = False


_CHOICES: Final = (
    NoticeChoice(
        Notice.TRAINING_ENDED,
        "A training has ended",
        "Your voice is ready, or the training failed and what you can do.",
    ),
    NoticeChoice(
        Notice.VOICES_EXPIRING,
        "Voices are going to be deleted",
        "Some days before the scheduled cleanup deletes voices of yours that nobody uses.",
    ),
    NoticeChoice(
        Notice.ALERTS,
        "Alerts of this installation",
        "Storage is running out, voices turn out poor, work fails; and when it is over.",
        for_admins=True,
    ),
)


@router.get("/account/notifications")
def notifications(request: Request, services: Wired, visitor: Visiting) -> Response:
    """The choices, and whether mail can be sent here at all."""
    return render(
        request,
        "account/notifications.html",
        visitor,
        choices=[one for one in _CHOICES if visitor.is_admin or not one.for_admins],
        by_mail=services.notifications.of(visitor.id),
        mail_is_sent=MailServer.of(services.settings) is not None,
    )
