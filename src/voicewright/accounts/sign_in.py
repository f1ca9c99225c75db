"""The ways in: with a password, or with a one-time link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from voicewright.accounts.administrators import lock_administrators
from voicewright.accounts.caller import Role
from voicewright.accounts.emails import email_key
from voicewright.accounts.errors import (
    AccountDisabled,
    EmailInvalid,
    PasswordRefused,
    SignInFailed,
    SignInLinkInvalid,
    of_field,
)
from voicewright.accounts.links import no_users
from voicewright.accounts.models import User
from voicewright.accounts.passwords import check_new_password
from voicewright.accounts.users import new_user

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.accounts.clock import Clock
    from voicewright.accounts.links import SignInLinks
    from voicewright.accounts.passwords import Passwords
    from voicewright.accounts.schemas import NewLink, Origin, Tokens
    from voicewright.accounts.sessions import Sessions
    from voicewright.accounts.sign_in_limits import SignInLimits
    from voicewright.db.server import Database


class SignIn:
    """Lets people in; safe for threads and processes."""

    def __init__(
        self,
        database: Database,
        *,
        passwords: Passwords,
        links: SignInLinks,
        sessions: Sessions,
        limits: SignInLimits,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._links = links
        self._sessions = sessions
        self._limits = limits
        self._clock = clock

    def with_password(self, email: str, password: str, origin: Origin) -> Tokens:
        """Sign in with an e-mail address and a password.

        Raises:
            RateLimited: too many attempts for this account or from this address.
            SignInFailed: one of the two is wrong; it takes as long, and says the same, for no account.
            PasswordsBusy: too many others sign in at this moment.
            AccountDisabled: both are right.
        """
        self._limits.attempt(email, origin.address)
        with self._database.session() as session:
            user = session.scalar(select(User).where(User.email_key == email_key(email)))
        kept = None if user is None else user.password_hash
        if not self._passwords.matches(password, kept) or user is None or kept is None:
            raise SignInFailed("The e-mail address or the password is wrong.")
        self._limits.succeeded(email)
        fresh = self._passwords.hash(password) if self._passwords.is_outdated(kept) else kept
        with self._database.session() as session:
            # the same password still? nobody signs in with one that was changed in the meantime
            same = select(User).where(User.id == user.id, User.password_hash == kept).with_for_update()
            known = session.scalar(same)
            if known is None:
                raise SignInFailed("The e-mail address or the password is wrong.")
            _require_enabled(known)
            known.password_hash = fresh
            return self._sessions.start(session, known, origin)

    def with_link(
        self, token: str, origin: Origin, *, email: str | None = None, password: str | None = None
    ) -> Tokens:
        """Sign in with a one-time link, which is used up by that and by nothing less.

        Args:
            token: of the link.
            origin: where it is used.
            email: for the first administrator: the address of the new account.
            password: the new password; the first administrator must choose one, everybody else may.

        Raises:
            SignInLinkInvalid: unknown, used or expired, or no longer the first one to come.
            EmailInvalid, PasswordRefused: choose others; the link is still good.
            PasswordsBusy: too many others sign in at this moment; the link is still good.
            AccountDisabled: it was made before the account was disabled.
        """
        with self._database.session() as session:
            link = self._links.look_at(session, token)
            user = None if link.user_id is None else session.get_one(User, link.user_id)
        address = email if user is None else user.email
        if user is None and email is None:
            raise of_field(EmailInvalid, "email", "The first administrator needs an e-mail address.")
        if user is None and password is None:
            raise of_field(PasswordRefused, "password", "The first administrator needs a password.")
        password_hash = None
        if password is not None:
            check_new_password(password, address)
            password_hash = self._passwords.hash(password)
        with self._database.session() as session:
            taken = self._links.take(session, token)
            if taken.user_id is None:
                known = self._first_administrator(session, email or "")
            else:
                known = session.get_one(User, taken.user_id, with_for_update=True)
                _require_enabled(known)
            if password_hash is not None:
                self.set_password(session, known, password_hash)
            return self._sessions.start(session, known, origin)

    def first_link(self) -> NewLink | None:
        """A link for the first administrator; None where there are users already."""
        with self._database.session() as session:
            return self._links.make(session, None) if no_users(session) else None

    def is_first(self, token: str) -> bool:
        """Whether a link makes the first administrator, without using it.

        Raises:
            SignInLinkInvalid: unknown, used or expired, or no longer the first one to come.
        """
        with self._database.session() as session:
            first = self._links.look_at(session, token).user_id is None
            if first and not no_users(session):
                raise _too_late()
            return first

    def set_password(self, session: Session, user: User, password_hash: str) -> None:
        """Change a password: all that was signed in with the old one ends."""
        user.password_hash = password_hash
        user.tokens_void_before = max(self._clock(), user.tokens_void_before)
        session.flush()
        self._sessions.end_all_in(session, user.id)

    def _first_administrator(self, session: Session, email: str) -> User:
        lock_administrators(session)
        if not no_users(session):
            raise _too_late()
        first = new_user(email=email, name="", role=Role.ADMIN, now=self._clock())
        session.add(first)
        session.flush()
        return first


def _require_enabled(user: User) -> None:
    if user.disabled_at is not None:
        raise AccountDisabled("This account is disabled. Ask an administrator.")


def _too_late() -> SignInLinkInvalid:
    return SignInLinkInvalid("There is an administrator already. Sign in, or ask for a link of your own.")
