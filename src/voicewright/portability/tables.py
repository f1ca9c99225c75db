"""The rows of an account as JSON, page by page: nobody's history has to fit into the memory."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import or_, select, tuple_

from voicewright.accounts.models import ApiKey, User, UserSession
from voicewright.listening.models import ListeningSide, ListeningTest
from voicewright.listening.views import ListeningTestView, RevealedTrialView
from voicewright.portability.views import ExportedShare, ExportedUse
from voicewright.privacy.models import Consent
from voicewright.recordings.models import Dataset, Sample
from voicewright.recordings.schemas import SampleView
from voicewright.speech.history import BLIND
from voicewright.speech.history_views import SynthesisView
from voicewright.speech.models import Synthesis
from voicewright.training.models import TrainingEvent, TrainingJob
from voicewright.training.views import EventView, JobSummaryView
from voicewright.voices.figures.models import VoiceRating, VoiceUse
from voicewright.voices.figures.views import RatingView
from voicewright.voices.sharing.models import VoiceShare

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from pydantic import BaseModel
    from sqlalchemy.orm import Session

    from voicewright.db.server import Database

_AT_ONCE: Final = 200


def samples_of(database: Database, owner_id: uuid.UUID, dataset_id: uuid.UUID | None) -> Iterator[Sample]:
    """The recordings of a dataset, or those that are in none; the oldest first."""
    mine = (Sample.owner_id == owner_id) & (Sample.dataset_id.is_not_distinct_from(dataset_id))
    yield from _pages(database, Sample, mine)


def spoken_by(database: Database, user_id: uuid.UUID) -> Iterator[Synthesis]:
    """The history, the oldest first, without what would tell who speaks in a blind test that goes on."""
    goes_on = select(ListeningTest.id).where(
        ListeningTest.user_id == user_id,
        ListeningTest.finished_at.is_(None),
        ListeningTest.created_at <= Synthesis.created_at,
    )
    told = (Synthesis.source != BLIND) | ~goes_on.exists()
    yield from _pages(database, Synthesis, (Synthesis.user_id == user_id) & told)


def recordings_json(samples: Iterable[Sample]) -> Iterator[bytes]:
    """What is known of recordings."""
    return json_list(SampleView.of(sample) for sample in samples)


def history_json(database: Database, user_id: uuid.UUID) -> Iterator[bytes]:
    """What was spoken."""
    return json_list(SynthesisView.of(entry) for entry in spoken_by(database, user_id))


def jobs_of(database: Database, owner_id: uuid.UUID) -> Iterator[TrainingJob]:
    """The trainings, the oldest first."""
    yield from _pages(database, TrainingJob, TrainingJob.owner_id == owner_id)


def jobs_json(jobs: Iterable[TrainingJob]) -> Iterator[bytes]:
    """What is known of trainings, without what happened in them."""
    return json_list(JobSummaryView.of(job) for job in jobs)


def events_json(database: Database, job_id: uuid.UUID) -> Iterator[bytes]:
    """What happened in a training, in order: its log, and its curves point by point."""
    events = _pages(database, TrainingEvent, TrainingEvent.job_id == job_id, by=[TrainingEvent.id])
    return json_list(EventView.of(event) for event in events)


def shares_json(database: Database, user_id: uuid.UUID) -> Iterator[bytes]:
    """The shares in both directions, ended ones too."""
    theirs = or_(VoiceShare.owner_id == user_id, VoiceShare.target_user_id == user_id)
    return json_list(ExportedShare.of(share) for share in _pages(database, VoiceShare, theirs))


def ratings_json(database: Database, user_id: uuid.UUID) -> Iterator[bytes]:
    """What they think of voices; not what others think of theirs."""
    mine, by = VoiceRating.user_id == user_id, [VoiceRating.at, VoiceRating.model_id]
    return json_list(RatingView.of(rating) for rating in _pages(database, VoiceRating, mine, by=by))


def voice_uses_json(database: Database, user_id: uuid.UUID) -> Iterator[bytes]:
    """The uses of their voices, whoever had them speak, and then theirs of others' voices.

    Without theirs of voices in a blind test that goes on: how long each spoke would tell who speaks in it.
    """
    goes_on = select(ListeningTest.id).join(ListeningSide).where(
        ListeningTest.user_id == user_id,
        ListeningTest.finished_at.is_(None),
        ListeningTest.created_at <= VoiceUse.at,
        ListeningSide.model_id == VoiceUse.model_id,
    )  # fmt: skip
    told = (VoiceUse.user_id != user_id) | ~goes_on.exists()
    own = (VoiceUse.owner_id == user_id) & told
    of_others = (VoiceUse.user_id == user_id) & (VoiceUse.owner_id != user_id) & told
    by = [VoiceUse.at, VoiceUse.id]
    uses = chain.from_iterable(_pages(database, VoiceUse, which, by=by) for which in (own, of_others))
    return json_list(ExportedUse.of(use, user_id) for use in uses)


def blind_tests_json(database: Database, user_id: uuid.UUID) -> Iterator[bytes]:
    """The blind tests and what was chosen in them; an unfinished one does not say who is who here either."""
    tests = _pages(database, ListeningTest, ListeningTest.user_id == user_id)
    return json_list(
        ListeningTestView.of(test) if test.finished_at is None else _revealed(test) for test in tests
    )


def datasets_of(session: Session, owner_id: uuid.UUID) -> list[Dataset]:
    """Their datasets, by name."""
    mine = select(Dataset).where(Dataset.owner_id == owner_id)
    return list(session.scalars(mine.order_by(Dataset.name_key)))


def consents_json(session: Session, owner_id: uuid.UUID) -> bytes:
    """What speakers agreed to."""
    mine = select(Consent).where(Consent.owner_id == owner_id).order_by(Consent.asserted_at, Consent.id)
    return to_json(
        [
            {
                "id": str(one.id),
                "speaker": one.speaker,
                "scope": one.scope,
                "statement": one.statement,
                "source": one.source,
                "evidence": one.evidence,
                "asserted_at": one.asserted_at,
                "expires_at": one.expires_at,
                "revoked_at": one.revoked_at,
            }
            for one in session.scalars(mine)
        ]
    )


def account_json(session: Session, user_id: uuid.UUID, preferences: dict[str, Any]) -> bytes:
    """The account itself: no secret is in it, as none is kept that could be read."""
    user = session.get_one(User, user_id)
    keys = select(ApiKey).where(ApiKey.user_id == user_id).order_by(ApiKey.created_at)
    sessions = select(UserSession).where(UserSession.user_id == user_id).order_by(UserSession.created_at)
    return to_json(
        {
            "id": str(user.id),
            "email": user.email,
            "name": user.name,
            "role": user.role,
            "created_at": user.created_at,
            "last_sign_in_at": user.last_sign_in_at,
            "identity_provider": user.oidc_issuer,
            "preferences": preferences,
            "api_keys": [
                {
                    "name": key.name,
                    "prefix": key.prefix,
                    "scopes": key.scopes,
                    "created_at": key.created_at,
                    "expires_at": key.expires_at,
                    "revoked_at": key.revoked_at,
                    "last_used_at": key.last_used_at,
                }
                for key in session.scalars(keys)
            ],
            "sessions": [
                {
                    "address": one.address,
                    "user_agent": one.user_agent,
                    "created_at": one.created_at,
                    "last_used_at": one.last_used_at,
                    "ended_at": one.revoked_at,
                }
                for one in session.scalars(sessions)
            ],
        }
    )


def to_json(value: Any) -> bytes:
    """As people can read it."""
    return json.dumps(value, ensure_ascii=False, indent=1, default=_moment).encode()


def json_list(views: Iterable[BaseModel]) -> Iterator[bytes]:
    """A list in pieces."""
    before = b"[\n"
    for view in views:
        yield before + view.model_dump_json(by_alias=True, serialize_as_any=True).encode()
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def _revealed(test: ListeningTest) -> ListeningTestView:
    shown = ListeningTestView.of(test)
    items = [RevealedTrialView.of(test, trial) for trial in test.trials]
    return shown.model_copy(update={"items": items})


def _pages(database: Database, table: Any, mine: Any, *, by: Sequence[Any] = ()) -> Iterator[Any]:
    """Rows by their age, so many in each transaction; what comes meanwhile may be among them.

    Args:
        database: open.
        table: of which table.
        mine: which of them.
        by: the columns that put them in order, no two rows alike; none: when they were made, and the id.
    """
    place, after = list(by) or [table.created_at, table.id], None
    while True:
        wanted = select(table).where(mine).order_by(*place).limit(_AT_ONCE)
        if after is not None:
            wanted = wanted.where(tuple_(*place) > tuple_(*after))
        with database.session() as session:
            rows = session.scalars(wanted).all()
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        after = [getattr(rows[-1], column.key) for column in place]


def _moment(value: datetime) -> str:
    return value.isoformat()
