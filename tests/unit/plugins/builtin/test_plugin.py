from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from voicewright.plugins.builtin import analysis, espeak, fitting, training
from voicewright.plugins.builtin.options import BuiltinOptions
from voicewright.plugins.builtin.plugin import ENGINE


@pytest.mark.parametrize(
    ("speech_s", "weight", "steps"),
    [(15, 1.0, 250), (40, 1.0, 400), (195, 1.0, 650), (195, 0.1, 290), (600, 0.1, 900), (1800, 1.0, 1500)],
)
def test_steps_follow_the_speech_and_the_trust_in_its_words(speech_s, weight, steps):
    frames = np.zeros((speech_s * 200, 1), np.float32)
    examples = [fitting.Example(None, frames, weight)]
    epochs = training._epochs_for(examples, batch_size=8)
    assert epochs * fitting.steps_per_epoch(examples, 8) == pytest.approx(steps, rel=0.1)


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
