"""Budgets over a real PostgreSQL: what many starts at once, in threads and processes, may take together."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from voicewright.accounts.caller import Caller, Role, Scope
from voicewright.engines.testing import TONE_ENGINE
from voicewright.privacy.service import ConsentService
from voicewright.training import budget
from voicewright.training.errors import DailyBudgetExceeded, TrainingCostExceeded
from voicewright.training.models import BudgetDay, BudgetReservation, TrainingJob
from voicewright.training.schemas import TrainingRequestBody
from voicewright.training.service import TrainingService

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.recordings.models import Sample
    from voicewright.settings import Settings

MONDAY, TUESDAY = date(2025, 6, 9), date(2025, 6, 10)
ANN = Caller(uuid.UUID("0a0a0a0a-0000-4000-8000-000000000001"), Role.USER, frozenset(Scope))
THREADS = 6

STARTS = """
import json, sys, threading
from voicewright.accounts.caller import Caller, Role, Scope
from voicewright.db.server import Database
from voicewright.engines.testing import TONE_ENGINE
from voicewright.errors import AppError
from voicewright.privacy.service import ConsentService
from voicewright.settings import Settings
from voicewright.training.schemas import TrainingRequestBody
from voicewright.training.service import TrainingService
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

given = json.loads(sys.argv[1])
settings = Settings(**given["settings"])
database = Database.connect(given["settings"]["database_url"])
consents = ConsentService(database, "development")
now = datetime.fromisoformat(given["now"])
service = TrainingService(database, settings, consents, engines=lambda _: TONE_ENGINE, clock=lambda: now)
caller = Caller(UUID(given["user_id"]), Role.USER, frozenset(Scope))
body = TrainingRequestBody.model_validate(given["body"])

def start(_):
    try:
        return service.start(caller, body).status
    except AppError as error:
        return error.code

with database.session():
    print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(given["threads"]) as pool:
    print(json.dumps(list(pool.map(start, range(given["threads"])))), flush=True)
database.close()
"""


@pytest.fixture
def make_job(database: Database) -> Callable[[], TrainingJob]:
    def make() -> TrainingJob:
        job = TrainingJob(
            owner_id=ANN.user_id, name="x", provider="tone", language="en-us", sample_ids=[], options={},
            engine_options={}, quality_threshold=0.0, max_training_ms=1000, status="queued", priority=50,
            max_retries=3, estimated_cost=Decimal(1), estimated_time_ms=1, forecast_time_ms=1,
        )  # fmt: skip
        with database.session() as session:
            session.add(job)
        return job

    return make


@pytest.fixture
def tight(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"max_training_cost": Decimal(50), "daily_training_budget": Decimal(100)}
    )


def days(database: Database) -> dict[date, tuple[Decimal, Decimal]]:
    with database.session() as session:
        return {row.day: (row.reserved, row.spent) for row in session.scalars(select(BudgetDay))}


def reserve(
    database: Database, job: TrainingJob, amount: Any, settings: Settings, day: date = MONDAY
) -> None:
    with database.session() as session:
        budget.reserve(session, session.get_one(TrainingJob, job.id), Decimal(amount), settings, day)


def settle(database: Database, job: TrainingJob, cost: Any) -> None:
    with database.session() as session:
        budget.settle(session, session.get_one(TrainingJob, job.id), Decimal(cost))


def test_the_last_dollar_goes_to_exactly_as_many_as_fit(
    database: Database, settings: Settings, enter_sample: Callable[..., Sample], start_python: Any
) -> None:
    prices = {"price_cpu_hour": Decimal(60), "price_storage_gb": Decimal(0), "price_transfer_gb": Decimal(0)}
    body = {"voiceSampleIds": [str(enter_sample(ANN.user_id).id)], "provider": "tone"}
    plain = settings.model_copy(update=prices)
    consents = ConsentService(database, "development")
    probe = TrainingService(database, plain, consents, engines=lambda _: TONE_ENGINE)
    request = TrainingRequestBody.model_validate(body)
    cost = probe.estimate(ANN, request).draft.estimate.cost.total
    fitting, now = 7, datetime.now(UTC)  # of all of them, also at midnight
    limits = {"daily_training_budget": cost * fitting + cost / 2}
    assert settings.database_url is not None
    given = {
        "settings": {
            "home": str(settings.home),
            "database_url": settings.database_url.get_secret_value(),
            **{name: str(value) for name, value in (prices | limits).items()},
        },
        "user_id": str(ANN.user_id),
        "body": body,
        "threads": THREADS,
        "now": now.isoformat(),
    }
    children = [start_python(STARTS, json.dumps(given)) for _ in range(2)]
    for child in children:
        assert child.stdout.readline() == "ready\n", child.stderr.read()
    service = TrainingService(
        database, plain.model_copy(update=limits), consents, engines=lambda _: TONE_ENGINE, clock=lambda: now
    )
    ready = threading.Barrier(THREADS)

    def start(_: int) -> str:
        ready.wait()
        try:
            return service.start(ANN, request).status
        except DailyBudgetExceeded as error:
            return error.code

    with ThreadPoolExecutor(THREADS) as pool:
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        answers = list(pool.map(start, range(THREADS)))
    for child in children:
        out, errors = child.communicate(timeout=60)
        assert child.returncode == 0, errors
        answers += json.loads(out)

    assert sorted(answers) == ["DAILY_BUDGET_EXCEEDED"] * (3 * THREADS - fitting) + ["queued"] * fitting
    assert list(days(database).values()) == [(cost * fitting, 0)]
    with database.session() as session:
        assert len(session.scalars(select(TrainingJob)).all()) == fitting
        assert len(session.scalars(select(BudgetReservation)).all()) == fitting


def test_a_settled_job_costs_what_it_cost_however_often_it_is_settled(
    database: Database, tight: Settings, make_job: Any
) -> None:
    job = make_job()
    settle(database, job, 5)  # it holds nothing yet
    assert days(database) == {}
    reserve(database, job, 40, tight)
    assert days(database) == {MONDAY: (40, 0)}

    for _ in range(2):
        settle(database, job, "12.5")
        assert days(database) == {MONDAY: (0, Decimal("12.5"))}


def test_one_that_never_ran_gives_all_back(database: Database, tight: Settings, make_job: Any) -> None:
    job = make_job()
    reserve(database, job, 40, tight)

    settle(database, job, 0)

    assert days(database) == {MONDAY: (0, 0)}


def test_a_retried_job_reserves_again_and_is_booked_once(
    database: Database, tight: Settings, make_job: Any
) -> None:
    job = make_job()
    reserve(database, job, 30, tight)
    settle(database, job, 10)
    reserve(database, job, 30, tight, TUESDAY)
    assert days(database) == {MONDAY: (0, 10), TUESDAY: (30, 0)}

    settle(database, job, 18)  # both attempts together

    assert days(database) == {MONDAY: (0, 10), TUESDAY: (0, 8)}
    with pytest.raises(TrainingCostExceeded, match=r"would cost \$50\.01, and one job may cost \$50\.00"):
        reserve(database, job, "32.01", tight, TUESDAY)
    reserve(database, job, 32, tight, TUESDAY)


def test_a_job_that_turns_out_dearer_takes_more_or_stops(
    database: Database, tight: Settings, make_job: Any
) -> None:
    first, second = make_job(), make_job()
    reserve(database, first, 40, tight)
    reserve(database, second, 30, tight)
    reserve(database, second, 20, tight, TUESDAY)  # it holds as much already
    assert days(database) == {MONDAY: (70, 0)}

    reserve(database, second, 45, tight, TUESDAY)  # it stays with its day

    assert days(database) == {MONDAY: (85, 0)}
    third = make_job()
    reserve(database, third, 15, tight)
    for job in (second, third):
        with pytest.raises(DailyBudgetExceeded, match=r"budget of 2025-06-09 \(UTC\) \$0\.00 is left"):
            reserve(database, job, "45.01", tight, TUESDAY if job is second else MONDAY)
    settle(database, first, 25)
    reserve(database, second, 50, tight)
    assert days(database) == {MONDAY: (65, 25)}


def test_a_day_that_is_used_up_leaves_the_next_one_whole(
    database: Database, tight: Settings, make_job: Any
) -> None:
    for _ in range(2):
        reserve(database, make_job(), 50, tight)
    with pytest.raises(DailyBudgetExceeded, match="startAfter"):
        reserve(database, make_job(), "0.01", tight)
    reserve(database, make_job(), 0, tight)  # what costs nothing may always start

    with database.session() as session:
        assert budget.left_on(session, tight, MONDAY) == 0
        assert budget.left_on(session, tight, TUESDAY) == 100
    reserve(database, make_job(), 50, tight, TUESDAY)


def test_a_start_that_fails_after_its_reservation_holds_nothing(
    database: Database, tight: Settings, make_job: Any
) -> None:
    job = make_job()

    def start() -> None:
        with database.session() as session:
            budget.reserve(session, session.get_one(TrainingJob, job.id), Decimal(9), tight, MONDAY)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        start()
    assert days(database) == {}


def test_jobs_that_end_at_once_leave_a_sum_that_is_right(
    database: Database, settings: Settings, make_job: Any
) -> None:
    jobs = [make_job() for _ in range(8)]
    for job in jobs:
        reserve(database, job, 10, settings)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda job: settle(database, job, "2.5"), [*jobs, *jobs]))

    assert days(database) == {MONDAY: (0, 20)}


def test_the_time_limit_is_what_the_job_may_cost(
    database: Database, settings: Settings, enter_sample: Callable[..., Sample]
) -> None:
    dear = settings.model_copy(
        update={
            "price_cpu_hour": Decimal(60), "price_storage_gb": Decimal(0), "price_transfer_gb": Decimal(0),
            "max_training_cost": Decimal(30),
        }
    )  # fmt: skip
    service = TrainingService(
        database, dear, ConsentService(database, "development"), engines=lambda _: TONE_ENGINE,
        clock=lambda: datetime(2025, 6, 9, tzinfo=UTC),
    )  # fmt: skip
    ids = [str(enter_sample(ANN.user_id).id)]
    body = {"voiceSampleIds": ids, "provider": "tone", "options": {"maxTrainingTimeMs": 7_200_000}}

    started = service.start(ANN, TrainingRequestBody.model_validate(body))

    job = service.get(ANN, started.job_id)
    assert job.job.max_training_ms == job.job.options["maxTrainingTimeMs"] == 30 * 60_000
    assert any("stopped after 1800000 ms" in event.message for event in job.logs)
