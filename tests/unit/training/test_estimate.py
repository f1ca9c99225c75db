from __future__ import annotations

import dataclasses
import uuid
from typing import Any

import pytest

from voicewright.engines.port import Forecast
from voicewright.engines.testing import TONE_ENGINE
from voicewright.plugins.builtin.plugin import ENGINE as BUILTIN
from voicewright.settings import Settings
from voicewright.training.estimate import Estimate, expected_quality, forecast_time_ms, make_estimate
from voicewright.training.history import History
from voicewright.training.samples import Material, SampleFacts

CURVE = ((20.0, 0.71), (60.0, 0.75), (195.0, 0.80))


def sample(
    speech_s: float = 20.0, *, verdict: str = "good", told: bool = True, name: str = "a.wav"
) -> SampleFacts:
    good_s = speech_s if verdict == "good" else 0.0
    usable_s = speech_s if verdict == "usable" else 0.0
    return SampleFacts(
        id=uuid.uuid4(),
        filename=name,
        speaker="Ann",
        verdict=verdict,
        reasons=(),
        size_bytes=1_000_000,
        good_s=good_s,
        good_told_s=good_s * told,
        usable_s=usable_s,
        usable_told_s=usable_s * told,
    )


def estimate(
    *samples: SampleFacts, options: dict[str, Any] | None = None, ratio: float = 1.0, jobs: int = 0
) -> Estimate:
    info = dataclasses.replace(TONE_ENGINE, forecast=dataclasses.replace(BUILTIN.forecast, quality=CURVE))
    material = Material(samples, "Ann")
    return make_estimate(info, material, options or {}, Settings(), History(ratio, jobs))


@pytest.mark.parametrize(
    ("clean_s", "quality"),
    [(0, 0.0), (20, 0.71), (60, 0.75), (110, 0.776), (195, 0.80), (5000, 0.80)],
)
def test_quality_rises_with_the_logarithm_of_clean_speech(clean_s: float, quality: float) -> None:
    assert expected_quality(CURVE, clean_s) == pytest.approx(quality, abs=0.001)


def test_quality_rises_and_never_leaves_its_bounds() -> None:
    values = [expected_quality(CURVE, seconds) for seconds in (0.001, 0.1, 1, 5, 10, 19, 21, 40, 80, 190)]

    assert values == sorted(values)
    assert all(0 <= value <= 1 for value in values)
    assert expected_quality((), 10) == 0
    assert expected_quality(((30.0, 0.5),), 10) == 0.5


def test_the_built_in_engine_forecasts_what_was_measured() -> None:
    measured = {20: 40, 60: 75, 195: 81}  # docs/benchmarks.md, seconds of speech and of work
    for speech_s, wall_s in measured.items():
        assert forecast_time_ms(BUILTIN, speech_s, {}) / 1000 == pytest.approx(wall_s, rel=0.3)
    assert BUILTIN.forecast.memory_mb == pytest.approx(645, rel=0.2)
    assert forecast_time_ms(BUILTIN, 195, {"epochs": 400}) > 5 * forecast_time_ms(BUILTIN, 195, {})


def test_epochs_count_only_where_the_engine_says_how() -> None:
    plain = dataclasses.replace(TONE_ENGINE, forecast=Forecast(fixed_s=10, per_speech_s=2))

    assert forecast_time_ms(plain, 30, {"epochs": 900}) == 70_000


def test_ended_trainings_correct_the_time_and_with_it_the_cost() -> None:
    plain, corrected = estimate(sample()), estimate(sample(), ratio=2.5, jobs=7)

    assert corrected.time_ms == round(2.5 * plain.time_ms)
    assert corrected.forecast_time_ms == plain.forecast_time_ms == plain.time_ms
    assert (plain.compared_jobs, corrected.compared_jobs) == (0, 7)


def test_recordings_that_are_of_use_and_the_voice_are_stored_and_moved() -> None:
    usage = estimate(sample(20), sample(40, verdict="usable"), sample(30, verdict="rejected")).usage

    assert usage.stored_bytes == usage.moved_bytes == 2_000_000 + 6_000_000
    assert usage.speech_s == 60


def test_flaws_and_missing_words_count_as_less_speech() -> None:
    clean = [
        Material((each,), "Ann").clean_s
        for each in (
            sample(100),
            sample(100, told=False),
            sample(100, verdict="usable"),
            sample(100, verdict="usable", told=False),
            sample(100, verdict="rejected"),
        )
    ]

    assert clean == [100, 60, 50, 30, 0]


def test_it_says_what_would_raise_the_quality_the_most_helpful_first() -> None:
    improvements = estimate(
        sample(20, told=False, name="untold.wav"),
        sample(20, verdict="usable", name="noisy.wav"),
        sample(0, verdict="rejected", name="broken.wav"),
    ).improvements

    gains = [each.gain for each in improvements]
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] > 0
    actions = " ".join(each.action for each in improvements)
    assert improvements[0].action == "Add 3 minutes of clear speech with transcripts."
    assert improvements[0].quality == 0.80
    assert "Write down what is said in untold.wav." in actions
    assert "Record noisy.wav again, without the flaws." in actions
    assert "Record broken.wav again" in actions


def test_of_enough_clean_speech_there_is_nothing_to_improve() -> None:
    assert estimate(sample(400)).improvements == ()


def test_only_some_of_many_samples_are_named() -> None:
    many = [sample(2, told=False, name=f"{number}.wav") for number in range(9)]

    told = next(each.action for each in estimate(*many).improvements if "Write down" in each.action)
    assert told == "Write down what is said in 0.wav, 1.wav, 2.wav, 3.wav, 4.wav and 4 more."
