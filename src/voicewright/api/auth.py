"""`/auth/*`: the ways in and out, open to everybody, and the keys that verify our tokens."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, Field, SecretStr
from starlette.concurrency import run_in_threadpool

from voicewright.accounts.errors import (
    AccountDisabled,
    EmailInvalid,
    PasswordRefused,
    PasswordsBusy,
    SignInLinkInvalid,
)
from voicewright.accounts.passwords import MAX_PASSWORD_CHARACTERS, MIN_PASSWORD_CHARACTERS
from voicewright.accounts.schemas import Origin, Tokens
from voicewright.api.account_answers import TokensAnswer
from voicewright.api.bodies import FORM, RequestBody, described_body, is_form, read_body
from voicewright.api.link_page import done_page, form_page, refused_page
from voicewright.api.origin import BaseUrl, RequestOrigin
from voicewright.api.problems import STATUS, refusals
from voicewright.api.services import Services, Wired
from voicewright.api.validation import ValidationFailed
from voicewright.errors import AppError

router = APIRouter(tags=["sign-in"])

_HTML: Final = {"text/html": {"schema": {"type": "string"}, "example": "<!doctype html>..."}}
_SECRET_CHARACTERS: Final = 200
_FOR_THE_PAGE: Final = (
    AccountDisabled,
    EmailInvalid,
    PasswordRefused,
    PasswordsBusy,
    SignInLinkInvalid,
    ValidationFailed,
)
"""What the page itself tells people; anything else is answered as to a program."""

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
    summary="The page that a one-time link opens",
    response_class=HTMLResponse,
    responses={200: {"content": _HTML}, 401: {"description": "Unauthorized", "content": _HTML}},
)
def first_run(services: Wired, token: Annotated[Secret, Query()]) -> HTMLResponse:
    """A form that works without JavaScript. Looking at it does not use the link up."""
    return _show_page(services, token)


@router.post(
    "/auth/link",
    summary="Use a one-time link",
    response_model=TokensAnswer,
    responses={
        200: {"content": _HTML},
        **{
            status: {**refusal, "content": _HTML}
            for status, refusal in refusals(401, 403, 409, 422, 503).items()
        },
    },
    openapi_extra=described_body(LinkBody, "application/json", FORM),
)
async def use_link(request: Request, services: Wired, origin: RequestOrigin, base_url: BaseUrl) -> Response:
    """Make the first administrator, or sign a user in and set their password if they choose one.

    JSON is answered with tokens, the form of the page with a page. The link is used up when it succeeds.
    """
    if is_form(request):
        return await _answer_page(request, services, origin, base_url)
    tokens = await run_in_threadpool(_enter, services, await read_body(request, LinkBody), origin)
    return JSONResponse(TokensAnswer.of(tokens).model_dump(mode="json"))


@router.get("/.well-known/jwks.json", summary="The keys that verify access tokens")
def key_set(services: Wired, response: Response) -> KeySet:
    """The public keys (EdDSA) of this installation, for programs that check its access tokens themselves."""
    response.headers["Cache-Control"] = "public, max-age=300"
    return KeySet(**services.accounts.key_set())


def _enter(services: Services, body: LinkBody, origin: Origin) -> Tokens:
    password = None if body.password is None else body.password.get_secret_value()
    return services.accounts.sign_in.with_link(body.token, origin, email=body.email, password=password)


async def _answer_page(request: Request, services: Services, origin: Origin, base_url: str) -> HTMLResponse:
    """Use the link as the form of the page asks; where something is wrong with it, show the form again."""
    try:
        tokens = await run_in_threadpool(_enter, services, await read_body(request, LinkBody), origin)
        # nobody is given these tokens: whoever filled the form in signs in with their password
        await run_in_threadpool(services.accounts.sessions.sign_out, tokens.refresh_token)
    except _FOR_THE_PAGE as error:
        token = str((await request.form()).get("token", ""))
        return await run_in_threadpool(_show_page, services, token, error)
    return done_page(tokens.user.email or "", base_url)


def _show_page(services: Services, token: str, error: AppError | None = None) -> HTMLResponse:
    try:
        return form_page(token, first=services.accounts.sign_in.is_first(token), error=error)
    except SignInLinkInvalid as gone:
        return refused_page(gone.message, STATUS[gone.kind])
