"""`/panel/welcome`: where a one-time link leads. Works without a script.

Whoever has the link chooses a password and is signed in with it. The first one makes the first administrator.
Looking at the page does not use the link up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Form, Request, Response
from pydantic import SecretStr

from voicewright.accounts.errors import (
    AccountDisabled,
    EmailInvalid,
    PasswordRefused,
    PasswordsBusy,
    PersonNameInvalid,
    SignInLinkInvalid,
)
from voicewright.accounts.names import MAX_NAME_CHARACTERS, clean_person_name
from voicewright.accounts.passwords import MAX_PASSWORD_CHARACTERS, MIN_PASSWORD_CHARACTERS
from voicewright.api.browser import require_own_page
from voicewright.api.origin import RequestOrigin
from voicewright.api.problems import STATUS
from voicewright.api.services import Services, Wired
from voicewright.web.letting_in import let_in
from voicewright.web.rendering import PREFIX, page_router, render

if TYPE_CHECKING:
    from voicewright.errors import AppError

router = page_router()

_NOTHING: Final = SecretStr("")
_MENDABLE: Final = (EmailInvalid, PasswordRefused, PasswordsBusy, PersonNameInvalid)
"""What somebody can mend in the form; the link is still good."""


@router.get("/welcome")
def form(request: Request, services: Wired, token: str = "") -> Response:
    """The form, or why the link can't be used."""
    return _show(request, services, token)


@router.post("/welcome", dependencies=[Depends(require_own_page)])
def enter(  # noqa: PLR0917 - the fields of the form
    request: Request,
    services: Wired,
    origin: RequestOrigin,
    token: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[SecretStr, Form(max_length=MAX_PASSWORD_CHARACTERS)] = _NOTHING,
    email: Annotated[str, Form(max_length=254)] = "",
    name: Annotated[str, Form(max_length=MAX_NAME_CHARACTERS)] = "",
) -> Response:
    """Use the link, sign in with the password, and lead to the panel."""
    try:
        first = services.accounts.sign_in.is_first(token)
        clean_person_name(name)  # before the link is used up
        tokens = services.accounts.sign_in.with_link(
            token, origin, email=email if first else None, password=password.get_secret_value()
        )
        if first and name:
            services.accounts.users.rename(tokens.user.id, name)
    except (*_MENDABLE, SignInLinkInvalid, AccountDisabled) as error:
        return _show(request, services, token, error, email=email, name=name)
    return let_in(request, services, tokens, PREFIX)


def _show(
    request: Request,
    services: Services,
    token: str,
    error: AppError | None = None,
    *,
    email: str = "",
    name: str = "",
) -> Response:
    try:
        first = services.accounts.sign_in.is_first(token)
        if isinstance(error, AccountDisabled):
            raise error
    except (SignInLinkInvalid, AccountDisabled) as gone:
        page = render(request, "welcome_gone.html", status=STATUS[gone.kind], told=gone)
    else:
        page = render(
            request,
            "welcome.html",
            status=200 if error is None else STATUS[error.kind],
            token=token,
            first=first,
            email=email,
            name=name,
            told=error,
            least=MIN_PASSWORD_CHARACTERS,
            most=MAX_PASSWORD_CHARACTERS,
        )
    # the token in the address is sent to nobody, and a form's origin is still told where it goes
    page.headers["Referrer-Policy"] = "strict-origin"
    return page
