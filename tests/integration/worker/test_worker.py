"""What a worker takes, and what it leaves to others, with a real queue."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from voicewright.engines.installed import Engines
from voicewright.engines.port import Forecast
from voicewright.engines.testing import TONE_ENGINE
from voicewright.privacy.service import ConsentService
from voicewright.storage.vault import Vault
from voicewright.training.models import Node, TrainingJob
from voicewright.training.nodes import live_nodes
from voicewright.training.transitions import issue_ticket
from voicewright.voices.service import VoiceService
from voicewright.worker import service
from voicewright.worker.chores import Chore
from voicewright.worker.node import Abilities, ways_to_run
from voicewright.worker.service import Worker, WorkerParts

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.settings import Settings

BIG = replace(TONE_ENGINE, forecast=Forecast(gpu_memory_mb=10_000))
NEEDS_GPU = replace(TONE_ENGINE, capabilities=replace(TONE_ENGINE.capabilities, needs_gpu=True))
SPEAKS_ONLY = replace(TONE_ENGINE, capabilities=replace(TONE_ENGINE.capabilities, clones=False, trains=False))
TRAINS_ONLY = replace(TONE_ENGINE, capabilities=replace(TONE_ENGINE.capabilities, clones=False))
UNINSTALLED = replace(TONE_ENGINE, requires=("a_package_that_nobody_has",))


@pytest.fixture
def worker(settings: Settings, database: Database) -> Worker:
    """A worker with a GPU for one training of the engine, none of whose threads runs."""
    voices = VoiceService.open(settings, database)
    parts = WorkerParts(
        settings=settings,
        database=database,
        voices=voices,
        samples=Vault.of_samples(settings, voices.vault.keys),
        consents=ConsentService(database, "development"),
    )
    return Worker(parts, Abilities(uuid.uuid4(), "here", {"tone": BIG}, 1, None, 10_000))


def enter_job(database: Database, provider: str = "tone") -> TrainingJob:
    job = TrainingJob(
        owner_id=uuid.uuid4(), name="Ann", provider=provider, language="en-us", sample_ids=[], options={},
        engine_options={}, quality_threshold=0.0, max_training_ms=60_000, status="queued", priority=50,
        max_retries=0, estimated_cost=Decimal(0), estimated_time_ms=1, forecast_time_ms=1,
    )  # fmt: skip
    with database.session() as session:
        session.add(job)
        issue_ticket(session, job)
    return job


def hand_out(database: Database, job: TrainingJob) -> int:
    """Mark the entry as a runner does that was given it."""
    assert job.ticket is not None
    with database.session() as session:
        session.execute(text("SET LOCAL search_path TO public, queue"))
        session.execute(
            text("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = :id"), {"id": job.ticket}
        )
    return job.ticket


def entries(database: Database) -> list[tuple[int, str]]:
    with database.session() as session:
        rows = session.execute(text("SELECT id, status::text FROM queue.procrastinate_jobs ORDER BY id"))
        return [(row.id, row.status) for row in rows]


@pytest.mark.parametrize(
    ("info", "gpu_memory_mb", "ways"),
    [
        (TONE_ENGINE, 0, {"clone", "train"}),
        (NEEDS_GPU, 0, set()),
        (NEEDS_GPU, 4_000, {"clone", "train"}),
        (BIG, 0, {"clone"}),
        (BIG, 4_000, {"clone"}),
        (BIG, 16_000, {"clone", "train"}),
        (SPEAKS_ONLY, 16_000, set()),
        (TRAINS_ONLY, 0, {"train"}),
    ],
)
def test_a_node_offers_what_it_can_run(info, gpu_memory_mb, ways) -> None:
    can = ways_to_run(info, gpu_memory_mb=gpu_memory_mb)
    assert {"clone" if clones else "train" for clones in can} == ways


def test_a_node_offers_nothing_that_is_not_installed(settings: Settings) -> None:
    known = (TONE_ENGINE, replace(UNINSTALLED, id="uninstalled"))
    node = Abilities.of_this_machine(settings, Engines(known=lambda: known))
    assert set(node.engines) == {"tone"}
    assert node.speaks == ("tone",)


def test_a_node_is_known_while_it_is_there(database: Database, worker: Worker) -> None:
    worker.node.announce(database)
    worker.node.announce(database)
    with database.session() as session:
        [node] = live_nodes(session)
    assert (node.name, node.engines, node.gpu_memory_mb) == ("here", ["tone"], 10_000)

    worker.node.leave(database)
    with database.session() as session:
        assert session.query(Node).count() == 0


def test_a_job_whose_gpu_is_busy_keeps_its_place(
    database: Database, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_GPU_WAIT_S", 0.0)
    first, second = enter_job(database), enter_job(database)
    ticket = hand_out(database, first)

    with worker._gpu.lend(10_000) as granted:
        assert granted
        worker._do(ticket, {"job_id": str(first.id)})

    assert entries(database) == [(ticket, "todo"), (second.ticket, "todo")]
    with database.session() as session:
        waiting = session.get_one(TrainingJob, first.id)
    assert (waiting.status, waiting.ticket, waiting.attempt) == ("queued", ticket, 0)


def test_a_job_that_is_run_frees_the_gpu_again(database: Database, worker: Worker) -> None:
    job = enter_job(database)

    worker._do(hand_out(database, job), {"job_id": str(job.id)})

    with database.session() as session:
        ended = session.get_one(TrainingJob, job.id)
    assert (ended.status, ended.attempt) == ("failed", 1)  # it has no samples
    assert entries(database) == []
    with worker._gpu.lend(10_000) as granted:
        assert granted


def test_an_entry_without_a_job_is_thrown_away(database: Database, worker: Worker) -> None:
    job = enter_job(database, provider="another")

    worker._do(hand_out(database, job), {"job_id": str(job.id)})

    assert entries(database) == []


def test_a_worker_that_ends_begins_nothing(database: Database, worker: Worker) -> None:
    job = enter_job(database)
    worker.stop()

    worker._do(hand_out(database, job), {"job_id": str(job.id)})

    assert entries(database) == [(job.ticket, "todo")]


def test_a_sweep_that_takes_long_holds_up_no_sign_of_life_and_one_that_fails_no_other(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LOOK_EVERY_S", 0.01)
    swept, told, go_on = threading.Event(), threading.Event(), threading.Event()
    announced: list[bool] = []

    def fail() -> None:
        raise ZeroDivisionError

    def take_long() -> None:
        swept.set()
        go_on.wait()

    def announce(_node: Abilities, _database: Database) -> None:
        announced.append(swept.wait(30) and told.wait(30))
        if len(announced) == 3:
            worker.stop()

    monkeypatch.setattr(Abilities, "announce", announce)
    monkeypatch.setattr(service, "_CHORE_WAIT_S", 0.0)
    sweeps = [Chore("purge", 3600, fail), Chore("erase", 3600, take_long)]
    worker._parts = replace(worker._parts, chores=[Chore("tell", 3600, told.set)], sweeps=sweeps)
    try:
        worker.run()
    finally:
        go_on.set()
    assert announced[:3] == [True, True, True]
