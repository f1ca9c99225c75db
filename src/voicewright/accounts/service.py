"""The accounts of one installation, put together: what the HTTP edge and the command line work with."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from voicewright.accounts.access_tokens import AccessTokens
from voicewright.accounts.api_keys import ApiKeys
from voicewright.accounts.authentication import Authentication
from voicewright.accounts.clock import Clock, utc_now
from voicewright.accounts.errors import NotAllowed, SignInFailed, SignInTooOld, of_field
from voicewright.accounts.links import SignInLinks
from voicewright.accounts.oidc import IdentityProvider
from voicewright.accounts.onboarding_tokens import OnboardingTokens
from voicewright.accounts.passwords import Passwords, check_new_password
from voicewright.accounts.rate_limits import RateLimits
from voicewright.accounts.sessions import Sessions
from voicewright.accounts.sign_in import SignIn
from voicewright.accounts.sign_in_limits import SignInLimits
from voicewright.accounts.signing_keys import SigningKeys
from voicewright.accounts.users import Users
from voicewright.storage.user_keys import PLATFORM_ID, KeyRing

if TYPE_CHECKING:
    import uuid

    from voicewright.accounts.caller import Caller
    from voicewright.accounts.schemas import Origin, Tokens
    from voicewright.db.server import Database
    from voicewright.settings import Settings

_FRESH: Final = timedelta(minutes=15)
"""How long ago somebody without a password may have signed in to do what can't be undone."""

_LOG = logging.getLogger(__name__)


class AccountService:
    """Accounts and who asks; safe for threads and processes.

    Every method, here and in the parts, raises the errors of `db.errors` when the database is away.

    Args:
        settings: lifetimes, limits, the identity provider.
        database: open.
        clock: the time.
        passwords: how passwords are kept.

    Raises:
        MasterKeyInvalid, MasterKeyWrong: what signs the access tokens can't be opened.

    Attributes:
        users: accounts, as administrators see them.
        sign_in: the ways in.
        sessions: who is signed in where.
        api_keys: secrets for programs.
        onboarding_tokens: secrets for applications' own users.
        rate_limits: counted for all processes together; not only for signing in.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        clock: Clock = utc_now,
        passwords: Passwords | None = None,
        keys: KeyRing | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords or Passwords()
        # now and not within a unit of work: it may need one of its own
        cipher = (keys or KeyRing.open(settings, database)).cipher(PLATFORM_ID)
        self._keys = SigningKeys(settings, clock, cipher)
        self._links = SignInLinks(settings, clock)
        access_tokens = AccessTokens(settings, self._keys, clock)
        self.rate_limits = RateLimits(database)
        self._limits = SignInLimits(settings, self.rate_limits)
        self.sessions = Sessions(settings, database, access_tokens, clock)
        self.api_keys = ApiKeys(database, clock)
        self.onboarding_tokens = OnboardingTokens(database, clock)
        self.sign_in = SignIn(
            database,
            passwords=self._passwords,
            links=self._links,
            sessions=self.sessions,
            limits=self._limits,
            clock=clock,
        )
        self.users = Users(
            database, passwords=self._passwords, links=self._links, sessions=self.sessions, clock=clock
        )
        self._authentication = Authentication(
            database,
            keys=self._keys,
            access_tokens=access_tokens,
            sessions=self.sessions,
            api_keys=self.api_keys,
            onboarding=self.onboarding_tokens,
            provider=IdentityProvider.of(settings),
            clock=clock,
        )

    def authenticate(self, credential: str) -> Caller:
        """Who it is that shows this access token, API key or token of the identity provider.

        Raises:
            NotAuthenticated: it is none of these, or none that is good any more.
            IdentityProviderUnavailable: it can't be checked now.
        """
        return self._authentication.authenticate(credential)

    def is_good_still(self, caller: Caller) -> bool:
        """Whether somebody who was let in may go on as who they were, for what takes long; one query."""
        return self._authentication.is_good_still(caller)

    def first_run_link(self, base_url: str) -> str | None:
        """Where a browser makes the first administrator, once; None where there are users already.

        Args:
            base_url: where the service is reached.
        """
        link = self.sign_in.first_link()
        return None if link is None else link.url(base_url)

    def change_password(self, user_id: uuid.UUID, *, current: str | None, new: str, origin: Origin) -> Tokens:
        """Choose another password: everybody who is signed in is signed out, and the caller in again.

        Args:
            user_id: whose.
            current: the old one; None where there is none yet.
            new: the new one.
            origin: where the caller goes on.

        Raises:
            PasswordRefused: of the new one.
            NotAllowed: the account is the identity provider's, and has no password.
            SignInFailed: the current one is wrong.
            RateLimited: it was wrong too often.
            PasswordsBusy: too many others are being checked.
        """
        user = self.users.get(user_id)
        kept = user.password_hash
        check_new_password(new, user.email, field="new_password")
        if kept is None and user.oidc_subject is not None:
            raise NotAllowed("The identity provider says who you are; this account needs no password.")
        if kept is not None:
            self._limits.attempt(str(user_id), origin.address)
            if current is None or not self._passwords.matches(current, kept):
                raise SignInFailed("The current password is wrong.")
            self._limits.succeeded(str(user_id))
        password_hash = self._passwords.hash(new)
        with self._database.session() as session:
            known = self.users.locked(session, user_id)
            if known.password_hash != kept:
                raise SignInFailed("The password was changed in the meantime. Sign in with the new one.")
            self.sign_in.set_password(session, known, password_hash)
            return self.sessions.start(session, known, origin)

    def confirm(self, caller: Caller, *, password: str | None, origin: Origin) -> None:
        """Make sure that it is the owner of an account who asks for what can't be undone.

        Args:
            caller: who has signed in.
            password: theirs; where the account has none, they must have signed in a moment ago.
            origin: where they are.

        Raises:
            SignInFailed: the password is wrong.
            SignInTooOld: the account has no password, and the sign-in is older than a quarter of an hour.
            RateLimited: the password was wrong too often.
            PasswordsBusy: too many others are being checked.
        """
        kept = self.users.get(caller.user_id).password_hash
        if kept is None:
            since = caller.issued_at or self.sessions.begun_at(caller.session_id)
            if since is None or since < self._clock() - _FRESH:
                raise SignInTooOld("Sign in again, and ask for this within a quarter of an hour.")
            return
        self._limits.attempt(str(caller.user_id), origin.address)
        if password is None or not self._passwords.matches(password, kept):
            raise of_field(SignInFailed, "password", "The password is wrong. Give the present one.")
        self._limits.succeeded(str(caller.user_id))

    def key_set(self) -> dict[str, Any]:
        """The public keys that verify access tokens now (JWKS)."""
        with self._database.session() as session:
            return self._keys.key_set(session)

    def rotate_keys(self, *, void_old: bool = False) -> str:
        """Sign access tokens with a new key from now on; returns its id.

        Args:
            void_old: the old keys may have leaked: nothing that they signed is accepted any more.
        """
        with self._database.session() as session:
            kid = self._keys.rotate(session, void_old=void_old)
        _LOG.info("access tokens are signed with the key %s now", kid)
        return kid

    def sweep(self) -> int:
        """Remove what has expired: sessions, tokens, links, keys, windows of limits; returns how many."""
        parts = (self.sessions, self.onboarding_tokens, self._links, self._keys, self.rate_limits)
        with self._database.session() as session:
            return sum(part.sweep(session) for part in parts)
