"""`/panel/account`: who somebody is, their password, and where they are signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Form, Request, Response
from pydantic import SecretStr

from voicewright.accounts.errors import (
    NotAllowed,
    PasswordRefused,
    PasswordsBusy,
    RateLimited,
    SignInFailed,
)
from voicewright.accounts.names import MAX_NAME_CHARACTERS
from voicewright.accounts.passwords import MAX_PASSWORD_CHARACTERS, MIN_PASSWORD_CHARACTERS
from voicewright.api.browser import require_own_page
from voicewright.api.origin import RequestOrigin
from voicewright.api.problems import STATUS
from voicewright.api.services import Services, Wired
from voicewright.web.devices import device_of
from voicewright.web.letting_in import let_in
from voicewright.web.rendering import PREFIX, is_partial, page_router, render
from voicewright.web.visitor import Visiting, Visitor

if TYPE_CHECKING:
    from voicewright.errors import AppError

router = page_router()

_NOTHING: Final = SecretStr("")
_CHANGED: Final = "password"


@router.get("/account")
def account(request: Request, services: Wired, visitor: Visiting, done: str = "") -> Response:
    """The account; for HTMX the list of its sessions."""
    block = "sessions" if is_partial(request) else None
    return _show(request, services, visitor, block=block, changed=done == _CHANGED)


@router.post("/account/password", dependencies=[Depends(require_own_page)])
def change_password(  # noqa: PLR0917 - the fields of the form
    request: Request,
    services: Wired,
    visitor: Visiting,
    origin: RequestOrigin,
    current: Annotated[SecretStr, Form(max_length=MAX_PASSWORD_CHARACTERS)] = _NOTHING,
    new: Annotated[SecretStr, Form(max_length=MAX_PASSWORD_CHARACTERS)] = _NOTHING,
) -> Response:
    """Change the password: that ends every session, and this browser goes on with a new one."""
    try:
        tokens = services.accounts.change_password(
            visitor.id,
            current=current.get_secret_value() or None,
            new=new.get_secret_value(),
            origin=origin,
        )
    except (PasswordRefused, SignInFailed, NotAllowed, RateLimited, PasswordsBusy) as error:
        return _show(request, services, visitor, told=error)
    return let_in(request, services, tokens, f"{PREFIX}/account?done={_CHANGED}")


def _show(
    request: Request,
    services: Services,
    visitor: Visitor,
    *,
    block: str | None = None,
    changed: bool = False,
    told: AppError | None = None,
) -> Response:
    sessions = [
        (session, device_of(session.user_agent), session.id == visitor.caller.session_id)
        for session in services.accounts.sessions.of_user(visitor.id)
    ]
    return render(
        request,
        "account/profile.html",
        visitor,
        block=block,
        status=200 if told is None else STATUS[told.kind],
        user=services.accounts.users.get(visitor.id),
        sessions=sorted(sessions, key=lambda one: not one[2]),  # this browser first
        changed=changed,
        told=told,
        least=MIN_PASSWORD_CHARACTERS,
        most=MAX_PASSWORD_CHARACTERS,
        longest_name=MAX_NAME_CHARACTERS,
    )
