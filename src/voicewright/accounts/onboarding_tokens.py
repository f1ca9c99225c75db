"""Onboarding tokens: an application's server makes one for one of its users, whose browser shows it then.

They do little, for a short time, and end at once with what made them: an API key that is revoked, a session
that ends, an account that is disabled.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, update

from voicewright.accounts.caller import Caller, EndUser, Role
from voicewright.accounts.errors import NotAuthenticated, OnboardingTokenNotFound, OnboardingTokenSpent
from voicewright.accounts.models import ApiKey, OnboardingToken, User, UserSession
from voicewright.accounts.opaque import ONBOARDING_TOKEN, digest_of, new_opaque

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.accounts.clock import Clock
    from voicewright.db.server import Database


def token_spent() -> OnboardingTokenSpent:
    """What is said of a token that is good for no more voices."""
    return OnboardingTokenSpent(
        "As many voices were begun with this onboarding token as it allows. Ask the application for another."
    )


@dataclass(frozen=True, slots=True, repr=False)
class NewOnboardingToken:
    """A token with its secret, which is never seen again."""

    token: OnboardingToken
    secret: str


class OnboardingTokens:
    """The onboarding tokens of all applications; safe for threads and processes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def make(
        self, caller: Caller, end_user: str, *, lifetime_s: int, max_clones: int, provider: str | None = None
    ) -> NewOnboardingToken:
        """Make a token; its secret is in the answer and nowhere else.

        Args:
            caller: the application; the token ends with the key or the session that it shows.
            end_user: whom it is for.
            lifetime_s: how long it is good.
            max_clones: how many voices may be made with it.
            provider: the engine that makes them; None: as the settings say.
        """
        now, secret = self._clock(), new_opaque(ONBOARDING_TOKEN)
        token = OnboardingToken(
            id=uuid.uuid4(),
            owner_id=caller.user_id,
            api_key_id=caller.api_key_id,
            session_id=caller.session_id,
            end_user=end_user,
            digest=secret.digest,
            max_clones=max_clones,
            clones=0,
            provider=provider,
            created_at=now,
            expires_at=now + timedelta(seconds=lifetime_s),
        )
        with self._database.session() as session:
            session.add(token)
        return NewOnboardingToken(token, secret.value)

    def revoke(self, caller: Caller, token_id: uuid.UUID) -> None:
        """Make a token worthless, at once; the second time changes nothing.

        Raises:
            OnboardingTokenNotFound: there is none, or it is another account's.
        """
        with self._database.session() as session:
            token = session.get(OnboardingToken, token_id, with_for_update=True)
            if token is None or token.owner_id != caller.user_id:
                raise OnboardingTokenNotFound(
                    "There is no such onboarding token; it may have expired and been removed."
                )
            token.revoked_at = token.revoked_at or self._clock()

    def authenticate(self, secret: str) -> Caller:
        """Who it is that shows this token.

        Raises:
            NotAuthenticated: it is unknown, has expired or was revoked, or what made it is good no more.
        """
        now = self._clock()
        by_key = ApiKey.revoked_at.is_(None) & (ApiKey.expires_at.is_(None) | (ApiKey.expires_at > now))
        by_session = UserSession.revoked_at.is_(None) & (UserSession.expires_at > now)
        query = (
            select(OnboardingToken)
            .join(User, User.id == OnboardingToken.owner_id)
            .outerjoin(ApiKey, ApiKey.id == OnboardingToken.api_key_id)
            .outerjoin(UserSession, UserSession.id == OnboardingToken.session_id)
            .where(
                OnboardingToken.digest == digest_of(secret),
                OnboardingToken.revoked_at.is_(None),
                OnboardingToken.expires_at > now,
                User.disabled_at.is_(None),
                or_(OnboardingToken.api_key_id.is_(None), by_key),
                or_(OnboardingToken.session_id.is_(None), by_session),
                # a changed password ends what was made with the old one; a key has an end of its own
                or_(
                    OnboardingToken.api_key_id.is_not(None),
                    User.tokens_void_before <= OnboardingToken.created_at,
                ),
            )
        )
        with self._database.session() as session:
            token = session.scalar(query)
        if token is None:
            raise NotAuthenticated(
                "The onboarding token is unknown, was revoked, or has expired. The application makes others."
            )
        holder = EndUser(token.id, token.end_user, token.provider, token.clones >= token.max_clones)
        return Caller(token.owner_id, Role.USER, frozenset(), end_user=holder)

    def spend(self, session: Session, token_id: uuid.UUID) -> None:
        """Count one more voice that is begun, in the caller's transaction.

        Raises:
            OnboardingTokenSpent: it has begun as many as it may.
        """
        left = OnboardingToken.clones < OnboardingToken.max_clones
        spent = (
            update(OnboardingToken)
            .where(OnboardingToken.id == token_id, left)
            .values(clones=OnboardingToken.clones + 1)
        )
        if session.scalar(spent.returning(OnboardingToken.id)) is None:
            raise token_spent()

    def sweep(self, session: Session) -> int:
        """Remove what has expired; returns how many."""
        ended = delete(OnboardingToken).where(OnboardingToken.expires_at <= self._clock())
        return len(session.scalars(ended.returning(OnboardingToken.id)).all())
