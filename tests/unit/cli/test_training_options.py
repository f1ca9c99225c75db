from __future__ import annotations

import dataclasses

import pytest
from pydantic import Field

from voicewright.cli.training_options import SPELLINGS, gather_options
from voicewright.engines.errors import OptionsInvalid
from voicewright.engines.port import EngineOptions
from voicewright.engines.testing import TONE_ENGINE


def test_named_options_get_the_name_that_the_engine_gives_them() -> None:
    class Options(EngineOptions):
        max_epochs: int = 1
        max_time_s: float = Field(default=1.0)

    info = dataclasses.replace(TONE_ENGINE, options=Options)

    assert gather_options(info, {"epochs": 5, "max_time": 60.0, "seed": None}, ()) == {
        "max_epochs": 5,
        "max_time_s": 60.0,
    }


def test_an_option_that_the_engine_does_not_have_is_refused_by_its_flag() -> None:
    with pytest.raises(OptionsInvalid, match=r"--learning-rate.*epochs, seed"):
        gather_options(TONE_ENGINE, {"learning_rate": 0.1}, ())


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        ("epochs=7", {"epochs": 7}),
        ("rate=1e-3", {"rate": 1e-3}),
        ("on=true", {"on": True}),
        ("training-fault=fail", {"training_fault": "fail"}),
        ("text=a=b", {"text": "a=b"}),
        ("empty=", {"empty": ""}),
    ],
)
def test_reads_pairs_as_json_where_they_are(pair: str, expected: dict[str, object]) -> None:
    assert gather_options(TONE_ENGINE, {}, [pair]) == expected


@pytest.mark.parametrize("pair", ["epochs", "=5", ""])
def test_a_pair_without_key_or_value_is_refused(pair: str) -> None:
    with pytest.raises(OptionsInvalid, match="key=value"):
        gather_options(TONE_ENGINE, {}, [pair])


def test_every_named_option_has_a_spelling() -> None:
    assert all(SPELLINGS.values())
