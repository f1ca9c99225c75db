"""The tables of accounts. Of every secret that is given out only its SHA-256 is kept."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.accounts.caller import Role
from voicewright.db.base import Base

_DIGEST: Final = "~ '^[0-9a-f]{64}$'"


class User(Base):
    """Somebody with an account."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("email_key"),
        UniqueConstraint("oidc_issuer", "oidc_subject"),
        CheckConstraint("role IN ('user', 'admin')", name="role_known"),
        CheckConstraint("(email IS NULL) = (email_key IS NULL)", name="email_with_key"),
        CheckConstraint("(oidc_issuer IS NULL) = (oidc_subject IS NULL)", name="oidc_whole"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    email: Mapped[str | None]
    """As it was written; None where an identity provider vouches for none."""
    email_key: Mapped[str | None]
    """What all spellings of the address have in common, see `accounts.emails`."""
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None]
    """Argon2; None: they come with a link, an API key or another provider's token."""
    oidc_issuer: Mapped[str | None]
    oidc_subject: Mapped[str | None]
    tokens_void_before: Mapped[datetime]
    """Every token that was issued before this moment is void."""
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_sign_in_at: Mapped[datetime | None]

    @property
    def is_admin(self) -> bool:
        """Whether they administer the platform, as long as the account is not disabled."""
        return self.role == Role.ADMIN

    @property
    def label(self) -> str:
        """What people call the account."""
        return self.email or self.name or str(self.id)


class UserSession(Base):
    """One signed-in program or browser: the family of the refresh tokens that follow from one sign-in."""

    __tablename__ = "user_sessions"
    __table_args__ = (
        UniqueConstraint("cookie_digest"),
        CheckConstraint(f"cookie_digest {_DIGEST}", name="cookie_digest_form"),
        Index("ix_user_sessions_user", "user_id"),
        Index("ix_user_sessions_expiry", "expires_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    address: Mapped[str]
    """Where it was last used from."""
    user_agent: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """Moves on with every refresh; of a browser never."""
    revoked_at: Mapped[datetime | None]
    cookie_digest: Mapped[str | None]
    """Of the secret in the browser's cookie; None: a program, that has refresh tokens."""


class RefreshToken(Base):
    """A secret that is exchanged once, for the next one of its session and an access token."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        CheckConstraint(f"digest {_DIGEST}", name="digest_form"),
        Index("ix_refresh_tokens_session", "session_id"),
        Index("ix_refresh_tokens_expiry", "expires_at"),
    )

    digest: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_sessions.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """Coming back with one that was used means that somebody has a copy: the whole session ends."""


class SigningKey(Base):
    """A key pair that access tokens are signed with; all API processes share them."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(primary_key=True)
    sealed_pem: Mapped[bytes] = mapped_column(LargeBinary)
    """The private half, sealed with the installation's own key (`storage.user_keys.PLATFORM_ID`)."""
    public_jwk: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    """The newest one signs."""
    verifies_until: Mapped[datetime | None]
    """None: as long as it signs. Otherwise its last tokens have expired by then."""


class ApiKey(Base):
    """A secret with a name and scopes, for programs."""

    __tablename__ = "api_keys"
    __table_args__ = (
        UniqueConstraint("digest"),
        CheckConstraint(f"digest {_DIGEST}", name="digest_form"),
        Index("ix_api_keys_user", "user_id", "created_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    prefix: Mapped[str]
    """Its first characters, to tell one key from another."""
    digest: Mapped[str]
    scopes: Mapped[list[Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    """To the minute."""


class OnboardingToken(Base):
    """A secret that lets one end user of an application make a voice, for a short time.

    It goes with what made it: the API key, or the session of whoever had signed in.
    """

    __tablename__ = "onboarding_tokens"
    __table_args__ = (
        UniqueConstraint("digest"),
        CheckConstraint(f"digest {_DIGEST}", name="digest_form"),
        CheckConstraint("clones BETWEEN 0 AND max_clones", name="clones_range"),
        Index("ix_onboarding_tokens_owner", "owner_id"),
        Index("ix_onboarding_tokens_expiry", "expires_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The account of the application."""
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"))
    session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_sessions.id", ondelete="CASCADE"))
    end_user: Mapped[str]
    """Whom the application made it for, as it calls them."""
    digest: Mapped[str]
    max_clones: Mapped[int]
    clones: Mapped[int] = mapped_column(default=0)
    """How many voices it has begun."""
    provider: Mapped[str | None]
    """The engine that makes them; None: as the settings say."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInLink(Base):
    """A secret that signs somebody in once."""

    __tablename__ = "sign_in_links"
    __table_args__ = (
        CheckConstraint(f"digest {_DIGEST}", name="digest_form"),
        Index("ix_sign_in_links_user", "user_id"),
        Index("ix_sign_in_links_expiry", "expires_at"),
    )

    digest: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """None: it makes the first administrator, as long as there is no user."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RateLimitWindow(Base):
    """How often something happened since its window began."""

    __tablename__ = "rate_limit_windows"
    __table_args__ = (Index("ix_rate_limit_windows_expiry", "expires_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    hits: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime]
