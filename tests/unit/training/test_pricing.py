from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from voicewright.engines.port import Forecast
from voicewright.engines.registry import get_engine
from voicewright.engines.testing import TONE_ENGINE
from voicewright.settings import Settings
from voicewright.training.pricing import GB, Usage, actual_cost, affordable_ms, cost_of

if TYPE_CHECKING:
    from voicewright.engines.port import EngineInfo

HOUR_MS = 3_600_000


def engine(billing: str, *, gpu: bool = False) -> EngineInfo:
    capabilities = dataclasses.replace(TONE_ENGINE.capabilities, needs_gpu=gpu)
    return dataclasses.replace(TONE_ENGINE, billing=billing, capabilities=capabilities)  # type: ignore[arg-type]


def usage(hours: float = 0.5, stored_gb: float = 2, moved_gb: float = 3, minutes: float = 45) -> Usage:
    return Usage(round(hours * HOUR_MS), round(stored_gb * GB), round(moved_gb * GB), minutes * 60)


def test_a_machine_is_paid_by_the_hour() -> None:
    gpu_hours, storage_gb, transfer_gb = 0.5, 2, 3

    cost = cost_of(engine("compute", gpu=True), usage(), Settings())

    assert cost.total == Decimal(str(gpu_hours * 2.5 + storage_gb * 0.02 + transfer_gb * 0.09))
    assert [(part.name, part.unit) for part in cost.parts] == [
        ("gpu", "hour"),
        ("storage", "GB"),
        ("transfer", "GB"),
    ]


def test_an_engine_that_needs_a_gpu_to_train_only_is_paid_as_one() -> None:
    trains_on_gpu = dataclasses.replace(TONE_ENGINE, forecast=Forecast(gpu_memory_mb=14_000))
    assert cost_of(trains_on_gpu, usage(), Settings()) == cost_of(
        engine("compute", gpu=True), usage(), Settings()
    )


def test_an_hour_without_a_gpu_costs_what_the_operator_says() -> None:
    assert cost_of(engine("compute"), usage(stored_gb=0, moved_gb=0), Settings()).total == 0
    priced = Settings(price_cpu_hour=Decimal("0.40"), price_storage_gb=0, price_transfer_gb=0)
    assert cost_of(engine("compute"), usage(), priced).total == Decimal("0.2")


@pytest.mark.parametrize(("minutes", "further"), [(0, 0), (30, 0), (45, 15), (90.5, 60.5)])
def test_google_takes_a_fee_and_more_for_more_than_half_an_hour(minutes: float, further: float) -> None:
    cost = cost_of(engine("google"), usage(minutes=minutes), Settings())

    assert float(cost.total) == pytest.approx(300 + further * 0.1 + 2 * 0.02 + 50)


def test_openai_counts_tokens() -> None:
    info = engine("openai")
    tokens = 45 * 60 * info.forecast.tokens_per_speech_s

    assert float(cost_of(info, usage(), Settings()).total) == pytest.approx(tokens / 1000 * 0.008 + 0.04 + 25)


@pytest.mark.parametrize(
    ("engine_id", "dollars"), [("openai-tts", 25.02), ("google-cloud-tts", 350.02), ("elevenlabs", 0.02)]
)
def test_the_engines_of_providers_are_paid_as_planned(engine_id: str, dollars: float) -> None:
    info = get_engine(engine_id)
    half_an_hour = cost_of(info, usage(minutes=30, stored_gb=1), Settings())
    tokens = 1800 * info.forecast.tokens_per_speech_s / 1000 * 0.008 if info.billing == "openai" else 0

    assert float(half_an_hour.total) == pytest.approx(dollars + tokens)
    assert info.dollars_per_1000_characters > 0


def test_the_bill_is_exact_where_binary_fractions_are_not() -> None:
    cost = cost_of(engine("compute", gpu=True), usage(hours=1 / 3, stored_gb=0, moved_gb=0.7), Settings())

    assert [part.amount for part in cost.parts] == [Decimal("0.833333"), Decimal(0), Decimal("0.063")]
    assert cost.total == Decimal("0.896333")


@pytest.mark.parametrize("billing", ["compute", "google", "openai", "usage"])
def test_what_never_ran_costs_nothing_and_what_ran_costs_what_was_estimated(billing: str) -> None:
    info = engine(billing, gpu=True)

    assert actual_cost(info, usage(hours=0), Settings()) == 0
    assert actual_cost(info, usage(), Settings()) == cost_of(info, usage(), Settings()).total
    fee = billing != "compute"
    assert (actual_cost(info, usage(), Settings(), made=False) == Decimal("0.04")) is fee


def test_a_training_may_run_until_its_money_is_used_up() -> None:
    gpu = engine("compute", gpu=True)
    small = usage(hours=0, stored_gb=0, moved_gb=0)

    assert affordable_ms(gpu, small, Decimal(5), Settings()) == 2 * HOUR_MS
    assert affordable_ms(gpu, usage(hours=9, moved_gb=0), Decimal("5.04"), Settings()) == 2 * HOUR_MS
    assert affordable_ms(gpu, usage(), Decimal("0.01"), Settings()) == 0
    assert affordable_ms(engine("compute"), small, Decimal(5), Settings()) == 7 * 24 * HOUR_MS
    assert affordable_ms(engine("google"), small, Decimal(5), Settings()) == 7 * 24 * HOUR_MS


@pytest.mark.parametrize(
    "amounts", [(-1, 0, 0, 0.0), (0, -1, 0, 0.0), (0, 0, -1, 0.0), (0, 0, 0, float("nan"))]
)
def test_amounts_below_zero_are_a_bug_of_the_caller(amounts: tuple[int, int, int, float]) -> None:
    with pytest.raises(ValueError, match="below zero"):
        Usage(*amounts)
