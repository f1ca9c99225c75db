"""The accounts of people whom the identity provider vouches for: made when they first come.

An account belongs to an issuer and a subject, which never change. An e-mail address links an account that
is there already only where the provider says that it has verified the address, and the account has no other
link.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from voicewright.accounts.administrators import lock_administrators, other_administrators
from voicewright.accounts.caller import Role
from voicewright.accounts.emails import clean_email, email_key
from voicewright.accounts.errors import EmailInvalid, PersonNameInvalid
from voicewright.accounts.models import User
from voicewright.accounts.names import clean_person_name

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from voicewright.accounts.clock import Clock
    from voicewright.accounts.schemas import ExternalIdentity

_LOG = logging.getLogger(__name__)

_NOTED_EVERY: Final = timedelta(minutes=1)


def account_of(session: Session, identity: ExternalIdentity, clock: Clock) -> User:
    """The account of somebody, made or linked where it is their first time."""
    user = session.scalar(_theirs(identity))
    if user is None:
        if not _link(session, identity):
            _make(session, identity, clock)
        user = session.scalars(_theirs(identity)).one()
        _LOG.info("%s came for the first time, through %s", user.id, identity.issuer)
    if user.disabled_at is None:
        _follow_role(session, user, identity)
        _note_sign_in(user, identity)
    return user


def _theirs(identity: ExternalIdentity) -> Select[User]:
    return select(User).where(User.oidc_issuer == identity.issuer, User.oidc_subject == identity.subject)


def _link(session: Session, identity: ExternalIdentity) -> bool:
    """Give an account that is there already to this identity; False: there is none to give."""
    if identity.email is None:
        return False
    linked = session.execute(
        update(User)
        .where(User.email_key == email_key(identity.email), User.oidc_issuer.is_(None))
        .values(oidc_issuer=identity.issuer, oidc_subject=identity.subject)
        .returning(User.id)
    )
    return linked.first() is not None


def _make(session: Session, identity: ExternalIdentity, clock: Clock) -> None:
    """Make the account; of two first requests at once, one makes it and both find it."""
    now = clock()
    new = {
        "id": uuid.uuid4(),
        "name": _name(identity),
        "role": Role.USER,
        "oidc_issuer": identity.issuer,
        "oidc_subject": identity.subject,
        "tokens_void_before": identity.issued_at,
        "created_at": now,
    }
    email = _email(identity)
    if email is not None:
        with_email = new | {"email": email, "email_key": email_key(email)}
        made = session.execute(insert(User).values(with_email).on_conflict_do_nothing().returning(User.id))
        if made.first() is not None:
            return
    # no address, or one that belongs to another account: theirs goes without
    session.execute(insert(User).values(new).on_conflict_do_nothing())


def _follow_role(session: Session, user: User, identity: ExternalIdentity) -> None:
    """Where the provider says who administers, the account says the same."""
    if identity.is_admin is None or identity.is_admin == user.is_admin:
        return
    lock_administrators(session)
    if user.is_admin and other_administrators(session, user.id) == 0:
        _LOG.warning("%s stays administrator although the provider disagrees: there is no other one", user.id)
        return
    user.role = Role.ADMIN if identity.is_admin else Role.USER


def _note_sign_in(user: User, identity: ExternalIdentity) -> None:
    if user.last_sign_in_at is None or user.last_sign_in_at + _NOTED_EVERY <= identity.issued_at:
        user.last_sign_in_at = identity.issued_at


def _email(identity: ExternalIdentity) -> str | None:
    try:
        return None if identity.email is None else clean_email(identity.email)
    except EmailInvalid:
        return None


def _name(identity: ExternalIdentity) -> str:
    try:
        return clean_person_name(identity.name)
    except PersonNameInvalid:
        return ""
