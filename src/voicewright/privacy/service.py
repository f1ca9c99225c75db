"""The use cases of consent: record one, list them, take one back, and demand one before a voice is made."""

from __future__ import annotations

import uuid
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from voicewright.privacy.errors import ConsentInvalid, ConsentNotFound
from voicewright.privacy.models import Consent
from voicewright.privacy.policies import (
    ConsentScope,
    require_consent,
    standing_consents,
    standing_for,
)
from voicewright.privacy.speakers import clean_speaker, speaker_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database

_OWNER_LOCK: Final = 0x636F6E73
"""The first half of the advisory lock under which an owner's consents change: "cons"."""
MAX_STATEMENT_CHARACTERS: Final = 4000
_ASSERTED: Final = "{speaker} agrees to a voice being made of their recordings."
_ON_THE_WAY: Final = (
    "Recorded when a voice was made with ENVIRONMENT=development: whoever made it answers for it that "
    "{speaker} agrees."
)


class ConsentService:
    """The consents of all owners.

    Every method raises the errors of `db.errors` when the database is away.

    Args:
        database: open.
        environment: `production` demands that a consent is there; `development` records that whoever uses
            somebody's recordings answers for it, where no consent of theirs was ever recorded.
    """

    def __init__(self, database: Database, environment: Literal["development", "production"]) -> None:
        self._database = database
        self._environment = environment

    def assert_consent(
        self,
        owner_id: uuid.UUID,
        speaker: str,
        *,
        asserted_by: uuid.UUID,
        scope: Sequence[str] = (ConsentScope.VOICE_CLONING,),
        statement: str | None = None,
        expires_at: datetime | None = None,
        recording: Mapping[str, Any] | None = None,
    ) -> Consent:
        """Record that somebody says that a speaker agrees.

        Args:
            owner_id: whose recordings it is about.
            speaker: who agrees, as datasets and samples name them.
            asserted_by: who says so.
            scope: to what.
            statement: what is asserted; None: one sentence that says as much.
            expires_at: when it ends by itself, with a time zone.
            recording: where the speaker was recorded saying so, what names the recording.

        Raises:
            SpeakerInvalid, ConsentInvalid: with the reason; nothing was recorded.
        """
        speaker = clean_speaker(speaker)
        words = _checked_statement(statement) or _ASSERTED.format(speaker=speaker)
        known = _checked_scope(scope)
        with self._database.session() as session:
            _lock_owner(session, owner_id)
            now = _now(session)
            if expires_at is not None and expires_at <= now:
                raise ConsentInvalid(
                    f"expires_at is {expires_at.isoformat()}, which is past. Name a later time."
                )
            consent = _assertion(owner_id, speaker, known, words, by=asserted_by, at=now)
            consent.expires_at = expires_at
            if recording is not None:
                consent.source, consent.evidence = "recording", dict(recording)
            session.add(consent)
            return consent

    def list_consents(
        self, owner_id: uuid.UUID, *, speaker: str | None = None, limit: int = 100, offset: int = 0
    ) -> tuple[list[Consent], int]:
        """The consents of an owner, the newest first, and how many there are in all.

        Args:
            owner_id: whose.
            speaker: only those of this speaker.
            limit: at most so many.
            offset: leave out so many.
        """
        where = Consent.owner_id == owner_id
        if speaker is not None:
            where &= Consent.speaker_key == speaker_key(speaker)
        with self._database.session() as session:
            found = session.scalars(
                select(Consent)
                .where(where)
                .order_by(Consent.asserted_at.desc(), Consent.id.desc())
                .limit(limit)
                .offset(offset)
            )
            return list(found), session.scalar(select(func.count()).select_from(Consent).where(where)) or 0

    def standing_of(
        self, owner_id: uuid.UUID, consents: Sequence[Consent]
    ) -> dict[uuid.UUID, list[ConsentScope]]:
        """What some consents of an owner count for now; those that count for nothing are left out.

        Taking one back takes back all that the same speaker gave before, so the last of each kind is looked
        at.
        """
        taken_back = (
            select(Consent)
            .ext(distinct_on(Consent.speaker_key, Consent.scope))
            .where(
                Consent.owner_id == owner_id,
                Consent.speaker_key.in_({one.speaker_key for one in consents}),
                Consent.revoked_at.is_not(None),
            )
            .order_by(Consent.speaker_key, Consent.scope, Consent.revoked_at.desc())
        )
        with self._database.session() as session:
            known = [*consents, *session.scalars(taken_back)]
        at = datetime.now(UTC)
        speakers = {one.speaker_key: one.speaker for one in consents}
        standing = {
            one.id: scopes
            for name in speakers.values()
            for one, scopes in standing_for(known, speaker=name, at=at)
        }
        return {one.id: standing[one.id] for one in consents if one.id in standing}

    def page(
        self, owner_id: uuid.UUID, *, after: uuid.UUID | None = None, limit: int = 20
    ) -> tuple[list[Consent], bool]:
        """The consents of an owner that nothing has taken back, the newest first, and whether there are more.

        Args:
            owner_id: whose.
            after: only those that come after this one of theirs.
            limit: at most so many.

        Raises:
            ConsentNotFound: `after` is none of theirs.
        """
        place, later = tuple_(Consent.asserted_at, Consent.id), aliased(Consent)
        taken_back = select(later.id).where(
            later.owner_id == owner_id,
            later.speaker_key == Consent.speaker_key,
            later.revoked_at >= Consent.asserted_at,
        )
        wanted = select(Consent).where(Consent.owner_id == owner_id, ~taken_back.exists())
        with self._database.session() as session:
            if after is not None:
                last = _find(session, after, owner_id)
                wanted = wanted.where(place < tuple_(last.asserted_at, last.id))
            newest = wanted.order_by(Consent.asserted_at.desc(), Consent.id.desc()).limit(limit + 1)
            found = list(session.scalars(newest))
        return found[:limit], len(found) > limit

    def relabel(self, consent_id: uuid.UUID, owner_id: uuid.UUID | None, label: str) -> Consent:
        """Call what proves a consent something else; who agreed, and to what, stays.

        Raises:
            ConsentNotFound: as in `get`.
        """
        with self._database.session() as session:
            consent = _find_to_change(session, consent_id, owner_id)
            consent.evidence = {**(consent.evidence or {}), "label": label}
            return consent

    def get(self, consent_id: uuid.UUID, owner_id: uuid.UUID | None) -> Consent:
        """One consent of an owner; of any owner where that is None.

        Raises:
            ConsentNotFound: there is none, or it is somebody else's.
        """
        with self._database.session() as session:
            return _find(session, consent_id, owner_id)

    def revoke(self, consent_id: uuid.UUID, owner_id: uuid.UUID | None) -> Consent:
        """Take a consent back, and with it all that were recorded before for the same; once is enough.

        Raises:
            ConsentNotFound: as in `get`.
        """
        with self._database.session() as session:
            consent = _find_to_change(session, consent_id, owner_id)
            if consent.revoked_at is None:
                consent.revoked_at = _now(session)
            return consent

    def require(
        self,
        session: Session | None,
        owner_id: uuid.UUID,
        speaker: str,
        scope: ConsentScope = ConsentScope.VOICE_CLONING,
    ) -> Consent:
        """Demand a consent before a voice is made.

        Args:
            session: the caller's unit of work; None: one of its own.
            owner_id: whose recordings they are.
            speaker: whose voice it is.
            scope: what is to be done.

        Raises:
            ConsentRequired: there is none, or it expired or was taken back; the message says what to do.
        """
        with self._within(session) as within:
            consents, now = _of_speaker(within, owner_id, speaker), _now(within)
            return require_consent(consents, speaker=speaker, scope=scope, at=now)

    def recorded(self, session: Session | None, owner_id: uuid.UUID, speaker: str) -> list[Consent]:
        """The consents of a speaker that count and that a recording of them proves, the newest first.

        Args:
            session: the caller's unit of work; None: one of its own.
            owner_id: whose recordings they are.
            speaker: who agreed.
        """
        with self._within(session) as within:
            consents, now = _of_speaker(within, owner_id, speaker), _now(within)
            found = standing_consents(consents, speaker=speaker, at=now)
            return [one for one in found if one.source == "recording"]

    def ensure(
        self,
        session: Session | None,
        owner_id: uuid.UUID,
        speaker: str,
        asserted_by: uuid.UUID,
        scope: ConsentScope = ConsentScope.VOICE_CLONING,
    ) -> Consent:
        """Demand a consent as `require` does; in development record a speaker's first one on the way.

        One that expired or was taken back has to be renewed by `assert_consent`, in either environment.

        Args:
            session: the caller's unit of work, so that what is recorded stands or falls with it; None: one of
                its own.
            owner_id: whose recordings they are.
            speaker: whose voice it is.
            asserted_by: who makes the voice, and answers for what is recorded.
            scope: what is to be done.

        Raises:
            ConsentRequired: as in `require`.
            SpeakerInvalid: the speaker has no name.
        """
        if self._environment == "production":
            return self.require(session, owner_id, speaker, scope)
        with self._within(session) as within:
            _lock_owner(within, owner_id)
            if _of_speaker(within, owner_id, speaker):
                return self.require(within, owner_id, speaker, scope)
            speaker = clean_speaker(speaker)
            words = _ON_THE_WAY.format(speaker=speaker)
            consent = _assertion(owner_id, speaker, [scope.value], words, by=asserted_by, at=_now(within))
            within.add(consent)
            return consent

    def _within(self, session: Session | None) -> AbstractContextManager[Session]:
        return self._database.session() if session is None else nullcontext(session)


def _assertion(
    owner_id: uuid.UUID, speaker: str, scope: list[str], statement: str, *, by: uuid.UUID, at: datetime
) -> Consent:
    return Consent(
        id=uuid.uuid4(),
        owner_id=owner_id,
        speaker=speaker,
        speaker_key=speaker_key(speaker),
        scope=scope,
        statement=statement,
        source="assertion",
        evidence=None,
        asserted_by=by,
        asserted_at=at,
        expires_at=None,
        revoked_at=None,
    )


def _of_speaker(session: Session, owner_id: uuid.UUID, speaker: str) -> list[Consent]:
    return list(
        session.scalars(
            select(Consent)
            .where(Consent.owner_id == owner_id, Consent.speaker_key == speaker_key(speaker))
            .execution_options(populate_existing=True)  # the caller's session may have read them before
        )
    )


def _find(session: Session, consent_id: uuid.UUID, owner_id: uuid.UUID | None) -> Consent:
    consent = session.get(Consent, consent_id)
    if consent is None or owner_id not in {None, consent.owner_id}:
        raise ConsentNotFound(f"There is no consent with the id {consent_id}. GET /consents lists yours.")
    return consent


def _find_to_change(session: Session, consent_id: uuid.UUID, owner_id: uuid.UUID | None) -> Consent:
    """As `_find`, and nobody else changes consents of its owner before the end of the unit of work."""
    consent = _find(session, consent_id, owner_id)
    _lock_owner(session, consent.owner_id)
    session.refresh(consent)
    return consent


def _lock_owner(session: Session, owner_id: uuid.UUID) -> None:
    """Let one transaction at a time change an owner's consents."""
    session.execute(select(func.pg_advisory_xact_lock(_OWNER_LOCK, func.hashtext(str(owner_id)))))


def _now(session: Session) -> datetime:
    """The database's time, as what came first must be told among machines, and after waiting for a lock."""
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    return now


def _checked_scope(scope: Sequence[str]) -> list[str]:
    known = [one.value for one in ConsentScope]
    if not scope or not set(scope) <= set(known):
        raise ConsentInvalid(f"scope names what is agreed to; it is a list of: {', '.join(known)}.")
    return sorted(set(scope))


def _checked_statement(statement: str | None) -> str:
    words = (statement or "").strip()
    if len(words) > MAX_STATEMENT_CHARACTERS:
        raise ConsentInvalid(f"A statement has at most {MAX_STATEMENT_CHARACTERS} characters.")
    if "\0" in words:
        raise ConsentInvalid("The statement holds a NUL character; leave it out.")
    return words
