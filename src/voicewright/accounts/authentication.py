"""Who asks: turns what came with a request into a caller, or refuses it.

Five things are accepted: an access token of ours, an API key, a token of the configured identity provider,
the secret in the cookie of a browser, and, for a few routes, an onboarding token. In each case the account is
looked up at each request, with one query, so that a disabled account, an ended session and a revoked key are
refused at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt
from sqlalchemy import exists, select

from voicewright.accounts.api_keys import key_scopes
from voicewright.accounts.caller import Caller, Role
from voicewright.accounts.errors import NotAuthenticated
from voicewright.accounts.external_users import account_of
from voicewright.accounts.models import ApiKey, SigningKey, User, UserSession
from voicewright.accounts.opaque import API_KEY, BROWSER, ONBOARDING_TOKEN
from voicewright.accounts.policies import scopes_of

if TYPE_CHECKING:
    from voicewright.accounts.access_tokens import AccessTokens
    from voicewright.accounts.api_keys import ApiKeys
    from voicewright.accounts.clock import Clock
    from voicewright.accounts.oidc import IdentityProvider
    from voicewright.accounts.onboarding_tokens import OnboardingTokens
    from voicewright.accounts.sessions import Sessions
    from voicewright.accounts.signing_keys import SigningKeys
    from voicewright.db.server import Database


class Authentication:
    """Checks what callers show; safe for threads."""

    def __init__(
        self,
        database: Database,
        *,
        keys: SigningKeys,
        access_tokens: AccessTokens,
        sessions: Sessions,
        api_keys: ApiKeys,
        onboarding: OnboardingTokens,
        provider: IdentityProvider | None,
        clock: Clock,
    ) -> None:
        self._database = database
        self._keys = keys
        self._access_tokens = access_tokens
        self._sessions = sessions
        self._api_keys = api_keys
        self._onboarding = onboarding
        self._provider = provider
        self._clock = clock

    def authenticate(self, credential: str) -> Caller:
        """Who it is that shows this.

        Args:
            credential: an access token, an API key, an onboarding token, or a token of the identity provider.

        Raises:
            NotAuthenticated: it is none of these, or none that is good any more.
            IdentityProviderUnavailable: it can't be checked now.
        """
        if credential.startswith(API_KEY):
            return self._by_api_key(credential)
        if credential.startswith(ONBOARDING_TOKEN):
            return self._onboarding.authenticate(credential)
        if credential.startswith(BROWSER):
            return self._by_browser(credential)
        kid, issuer = _unverified(credential)
        if self._provider is not None and issuer == self._provider.issuer:
            return self._by_provider(self._provider, credential)
        return self._by_access_token(credential, kid)

    def is_good_still(self, caller: Caller) -> bool:
        """Whether somebody who was let in may go on as who they were, for what takes long; one query.

        An access token that has expired meanwhile is no reason to stop: the session counts that it is of.
        """
        good = [User.id == caller.user_id, User.disabled_at.is_(None), User.role == caller.role]
        if caller.api_key_id is not None:
            good.append(exists().where(ApiKey.id == caller.api_key_id, self._api_keys.works(caller.user_id)))
        if caller.session_id is not None:
            good.append(exists().where(UserSession.id == caller.session_id, self._sessions.goes_on()))
        if caller.issued_at is not None:
            good.append(User.tokens_void_before <= caller.issued_at)
        with self._database.session() as session:
            return session.scalar(select(User.id).where(*good)) is not None

    def _by_api_key(self, secret: str) -> Caller:
        with self._database.session() as session:
            found = self._api_keys.find(session, secret)
        if found is None:
            raise NotAuthenticated("The API key is unknown, was revoked, or has expired. Make another one.")
        user, key = found
        role = _role_of(user)
        return Caller(user.id, role, key_scopes(key, role), api_key_id=key.id)

    def _by_browser(self, secret: str) -> Caller:
        with self._database.session() as session:
            found = self._sessions.of_browser(session, secret)
            if found is None:
                raise NotAuthenticated("The session has ended. Sign in again.")
            user, going_on = found
            role = _role_of(user)
            return Caller(user.id, role, scopes_of(role), session_id=going_on.id)

    def _by_access_token(self, token: str, kid: str) -> Caller:
        with self._database.session() as session:
            key = self._keys.public(session, kid)
            if key is None:
                raise NotAuthenticated("The access token is not valid. Sign in again.")
            claims = self._access_tokens.read(token, key)
            user = session.scalar(
                select(User)
                .join(UserSession, UserSession.user_id == User.id)
                .where(
                    User.id == claims.user_id,
                    UserSession.id == claims.session_id,
                    self._sessions.goes_on(),
                    User.tokens_void_before <= claims.issued_at,
                    exists().where(SigningKey.kid == kid, self._keys.is_valid()),
                )
            )
        if user is None:
            raise NotAuthenticated("The session has ended. Sign in again.")
        role = _role_of(user)
        return Caller(user.id, role, scopes_of(role), session_id=claims.session_id)

    def _by_provider(self, provider: IdentityProvider, token: str) -> Caller:
        identity = provider.identify(token)  # may wait for the network: not while a connection is held
        with self._database.session() as session:
            user = account_of(session, identity, self._clock)
        if identity.issued_at < user.tokens_void_before:
            raise NotAuthenticated("The session has ended. Sign in again at the identity provider.")
        role = _role_of(user)
        return Caller(user.id, role, scopes_of(role), issued_at=identity.issued_at)


def _role_of(user: User) -> Role:
    if user.disabled_at is not None:
        raise NotAuthenticated("This account is disabled. Ask an administrator.")
    return Role(user.role)


def _unverified(token: str) -> tuple[str, object]:
    """The id of the key and the issuer that a token claims, which decide only how it is checked."""
    try:
        decoded = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError) as error:
        raise NotAuthenticated("This is neither an access token nor an API key. Sign in.") from error
    kid = decoded["header"].get("kid")
    if not isinstance(kid, str) or "\0" in kid:
        raise NotAuthenticated("The token does not say which key signed it. Sign in again.")
    return kid, decoded["payload"].get("iss")
