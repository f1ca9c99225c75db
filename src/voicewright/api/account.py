"""`/auth/*` for who is signed in: their account, password, API keys and sessions."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field

from voicewright.accounts.caller import Caller, Scope
from voicewright.accounts.names import MAX_NAME_CHARACTERS
from voicewright.accounts.policies import require_own_scopes, require_signed_in
from voicewright.api.account_answers import (
    ApiKeyAnswer,
    ApiKeysAnswer,
    MeAnswer,
    NewApiKeyAnswer,
    SessionAnswer,
    SessionsAnswer,
    TokensAnswer,
    UserAnswer,
)
from voicewright.api.auth import NewPassword, Password
from voicewright.api.bodies import RequestBody
from voicewright.api.caller import calling
from voicewright.api.origin import RequestOrigin
from voicewright.api.problems import refusals
from voicewright.api.services import Wired

router = APIRouter(prefix="/auth", tags=["account"])

Anybody = Annotated[Caller, Depends(calling())]
Owner = Annotated[Caller, Depends(calling(Scope.ACCOUNT))]


class ProfileBody(RequestBody):
    """What somebody may change of their own account; an administrator changes the rest."""

    name: str = Field(max_length=MAX_NAME_CHARACTERS, examples=["Ann"])


class PasswordBody(RequestBody):
    """The old password and the new one."""

    current_password: Password | None = Field(
        default=None,
        description="Left out where the account has none yet.",
        examples=["correct horse battery"],
    )
    new_password: NewPassword


class NewApiKeyBody(RequestBody):
    """What a new API key is for."""

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARACTERS, examples=["phone app"])
    scopes: list[Scope] = Field(
        min_length=1,
        max_length=len(Scope),
        description="What it may be used for: no more than you may yourself.",
        examples=[["samples:write", "training:write"]],
    )
    expires_at: AwareDatetime | None = Field(default=None, description="Left out: it does not expire.")


@router.get("/me", summary="Who asks")
def me(caller: Anybody, services: Wired) -> MeAnswer:
    """The account that the credential belongs to, and what the credential is good for."""
    user = services.accounts.users.get(caller.user_id)
    return MeAnswer.of_caller(user, caller.scopes, caller.api_key_id)


@router.patch("/me", summary="Change the own account")
def change_me(body: ProfileBody, caller: Owner, services: Wired) -> UserAnswer:
    """Change the own name. The e-mail address says who somebody is, so an administrator changes it."""
    return UserAnswer.of(services.accounts.users.rename(caller.user_id, body.name))


@router.post("/password", summary="Change the own password", responses=refusals(429))
def change_password(
    body: PasswordBody, caller: Anybody, services: Wired, origin: RequestOrigin
) -> TokensAnswer:
    """Choose another password. Every session ends, and the answer begins a new one."""
    require_signed_in(caller)
    current = None if body.current_password is None else body.current_password.get_secret_value()
    tokens = services.accounts.change_password(
        caller.user_id, current=current, new=body.new_password.get_secret_value(), origin=origin
    )
    return TokensAnswer.of(tokens)


@router.get("/api-keys", summary="List the own API keys")
def api_keys(caller: Owner, services: Wired) -> ApiKeysAnswer:
    """All keys, also those that were revoked or have expired."""
    keys = services.accounts.api_keys.of_user(caller.user_id)
    return ApiKeysAnswer(api_keys=[ApiKeyAnswer.of(key) for key in keys])


@router.post("/api-keys", status_code=201, summary="Make an API key", responses=refusals(409))
def make_api_key(body: NewApiKeyBody, caller: Owner, services: Wired) -> NewApiKeyAnswer:
    """Make a key for a program. Its secret is in this answer and nowhere else."""
    require_own_scopes(caller, body.scopes)
    made = services.accounts.api_keys.make(
        caller.user_id, name=body.name, scopes=body.scopes, expires_at=body.expires_at
    )
    return NewApiKeyAnswer.of_new(made.key, made.secret)


@router.delete("/api-keys/{key_id}", status_code=204, summary="Revoke an API key", responses=refusals(404))
def revoke_api_key(key_id: UUID, caller: Owner, services: Wired) -> None:
    """The key is worthless at once; it stays in the list."""
    services.accounts.api_keys.revoke(caller.user_id, key_id)


@router.get("/sessions", summary="List the own sessions")
def sessions(caller: Owner, services: Wired) -> SessionsAnswer:
    """Where the account is signed in."""
    found = services.accounts.sessions.of_user(caller.user_id)
    return SessionsAnswer(sessions=[SessionAnswer.of(session, caller.session_id) for session in found])


@router.delete("/sessions", status_code=204, summary="Sign out everywhere")
def end_sessions(
    caller: Owner,
    services: Wired,
    *,
    keep_current: Annotated[bool, Query(description="The one that asks goes on.")] = False,
) -> None:
    """End every session, the one that asks as well, unless it is to be kept."""
    services.accounts.sessions.end_all(caller.user_id, but=caller.session_id if keep_current else None)


@router.delete("/sessions/{session_id}", status_code=204, summary="End a session", responses=refusals(404))
def end_session(session_id: UUID, caller: Owner, services: Wired) -> None:
    """Sign out somewhere else; its access tokens are void at once."""
    services.accounts.sessions.end(caller.user_id, session_id)
