from __future__ import annotations

import pytest
from pydantic import ValidationError

from voicewright.plugins.builtin import analysis, espeak, training
from voicewright.plugins.builtin.options import BuiltinOptions
from voicewright.plugins.builtin.plugin import ENGINE


def test_description_and_code_agree():
    assert ENGINE.capabilities.sample_rate_hz == analysis.SAMPLE_RATE_HZ == espeak.SAMPLE_RATE_HZ
    assert ENGINE.capabilities.minimum_speech_s == training.MINIMUM_SPEECH_S


@pytest.mark.parametrize(
    "given",
    [
        {"epochs": 0},
        {"epochs": 10**6},
        {"batch_size": 0},
        {"learning_rate": 0},
        {"learning_rate": 1},
        {"validation_split": 0.9},
        {"max_time_s": 0},
        {"seed": -1},
        {"early_stopping_patience": 0},
        {"early_stopping_patience": 3, "validation_split": 0},
        {"speling": 1},
    ],
)
def test_options_out_of_range_are_refused(given):
    with pytest.raises(ValidationError):
        BuiltinOptions.model_validate(given)


@pytest.mark.parametrize(
    ("count", "given", "expected"),
    [
        (1, {}, 0),
        (5, {}, 0),
        (8, {}, 1),
        (100, {}, 5),
        (100, {"validation_split": 0}, 0),
        (1, {"early_stopping_patience": 3}, 0),
        (2, {"early_stopping_patience": 3}, 1),
        (3, {"early_stopping_patience": 3, "validation_split": 0.5}, 2),
    ],
)
def test_recordings_are_held_out_but_never_all(count, given, expected):
    notes: list[str] = []
    held = training._held_out(count, BuiltinOptions.model_validate(given), notes)
    assert len(held) == expected
    assert held <= set(range(count))
    assert bool(notes) == ("early_stopping_patience" in given and not held)
