"""What a voice says while it is trained: kept, told, marked, never twice, and never the end of a training."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import soundfile
from sqlalchemy import select, update

from voicewright.provenance.service import ProvenanceService
from voicewright.quality.sentences import sentence_set
from voicewright.storage.user_keys import KeyRing
from voicewright.training.models import TrainingEvent, TrainingJob
from voicewright.training.runs import Run
from voicewright.training.workflow import WorkTools, run_job
from voicewright.voices.files import KEPT_FOR
from voicewright.voices.models import KeptTree

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    import pytest

    from voicewright.db.server import Database


def work(tools: WorkTools, job: TrainingJob) -> float | None:
    with tools.database.session() as session:
        ticket = session.get_one(TrainingJob, job.id).ticket
    assert ticket is not None
    run = Run.begin(tools.database, job.id, ticket, node="here")
    assert run is not None
    with run:
        return run_job(run, tools)


def told(database: Database, job_id: UUID) -> list[dict[str, Any]]:
    with database.session() as session:
        events = session.scalars(
            select(TrainingEvent).where(TrainingEvent.job_id == job_id).order_by(TrainingEvent.id)
        )
        return [event.data for event in events if event.kind == "log" and "audio" in event.data]


def test_each_is_kept_once_and_told_and_goes_with_its_voice(
    work_tools: WorkTools, make_job: Callable[..., TrainingJob], database: Database
) -> None:
    job = make_job(options={"epochs": 8, "training_fault": "no_gpu", "heals": True, "keeps_epochs": False})
    assert work(work_tools, job) == 5.0  # after the first epoch, of which nothing but what it said is left
    voices = work_tools.voices
    assert [kept.said.epoch for kept in voices.rehearsals_of_job(job.id)] == [1]
    assert work(work_tools, job) is None

    kept = voices.rehearsals_of_job(job.id)
    epochs = [1, 2, 4, 8]
    assert [one.said.epoch for one in kept] == epochs
    text = sentence_set("en-us").sentences[0]
    expected = [{"audio": f"epoch-{epoch}.flac", "text": text, "epoch": epoch} for epoch in epochs]
    assert told(database, job.id) == expected
    for one in kept:
        content = one.read()
        assert content is not None
        sound, rate_hz = soundfile.read(io.BytesIO(content))
        assert len(sound) / rate_hz == one.said.duration_s > 0.3
        assert abs(sound).max() > 0.1
        assert one.said.watermark is None  # nobody marks here

    voice = voices.of_job(job.id)
    assert voice is not None
    owned = voices.of(job.owner_id)
    blobs = voices.vault.of(job.owner_id)
    digest = kept[0].files.files()[0].sha256
    owned.delete(voice.id)
    assert voices.rehearsals_of_job(job.id) == []
    assert blobs.has(digest)  # the voice may be brought back
    with database.session() as session:
        session.execute(update(type(voice)).values(purge_at=datetime.now(UTC) - timedelta(days=1)))
    owned.sweep()
    assert not blobs.has(digest)
    with database.session() as session:
        assert session.scalars(select(KeptTree)).all() == []


def test_they_go_after_a_while(
    work_tools: WorkTools, make_job: Callable[..., TrainingJob], database: Database
) -> None:
    job = make_job(options={"epochs": 1})
    work(work_tools, job)
    [kept] = work_tools.voices.rehearsals_of_job(job.id)
    digest = kept.files.files()[0].sha256
    with database.session() as session:
        session.execute(update(KeptTree).values(kept_at=datetime.now(UTC) - KEPT_FOR - timedelta(days=1)))
    work_tools.voices.tidy()
    assert work_tools.voices.rehearsals_of_job(job.id) == []
    assert not work_tools.voices.vault.of(job.owner_id).has(digest)


def test_they_are_marked(work_tools: WorkTools, make_job: Callable[..., TrainingJob]) -> None:
    job = make_job(options={"epochs": 1})
    settings, database = work_tools.settings, work_tools.database
    with ProvenanceService(settings, database, KeyRing.open(settings, database)) as provenance:
        work(replace(work_tools, provenance=provenance), job)
    [kept] = work_tools.voices.rehearsals_of_job(job.id)
    assert (kept.said.watermark, kept.said.signed) == ("perth", True)


def test_what_cannot_be_kept_costs_no_training(
    work_tools: WorkTools,
    make_job: Callable[..., TrainingJob],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("voicewright.training.rehearsing.write_audio", full)
    job = make_job(options={"epochs": 1})
    assert work(work_tools, job) is None
    with database.session() as session:
        assert session.get_one(TrainingJob, job.id).status == "completed"
        messages = session.scalars(select(TrainingEvent.message).where(TrainingEvent.job_id == job.id)).all()
    assert any("could not be kept: the disk is full" in message for message in messages)
    assert told(database, job.id) == []
