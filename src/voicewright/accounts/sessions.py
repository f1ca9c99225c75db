"""Sessions: one for each sign-in, kept alive by refresh tokens of which each is used once.

Whoever presents a refresh token gets the next one. A token that comes a second time was copied, by its owner
or by a thief, and nobody can tell which of the two asks now: the session ends, and both sign in again.

A browser sends many requests at once and keeps its secret where no script reads it: its session has one
secret for its whole life, in a cookie, in the place of refresh tokens.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, select, update

from voicewright.accounts.errors import RefreshTokenInvalid, SessionNotFound
from voicewright.accounts.last_use import note_use
from voicewright.accounts.models import RefreshToken, User, UserSession
from voicewright.accounts.opaque import BROWSER, REFRESH_TOKEN, digest_of, new_opaque
from voicewright.accounts.schemas import BrowserSession, Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.accounts.access_tokens import AccessTokens
    from voicewright.accounts.clock import Clock
    from voicewright.accounts.schemas import Origin
    from voicewright.db.server import Database
    from voicewright.settings import Settings

_AGENT_CHARACTERS: Final = 200


class Sessions:
    """The sessions of all users; safe for threads and processes."""

    def __init__(
        self, settings: Settings, database: Database, access_tokens: AccessTokens, clock: Clock
    ) -> None:
        self._database = database
        self._access_tokens = access_tokens
        self._clock = clock
        self._lifetime = timedelta(seconds=settings.refresh_token_s)

    def start(self, session: Session, user: User, origin: Origin) -> Tokens:
        """Begin a session of somebody who just proved who they are, in the caller's transaction."""
        now = self._clock()
        user.last_sign_in_at = now
        begun = UserSession(
            id=uuid.uuid4(),
            user_id=user.id,
            address=origin.address,
            user_agent=_shown_agent(origin),
            created_at=now,
            last_used_at=now,
            expires_at=now + self._lifetime,
        )
        session.add(begun)
        session.flush()
        return self._tokens(session, user, begun)

    def refresh(self, refresh_token: str, origin: Origin) -> Tokens:
        """Exchange a refresh token for the next one and an access token.

        Raises:
            RefreshTokenInvalid: unknown, expired, revoked, or used before; the last ends the session.
        """
        with self._database.session() as session:
            tokens = self._exchange(session, digest_of(refresh_token), origin)
        if tokens is None:  # raised after the end of the transaction, which may have ended the session
            raise RefreshTokenInvalid("The refresh token is not valid any more. Sign in again.")
        return tokens

    def to_browser(self, tokens: Tokens) -> BrowserSession:
        """Go on in a browser with what somebody has just signed in with: its refresh token is used up.

        Raises:
            RefreshTokenInvalid: the session has ended in the meantime.
        """
        secret = new_opaque(BROWSER)
        with self._database.session() as session:
            used = session.scalar(
                delete(RefreshToken)
                .where(RefreshToken.digest == digest_of(tokens.refresh_token), RefreshToken.used_at.is_(None))
                .returning(RefreshToken.session_id)
            )
            begun = session.scalar(
                update(UserSession)
                .where(UserSession.id == used, self.goes_on())
                .values(cookie_digest=secret.digest)
                .returning(UserSession.id)
            )
            if begun is None:
                raise RefreshTokenInvalid("The session has ended already. Sign in again.")
        return BrowserSession(secret.value, tokens.refresh_token_s)

    def of_browser(self, session: Session, secret: str) -> tuple[User, UserSession] | None:
        """Who shows this secret of a cookie; None: nobody who is still signed in."""
        found = session.execute(
            select(User, UserSession)
            .join(User, UserSession.user_id == User.id)
            .where(UserSession.cookie_digest == digest_of(secret), self.goes_on())
        ).one_or_none()
        if found is None:
            return None
        user, going_on = found.User, found.UserSession
        note_use(session, going_on, self._clock())
        return user, going_on

    def sign_out(self, refresh_token: str) -> None:
        """End the session of a refresh token; one that is not known any more is as good."""
        with self._database.session() as session:
            token = session.get(RefreshToken, digest_of(refresh_token))
            if token is not None:
                self._end(session, UserSession.id == token.session_id)

    def of_user(self, user_id: uuid.UUID) -> Sequence[UserSession]:
        """The sessions that go on, the last used one first."""
        with self._database.session() as session:
            return session.scalars(
                select(UserSession)
                .where(UserSession.user_id == user_id, self.goes_on())
                .order_by(UserSession.last_used_at.desc(), UserSession.id)
            ).all()

    def begun_at(self, session_id: uuid.UUID | None) -> datetime | None:
        """When somebody signed in; None: there is no such session."""
        with self._database.session() as session:
            return session.scalar(select(UserSession.created_at).where(UserSession.id == session_id))

    def end(self, user_id: uuid.UUID, session_id: uuid.UUID) -> None:
        """End one session of a user; its access tokens are void at once.

        Raises:
            SessionNotFound: they have no such session.
        """
        with self._database.session() as session:
            mine = (UserSession.id == session_id) & (UserSession.user_id == user_id)
            if not self._end(session, mine):
                raise SessionNotFound(
                    "There is no such session, or it has ended. GET /auth/sessions lists yours."
                )

    def end_all(self, user_id: uuid.UUID, *, but: uuid.UUID | None = None) -> None:
        """End every session of a user.

        Args:
            user_id: whose.
            but: the one that goes on.
        """
        with self._database.session() as session:
            if but is None:
                self.end_all_in(session, user_id)
            else:
                self._end(session, (UserSession.user_id == user_id) & (UserSession.id != but))

    def end_all_in(self, session: Session, user_id: uuid.UUID) -> None:
        """The same, in the caller's transaction."""
        self._end(session, UserSession.user_id == user_id)

    def goes_on(self) -> ColumnElement[bool]:
        """The condition that a session has not ended."""
        return UserSession.revoked_at.is_(None) & (UserSession.expires_at > self._clock())

    def sweep(self, session: Session) -> int:
        """Remove what has expired; returns how many sessions."""
        now = self._clock()
        session.execute(delete(RefreshToken).where(RefreshToken.expires_at <= now))
        ended = delete(UserSession).where(UserSession.expires_at <= now).returning(UserSession.id)
        return len(session.scalars(ended).all())

    def _exchange(self, session: Session, digest: str, origin: Origin) -> Tokens | None:
        now = self._clock()
        used = session.scalar(  # of two that come at once, the second waits here and finds it used
            update(RefreshToken)
            .where(RefreshToken.digest == digest, RefreshToken.used_at.is_(None))
            .values(used_at=now)
            .returning(RefreshToken)
        )
        if used is None:
            copied = session.get(RefreshToken, digest)
            if copied is not None:
                self._end(session, UserSession.id == copied.session_id)
            return None
        found = session.execute(
            select(User, UserSession)
            .join(UserSession, UserSession.user_id == User.id)
            .where(UserSession.id == used.session_id, self.goes_on(), User.disabled_at.is_(None))
        ).one_or_none()
        if found is None or used.expires_at <= now or used.created_at < found.User.tokens_void_before:
            return None
        going_on: UserSession = found.UserSession
        going_on.last_used_at = now
        going_on.expires_at = now + self._lifetime
        going_on.address = origin.address
        going_on.user_agent = _shown_agent(origin)
        return self._tokens(session, found.User, going_on)

    def _tokens(self, session: Session, user: User, of: UserSession) -> Tokens:
        secret = new_opaque(REFRESH_TOKEN)
        session.add(
            RefreshToken(
                digest=secret.digest,
                session_id=of.id,
                created_at=max(of.last_used_at, user.tokens_void_before),
                expires_at=of.expires_at,
            )
        )
        return Tokens(
            user=user,
            access_token=self._access_tokens.issue(session, user, of.id),
            access_token_s=int(self._access_tokens.lifetime.total_seconds()),
            refresh_token=secret.value,
            refresh_token_s=int(self._lifetime.total_seconds()),
        )

    def _end(self, session: Session, which: ColumnElement[bool]) -> int:
        ended = session.scalars(
            update(UserSession)
            .where(which, UserSession.revoked_at.is_(None))
            .values(revoked_at=func.least(self._clock(), UserSession.expires_at))
            .returning(UserSession.id)
        )
        return len(ended.all())


def _shown_agent(origin: Origin) -> str:
    return origin.user_agent[:_AGENT_CHARACTERS]
