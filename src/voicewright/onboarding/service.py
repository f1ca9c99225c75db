"""The use cases of onboarding: an application lets its users make their voices, and looks after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.accounts.errors import NotAllowed
from voicewright.accounts.onboarding_tokens import token_spent
from voicewright.accounts.rate_limits import per_window
from voicewright.errors import FieldFault
from voicewright.onboarding import reading
from voicewright.onboarding.choice import AUTO
from voicewright.onboarding.cloning import begin_clone, count_user, has_open_job
from voicewright.onboarding.labels import clean_end_user, speaker_of
from voicewright.onboarding.speaking import sample_of
from voicewright.privacy.policies import ConsentScope
from voicewright.training.drafting import find_engine

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from voicewright.accounts.caller import Caller
    from voicewright.accounts.models import OnboardingToken
    from voicewright.onboarding.cloning import Begun, CloneOrder
    from voicewright.onboarding.parts import OnboardingParts
    from voicewright.privacy.models import Consent

_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Asserted:
    """What an application says of its user's consent."""

    statement: str
    scope: Sequence[str] = (ConsentScope.VOICE_CLONING,)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, repr=False)
class MadeToken:
    """A token for one user, with its secret, which is never seen again."""

    token: OnboardingToken
    secret: str
    speaker: str
    """As consents and recordings name the user."""
    consent: Consent | None


class OnboardingService:
    """The onboarding of all applications; safe for threads and processes.

    Every method raises the errors of `db.errors` when the database is away.
    """

    def __init__(self, parts: OnboardingParts) -> None:
        self._parts = parts
        self._database = parts.database

    def make_token(
        self,
        caller: Caller,
        end_user: str,
        *,
        lifetime_s: int,
        max_clones: int,
        consent: Asserted | None,
        provider: str | None = None,
    ) -> MadeToken:
        """Make a token with which one user makes a voice, and record their consent where it is asserted.

        Args:
            caller: the application.
            end_user: what it calls its user.
            lifetime_s: how long the token is good.
            max_clones: how many voices may be begun with it.
            consent: None: it is recorded already, or need not be (in development).
            provider: the engine that makes them, or `auto`; None: as the settings say.

        Raises:
            EndUserInvalid: nobody can be called that.
            EngineNotFound, EnginePluginBroken, EngineCannotLearn: the engine can't be used.
            ConsentInvalid: it can't be recorded as it is; no token is made.
        """
        end_user = clean_end_user(end_user, field="userId")
        speaker = speaker_of(end_user)
        if provider is not None and provider != AUTO:
            find_engine(provider, self._parts.engines)
        recorded = None
        if consent is not None:
            recorded = self._parts.consents.assert_consent(
                caller.user_id,
                speaker,
                asserted_by=caller.user_id,
                scope=consent.scope,
                statement=consent.statement,
                expires_at=consent.expires_at,
            )
        made = self._parts.accounts.onboarding_tokens.make(
            caller, end_user, lifetime_s=lifetime_s, max_clones=max_clones, provider=provider
        )
        return MadeToken(made.token, made.secret, speaker, recorded)

    def count_clone(self, caller: Caller) -> None:
        """Count one more recording that is about to be sent, also one that is refused afterwards.

        A user with a token is counted first, so that nobody uses up what the others may send.

        Raises:
            OnboardingTokenSpent: the token is good for no more voices, and none is being made whose recording
                could be sent again.
            RateLimited: there were too many in this hour, of this user or of all.
        """
        holder = caller.end_user
        if holder is not None:
            if holder.is_spent:
                with self._database.session() as session:
                    if not has_open_job(session, caller.user_id, holder.name):
                        raise token_spent()
            count_user(self._parts, caller, holder.name)
        limit = per_window("onboarding", self._parts.settings.onboarding_clones_per_hour, _HOUR_S)
        self._parts.accounts.rate_limits.hit(limit, str(caller.user_id), what="recordings of users")

    @staticmethod
    def end_user_of(caller: Caller, named: str | None) -> str:
        """Whose voice is asked for.

        Args:
            caller: the application, or its user with their token.
            named: whom the request names; a token needs nobody named.

        Raises:
            NotAllowed: the token is somebody else's.
            EndUserInvalid: nobody is named, or nobody can be called that.
        """
        holder = caller.end_user
        if holder is not None and named is None:
            return holder.name
        end_user = clean_end_user(named or "", field="user_id")
        if holder is not None and holder.name != end_user:
            message = "The onboarding token is for another user. Ask the application for one of your own."
            raise NotAllowed(message, fields=[FieldFault("user_id", message)])
        return end_user

    def provider_of(self, caller: Caller, named: str | None) -> str | None:
        """Which engine makes the voice that is asked for; None: as the settings say.

        Args:
            caller: the application, which may choose, or its user with their token, who may not.
            named: what the request names.

        Raises:
            NotAllowed: the token is for another engine.
        """
        holder = caller.end_user
        if holder is None:
            return named
        if named not in {None, holder.provider or self._parts.settings.onboarding_provider}:
            message = (
                "The application chooses the engine, not who shows its onboarding token. Leave the provider "
                "out, or have the token made with it."
            )
            raise NotAllowed(message, fields=[FieldFault("provider", message)])
        return holder.provider

    def clone(self, caller: Caller, order: CloneOrder, folder: Path, *, stop: threading.Event) -> Begun:
        """Begin a voice; arguments and errors as `cloning.begin_clone`."""
        return begin_clone(self._parts, caller, order, folder, stop)

    def get(self, caller: Caller, job_id: UUID) -> reading.Record:
        """A job.

        Raises:
            OnboardingJobNotFound: there is none, or it is not the caller's.
        """
        with self._database.session() as session:
            return reading.find(session, caller, job_id)

    def list_jobs(
        self, caller: Caller, *, end_user: str | None, state: reading.State | None, limit: int, offset: int
    ) -> tuple[list[reading.Record], int]:
        """The jobs of an account, the newest first, and how many there are; administrators see all."""
        with self._database.session() as session:
            return reading.list_jobs(
                session, caller, end_user=end_user, state=state, limit=limit, offset=offset
            )

    def statistics(self, caller: Caller, *, end_user: str | None) -> reading.Statistics:
        """What the jobs of an account took; for administrators, everybody's."""
        price = self._parts.settings.price_onboarding_hour
        with self._database.session() as session:
            return reading.statistics(session, caller, end_user=end_user, dollars_per_hour=price)

    def sample(
        self, caller: Caller, job_id: UUID, *, cancel: threading.Event, request_id: str | None = None
    ) -> bytes:
        """The first words of a finished voice, as an MP3 file; arguments and errors as `speaking.sample_of`.

        Raises:
            OnboardingJobNotFound: as `get`.
        """
        record = self.get(caller, job_id)
        return sample_of(self._parts, record, request_id=request_id, cancel=cancel)
