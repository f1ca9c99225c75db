"""`/admin/users`: accounts, for administrators."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field, StrictBool

from voicewright.accounts.caller import Role, Scope
from voicewright.accounts.names import MAX_NAME_CHARACTERS
from voicewright.api.account_answers import LinkAnswer, UserAnswer, UsersAnswer
from voicewright.api.auth import Email, NewPassword
from voicewright.api.bodies import RequestBody
from voicewright.api.caller import calling
from voicewright.api.origin import BaseUrl
from voicewright.api.paging import LongLimit, Offset
from voicewright.api.problems import refusals
from voicewright.api.services import Wired

router = APIRouter(prefix="/admin/users", tags=["users"], dependencies=[Depends(calling(Scope.ADMIN))])


class NewUserBody(RequestBody):
    """An account that is to be made."""

    email: Email
    name: str = Field(default="", max_length=MAX_NAME_CHARACTERS, examples=["Ann"])
    role: Role = Role.USER
    password: NewPassword | None = Field(
        default=None, description="Left out: they choose one with a link, `POST /admin/users/{id}/link`."
    )


class UserChangesBody(RequestBody):
    """What is to be changed of an account; what is left out stays."""

    name: str | None = Field(default=None, max_length=MAX_NAME_CHARACTERS)
    email: Email | None = None
    role: Role | None = None
    disabled: StrictBool | None = None


@router.get("", summary="List accounts")
def users(
    services: Wired,
    limit: LongLimit = 50,
    offset: Offset = 0,
    query: Annotated[str, Query(max_length=100, description="In the e-mail address or the name.")] = "",
) -> UsersAnswer:
    """A page of the accounts, the oldest first."""
    found, total = services.accounts.users.page(limit=limit, offset=offset, query=query)
    return UsersAnswer(users=[UserAnswer.of(user) for user in found], total=total)


@router.post("", status_code=201, summary="Make an account", responses=refusals(409))
def add_user(body: NewUserBody, services: Wired) -> UserAnswer:
    """Make an account. Its owner signs in with the password, or with a link."""
    password = None if body.password is None else body.password.get_secret_value()
    made = services.accounts.users.add(body.email, name=body.name, role=body.role, password=password)
    return UserAnswer.of(made)


@router.get("/{user_id}", summary="Show an account", responses=refusals(404))
def user(user_id: UUID, services: Wired) -> UserAnswer:
    """One account."""
    return UserAnswer.of(services.accounts.users.get(user_id))


@router.patch("/{user_id}", summary="Change an account", responses=refusals(404, 409))
def change_user(user_id: UUID, body: UserChangesBody, services: Wired) -> UserAnswer:
    """Change, disable or enable an account; who is disabled is signed out everywhere, at once.

    The last administrator can't be disabled or made an ordinary user.
    """
    changed = services.accounts.users.change(
        user_id, name=body.name, email=body.email, role=body.role, disabled=body.disabled
    )
    return UserAnswer.of(changed)


@router.post("/{user_id}/link", status_code=201, summary="Make a sign-in link", responses=refusals(404, 409))
def make_link(user_id: UUID, services: Wired, base_url: BaseUrl) -> LinkAnswer:
    """A link that signs its user in once and lets them choose a password; the last one made is good."""
    link = services.accounts.users.link(user_id)
    return LinkAnswer(url=link.url(base_url), expires_at=link.expires_at)
