"""`/panel/account/data`: what is kept of somebody, to take away or to delete; and the goodbye afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Query, Request, Response

from voicewright.accounts.errors import NotAuthenticated
from voicewright.api.browser import drop_cookie
from voicewright.api.caller import identify
from voicewright.api.services import Wired
from voicewright.web.list_pages import check_offset
from voicewright.web.rendering import is_partial, page_router, redirect, render
from voicewright.web.visitor import Visiting

if TYPE_CHECKING:
    from collections.abc import Container
    from uuid import UUID

    from voicewright.privacy.models import Consent

router = page_router()

_CONSENTS: Final = 20
_FOR: Final = {
    "voice-cloning": "making a voice",
    "provider-upload": "sending recordings to providers",
}


@router.get("/account/data")
def data(
    request: Request, services: Wired, visitor: Visiting, offset: Annotated[int, Query(ge=0, le=10**6)] = 0
) -> Response:
    """How much there is, consents, export, deletion; for HTMX the consents alone."""
    consents, total = services.consents.list_consents(visitor.id, limit=_CONSENTS, offset=offset)
    check_offset(offset, _CONSENTS, total)
    standing = services.consents.standing_of(visitor.id, consents)
    user = services.accounts.users.get(visitor.id)
    return render(
        request,
        "account/data.html",
        visitor,
        block="consents" if is_partial(request) else None,
        holdings=services.portability.holdings(visitor.id),
        consents=[
            (one, _state(one, standing), [_FOR.get(scope, scope) for scope in one.scope]) for one in consents
        ],
        offset=offset,
        limit=_CONSENTS,
        total=total,
        preferences=services.history.preferences(visitor.id),
        kept_days=services.settings.history_days,
        has_password=user.password_hash is not None,
        phrase=user.email or user.name or "delete",
    )


@router.get("/goodbye")
def goodbye(request: Request, services: Wired) -> Response:
    """What somebody sees whose account is gone; whoever still has one is led back to it."""
    try:
        identify(request, services, None, None)
    except NotAuthenticated:
        answer = render(request, "account/goodbye.html")
        drop_cookie(answer, services.settings, request)
        return answer
    return redirect(request, "/panel")


def _state(consent: Consent, standing: Container[UUID]) -> str:
    if consent.id in standing:
        return "stands"
    if consent.revoked_at is None and consent.expires_at and consent.expires_at <= datetime.now(UTC):
        return "expired"
    return "revoked"
