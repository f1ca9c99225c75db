"""Accounts, as administrators see them: add, list, change, disable, and a way in for who has none."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError

from voicewright.accounts.administrators import lock_administrators, other_administrators
from voicewright.accounts.caller import Role
from voicewright.accounts.emails import clean_email, email_key
from voicewright.accounts.errors import EmailTaken, UserDisabled, UserIdTaken, UserNotFound, of_field
from voicewright.accounts.models import User
from voicewright.accounts.names import clean_person_name
from voicewright.accounts.passwords import check_new_password
from voicewright.accounts.policies import require_another_admin
from voicewright.storage.models import UserKey

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.orm import Session

    from voicewright.accounts.clock import Clock
    from voicewright.accounts.links import SignInLinks
    from voicewright.accounts.passwords import Passwords
    from voicewright.accounts.schemas import NewLink
    from voicewright.accounts.sessions import Sessions
    from voicewright.db.server import Database
    from voicewright.errors import AppError

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_OF_PLATFORM: Final = {uuid.UUID(f"00000000-0000-4000-8000-{number:012x}") for number in range(256)}
"""Ids that stand for no account: the platform itself, and the command line."""


class Users:
    """All accounts; safe for threads and processes."""

    def __init__(
        self,
        database: Database,
        *,
        passwords: Passwords,
        links: SignInLinks,
        sessions: Sessions,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._links = links
        self._sessions = sessions
        self._clock = clock

    def add(
        self,
        email: str,
        *,
        name: str = "",
        role: Role = Role.USER,
        password: str | None = None,
        user_id: uuid.UUID | None = None,
    ) -> User:
        """Make an account; without a password its owner gets in by a link (`link`).

        Args:
            email: its address.
            name: what its owner is called.
            role: what they may do.
            password: theirs, if they have one already.
            user_id: the id that it had in a database that was lost, so that its backups are its own again.

        Raises:
            EmailInvalid, PersonNameInvalid, PasswordRefused: nothing was made.
            EmailTaken: there is one with this address.
            UserIdTaken: the id is, or was, an account's, or never can be one's.
        """
        user = new_user(email=email, name=name, role=role, now=self._clock())
        if password is not None:
            check_new_password(password, user.email)
            user.password_hash = self._passwords.hash(password)
        try:
            with self._database.session() as session:
                if user_id is not None:
                    _require_free(session, user_id)
                    user.id = user_id
                session.add(user)
        except IntegrityError as error:
            raise _taken(email) from error
        return user

    def get(self, user_id: uuid.UUID) -> User:
        """One account.

        Raises:
            UserNotFound: there is none.
        """
        with self._database.session() as session:
            return _found(session.get(User, user_id))

    def labels(self, user_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
        """What people call some accounts; those that are not there any more are left out."""
        with self._database.session() as session:
            found = session.scalars(select(User).where(User.id.in_(user_ids)))
            return {user.id: user.name or user.label for user in found}

    def known_as(self, user_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
        """What other people are told of some accounts: their names, or how their addresses begin.

        Nobody can write to that. Those that are not there any more are left out.
        """
        columns = select(User.id, User.name, User.email).where(User.id.in_(user_ids))
        with self._database.session() as session:
            return {
                user_id: name or (email or "").rpartition("@")[0] or str(user_id)
                for user_id, name, email in session.execute(columns)
            }

    def by_email(self, email: str) -> User:
        """The account with an address.

        Raises:
            UserNotFound: there is none.
        """
        with self._database.session() as session:
            return _found(session.scalar(select(User).where(User.email_key == email_key(email))), email)

    def require_enabled(self, user_id: uuid.UUID) -> None:
        """Refuse what is done in the name of an account that may do nothing any more.

        Raises:
            UserNotFound: it was deleted.
            UserDisabled: it is disabled.
        """
        user = self.get(user_id)
        if user.disabled_at is not None:
            raise UserDisabled(f"The account of {user.label} is disabled. Enable it first.")

    def page(self, *, limit: int, offset: int = 0, query: str = "") -> tuple[Sequence[User], int]:
        """Some of the accounts, the oldest first, and how many there are.

        Args:
            limit: how many.
            offset: after so many.
            query: only those with this in their address or name.
        """
        wanted = select(User)
        if query:
            pattern = query.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
            like = f"%{pattern}%"
            wanted = wanted.where(or_(User.email.ilike(like), User.name.ilike(like)))
        with self._database.session() as session:
            total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
            rows = session.scalars(wanted.order_by(User.created_at, User.id).limit(limit).offset(offset))
            return rows.all(), total

    def change(
        self,
        user_id: uuid.UUID,
        *,
        name: str | None = None,
        email: str | None = None,
        role: Role | None = None,
        disabled: bool | None = None,
    ) -> User:
        """Change some of an account; None leaves a thing as it is.

        Who is disabled is signed out everywhere, at once, and their API keys rest.

        Raises:
            UserNotFound: there is none.
            LastAdministrator: nobody would be left who administers.
            EmailInvalid, EmailTaken, PersonNameInvalid: nothing was changed.
        """
        try:
            with self._database.session() as session:
                lock_administrators(session)
                user = self.locked(session, user_id)
                demoted = role is Role.USER and user.role == Role.ADMIN
                if user.is_admin and user.disabled_at is None and (demoted or disabled):
                    require_another_admin(other_administrators(session, user.id))
                if name is not None:
                    user.name = clean_person_name(name)
                if email is not None:
                    user.email = clean_email(email)
                    user.email_key = email_key(email)
                if role is not None:
                    user.role = role
                if disabled is not None:
                    self._disable(session, user, disabled=disabled)
                session.flush()
        except IntegrityError as error:
            raise _taken(email or "") from error
        return user

    def link(self, user_id: uuid.UUID) -> NewLink:
        """A one-time link that signs a user in and lets them choose a password.

        Raises:
            UserNotFound: there is none.
            UserDisabled: enable the account first.
        """
        with self._database.session() as session:
            user = _found(session.get(User, user_id))
            if user.disabled_at is not None:
                raise UserDisabled("This account is disabled. Enable it first, then make a link.")
            return self._links.make(session, user.id)

    def rename(self, user_id: uuid.UUID, name: str) -> User:
        """Change what somebody is called.

        Raises:
            PersonNameInvalid: nothing was changed.
        """
        with self._database.session() as session:
            user = self.locked(session, user_id)
            user.name = clean_person_name(name)
        return user

    def locked(self, session: Session, user_id: uuid.UUID) -> User:
        """One account that nobody else changes until the end of the caller's transaction.

        Raises:
            UserNotFound: there is none.
        """
        return _found(session.get(User, user_id, with_for_update=True))

    def lock_to_delete(self, session: Session, user_id: uuid.UUID) -> User:
        """One account that the caller's transaction is going to delete.

        Raises:
            UserNotFound: there is none.
            LastAdministrator: nobody would be left who administers.
        """
        lock_administrators(session)
        user = self.locked(session, user_id)
        if user.is_admin and user.disabled_at is None:
            require_another_admin(other_administrators(session, user.id))
        return user

    def _disable(self, session: Session, user: User, *, disabled: bool) -> None:
        if disabled and user.disabled_at is None:
            user.disabled_at = self._clock()
            user.tokens_void_before = max(user.disabled_at, user.tokens_void_before)
            self._sessions.end_all_in(session, user.id)
        elif not disabled:
            user.disabled_at = None


def new_user(*, email: str, name: str, role: Role, now: datetime) -> User:
    """An account that is not in the table yet.

    Raises:
        EmailInvalid, PersonNameInvalid: what was given can't be kept.
    """
    return User(
        id=uuid.uuid4(),
        email=clean_email(email),
        email_key=email_key(email),
        name=clean_person_name(name),
        role=role,
        tokens_void_before=_NEVER,
        created_at=now,
    )


def _require_free(session: Session, user_id: uuid.UUID) -> None:
    """Nobody gets the files of somebody else, nor a key that was destroyed."""
    key = session.get(UserKey, user_id)
    destroyed = key is not None and key.destroyed_at is not None
    there = session.get(User, user_id) is not None
    if there or destroyed or user_id in _OF_PLATFORM or user_id.variant != uuid.RFC_4122:
        raise UserIdTaken(
            f"{user_id} is or was the id of another account, or of the platform. Give the one that the "
            "account had, as its folder in the store is called; a deleted account doesn't come back."
        )


def _found(user: User | None, email: str | None = None) -> User:
    if user is None:
        raise UserNotFound(f"There is no account {f'with the address {email}' if email else 'of this id'}.")
    return user


def _taken(email: str) -> AppError:
    return of_field(EmailTaken, "email", f"There is an account with the address {email} already.")
