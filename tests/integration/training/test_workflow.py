"""A queued job from its ticket to its end, with a real engine process, registry and database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from voicewright.home.layout import Home
from voicewright.privacy.service import ConsentService
from voicewright.recordings.models import Sample
from voicewright.training.models import BudgetReservation, TrainingEvent, TrainingJob
from voicewright.training.runs import Run
from voicewright.training.workflow import WorkTools, run_job

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.settings import Settings

MakeJob = Callable[..., TrainingJob]


def begin(database: Database, job: TrainingJob) -> Run:
    with database.session() as session:
        ticket = session.get_one(TrainingJob, job.id).ticket
    assert ticket is not None
    run = Run.begin(database, job.id, ticket, node="here")
    assert run is not None
    return run


def work(tools: WorkTools, job: TrainingJob) -> float | None:
    """One attempt; the seconds until the next, if there is one."""
    with begin(tools.database, job) as run:
        return run_job(run, tools)


def now(database: Database, job: TrainingJob) -> TrainingJob:
    with database.session() as session:
        return session.get_one(TrainingJob, job.id)


def log_of(database: Database, job: TrainingJob) -> str:
    with database.session() as session:
        rows = session.scalars(
            select(TrainingEvent)
            .where(TrainingEvent.job_id == job.id, TrainingEvent.kind.in_(("log", "status")))
            .order_by(TrainingEvent.id)
        )
        return "\n".join(f"{row.kind} {row.level or '-'} {row.message}" for row in rows)


def work_folders(settings: Settings) -> list[str]:
    folder = Home.open(settings.home).work_dir
    return [path.name for path in folder.iterdir() if not path.name.startswith(".")]


def test_makes_a_voice_of_uploaded_samples(
    work_tools: WorkTools, make_job: MakeJob, database: Database, settings: Settings
) -> None:
    job = make_job(estimated_cost=Decimal("1.50"))

    assert work(work_tools, job) is None

    done = now(database, job)
    voice = work_tools.voices.of_job(job.id)
    assert voice is not None
    assert (done.status, done.voice_model_id, done.progress, done.attempt) == (
        "completed",
        voice.id,
        100.0,
        1,
    )
    assert (voice.owner_id, voice.name, voice.engine) == (job.owner_id, "Ann", "tone")
    assert voice.speaker_key == "ann"
    assert done.quality is not None
    assert done.quality_score == pytest.approx(done.quality["overall"])
    assert done.actual_time_ms is not None
    assert done.actual_time_ms > 0
    assert done.ticket is None
    log = log_of(database, job)
    assert log.startswith("status - running")
    assert log.endswith("status - completed")
    assert "5 of 5 clips accepted" in log
    with database.session() as session:
        metrics = session.scalars(
            select(TrainingEvent).where(TrainingEvent.job_id == job.id, TrainingEvent.kind == "metric")
        ).all()
        assert [one.data["step"] for one in metrics] == [0, 1, 2, 3]
    assert work_folders(settings) == []


def test_what_a_cut_off_run_finished_is_not_done_again(
    work_tools: WorkTools, make_job: MakeJob, database: Database
) -> None:
    job = make_job(options={"epochs": 6, "keeps_epochs": True, "training_fault": "no_gpu", "heals": True})

    delay_s = work(work_tools, job)
    waiting = now(database, job)
    assert (delay_s, waiting.status, waiting.retry_count, waiting.error_code) == (
        5.0,
        "delayed",
        1,
        "GPU_UNAVAILABLE",
    )
    assert work(work_tools, job) is None

    done = now(database, job)
    assert (done.status, done.attempt, done.retry_count) == ("completed", 2, 1)
    log = log_of(database, job)
    assert log.count("samples found") == 2
    assert "from a checkpoint" in log


@pytest.mark.parametrize(
    ("fault", "code"),
    [("no_gpu", "GPU_UNAVAILABLE"), ("no_disk", "ENGINE_DISK_FULL"), ("die", "HOST_DIED")],
)
def test_what_the_surroundings_did_is_tried_again_three_times(
    work_tools: WorkTools, make_job: MakeJob, database: Database, fault: str, code: str
) -> None:
    job = make_job(options={"training_fault": fault})

    delays = [work(work_tools, job) for _ in range(4)]

    assert delays == [5.0, 25.0, 125.0, None]
    failed = now(database, job)
    assert (failed.status, failed.error_code, failed.retry_count) == ("failed", code, 3)
    assert failed.can_retry
    assert failed.suggested_actions
    assert failed.last_error
    assert work_tools.voices.of_job(job.id) is None


@pytest.mark.parametrize("fault", ["refuse", "fail"])
def test_what_would_only_happen_again_is_not_tried_again(
    work_tools: WorkTools, make_job: MakeJob, database: Database, fault: str, settings: Settings
) -> None:
    job = make_job(options={"training_fault": fault})

    assert work(work_tools, job) is None

    assert now(database, job).status == "failed"
    assert now(database, job).retry_count == 0
    assert work_folders(settings) == []


def test_memory_that_is_short_halves_the_batch_and_goes_on(
    work_tools: WorkTools, make_job: MakeJob, database: Database
) -> None:
    job = make_job(options={"batch_size": 16, "largest_batch": 4, "keeps_epochs": True})

    assert work(work_tools, job) is None

    assert now(database, job).status == "completed"
    log = log_of(database, job)
    assert "the batch was halved from 16 to 8" in log
    assert "the batch was halved from 8 to 4" in log
    assert "from a checkpoint" in log


def test_a_batch_that_fits_is_left_as_it_is(
    work_tools: WorkTools, make_job: MakeJob, database: Database
) -> None:
    job = make_job(options={"batch_size": 4, "largest_batch": 4})

    assert work(work_tools, job) is None

    assert "halved" not in log_of(database, job)


@pytest.mark.slow
def test_a_training_that_takes_too_long_is_stopped_and_keeps_its_checkpoint(
    work_tools: WorkTools, make_job: MakeJob, database: Database, settings: Settings
) -> None:
    job = make_job(options={"epochs": 1000, "epoch_s": 0.2, "keeps_epochs": True}, max_training_ms=6000)

    assert work(work_tools, job) is None

    failed = now(database, job)
    assert (failed.status, failed.error_code, failed.can_retry) == ("failed", "TRAINING_TIMEOUT", True)
    assert failed.last_error is not None
    assert "last checkpoint is kept" in failed.last_error
    assert work_folders(settings) == [job.id.hex]


def test_a_voice_under_the_threshold_fails_and_is_kept_for_listening(
    work_tools: WorkTools, make_job: MakeJob, database: Database
) -> None:
    job = make_job(quality_threshold=0.99)

    assert work(work_tools, job) is None

    failed = now(database, job)
    assert (failed.status, failed.error_code) == ("failed", "MODEL_VALIDATION_FAILED")
    assert failed.quality_score is not None
    assert work_tools.voices.of_job(job.id) is None
    assert work_tools.voices.kept_of_job(job.id, "artefact").names()
    spoken = work_tools.voices.kept_of_job(job.id, "spoken")
    assert {Path(name).suffix for name in spoken.names()} == {".flac"}
    work_tools.voices.sweep()
    assert work_tools.voices.kept_of_job(job.id, "spoken").names()


def test_recordings_are_called_by_the_names_that_their_owner_gave_them(
    work_tools: WorkTools, make_job: MakeJob, database: Database, samples: list[Sample]
) -> None:
    broken = work_tools.samples.of(samples[0].owner_id).put_bytes(b"RIFF, and nothing of a sound")
    with database.session() as session:
        sample = session.get_one(Sample, samples[0].id)
        sample.digest, sample.filename = broken.digest, r"my \1 first.wav"
    job = make_job()

    assert work(work_tools, job) is None

    assert now(database, job).status == "completed"
    log = log_of(database, job)
    assert r"my \1 first.wav" in log
    assert str(samples[0].id) not in log


def test_samples_that_were_deleted_meanwhile_are_named(
    work_tools: WorkTools, make_job: MakeJob, database: Database, samples: list[Sample]
) -> None:
    job = make_job()
    with database.session() as session:
        session.delete(session.merge(samples[0]))

    work(work_tools, job)

    failed = now(database, job)
    assert failed.error_code == "VOICE_SAMPLE_NOT_FOUND"
    assert failed.last_error is not None
    assert str(samples[0].id) in failed.last_error


def test_without_consent_there_is_no_voice(
    work_tools: WorkTools, make_job: MakeJob, database: Database
) -> None:
    job = make_job(consent=False)

    work(work_tools, job)

    assert now(database, job).error_code == "CONSENT_REQUIRED"


def test_a_consent_that_is_revoked_during_the_training_counts(
    work_tools: WorkTools, make_job: MakeJob, database: Database
) -> None:
    job = make_job(consent=False)
    consents = ConsentService(database, "production")
    consent = consents.assert_consent(job.owner_id, "Ann", asserted_by=job.owner_id)

    class Revoking:
        """The registry, to whom the voice comes too late."""

        def __init__(self) -> None:
            self._asked = 0

        def require(self, *args: object, **kwargs: object) -> object:
            self._asked += 1
            if self._asked == 2:
                consents.revoke(consent.id, job.owner_id)
            return consents.require(*args, **kwargs)  # type: ignore[arg-type]

    work(replace(work_tools, consents=Revoking()), job)  # type: ignore[arg-type]

    assert now(database, job).error_code == "CONSENT_REQUIRED"
    assert work_tools.voices.of_job(job.id) is None


@pytest.mark.parametrize("fault", ["endless", "deaf", "freeze"])
def test_a_cancelled_job_stops_and_leaves_only_what_a_retry_could_go_on_from(
    work_tools: WorkTools, make_job: MakeJob, database: Database, settings: Settings, fault: str
) -> None:
    job = make_job(options={"training_fault": fault, "keeps_epochs": True})
    with begin(database, job) as run, watched(run) as seen:
        finished: list[float | None] = []
        working = threading.Thread(target=lambda: finished.append(run_job(run, work_tools)))
        working.start()
        assert seen.wait(60)
        with database.session() as session:
            row = session.get_one(TrainingJob, job.id, with_for_update=True)
            row.status, row.attempt = "cancelled", row.attempt + 1
        working.join(60)
    assert finished == [None]
    assert work_tools.engine.pid is None or fault == "endless"
    assert now(database, job).status == "cancelled"
    assert "completed" not in log_of(database, job)
    left = Home.open(settings.home).work_dir / job.id.hex
    assert {path.name for path in left.iterdir()} == {"checkpoint", "fingerprint"}


def test_a_worker_that_ends_gives_its_job_back(
    work_tools: WorkTools, make_job: MakeJob, database: Database
) -> None:
    job = make_job(options={"epochs": 4, "training_fault": "endless", "keeps_epochs": True, "heals": True})
    with begin(database, job) as run, watched(run) as seen:
        working = threading.Thread(target=run_job, args=(run, work_tools))
        working.start()
        assert seen.wait(60)
        run.stop()
        working.join(60)
    given_back = now(database, job)
    assert (given_back.status, given_back.retry_count) == ("queued", 0)

    assert work(work_tools, job) is None
    assert now(database, job).status == "completed"
    assert "from a checkpoint" in log_of(database, job)


def test_the_budget_is_settled_with_what_it_really_cost(
    work_tools: WorkTools, make_job: MakeJob, database: Database, settings: Settings
) -> None:
    dear = settings.model_copy(update={"price_cpu_hour": Decimal(3600)})
    job = make_job()
    with database.session() as session:
        session.add(
            BudgetReservation(job_id=job.id, day=job.created_at.date(), amount=Decimal(0), booked=Decimal(0))
        )

    work(replace(work_tools, settings=dear), job)

    done = now(database, job)
    assert done.actual_cost is not None
    assert done.actual_time_ms is not None
    # a dollar a second
    assert float(done.actual_cost) == pytest.approx(done.actual_time_ms / 1000, rel=0.5)


@contextmanager
def watched(run: Run) -> Iterator[threading.Event]:
    """An event for the moment in which the engine says that it goes wrong."""
    seen = threading.Event()
    log = run.log

    def listen(message: str, **more: object) -> None:
        if message.startswith("fault:"):
            seen.set()
        log(message, **more)  # type: ignore[arg-type]

    run.log = listen  # type: ignore[method-assign]
    yield seen
