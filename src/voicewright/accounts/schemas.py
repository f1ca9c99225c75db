"""What the services of accounts take and give, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from voicewright.accounts.models import ApiKey, User


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from, shown to people in the list of their sessions."""

    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """What somebody who has signed in goes on with."""

    user: User
    access_token: str
    access_token_s: int
    """Seconds that it lives."""
    refresh_token: str
    refresh_token_s: int


@dataclass(frozen=True, slots=True, repr=False)
class BrowserSession:
    """A session that a browser goes on with: the secret for its cookie."""

    secret: str
    lifetime_s: int
    """Then somebody has to sign in again."""


@dataclass(frozen=True, slots=True, repr=False)
class NewApiKey:
    """An API key with its secret, which is never seen again."""

    key: ApiKey
    secret: str


@dataclass(frozen=True, slots=True, repr=False)
class NewLink:
    """A one-time sign-in link."""

    token: str
    expires_at: datetime

    def url(self, base_url: str) -> str:
        """Where a browser opens it."""
        return f"{base_url.rstrip('/')}/panel/welcome?token={self.token}"


@dataclass(frozen=True, slots=True)
class ExternalIdentity:
    """Somebody whom the identity provider vouches for.

    Attributes:
        issuer: the provider.
        subject: who it is, for ever.
        email: an address that the provider says it has verified.
        name: what they are called.
        is_admin: what the configured claim says; None where roles are given here.
        issued_at: when the token was made.
    """

    issuer: str
    subject: str
    email: str | None
    name: str
    is_admin: bool | None
    issued_at: datetime
