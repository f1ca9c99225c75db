"""`/panel/sign-in`: in with a password, and out. Works without a script."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Form, Request, Response
from pydantic import SecretStr

from voicewright.accounts.errors import (
    AccountDisabled,
    NotAuthenticated,
    PasswordsBusy,
    RateLimited,
    SignInFailed,
)
from voicewright.api.browser import drop_cookie, require_own_page
from voicewright.api.caller import identify
from voicewright.api.origin import RequestOrigin
from voicewright.api.problems import STATUS
from voicewright.api.services import Wired
from voicewright.web.letting_in import let_in
from voicewright.web.rendering import PREFIX, page_router, redirect, render

router = page_router()

Next = Annotated[str, Form(max_length=2000)]


@router.get("/sign-in")
def form(request: Request, next: str = PREFIX) -> Response:  # noqa: A002 - as it is in the address
    """The form."""
    return render(request, "sign_in.html", next=own_path(next), email="", told=None)


@router.post("/sign-in", dependencies=[Depends(require_own_page)])
def sign_in(  # noqa: PLR0917 - the fields of the form
    request: Request,
    services: Wired,
    origin: RequestOrigin,
    email: Annotated[str, Form(max_length=254)],
    password: Annotated[SecretStr, Form(max_length=1000)],
    next: Next = PREFIX,  # noqa: A002 - the same
) -> Response:
    """Let somebody in and lead them to where they wanted to go; else show the form again, with the reason."""
    try:
        tokens = services.accounts.sign_in.with_password(email, password.get_secret_value(), origin)
    except (SignInFailed, AccountDisabled, RateLimited, PasswordsBusy) as error:
        status = STATUS[error.kind]
        return render(
            request, "sign_in.html", status=status, next=own_path(next), email=email, told=error.message
        )
    return let_in(request, services, tokens, own_path(next))


@router.post("/sign-out", dependencies=[Depends(require_own_page)])
def sign_out(request: Request, services: Wired) -> Response:
    """End the session, at once and everywhere."""
    try:
        caller = identify(request, services, None, None)
    except NotAuthenticated:
        pass  # it had ended
    else:
        if caller.session_id is not None:
            services.accounts.sessions.end(caller.user_id, caller.session_id)
    answer = redirect(request, f"{PREFIX}/sign-in")
    drop_cookie(answer, services.settings, request)
    return answer


def own_path(path: str) -> str:
    """Where to go on, as long as it is a page of the panel: nobody is led to another site from here."""
    is_ours = path == PREFIX or path.startswith((f"{PREFIX}/", f"{PREFIX}?"))
    return path if is_ours and "\\" not in path and path.isprintable() else PREFIX
