"""The rows of an account as JSON, page by page: nobody's history has to fit into the memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, tuple_

from voicewright.accounts.models import ApiKey, User, UserSession
from voicewright.listening.models import ListeningTest
from voicewright.listening.views import ListeningTestView, RevealedTrialView
from voicewright.privacy.models import Consent
from voicewright.recordings.models import Dataset, Sample
from voicewright.recordings.schemas import SampleView
from voicewright.speech.history import BLIND
from voicewright.speech.history_views import SynthesisView
from voicewright.speech.models import Synthesis
from voicewright.training.models import TrainingJob
from voicewright.training.views import JobSummaryView

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Iterator
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


def jobs_json(database: Database, owner_id: uuid.UUID) -> Iterator[bytes]:
    """The trainings."""
    jobs = _pages(database, TrainingJob, TrainingJob.owner_id == owner_id)
    return json_list(JobSummaryView.of(job) for job in jobs)


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


def _pages(database: Database, table: Any, mine: Any) -> Iterator[Any]:
    """Rows by their age, so many in each transaction; what comes meanwhile may be among them."""
    place, after = tuple_(table.created_at, table.id), None
    while True:
        wanted = select(table).where(mine).order_by(table.created_at, table.id).limit(_AT_ONCE)
        if after is not None:
            wanted = wanted.where(place > tuple_(*after))
        with database.session() as session:
            rows = session.scalars(wanted).all()
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        after = (rows[-1].created_at, rows[-1].id)


def _moment(value: datetime) -> str:
    return value.isoformat()
