"""Tokens of another identity provider (OpenID Connect), checked with the public keys that it publishes.

Only signatures by a key pair are accepted: a provider's public key can't be used as a shared secret. Its keys
are fetched when they are first needed and kept for five minutes; a key that is not among them is looked for
again, at most every few seconds, and a provider that does not answer is left alone for as long.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

import jwt

from voicewright.accounts.errors import IdentityProviderUnavailable, NotAuthenticated
from voicewright.accounts.schemas import ExternalIdentity

if TYPE_CHECKING:
    from voicewright.settings import Settings

_ALGORITHMS: Final = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
]  # fmt: skip
_REQUIRED: Final = ["iss", "aud", "exp", "iat", "sub"]
_TIMEOUT_S: Final = 5.0
_REST_S: Final = 10.0
_NAME_CHARACTERS: Final = 100
_SUBJECT_CHARACTERS: Final = 255
"""The most that OpenID Connect allows."""


class IdentityProvider:
    """The provider of the settings; safe for threads, and not for an event loop: it waits for the network."""

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        jwks_url: str,
        role_claim: str | None,
        admin_role: str,
        leeway: timedelta,
    ) -> None:
        self.issuer = issuer
        self._audience = audience
        self._role_claim = role_claim
        self._admin_role = admin_role
        self._leeway = leeway
        self._keys = _Keys(jwks_url, timeout=_TIMEOUT_S, cooldown_duration=_REST_S)

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The provider of the settings, if they name one."""
        if settings.oidc_issuer is None or settings.oidc_audience is None or settings.oidc_jwks_url is None:
            return None
        return cls(
            issuer=settings.oidc_issuer,
            audience=settings.oidc_audience,
            jwks_url=settings.oidc_jwks_url,
            role_claim=settings.oidc_role_claim,
            admin_role=settings.oidc_admin_role,
            leeway=timedelta(seconds=settings.clock_leeway_s),
        )

    def identify(self, token: str) -> ExternalIdentity:
        """Who somebody is, by a token of the provider.

        Raises:
            NotAuthenticated: the token is not genuine, not for us, or has expired.
            IdentityProviderUnavailable: its keys can't be fetched.
        """
        try:
            claims = jwt.decode(
                token,
                self._keys.get_signing_key_from_jwt(token),
                algorithms=_ALGORITHMS,
                issuer=self.issuer,
                audience=self._audience,
                leeway=self._leeway,
                options={"require": _REQUIRED},
            )
            return self._identity(claims)
        except jwt.PyJWKClientConnectionError as error:
            raise IdentityProviderUnavailable(
                "The identity provider's keys can't be fetched, so its tokens can't be checked. Try again in "
                "a moment; OIDC_JWKS_URL says where they should be."
            ) from error
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise NotAuthenticated(
                "The identity provider's token is not valid. Sign in there again."
            ) from error

    def _identity(self, claims: dict[str, Any]) -> ExternalIdentity:
        subject = claims["sub"]
        if not subject or len(subject) > _SUBJECT_CHARACTERS or not _is_storable(subject):
            raise ValueError("the subject is of no use")
        email = claims.get("email")
        verified = isinstance(email, str) and claims.get("email_verified") is True
        name = claims.get("name") or claims.get("preferred_username") or ""
        return ExternalIdentity(
            issuer=self.issuer,
            subject=subject,
            email=email if verified else None,
            name=name[:_NAME_CHARACTERS] if isinstance(name, str) else "",
            is_admin=self._is_admin(claims),
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
        )

    def _is_admin(self, claims: dict[str, Any]) -> bool | None:
        return None if self._role_claim is None else self._admin_role in _values(claims, self._role_claim)


class _Keys(jwt.PyJWKClient):
    """Leaves a provider alone for a moment that has just not answered: nobody waits for it meanwhile."""

    _failed_at = float("-inf")

    def fetch_data(self) -> Any:
        if time.monotonic() - self._failed_at < _REST_S:
            raise jwt.PyJWKClientConnectionError("it did not answer a moment ago")
        try:
            return super().fetch_data()
        except (jwt.PyJWKClientError, jwt.PyJWKSetError, ValueError, OSError) as error:
            self._failed_at = time.monotonic()
            raise jwt.PyJWKClientConnectionError(f"no keys: {error}") from error


def _values(claims: dict[str, Any], path: str) -> list[Any]:
    """What a claim holds, as a list; `realm_access.roles` is the claim `roles` inside `realm_access`."""
    found: Any = claims
    for part in [path] if path in claims else path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, list) else [found]


def _is_storable(text: str) -> bool:
    """Whether PostgreSQL can keep it."""
    return "\0" not in text and text.isprintable()
