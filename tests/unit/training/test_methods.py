"""How a voice is made where nobody says it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voicewright.cli.clone import method_here
from voicewright.engines.builds import find_accelerator
from voicewright.engines.port import Forecast
from voicewright.engines.testing import TONE_ENGINE
from voicewright.training.methods import choose_method, trains_on_a_gpu_only

TRAINS_ONLY = replace(TONE_ENGINE, capabilities=replace(TONE_ENGINE.capabilities, clones=False))
HEAVY = replace(TONE_ENGINE, forecast=Forecast(gpu_memory_mb=14_000))
ALL_ON_GPU = replace(HEAVY, capabilities=replace(HEAVY.capabilities, needs_gpu=True))


@pytest.mark.parametrize(
    ("info", "wanted", "can_train", "made"),
    [
        (HEAVY, "auto", True, "train"),
        (HEAVY, "auto", False, "clone"),
        (HEAVY, "train", False, "train"),
        (TRAINS_ONLY, "auto", False, "train"),
    ],
)
def test_what_can_not_be_trained_is_cloned_unless_training_was_asked_for(info, wanted, can_train, made):
    assert choose_method(info, wanted, 120.0, can_train=can_train) == made
    assert choose_method(HEAVY, "auto", 0.5) == "clone"


def test_the_command_line_clones_where_there_is_no_gpu_to_train_on(capsys):
    assert [trains_on_a_gpu_only(one) for one in (HEAVY, TONE_ENGINE, ALL_ON_GPU)] == [True, False, False]
    assert [method_here(one, "auto") for one in (TONE_ENGINE, ALL_ON_GPU)] == ["auto", "auto"]
    assert method_here(HEAVY, "train") == "train"
    assert capsys.readouterr().err == ""
    there_is_one = find_accelerator() is not None
    assert method_here(HEAVY, "auto") == ("auto" if there_is_one else "clone")
    assert ("--method train" in capsys.readouterr().err) is not there_is_one
