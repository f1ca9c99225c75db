"""The key pairs that access tokens are signed with: shared through the database, replaced as time goes by.

The newest one signs. One that was replaced still verifies until the last token that it signed has expired,
and is then removed. Ed25519: the keys and signatures are small, and there is nothing to choose wrongly. The
private halves are sealed, as the files of the owners are: whoever has the database alone can sign nothing.
"""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy import delete, or_, select, text, update

from voicewright.accounts.models import SigningKey

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from voicewright.accounts.clock import Clock
    from voicewright.settings import Settings
    from voicewright.storage.sealing import Cipher

ALGORITHM: Final = "EdDSA"

_LOCK: Final = 0x6163636F_6B657973
"""The advisory lock under which a key is added: "acco", "keys"."""


class SigningKeys:
    """The keys of one installation, seen from one process; safe for threads.

    Args:
        settings: how long a key signs, and its tokens last.
        clock: the time.
        cipher: seals the private halves.
    """

    def __init__(self, settings: Settings, clock: Clock, cipher: Cipher) -> None:
        self._clock = clock
        self._cipher = cipher
        self._replaced_after = timedelta(days=settings.signing_key_days)
        # whoever holds a token of an old key can use it until then, with the leeway of the check
        self._outlives = timedelta(seconds=settings.access_token_s + settings.clock_leeway_s)
        self._public: dict[str, Ed25519PublicKey] = {}

    def to_sign_with(self, session: Session) -> tuple[str, Ed25519PrivateKey]:
        """The id and the private half of the newest key; a new one is made where that is too old.

        Raises:
            SealBroken: the row was changed.
        """
        row = self._newest(session)
        if row is None or self._is_due(row):
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            row = self._newest(session)  # another process may have been faster
            if row is None or self._is_due(row):
                row = self._add(session)
        pem = b"".join(self._cipher.open([row.sealed_pem], _name(row.kid)))
        private = load_pem_private_key(pem, password=None)
        if not isinstance(private, Ed25519PrivateKey):
            raise TypeError(f"the signing key {row.kid} is no Ed25519 key")
        return row.kid, private

    def rotate(self, session: Session, *, void_old: bool = False) -> str:
        """Sign with a new key from now on.

        Args:
            session: of the caller.
            void_old: the old keys may have leaked: they verify nothing any more, so that everybody has to
                refresh their access token.

        Returns:
            The id of the new key.
        """
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if void_old:
            session.execute(delete(SigningKey))
        return self._add(session).kid

    def public(self, session: Session, kid: str) -> Ed25519PublicKey | None:
        """The public half of a key; it may have been removed since it was first asked for (`is_valid`)."""
        known = self._public.get(kid)
        if known is None:
            row = session.get(SigningKey, kid)
            if row is None:
                return None
            known = self._public[kid] = _public_key(row.public_jwk)
        return known

    def is_valid(self) -> Any:
        """The condition that a key still verifies, for the query that looks up who asks."""
        return or_(SigningKey.verifies_until.is_(None), SigningKey.verifies_until > self._clock())

    def key_set(self, session: Session) -> dict[str, Any]:
        """All keys that verify now, as a JSON Web Key Set."""
        rows = session.scalars(select(SigningKey).where(self.is_valid()).order_by(SigningKey.created_at))
        return {"keys": [row.public_jwk for row in rows]}

    def sweep(self, session: Session) -> int:
        """Remove the keys that verify nothing any more; returns how many."""
        outdated = session.execute(
            delete(SigningKey).where(SigningKey.verifies_until <= self._clock()).returning(SigningKey.kid)
        ).scalars()
        return len(outdated.all())

    def _newest(self, session: Session) -> SigningKey | None:
        return session.scalar(
            select(SigningKey)
            .where(SigningKey.verifies_until.is_(None))
            .order_by(SigningKey.created_at.desc())
            .limit(1)
        )

    def _is_due(self, row: SigningKey) -> bool:
        return row.created_at + self._replaced_after <= self._clock()

    def _add(self, session: Session) -> SigningKey:
        now = self._clock()
        session.execute(
            update(SigningKey)
            .where(SigningKey.verifies_until.is_(None))
            .values(verifies_until=now + self._outlives)
        )
        row = _new_key(now, self._cipher)
        session.add(row)
        session.flush()
        return row


def _new_key(now: datetime, cipher: Cipher) -> SigningKey:
    private = Ed25519PrivateKey.generate()
    kid = secrets.token_urlsafe(12)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return SigningKey(
        kid=kid,
        sealed_pem=b"".join(cipher.seal([pem], _name(kid))),
        public_jwk={
            "kty": "OKP",
            "crv": "Ed25519",
            "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode(),
            "kid": kid,
            "use": "sig",
            "alg": ALGORITHM,
        },
        created_at=now,
    )


def _name(kid: str) -> str:
    """What a private half can only be opened as."""
    return f"signing-key/{kid}"


def _public_key(jwk: dict[str, Any]) -> Ed25519PublicKey:
    encoded: str = jwk["x"]
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
