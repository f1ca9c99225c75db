"""Who asks, as the rest of the platform sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What somebody is here."""

    USER = "user"
    ADMIN = "admin"


class Scope(StrEnum):
    """What an API key may be used for; a person who signed in has all scopes of their role."""

    SAMPLES_READ = "samples:read"
    SAMPLES_WRITE = "samples:write"
    VOICES_READ = "voices:read"
    VOICES_WRITE = "voices:write"
    TRAINING_READ = "training:read"
    TRAINING_WRITE = "training:write"
    CONSENTS_READ = "consents:read"
    CONSENTS_WRITE = "consents:write"
    SPEECH = "speech"
    """To speak, to see which voices there are to speak with, and what one has spoken."""
    ACCOUNT = "account"
    """Own name, API keys and sessions."""
    ADMIN = "admin"
    """What only administrators may do; worth nothing without the role."""


@dataclass(frozen=True, slots=True)
class EndUser:
    """Somebody who uses an application, and came with the token that it made for them."""

    token_id: UUID
    name: str
    """As the application calls them."""
    provider: str | None = None
    """The engine that the token names; None: it names none."""
    is_spent: bool = False
    """The token has begun as many voices as it may."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose identity was checked."""

    user_id: UUID
    role: Role
    scopes: frozenset[Scope]
    api_key_id: UUID | None = None
    """None: they signed in."""
    session_id: UUID | None = None
    """The session of whoever signed in here; None for an API key and for another provider's token."""
    issued_at: datetime | None = None
    """When another provider issued the token that was shown."""
    end_user: EndUser | None = None
    """For whom the account's application made the token that was shown; None: it is the account itself. Such
    a caller has no scopes: only the routes of the onboarding know them."""

    @property
    def is_admin(self) -> bool:
        """Whether they administer the platform."""
        return self.role is Role.ADMIN
