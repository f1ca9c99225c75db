"""From the request to the voice: what the service enters is what the workflow does."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from voicewright.accounts.caller import Caller, Role, Scope
from voicewright.engines.testing import TONE_ENGINE
from voicewright.recordings.models import SampleClip
from voicewright.training.runs import Run
from voicewright.training.schemas import TrainingRequestBody
from voicewright.training.service import TrainingService
from voicewright.training.workflow import WorkTools, run_job

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.recordings.models import Sample
    from voicewright.settings import Settings

PRICES = {"price_cpu_hour": Decimal(360), "price_storage_gb": Decimal(0), "price_transfer_gb": Decimal(0)}


@pytest.fixture
def owner(samples: list[Sample], database: Database) -> Caller:
    """Whose samples have their clips, as intake leaves them."""
    with database.session() as session:
        for sample in samples:
            session.add(
                SampleClip(
                    sample_id=sample.id, index=0, start_s=0.0, end_s=5.0, speech_s=4.8, verdict="good",
                    digest=uuid.uuid4().hex * 2, text="What is said.", reasons=[], measures={},
                )
            )  # fmt: skip
    return Caller(samples[0].owner_id, Role.USER, frozenset(Scope))


def test_a_started_job_becomes_a_voice_and_is_paid_for(
    settings: Settings, database: Database, samples: list[Sample], owner: Caller, work_tools: WorkTools
) -> None:
    priced = settings.model_copy(update=PRICES)
    today = datetime.now(UTC)  # also when it ends after midnight
    service = TrainingService(
        database, priced, work_tools.consents, engines=lambda _: TONE_ENGINE, clock=lambda: today
    )
    options = {"epochs": 3, "qualityThreshold": 0.1, "engine": {"seed": 5}}
    body = {"voiceSampleIds": [str(sample.id) for sample in samples], "provider": "tone", "options": options}

    started = service.start(owner, TrainingRequestBody.model_validate(body))
    ticket = service.get(owner, started.job_id).job.ticket
    assert ticket is not None
    run = Run.begin(database, started.job_id, ticket, node="here")
    assert run is not None
    with run:
        assert run_job(run, replace(work_tools, settings=priced)) is None

    details = service.get(owner, started.job_id)
    job = details.job
    assert (job.status, job.progress, job.voice_model_id is not None) == ("completed", 100.0, True)
    assert job.quality_score is not None
    assert [epoch for epoch, _ in details.curves["pitch_hz"]] == [0, 1, 2]
    assert details.curves["quality"][-1][1] == job.quality_score
    assert job.actual_time_ms is not None
    assert job.actual_cost is not None  # reckoned in its last moments
    assert 0 < job.actual_cost <= Decimal(job.actual_time_ms) / 10_000
    statistics = service.statistics(owner)
    assert (statistics.completed, statistics.success_rate) == (1, 100.0)
    assert statistics.average_cost == job.actual_cost
    assert statistics.left_today == priced.daily_training_budget - job.actual_cost
    status, events = service.follow(owner, job.id, after=0, limit=1000)
    assert (status, events[-1].message) == ("completed", "completed")
    states = [event.message for event in events if event.kind == "status"]
    assert states == ["queued", "running", "completed"]


@pytest.mark.slow
def test_a_voice_for_somebody_else_says_so_and_is_not_the_owners_own(
    settings: Settings, database: Database, samples: list[Sample], owner: Caller, work_tools: WorkTools
) -> None:
    service = TrainingService(database, settings, work_tools.consents, engines=lambda _: TONE_ENGINE)
    metadata = {"onboarding": {"userId": "user_1"}}
    body = TrainingRequestBody.model_validate(
        {
            "voiceSampleIds": [str(sample.id) for sample in samples],
            "provider": "tone",
            "method": "clone",
            "options": {"qualityThreshold": 0.0},
        }
    )
    with database.session() as session:
        job = service.start_for(session, owner, body, voice_metadata=metadata)
    assert job.ticket is not None
    run = Run.begin(database, job.id, job.ticket, node="here", gpu_type="rocm")
    assert run is not None
    with run:
        assert run_job(run, work_tools) is None

    ended = service.get(owner, job.id).job
    assert (ended.status, ended.method, ended.gpu_type) == ("completed", "clone", "rocm")
    voice = work_tools.voices.of(owner.user_id).made_by(job.id)
    assert voice is not None
    assert (voice.details, voice.is_active) == (metadata, False)
