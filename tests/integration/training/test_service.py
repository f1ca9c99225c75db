"""The training service over a real PostgreSQL: what is in the tables, the queue and the budget afterwards."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select, text

from voicewright.accounts.caller import Caller, Role, Scope
from voicewright.accounts.errors import NotAllowed
from voicewright.engines.errors import (
    EngineNotFound,
    EngineOutOfMemory,
    LanguageUnsupported,
    TooLittleSpeech,
)
from voicewright.engines.registry import get_engine
from voicewright.engines.testing import TONE_ENGINE
from voicewright.jobs.queue import withdraw
from voicewright.privacy.errors import ConsentRequired
from voicewright.privacy.models import Consent
from voicewright.privacy.service import ConsentService
from voicewright.recordings.errors import DatasetNotFound
from voicewright.training.errors import (
    EngineCannotLearn,
    IdempotencyKeyReused,
    InsufficientAudioQuality,
    NoUsableSpeech,
    TrainingJobEnded,
    TrainingJobNotFound,
    TrainingJobNotRetriable,
    TrainingRequestInvalid,
    VoiceSampleNotFound,
)
from voicewright.training.events import record
from voicewright.training.models import BudgetDay, BudgetReservation, Node, TrainingEvent, TrainingJob
from voicewright.training.runs import Run, RunLost
from voicewright.training.schemas import TrainingRequestBody
from voicewright.training.service import TrainingService
from voicewright.voices.errors import VoiceNameInvalid

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.engines.port import EngineInfo
    from voicewright.recordings.models import Dataset, Sample
    from voicewright.settings import Settings

NOW = datetime(2025, 6, 10, 12, 0, tzinfo=UTC)


def somebody(role: Role = Role.USER) -> Caller:
    return Caller(uuid.uuid4(), role, frozenset(Scope))


@pytest.fixture
def ann() -> Caller:
    return somebody()


@pytest.fixture
def bob() -> Caller:
    return somebody()


@pytest.fixture
def admin() -> Caller:
    return somebody(Role.ADMIN)


def engines(engine_id: str) -> EngineInfo:
    return TONE_ENGINE if engine_id == "tone" else get_engine(engine_id)


@pytest.fixture
def now() -> list[datetime]:
    """The present, which a test may change."""
    return [NOW]


@pytest.fixture
def make_service(
    database: Database, settings: Settings, now: list[datetime]
) -> Callable[..., TrainingService]:
    def make(**changes: Any) -> TrainingService:
        changed = settings.model_copy(update=changes)
        consents = ConsentService(database, changed.environment)
        return TrainingService(database, changed, consents, engines=engines, clock=lambda: now[0])

    return make


@pytest.fixture
def service(make_service: Callable[..., TrainingService]) -> TrainingService:
    return make_service()


@pytest.fixture
def body(ann: Caller, enter_sample: Callable[..., Sample]) -> Callable[..., TrainingRequestBody]:
    """A request of Ann's for two minutes of speech."""
    ids = [str(enter_sample(ann.user_id).id) for _ in range(2)]

    def make(**changes: Any) -> TrainingRequestBody:
        given = {"voiceSampleIds": ids, "provider": "tone", **changes}
        return TrainingRequestBody.model_validate({k: v for k, v in given.items() if v is not None})

    return make


@pytest.fixture
def tickets(database: Database) -> Callable[[], list[Any]]:
    """The entries of the queue that wait."""

    def read() -> list[Any]:
        with database.session() as session:
            return list(
                session.execute(
                    text(
                        "SELECT id, queue_name, priority, scheduled_at, args->>'job_id' AS job_id"
                        " FROM queue.procrastinate_jobs WHERE status = 'todo' ORDER BY id"
                    )
                )
            )

    return read


def events_of(database: Database, job_id: uuid.UUID, kind: str) -> list[TrainingEvent]:
    with database.session() as session:
        found = select(TrainingEvent).where(TrainingEvent.job_id == job_id, TrainingEvent.kind == kind)
        return list(session.scalars(found.order_by(TrainingEvent.id)))


def job_of(database: Database, job_id: uuid.UUID) -> TrainingJob:
    with database.session() as session:
        return session.get_one(TrainingJob, job_id)


def enter_node(database: Database, name: str, **columns: Any) -> None:
    with database.session() as session:
        session.add(
            Node(**{"id": uuid.uuid4(), "name": name, "engines": ["tone"], "concurrency": 2} | columns)
        )


def money(database: Database) -> tuple[Decimal, Decimal]:
    """Reserved and spent, on all days."""
    with database.session() as session:
        days = session.scalars(select(BudgetDay)).all()
    return sum((d.reserved for d in days), Decimal(0)), sum((d.spent for d in days), Decimal(0))


def test_a_start_enters_job_ticket_reservation_and_events_at_once(
    service: TrainingService, database: Database, ann: Caller, body: Any, tickets: Any
) -> None:
    started = service.start(ann, body(priority=80, options={"epochs": 3, "qualityThreshold": 0.5}))

    job = job_of(database, started.job_id)
    assert (started.status, started.repeated) == ("queued", False)
    assert (job.owner_id, job.status, job.priority, job.provider) == (ann.user_id, "queued", 80, "tone")
    assert job.sample_ids == body().voice_sample_ids
    assert (job.options["epochs"], job.engine_options["epochs"]) == (3, 3)
    assert (job.quality_threshold, job.max_training_ms, job.max_retries) == (0.5, 7_200_000, 3)
    assert job.name == "Voice of 2025-06-10 12:00"
    assert job.estimated_cost > 0
    assert job.estimated_time_ms == job.forecast_time_ms > 0
    (ticket,) = tickets()
    assert (ticket.id, ticket.queue_name, ticket.priority) == (job.ticket, "train.tone", 80)
    assert ticket.job_id == str(job.id)
    with database.session() as session:
        held = session.get_one(BudgetReservation, job.id)
        assert (held.amount, held.day) == (job.estimated_cost, NOW.date())
    assert money(database) == (job.estimated_cost, 0)
    assert [event.message for event in events_of(database, job.id, "status")] == ["queued"]
    first, waits = events_of(database, job.id, "log")
    assert first.message == "Queued: Voice of 2025-06-10 12:00, from 2 samples with 120 s of speech."
    assert waits.level == "warning"
    assert "waits for one with the engine tone" in waits.message


def test_a_node_that_can_run_it_leaves_nothing_to_warn_of(
    service: TrainingService, database: Database, ann: Caller, body: Any
) -> None:
    enter_node(database, "gone", seen_at=datetime.now(UTC) - timedelta(minutes=10))
    enter_node(database, "there")

    started = service.start(ann, body())

    assert [event.level for event in events_of(database, started.job_id, "log")] == ["info"]
    assert [node.name for node in service.estimate(ann, body()).nodes] == ["there"]
    assert service.statistics(ann).nodes == 1


def test_an_engine_that_needs_a_gpu_waits_for_one_with_enough_memory(
    database: Database, settings: Settings, ann: Caller, body: Any
) -> None:
    capabilities = dataclasses.replace(TONE_ENGINE.capabilities, needs_gpu=True)
    forecast = dataclasses.replace(TONE_ENGINE.forecast, gpu_memory_mb=8000)
    heavy = dataclasses.replace(TONE_ENGINE, capabilities=capabilities, forecast=forecast)
    consents = ConsentService(database, "development")
    service = TrainingService(database, settings, consents, engines=lambda _: heavy)
    for name, memory_mb in (("no gpu", None), ("small", 4000)):
        enter_node(database, name, gpu_memory_mb=memory_mb)

    started = service.start(ann, body(options={"maxTrainingTimeMs": 1000}))

    told = [event.message for event in events_of(database, started.job_id, "log") if event.level == "warning"]
    assert any("a GPU with 8000 MB of memory" in message for message in told)
    assert any("is stopped after 1000 ms" in message for message in told)
    assert service.estimate(ann, body()).nodes == ()
    enter_node(database, "large", gpu_memory_mb=16_000)
    assert [node.name for node in service.estimate(ann, body()).nodes] == ["large"]


def test_an_engine_with_voices_of_its_own_is_not_trained(
    database: Database, settings: Settings, ann: Caller, body: Any
) -> None:
    capabilities = dataclasses.replace(TONE_ENGINE.capabilities, clones=False, trains=False)
    speaker = dataclasses.replace(TONE_ENGINE, capabilities=capabilities)
    consents = ConsentService(database, "development")
    service = TrainingService(database, settings, consents, engines=lambda _: speaker)

    with pytest.raises(EngineCannotLearn) as caught:
        service.start(ann, body())
    assert [fault.field for fault in caught.value.fields] == ["provider"]


@pytest.mark.parametrize(
    ("changes", "starts"),
    [
        ({"startAfter": "2025-06-10T15:00:00+02:00"}, datetime(2025, 6, 10, 13, 0, tzinfo=UTC)),
        ({"schedule": "off-peak"}, datetime(2025, 6, 10, 22, 0, tzinfo=UTC)),
        ({"startAfter": "2025-06-12T00:00:00Z", "schedule": "off-peak"}, datetime(2025, 6, 12, tzinfo=UTC)),
    ],
)
def test_a_job_that_starts_later_is_delayed(  # noqa: PLR0917 - fixtures
    service: TrainingService,
    database: Database,
    ann: Caller,
    body: Any,
    tickets: Any,
    changes: dict[str, str],
    starts: datetime,
) -> None:
    started = service.start(ann, body(**changes))

    job = job_of(database, started.job_id)
    assert (started.status, job.status, job.start_after) == ("delayed", "delayed", starts)
    assert tickets()[0].scheduled_at == starts
    with database.session() as session:
        assert session.get_one(BudgetReservation, job.id).day == starts.date()


def test_a_moment_that_is_past_means_at_once_and_one_too_far_is_refused(
    service: TrainingService, ann: Caller, body: Any
) -> None:
    assert service.start(ann, body(startAfter="2025-06-10T11:59:59Z")).status == "queued"
    with pytest.raises(TrainingRequestInvalid) as caught:
        service.start(ann, body(startAfter="2027-01-01T00:00:00Z"))
    assert [fault.field for fault in caught.value.fields] == ["startAfter"]


def test_a_dataset_is_all_of_its_samples_and_names_the_voice(  # noqa: PLR0917 - fixtures
    service: TrainingService,
    database: Database,
    ann: Caller,
    body: Any,
    enter_dataset: Any,
    enter_sample: Any,
) -> None:
    odd = enter_dataset(ann.user_id, name=str(uuid.uuid4()))  # no voice may look like an id
    enter_sample(ann.user_id, dataset=odd)
    started = service.start(ann, body(voiceSampleIds=None, datasetId=str(odd.id)))
    assert job_of(database, started.job_id).name == "Voice of 2025-06-10 12:00"
    dataset: Dataset = enter_dataset(ann.user_id, name="My Voice", language="de")
    ids = [str(enter_sample(ann.user_id, dataset=dataset).id) for _ in range(3)]

    by_name = service.start(ann, body(voiceSampleIds=None, datasetName=" my  voice"))
    by_id = service.start(ann, body(voiceSampleIds=None, datasetId=str(dataset.id), name="Mine"))

    job = job_of(database, by_name.job_id)
    assert (job.sample_ids, job.dataset_id, job.dataset_name) == (ids, dataset.id, "My Voice")
    assert (job.name, job_of(database, by_id.job_id).name) == ("My Voice", "Mine")
    assert job.language == "de"
    english = service.start(ann, body(voiceSampleIds=None, datasetName="My Voice", language="EN"))
    assert job_of(database, english.job_id).language == "en-us"
    assert job_of(database, service.start(ann, body()).job_id).language == "en-us"


def test_samples_that_are_missing_or_somebody_elses_are_all_named(
    service: TrainingService, ann: Caller, bob: Caller, body: Any, enter_sample: Any
) -> None:
    bobs = str(enter_sample(bob.user_id).id)
    unknown = str(uuid.uuid4())
    known = body().voice_sample_ids[0]

    for ids, missing in (([known, unknown, bobs], [unknown, bobs]), ([known, "sample-1"], ["sample-1"])):
        with pytest.raises(VoiceSampleNotFound) as caught:
            service.start(ann, body(voiceSampleIds=ids))
        assert all(each in caught.value.message for each in missing)
        assert known not in caught.value.message
        assert len(caught.value.fields) == len(missing)


def test_too_many_samples_or_one_of_them_twice_are_refused(
    make_service: Any, ann: Caller, body: Any, enter_sample: Any
) -> None:
    first, second = body().voice_sample_ids
    third = str(enter_sample(ann.user_id).id)
    service = make_service(max_training_samples=2)

    with pytest.raises(TrainingRequestInvalid, match="at most 2 samples, and this one names 3"):
        service.start(ann, body(voiceSampleIds=[first, second, third]))
    with pytest.raises(TrainingRequestInvalid) as caught:
        service.start(ann, body(voiceSampleIds=[first, first.upper()]))
    assert [fault.field for fault in caught.value.fields] == ["voiceSampleIds[1]"]


def test_a_voice_is_one_speakers(service: TrainingService, ann: Caller, body: Any, enter_sample: Any) -> None:
    samples = [enter_sample(ann.user_id, speaker=speaker) for speaker in ("Ann", "ANN ", "Eve")]
    ids = [str(sample.id) for sample in samples]

    service.start(ann, body(voiceSampleIds=ids[:2]))
    with pytest.raises(TrainingRequestInvalid, match=r"one speaker's, and these samples are .*Eve"):
        service.start(ann, body(voiceSampleIds=ids))


def test_rejected_samples_are_left_out_and_nothing_but_them_is_refused(
    service: TrainingService, database: Database, ann: Caller, body: Any, enter_sample: Any
) -> None:
    noisy = enter_sample(ann.user_id, verdict="rejected", reasons=("too noisy",))

    with pytest.raises(InsufficientAudioQuality, match=r"None of the 1 samples .* Found: too noisy"):
        service.start(ann, body(voiceSampleIds=[str(noisy.id)]))
    started = service.start(ann, body(voiceSampleIds=[*body().voice_sample_ids, str(noisy.id)]))
    warnings = [e.message for e in events_of(database, started.job_id, "log") if e.level == "warning"]
    assert any("1 of 3" in warning and noisy.filename in warning for warning in warnings)


def test_what_can_not_be_trained_is_refused_before_it_is_queued(  # noqa: PLR0917 - fixtures
    service: TrainingService, ann: Caller, body: Any, enter_sample: Any, enter_dataset: Any, tickets: Any
) -> None:
    short = [str(enter_sample(ann.user_id, speech_s=0.4).id)]
    enter_dataset(ann.user_id, name="empty")
    refused: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"voiceSampleIds": short}, TooLittleSpeech, "at least 1 s"),
        ({"provider": "tonne"}, EngineNotFound, "builtin"),
        ({"language": "xx"}, LanguageUnsupported, "en-us, de"),
        ({"name": "\u202e"}, VoiceNameInvalid, "visible character"),
        ({"voiceSampleIds": None, "datasetName": "empty"}, NoUsableSpeech, "no samples"),
        ({"voiceSampleIds": None, "datasetName": "nobody's"}, DatasetNotFound, "no dataset"),
        ({"voiceSampleIds": None, "datasetId": str(uuid.uuid4())}, DatasetNotFound, "no dataset"),
    ]

    for changes, error, words in refused:
        with pytest.raises(error, match=words):
            service.start(ann, body(**changes))
    assert tickets() == []


def test_only_administrators_start_for_others_and_with_the_others_samples(
    service: TrainingService, ann: Caller, bob: Caller, admin: Caller, body: Any
) -> None:
    anns = body(userId=str(ann.user_id))

    with pytest.raises(NotAllowed):
        service.start(bob, anns)
    with pytest.raises(VoiceSampleNotFound):
        service.start(admin, body())
    started = service.start(admin, anns)
    assert service.get(ann, started.job_id).job.owner_id == ann.user_id


def test_consent_is_recorded_on_the_way_in_development_and_demanded_in_production(
    make_service: Any, database: Database, ann: Caller, body: Any, tickets: Any
) -> None:
    with pytest.raises(ConsentRequired, match="POST /consents"):
        make_service(environment="production").start(ann, body())
    assert (tickets(), money(database)) == ([], (0, 0))

    make_service().start(ann, body())

    with database.session() as session:
        consent = session.scalars(select(Consent)).one()
    assert (consent.owner_id, consent.speaker, consent.asserted_by) == (ann.user_id, "Ann", ann.user_id)
    make_service(environment="production").start(ann, body())


def test_an_estimate_lists_every_obstacle_and_leaves_nothing(  # noqa: PLR0917 - fixtures
    make_service: Any, database: Database, ann: Caller, body: Any, enter_sample: Any, tickets: Any
) -> None:
    rejected = [str(enter_sample(ann.user_id, verdict="rejected").id)]
    poor = {"max_training_cost": Decimal("0.0001"), "daily_training_budget": Decimal("0.0002")}

    fine = make_service().estimate(ann, body())
    refused = make_service(environment="production", **poor).estimate(ann, body(voiceSampleIds=rejected))

    assert (fine.refusals, fine.nodes, fine.left_today) == ((), (), Decimal("1000.00"))
    assert [error.code for error in refused.refusals] == [
        "INSUFFICIENT_AUDIO_QUALITY", "CONSENT_REQUIRED", "TRAINING_COST_EXCEEDED", "DAILY_BUDGET_EXCEEDED",
    ]  # fmt: skip
    assert (tickets(), money(database)) == ([], (0, 0))
    with database.session() as session:
        assert session.scalars(select(Consent)).all() == []
        assert session.scalars(select(TrainingJob)).all() == []


def test_three_ended_trainings_correct_the_estimate_and_two_do_not(
    service: TrainingService, database: Database, ann: Caller, body: Any
) -> None:
    ids = [service.start(ann, body()).job_id for _ in range(4)]
    plain = service.estimate(ann, body()).draft.estimate

    def end(job_id: uuid.UUID, ratio: float, **changes: Any) -> None:
        with database.session() as session:
            job = session.get_one(TrainingJob, job_id)
            job.status, job.completed_at, job.attempt = "completed", NOW, 1
            job.actual_time_ms = round(job.forecast_time_ms * ratio)
            for name, value in changes.items():
                setattr(job, name, value)

    end(ids[0], 2)
    end(ids[1], 3)
    end(ids[3], 50, attempt=2)  # tried again, by itself or by hand, which counts no retries
    assert service.estimate(ann, body()).draft.estimate.time_ms == plain.time_ms
    end(ids[2], 9)
    corrected = service.estimate(ann, body()).draft.estimate
    assert (corrected.time_ms, corrected.compared_jobs) == (3 * plain.forecast_time_ms, 3)
    again = job_of(database, service.start(ann, body()).job_id)
    assert (again.estimated_time_ms, again.forecast_time_ms) == (corrected.time_ms, plain.forecast_time_ms)


@pytest.mark.parametrize("state", ["queued", "delayed", "running", "waiting for its retry"])
def test_a_cancelled_job_is_over_at_once_in_every_state(  # noqa: PLR0917 - fixtures
    service: TrainingService,
    database: Database,
    ann: Caller,
    body: Any,
    tickets: Any,
    state: str,
) -> None:
    later = {"startAfter": "2025-06-10T13:00:00Z"} if state == "delayed" else {}
    job_id = service.start(ann, body(**later)).job_id
    run = None
    if state in {"running", "waiting for its retry"}:
        run = Run.begin(database, job_id, tickets()[0].id, node="here")
        assert run is not None
    if run is not None and state != "running":
        run.fail(EngineOutOfMemory("full"), cost=Decimal("0.5"))

    ended = service.cancel(ann, job_id)

    assert (ended.status, ended.can_retry, ended.ticket) == ("cancelled", True, None)
    assert (ended.start_after is not None) == (state == "delayed")
    assert ended.completed_at == NOW
    assert tickets() == []
    reserved, spent = money(database)
    assert (reserved, spent) == (0, ended.actual_cost)
    assert events_of(database, job_id, "status")[-1].message == "cancelled"
    if run is not None:
        with pytest.raises(RunLost), run.writing():
            pass
        assert run.cancel.is_set()
    with pytest.raises(TrainingJobEnded, match="is cancelled already"):
        service.cancel(ann, job_id)


@pytest.mark.parametrize("state", ["completed", "failed"])
def test_a_job_that_has_ended_can_not_be_cancelled(
    service: TrainingService, database: Database, ann: Caller, body: Any, state: str
) -> None:
    job_id = service.start(ann, body()).job_id
    with database.session() as session:
        session.get_one(TrainingJob, job_id).status = state

    with pytest.raises(TrainingJobEnded, match=f"is {state} already"):
        service.cancel(ann, job_id)
    assert job_of(database, job_id).status == state


def test_a_failed_job_is_queued_again_with_a_new_ticket_and_reservation(
    service: TrainingService, database: Database, ann: Caller, body: Any, tickets: Any
) -> None:
    job_id = service.start(ann, body()).job_id
    for status in ("queued", "running", "completed", "delayed"):
        with database.session() as session:
            session.get_one(TrainingJob, job_id).status = status
        with pytest.raises(TrainingJobNotRetriable, match=f"is {status}"):
            service.retry(ann, job_id)
    fail_job(database, job_id)
    assert service.dead_letters(ann, limit=10, offset=0)[1] == 1

    again = service.retry(ann, job_id)

    job = job_of(database, job_id)
    assert (again.id, job.status, job.retry_count, job.last_error) == (job_id, "queued", 0, None)
    assert (job.can_retry, job.suggested_actions, job.completed_at) == (False, [], None)
    assert [ticket.id for ticket in tickets()] == [job.ticket]
    assert money(database)[0] == job.estimated_cost
    assert job.max_training_ms == 7_200_000 + (job.actual_time_ms or 0)
    assert service.dead_letters(ann, limit=10, offset=0)[1] == 0


def test_a_cancelled_job_can_be_retried_and_its_old_run_stays_void(
    service: TrainingService, database: Database, ann: Caller, body: Any, tickets: Any
) -> None:
    job_id = service.start(ann, body()).job_id
    old = Run.begin(database, job_id, tickets()[0].id, node="slow")
    service.cancel(ann, job_id)
    service.retry(ann, job_id)

    new = Run.begin(database, job_id, tickets()[0].id, node="fast")

    assert old is not None
    assert new is not None
    assert new.job.attempt > old.job.attempt
    with pytest.raises(RunLost):
        old.fail(InsufficientAudioQuality("late"), cost=Decimal(9))
    assert job_of(database, job_id).status == "running"


def test_a_retry_of_one_that_was_cancelled_before_its_time_waits_for_it(  # noqa: PLR0917 - fixtures
    service: TrainingService, database: Database, ann: Caller, body: Any, tickets: Any, now: list[datetime]
) -> None:
    starts = datetime(2025, 6, 12, tzinfo=UTC)
    job_id = service.start(ann, body(startAfter=starts, schedule="off-peak")).job_id

    for _ in range(2):  # a second time as well
        service.cancel(ann, job_id)
        again = service.retry(ann, job_id)
        assert (again.status, again.start_after) == ("delayed", starts)
        assert [ticket.scheduled_at for ticket in tickets()] == [starts]
    with database.session() as session:
        days = {day.day: day.reserved for day in session.scalars(select(BudgetDay)) if day.reserved}
    assert days == {starts.date(): again.estimated_cost}

    service.cancel(ann, job_id)
    now[0] = starts + timedelta(minutes=1)
    late = service.retry(ann, job_id)
    assert (late.status, late.start_after) == ("queued", None)


def test_of_a_cancel_and_a_worker_that_begins_one_comes_first(
    service: TrainingService, database: Database, ann: Caller, body: Any
) -> None:
    for _ in range(8):
        job_id = service.start(ann, body()).job_id
        ticket = job_of(database, job_id).ticket
        ready = threading.Barrier(2)

        def begin(job_id: uuid.UUID = job_id, ticket: int | None = ticket, ready: Any = ready) -> Run | None:
            ready.wait()
            assert ticket is not None
            return Run.begin(database, job_id, ticket, node="here")

        with ThreadPoolExecutor(1) as pool:
            beginning = pool.submit(begin)
            ready.wait()
            service.cancel(ann, job_id)
            run = beginning.result()
        assert job_of(database, job_id).status == "cancelled"
        if run is not None:
            with pytest.raises(RunLost), run.writing():
                pass
    assert money(database)[0] == 0


def test_jobs_are_seen_by_their_owner_and_by_administrators(
    service: TrainingService, ann: Caller, bob: Caller, admin: Caller, body: Any
) -> None:
    job_id = service.start(ann, body()).job_id
    asks = (
        lambda who: service.get(who, job_id),
        lambda who: service.logs(who, job_id, after=0, limit=10),
        lambda who: service.follow(who, job_id, after=0, limit=10),
        lambda who: service.retry(who, job_id),
        lambda who: service.cancel(who, job_id),
    )

    for ask in asks:
        with pytest.raises(TrainingJobNotFound):
            ask(bob)
    assert service.get(ann, job_id, user_id=ann.user_id).job.id == job_id
    assert service.get(admin, job_id, user_id=ann.user_id).job.id == job_id
    with pytest.raises(NotAllowed):
        service.get(ann, job_id, user_id=bob.user_id)
    with pytest.raises(TrainingJobNotFound):
        service.get(admin, job_id, user_id=bob.user_id)
    assert service.cancel(admin, job_id).status == "cancelled"
    assert service.logs(ann, job_id, after=0, limit=100)[-1].message == "Cancelled by an administrator."


def test_lists_are_paged_and_show_no_one_elses(  # noqa: PLR0917 - fixtures
    service: TrainingService, database: Database, ann: Caller, bob: Caller, admin: Caller, body: Any, now: Any
) -> None:
    ids = []
    for _ in range(3):
        now[0] += timedelta(minutes=1)
        ids.append(service.start(ann, body()).job_id)

    def listed(
        who: Caller, owner: Caller | None, limit: int = 10, offset: int = 0
    ) -> tuple[list[uuid.UUID], int]:
        owner_id = None if owner is None else owner.user_id
        jobs, total = service.list_jobs(who, owner_id=owner_id, limit=limit, offset=offset)
        return [job.id for job in jobs], total

    newest_first = ids[::-1]
    assert (
        listed(ann, ann)
        == listed(ann, None)
        == listed(admin, ann)
        == listed(admin, None)
        == (newest_first, 3)
    )
    assert listed(ann, ann, limit=2) == (newest_first[:2], 3)
    assert listed(ann, ann, limit=2, offset=2) == (newest_first[2:], 3)
    assert listed(bob, None) == ([], 0)
    with pytest.raises(NotAllowed):
        listed(bob, ann)
    fail_job(database, ids[0])
    for who, found in ((ann, [ids[0]]), (admin, [ids[0]]), (bob, [])):
        assert [job.id for job in service.dead_letters(who, limit=10, offset=0)[0]] == found


def test_logs_and_curves_come_in_order(
    service: TrainingService, database: Database, ann: Caller, body: Any
) -> None:
    job_id = service.start(ann, body()).job_id
    with database.session() as session:
        job = session.get_one(TrainingJob, job_id)
        for number in range(150):
            record(session, job, "log", f"line {number}", data={"number": number, "odd": float("nan")})
        for epoch, loss in ((1, 0.9), (2, 0.5), (2, 0.4), (3, float("inf"))):  # epoch 2 was done again
            data = {"name": "training_loss", "step": epoch, "value": loss}
            record(session, job, "metric", "training_loss", data=data)
        job.quality_score = 0.81

    details = service.get(ann, job_id)
    assert [event.message for event in details.logs] == [f"line {n}" for n in range(50, 150)]
    assert details.logs[0].data == {"number": 50, "odd": None}
    assert details.curves == {"training_loss": [(1, 0.9), (2, 0.4), (3, None)], "quality": [(3, 0.81)]}
    seen, after = [], 0
    while page := service.logs(ann, job_id, after=after, limit=60):
        seen += [event.message for event in page]
        after = page[-1].id
    assert seen[2:] == [f"line {n}" for n in range(150)]


def test_statistics_count_from_the_jobs_alone(  # noqa: PLR0917 - fixtures
    service: TrainingService, database: Database, ann: Caller, bob: Caller, admin: Caller, body: Any, now: Any
) -> None:
    empty = service.statistics(ann)
    assert (empty.waiting, empty.total_jobs, empty.success_rate, empty.average_cost) == (0, 0, 0.0, 0)
    soon = {"startAfter": "2025-06-10T13:00:00Z"}
    ids = [service.start(ann, body()).job_id for _ in range(6)]
    service.start(ann, body(**soon))
    service.cancel(ann, ids[5])
    with database.session() as session:
        jobs = [session.get_one(TrainingJob, each) for each in ids]
        for job, ms, cost, quality in ((jobs[0], 1000, "1.5", 0.8), (jobs[1], 3000, "2.5", 0.9)):
            job.status, job.completed_at, job.actual_time_ms = "completed", NOW, ms
            job.actual_cost, job.quality_score = Decimal(cost), quality
        jobs[2].status, jobs[2].completed_at, jobs[2].actual_time_ms = "failed", NOW, 500
        jobs[2].actual_cost = Decimal("0.5")
        jobs[3].status = "running"
        for job in jobs:
            withdraw(session, job.ticket or 0)
        for used in (40.0, 80.0, None):
            session.add(Node(id=uuid.uuid4(), name="n", engines=[], concurrency=1, gpu_utilization=used))

    found = service.statistics(ann)
    assert (found.waiting, found.active, found.completed, found.failed) == (1, 1, 2, 1)
    assert (found.delayed, found.cancelled, found.total_jobs) == (1, 1, 4)
    assert found.success_rate == pytest.approx(66.67)
    assert found.average_training_time_ms == 2000
    assert found.average_cost == Decimal("1.5")
    assert found.average_quality == pytest.approx(0.85)
    assert (found.gpu_utilization, found.nodes) == (60.0, 3)
    assert found.left_today == Decimal(1000) - money(database)[0] - money(database)[1]
    assert service.statistics(admin).total_jobs == 4
    assert service.statistics(bob).total_jobs == 0
    now[0] += timedelta(hours=2)  # its time has come, and nobody has taken it yet
    due = service.statistics(ann)
    assert (due.waiting, due.delayed) == (2, 0)


def test_a_repeated_request_answers_the_same_and_starts_nothing_new(
    service: TrainingService, ann: Caller, bob: Caller, body: Any, tickets: Any
) -> None:
    first = service.start(ann, body(), idempotency_key="one")
    service.cancel(ann, first.job_id)
    again = service.start(ann, body(priority=50), idempotency_key="one")  # what is left out is the default

    assert (again.job_id, again.status, again.repeated) == (first.job_id, "queued", True)
    assert tickets() == []
    with pytest.raises(IdempotencyKeyReused, match=str(first.job_id)):
        service.start(ann, body(priority=51), idempotency_key="one")
    with pytest.raises(VoiceSampleNotFound):  # another owner's key is another key
        service.start(bob, body(), idempotency_key="one")
    assert service.start(ann, body(), idempotency_key="two").job_id != first.job_id


def test_a_request_that_was_refused_may_be_repeated_under_its_key(
    make_service: Any, ann: Caller, body: Any
) -> None:
    with pytest.raises(ConsentRequired):
        make_service(environment="production").start(ann, body(), idempotency_key="one")
    assert not make_service().start(ann, body(), idempotency_key="one").repeated


def test_one_key_at_the_same_moment_is_one_job(
    service: TrainingService, database: Database, ann: Caller, body: Any, tickets: Any
) -> None:
    count = 8
    ready = threading.Barrier(count)

    def start(_: int) -> tuple[uuid.UUID, bool]:
        ready.wait()
        started = service.start(ann, body(), idempotency_key="one")
        return started.job_id, started.repeated

    with ThreadPoolExecutor(count) as pool:
        answers = list(pool.map(start, range(count)))

    assert len({job_id for job_id, _ in answers}) == 1
    assert sorted(repeated for _, repeated in answers) == [False] + [True] * (count - 1)
    assert len(tickets()) == 1
    with database.session() as session:
        assert len(session.scalars(select(BudgetReservation)).all()) == 1


def test_what_the_database_forgets_the_service_does_not_remember(
    service: TrainingService, database: Database, ann: Caller, body: Any
) -> None:
    job_id = service.start(ann, body()).job_id
    with database.session() as session:
        session.execute(delete(TrainingJob).where(TrainingJob.id == job_id))

    with pytest.raises(TrainingJobNotFound):
        service.get(ann, job_id)
    with database.session() as session:
        assert session.scalars(select(TrainingEvent)).all() == []


def fail_job(database: Database, job_id: uuid.UUID) -> None:
    """Have a job fail for good, as its worker does."""
    with database.session() as session:
        job = session.get_one(TrainingJob, job_id)
        job.status = "queued"
        ticket = job.ticket
    assert ticket is not None
    run = Run.begin(database, job_id, ticket, node="here")
    assert run is not None
    run.fail(InsufficientAudioQuality("too noisy"), cost=Decimal("0.25"))
