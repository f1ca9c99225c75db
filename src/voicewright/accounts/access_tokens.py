"""Access tokens: JWTs that say who somebody is for a few minutes.

They are signed with the keys of `signing_keys`, and nothing else is believed: not another algorithm, not
another kind of token. That somebody may not use theirs any more (disabled, signed out, password changed) is
looked up at each request by `authentication`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import jwt

from voicewright.accounts.errors import NotAuthenticated
from voicewright.accounts.signing_keys import ALGORITHM

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from sqlalchemy.orm import Session

    from voicewright.accounts.clock import Clock
    from voicewright.accounts.models import User
    from voicewright.accounts.signing_keys import SigningKeys
    from voicewright.settings import Settings

_TYPE: Final = "at+jwt"
"""Of RFC 9068: no other signed thing is mistaken for an access token."""
_REQUIRED: Final = ["iss", "aud", "exp", "iat", "sub", "sid", "jti"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says that is genuine and has not expired."""

    user_id: uuid.UUID
    session_id: uuid.UUID
    issued_at: datetime


class AccessTokens:
    """Issues and reads access tokens."""

    def __init__(self, settings: Settings, keys: SigningKeys, clock: Clock) -> None:
        self.issuer = settings.token_issuer
        self.lifetime = timedelta(seconds=settings.access_token_s)
        self._audience = settings.token_audience
        self._leeway = timedelta(seconds=settings.clock_leeway_s)
        self._keys = keys
        self._clock = clock

    def issue(self, session: Session, user: User, session_id: uuid.UUID) -> str:
        """A token for somebody who just proved who they are."""
        # another machine's clock may be ahead of ours: what is issued after a change must outlive it
        issued_at = max(self._clock(), user.tokens_void_before)
        kid, private = self._keys.to_sign_with(session)
        claims = {
            "iss": self.issuer,
            "aud": self._audience,
            "sub": str(user.id),
            "role": user.role,
            "sid": str(session_id),
            "jti": str(uuid.uuid4()),
            "iat": issued_at.timestamp(),
            "exp": int((issued_at + self.lifetime).timestamp()),
        }
        return jwt.encode(claims, private, algorithm=ALGORITHM, headers={"kid": kid, "typ": _TYPE})

    def read(self, token: str, key: Ed25519PublicKey) -> Claims:
        """What a token says.

        Raises:
            NotAuthenticated: it is no access token of ours, or it has expired.
        """
        try:
            decoded = jwt.decode_complete(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=self.issuer,
                audience=self._audience,
                leeway=self._leeway,
                options={"require": _REQUIRED},
            )
            return _claims(decoded["header"], decoded["payload"])
        except jwt.ExpiredSignatureError as error:
            raise NotAuthenticated("The access token has expired. Refresh it, or sign in again.") from error
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as error:
            raise NotAuthenticated("The access token is not valid. Sign in again.") from error


def _claims(header: dict[str, Any], payload: dict[str, Any]) -> Claims:
    if header.get("typ") != _TYPE:
        raise ValueError("not an access token")
    issued_at = datetime.fromtimestamp(payload["iat"], UTC)
    return Claims(uuid.UUID(payload["sub"]), uuid.UUID(str(payload["sid"])), issued_at)
