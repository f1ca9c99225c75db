"""`/auth/*`: the ways in and out, open to everybody, and the keys that verify our tokens."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, SecretStr

from voicewright.accounts.passwords import MAX_PASSWORD_CHARACTERS, MIN_PASSWORD_CHARACTERS
from voicewright.api.account_answers import TokensAnswer
from voicewright.api.bodies import RequestBody
from voicewright.api.browser import path_prefix
from voicewright.api.origin import RequestOrigin
from voicewright.api.problems import refusals
from voicewright.api.services import Wired

router = APIRouter(tags=["sign-in"])

_SECRET_CHARACTERS: Final = 200

Email = Annotated[str, Field(min_length=1, max_length=254, examples=["ann@example.com"])]
Password = Annotated[SecretStr, Field(min_length=1, max_length=MAX_PASSWORD_CHARACTERS)]
NewPassword = Annotated[
    SecretStr, Field(min_length=MIN_PASSWORD_CHARACTERS, max_length=MAX_PASSWORD_CHARACTERS)
]
Secret = Annotated[str, Field(pattern=r"^[!-~]+$", max_length=_SECRET_CHARACTERS)]


class SignInBody(RequestBody):
    """Who somebody is, and what only they know."""

    email: Email
    password: Password


class RefreshBody(RequestBody):
    """The newest refresh token of a session."""

    refresh_token: Secret


class LinkBody(RequestBody):
    """A one-time link, used."""

    token: Secret
    email: Email | None = Field(default=None, description="Of the first administrator; ignored for others.")
    password: NewPassword | None = Field(
        default=None,
        description="The new password. The first administrator must choose one.",
        examples=["correct horse battery"],
    )


class KeySet(BaseModel):
    """Public keys, as a JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]]


@router.post("/auth/sign-in", summary="Sign in", responses=refusals(401, 403, 429))
def sign_in(body: SignInBody, services: Wired, origin: RequestOrigin) -> TokensAnswer:
    """Exchange an e-mail address and a password for an access token and a refresh token.

    Too many attempts for one account or from one address are answered with 429 and `Retry-After`, more at the
    same moment than can be checked with 503 and `Retry-After`.
    """
    tokens = services.accounts.sign_in.with_password(body.email, body.password.get_secret_value(), origin)
    return TokensAnswer.of(tokens)


@router.post("/auth/refresh", summary="Get the next tokens", responses=refusals(401))
def refresh(body: RefreshBody, services: Wired, origin: RequestOrigin) -> TokensAnswer:
    """Exchange a refresh token for an access token and the next refresh token.

    Each refresh token is good for one exchange. One that comes a second time ends the whole session, because
    somebody has a copy of it.
    """
    return TokensAnswer.of(services.accounts.sessions.refresh(body.refresh_token, origin))


@router.post("/auth/sign-out", status_code=204, summary="Sign out")
def sign_out(body: RefreshBody, services: Wired) -> None:
    """End the session of a refresh token; its access tokens are void at once."""
    services.accounts.sessions.sign_out(body.refresh_token)


@router.get(
    "/auth/first-run",
    status_code=303,
    summary="Open a one-time link",
    response_class=RedirectResponse,
    responses={
        303: {
            "description": "See Other",
            "headers": {"Location": {"description": "The page.", "schema": {"type": "string"}}},
        }
    },
)
def first_run(services: Wired, token: Annotated[Secret, Query()]) -> RedirectResponse:
    """Leads a browser to the page of the panel that the link is for, which works without JavaScript.

    Looking at it does not use the link up.
    """
    page = f"{path_prefix(services.settings)}/panel/welcome?{urlencode({'token': token})}"
    return RedirectResponse(page, 303)


@router.post("/auth/link", summary="Use a one-time link", responses=refusals(401, 403, 409, 503))
def use_link(body: LinkBody, services: Wired, origin: RequestOrigin) -> TokensAnswer:
    """Make the first administrator, or sign a user in and set their password if they choose one.

    The link is used up when it succeeds.
    """
    password = None if body.password is None else body.password.get_secret_value()
    tokens = services.accounts.sign_in.with_link(body.token, origin, email=body.email, password=password)
    return TokensAnswer.of(tokens)


@router.get("/.well-known/jwks.json", summary="The keys that verify access tokens")
def key_set(services: Wired, response: Response) -> KeySet:
    """The public keys (EdDSA) of this installation, for programs that check its access tokens themselves."""
    response.headers["Cache-Control"] = "public, max-age=300"
    return KeySet(**services.accounts.key_set())
