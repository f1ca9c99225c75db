"""API keys: long secrets with a name, scopes and an end, for programs."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, or_, select

from voicewright.accounts.caller import Role, Scope
from voicewright.accounts.errors import ApiKeyNotFound, ExpiryInvalid, TooManyApiKeys, of_field
from voicewright.accounts.last_use import note_use
from voicewright.accounts.models import ApiKey, User
from voicewright.accounts.names import clean_person_name
from voicewright.accounts.opaque import API_KEY, digest_of, new_opaque
from voicewright.accounts.policies import scopes_of
from voicewright.accounts.schemas import NewApiKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.accounts.clock import Clock
    from voicewright.db.server import Database

MAX_API_KEYS: Final = 100
"""Of one user, those that work."""

_SHOWN_CHARACTERS: Final = 10
_LONGEST: Final = timedelta(days=3653)


class ApiKeys:
    """The API keys of all users; safe for threads and processes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def make(
        self, user_id: uuid.UUID, *, name: str, scopes: Iterable[Scope], expires_at: datetime | None = None
    ) -> NewApiKey:
        """Make a key; its secret is in the answer and nowhere else.

        Raises:
            PersonNameInvalid, ExpiryInvalid: nothing was made.
            TooManyApiKeys: revoke some first.
        """
        now = self._clock()
        if expires_at is not None and not now < expires_at <= now + _LONGEST:
            raise of_field(ExpiryInvalid, "expires_at", "A key expires in the future, within ten years.")
        secret = new_opaque(API_KEY)
        key = ApiKey(
            id=uuid.uuid4(),
            user_id=user_id,
            name=clean_person_name(name),
            prefix=secret.value[:_SHOWN_CHARACTERS],
            digest=secret.digest,
            scopes=sorted(set(scopes)),
            created_at=now,
            expires_at=expires_at,
        )
        with self._database.session() as session:
            session.execute(select(User.id).where(User.id == user_id).with_for_update())  # they are counted
            if (session.scalar(select(func.count()).where(self.works(user_id))) or 0) >= MAX_API_KEYS:
                raise TooManyApiKeys(
                    f"There are {MAX_API_KEYS} API keys already. Revoke those that nothing uses any more."
                )
            session.add(key)
        return NewApiKey(key, secret.value)

    def of_user(self, user_id: uuid.UUID) -> Sequence[ApiKey]:
        """All keys of a user, the newest first, also those that work no more."""
        with self._database.session() as session:
            mine = select(ApiKey).where(ApiKey.user_id == user_id)
            return session.scalars(mine.order_by(ApiKey.created_at.desc(), ApiKey.id)).all()

    def revoke(self, user_id: uuid.UUID, key_id: uuid.UUID) -> None:
        """Make a key of a user worthless, at once; the second time changes nothing.

        Raises:
            ApiKeyNotFound: they have no such key.
        """
        with self._database.session() as session:
            key = session.get(ApiKey, key_id, with_for_update=True)
            if key is None or key.user_id != user_id:
                raise ApiKeyNotFound("There is no such API key. GET /auth/api-keys lists yours.")
            key.revoked_at = key.revoked_at or self._clock()

    def find(self, session: Session, secret: str) -> tuple[User, ApiKey] | None:
        """Whose key it is, if it works; that it was used is noted once a minute."""
        now = self._clock()
        found = session.execute(
            select(User, ApiKey)
            .join(ApiKey, ApiKey.user_id == User.id)
            .where(
                ApiKey.digest == digest_of(secret),
                ApiKey.revoked_at.is_(None),
                or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now),
            )
        ).one_or_none()
        if found is None:
            return None
        user, key = found.User, found.ApiKey
        note_use(session, key, now)
        return user, key

    def works(self, user_id: uuid.UUID) -> ColumnElement[bool]:
        """The condition that a key is a user's and good."""
        alive = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > self._clock())
        return (ApiKey.user_id == user_id) & ApiKey.revoked_at.is_(None) & alive


def key_scopes(key: ApiKey, role: Role) -> frozenset[Scope]:
    """What a key may be used for today: its scopes, as far as the role still has them."""
    known = {scope.value for scope in Scope}
    return frozenset(Scope(scope) for scope in key.scopes if scope in known) & scopes_of(role)
