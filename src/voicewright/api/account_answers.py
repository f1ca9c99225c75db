"""What the account and user endpoints answer with."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from voicewright.accounts.caller import Role, Scope

if TYPE_CHECKING:
    from voicewright.accounts.models import ApiKey, User, UserSession
    from voicewright.accounts.schemas import Tokens


class UserAnswer(BaseModel):
    """An account."""

    id: UUID
    email: str | None = Field(examples=["ann@example.com"])
    name: str = Field(examples=["Ann"])
    role: Role
    has_password: bool
    from_identity_provider: bool = Field(description="Whether another identity provider vouches for them.")
    disabled: bool
    created_at: datetime
    last_sign_in_at: datetime | None

    @classmethod
    def of(cls, user: User) -> Self:
        """From the row."""
        return cls(**_user_fields(user))


class MeAnswer(UserAnswer):
    """The account that asks, and what its credential is good for."""

    scopes: list[Scope]
    api_key_id: UUID | None = Field(description="The API key that was used, if one was.")

    @classmethod
    def of_caller(cls, user: User, scopes: frozenset[Scope], api_key_id: UUID | None) -> Self:
        """From the row and the caller."""
        return cls(**_user_fields(user), scopes=sorted(scopes), api_key_id=api_key_id)


class TokensAnswer(BaseModel):
    """What somebody who has signed in goes on with."""

    access_token: str = Field(description="Send it as `Authorization: Bearer ...`.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(description="Seconds that the access token lives.", examples=[900])
    refresh_token: str = Field(description="Good for one `POST /auth/refresh`, which answers with the next.")
    refresh_expires_in: int = Field(description="Seconds without a refresh.", examples=[2592000])
    user: UserAnswer

    @classmethod
    def of(cls, tokens: Tokens) -> Self:
        """From what the service gives."""
        return cls(
            access_token=tokens.access_token,
            expires_in=tokens.access_token_s,
            refresh_token=tokens.refresh_token,
            refresh_expires_in=tokens.refresh_token_s,
            user=UserAnswer.of(tokens.user),
        )


class ApiKeyAnswer(BaseModel):
    """An API key without its secret."""

    id: UUID
    name: str = Field(examples=["phone app"])
    prefix: str = Field(description="How the secret begins.", examples=["vw_Xq3bT1r"])
    scopes: list[str] = Field(examples=[["samples:write", "training:write"]])
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """From the row."""
        return cls(**_key_fields(key))


class NewApiKeyAnswer(ApiKeyAnswer):
    """A new API key; its secret is shown here and never again."""

    api_key: str = Field(examples=["vw_Xq3bT1rG0v..."])

    @classmethod
    def of_new(cls, key: ApiKey, secret: str) -> Self:
        """From the row and the secret."""
        return cls(**_key_fields(key), api_key=secret)


class ApiKeysAnswer(BaseModel):
    """The API keys of an account, the newest first."""

    api_keys: list[ApiKeyAnswer]


class SessionAnswer(BaseModel):
    """Somebody who is signed in somewhere."""

    id: UUID
    current: bool = Field(description="Whether it is the one that asks.")
    address: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, session: UserSession, current: UUID | None) -> Self:
        """From the row, and which session asks."""
        return cls(
            id=session.id,
            current=session.id == current,
            address=session.address,
            user_agent=session.user_agent,
            created_at=session.created_at,
            last_used_at=session.last_used_at,
            expires_at=session.expires_at,
        )


class SessionsAnswer(BaseModel):
    """The sessions of an account, the last used one first."""

    sessions: list[SessionAnswer]


class UsersAnswer(BaseModel):
    """A page of accounts, the oldest first."""

    users: list[UserAnswer]
    total: int = Field(description="How many there are on all pages.")


class LinkAnswer(BaseModel):
    """A link that signs somebody in, once."""

    url: str
    expires_at: datetime


def _user_fields(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "has_password": user.password_hash is not None,
        "from_identity_provider": user.oidc_subject is not None,
        "disabled": user.disabled_at is not None,
        "created_at": user.created_at,
        "last_sign_in_at": user.last_sign_in_at,
    }


def _key_fields(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }
