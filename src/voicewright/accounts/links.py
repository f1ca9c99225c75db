"""One-time sign-in links: for the first administrator, for a new user, for one who forgot the password."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from voicewright.accounts.errors import SignInLinkInvalid
from voicewright.accounts.models import SignInLink, User
from voicewright.accounts.opaque import SIGN_IN_LINK, digest_of, new_opaque
from voicewright.accounts.schemas import NewLink

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.orm import Session

    from voicewright.accounts.clock import Clock
    from voicewright.settings import Settings


class SignInLinks:
    """Makes and takes links, each in the caller's transaction."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self._lifetime = timedelta(seconds=settings.sign_in_link_s)

    def make(self, session: Session, user_id: uuid.UUID | None) -> NewLink:
        """A link for a user, whose earlier ones stop working: the newest is the one that was handed over.

        None: a link for whoever becomes the first administrator. Each process that starts prints one, and
        each of them is good until one is used.
        """
        now = self._clock()
        if user_id is not None:
            session.execute(delete(SignInLink).where(SignInLink.user_id == user_id))
        secret = new_opaque(SIGN_IN_LINK)
        expires_at = now + self._lifetime
        session.add(SignInLink(digest=secret.digest, user_id=user_id, created_at=now, expires_at=expires_at))
        return NewLink(secret.value, expires_at)

    def look_at(self, session: Session, token: str) -> SignInLink:
        """The link, without using it.

        Raises:
            SignInLinkInvalid: unknown, used or expired.
        """
        found = session.get(SignInLink, digest_of(token))
        if found is None or found.used_at is not None or found.expires_at <= self._clock():
            raise _invalid()
        return found

    def take(self, session: Session, token: str) -> SignInLink:
        """Use the link, which nobody else can then; taken back if the transaction is.

        Raises:
            SignInLinkInvalid: unknown, used or expired.
        """
        now = self._clock()
        taken: SignInLink | None = session.scalar(
            update(SignInLink)
            .where(
                SignInLink.digest == digest_of(token),
                SignInLink.used_at.is_(None),
                SignInLink.expires_at > now,
            )
            .values(used_at=now)
            .returning(SignInLink)
        )
        if taken is None:
            raise _invalid()
        return taken

    def sweep(self, session: Session) -> int:
        """Remove what has expired; returns how many."""
        expired = (
            delete(SignInLink).where(SignInLink.expires_at <= self._clock()).returning(SignInLink.digest)
        )
        return len(session.scalars(expired).all())


def no_users(session: Session) -> bool:
    """Whether nobody has an account yet."""
    return session.scalar(select(User.id).limit(1)) is None


def _invalid() -> SignInLinkInvalid:
    return SignInLinkInvalid(
        "This sign-in link is unknown, was used before, or has expired. Ask an administrator for another one "
        "(`voicewright users link EMAIL`). Before there is any account, take what follows `token=` in the "
        "link that `voicewright serve` prints at its start."
    )
