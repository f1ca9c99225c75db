"""Owners hear how their trainings ended, in the transaction that ends them, where somebody tells them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from voicewright.storage.errors import StorageUnavailable
from voicewright.training.announcing import Announcer
from voicewright.training.errors import TrainingTimeout
from voicewright.training.models import TrainingJob
from voicewright.training.runs import Run
from voicewright.training.takeover import MOST_TAKEOVERS, take_over

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from voicewright.db.server import Database


class Told:
    """Keeps what is told instead of sending it."""

    def __init__(self) -> None:
        self.mails: list[tuple[uuid.UUID, str, str]] = []
        self.announcer = Announcer(self.tell, "https://voices.example.com/panel")

    def tell(self, _: Any, user_id: uuid.UUID, subject: str, body: str) -> None:
        self.mails.append((user_id, subject, body))


def begin(database: Database, job: TrainingJob, told: Told) -> Run:
    with database.session() as session:
        ticket = session.get_one(TrainingJob, job.id).ticket
    assert ticket is not None
    run = Run.begin(database, job.id, ticket, node="one", announcer=told.announcer)
    assert run is not None
    return run


def test_a_voice_is_ready(database: Database, make_job: Callable[..., TrainingJob]) -> None:
    told, job = Told(), make_job()
    run = begin(database, job, told)
    with database.session() as session:
        run.complete(session, voice_model_id=uuid.uuid4(), cost=Decimal(0), quality=None, quality_score=0.82)
    ((whom, subject, body),) = told.mails
    assert (whom, subject) == (job.owner_id, f"{job.name} is trained")
    assert "0.82 of 1" in body
    assert f"https://voices.example.com/panel/jobs/{job.id}" in body


def test_a_training_failed_for_good(
    database: Database, make_job: Callable[..., TrainingJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, job = Told(), make_job(max_retries=1)
    away = StorageUnavailable("The store is away.")
    assert begin(database, job, told).fail(away, cost=Decimal(0)) is not None
    assert told.mails == []  # it is tried again by itself
    timeout = TrainingTimeout("It took longer than 10 min.")
    assert begin(database, job, told).fail(timeout, cost=Decimal(0)) is None
    ((_, subject, body),) = told.mails
    assert subject == f"The training of {job.name} failed"
    assert "longer than 10 min" in body
    assert "What to do:\n- Try again with Retry on its page." in body
    assert "POST" not in body

    lost = make_job()
    begin(database, lost, told)
    monkeypatch.setattr(
        "voicewright.training.takeover.server_start", lambda: datetime(2000, 1, 1, tzinfo=UTC)
    )
    with database.session() as session:
        row = session.get_one(TrainingJob, lost.id)
        row.takeovers = MOST_TAKEOVERS
        row.heartbeat_at = datetime.now(UTC) - timedelta(hours=1)
    assert take_over(database, lambda *_: Decimal(0), announcer=told.announcer) == 1
    assert "did not survive" in told.mails[-1][2]


def test_where_nobody_knows_the_address_of_the_panel(
    database: Database, make_job: Callable[..., TrainingJob]
) -> None:
    told, job = Told(), make_job()
    told.announcer = Announcer(told.tell)
    run = begin(database, job, told)
    with database.session() as session:
        run.complete(session, voice_model_id=uuid.uuid4(), cost=Decimal(0), quality=None, quality_score=None)
    assert "You find its job in the panel, under Jobs." in told.mails[0][2]
