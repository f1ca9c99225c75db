from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic.alias_generators import to_camel

from voicewright.engines.port import PipelineOptions
from voicewright.plugins.builtin.plugin import ENGINE as BUILTIN
from voicewright.settings import Settings
from voicewright.training.models import RETRIABLE, is_open
from voicewright.training.provider_options import effective_options
from voicewright.training.recovery import suggested_actions
from voicewright.training.schemas import TrainingOptions


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "training.md").read_text(encoding="utf-8")


def rows(page: str, heading: str) -> dict[str, list[str]]:
    """The table with this heading: the other columns by the first."""
    table = page.partition(f"\n{heading}\n")[2].partition("\n\n")[0]
    cells = ([cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[1:])
    return {first.strip("`"): rest for first, *rest in cells}


def test_the_table_of_options_is_that_of_the_code(page: str) -> None:
    table = rows(page, "| option | range | default | `builtin` |")
    documented = {to_camel(name) for name in TrainingOptions.model_fields} - {
        "qualityThreshold", "maxTrainingTimeMs", "engine",
    }  # fmt: skip
    own = {f"engine.{name}" for name in BUILTIN.options.model_fields if to_camel(name) not in documented}
    assert set(table) == documented | own

    holds = effective_options(BUILTIN, TrainingOptions(), Settings()).engine
    for name, field in TrainingOptions.model_fields.items():
        if to_camel(name) not in documented:
            continue
        _, default, builtin = table[to_camel(name)]
        pipeline = PipelineOptions.model_fields.get(name)
        assert default == ("" if pipeline is None else f"{pipeline.default:g}"), field
        if name not in BUILTIN.options.model_fields:
            assert builtin == "not supported"
        elif holds[name] is not None:
            assert re.match(r"[\d.]+", builtin).group() == f"{holds[name]:g}"  # type: ignore[union-attr]


def test_the_platforms_defaults_are_those_of_the_settings(page: str) -> None:
    table = rows(page, "| option | range | default |")
    assert table["qualityThreshold"][1] == f"`MIN_QUALITY_SCORE`, {Settings().min_quality_score:g}"
    assert Settings().training_timeout_ms == 2 * 3600 * 1000


def test_every_state_is_in_the_table_of_states(page: str) -> None:
    table = rows(page, "| state | means | becomes |")
    assert {state for state in table if is_open(state)} == {"queued", "delayed", "running"}
    assert {state for state, (_, then) in table.items() if then == "`queued` (retry)"} == RETRIABLE


def test_the_common_errors_have_advice(page: str) -> None:
    table = rows(page, "| code | when | what helps first |")
    assert len(table) == 5
    for code in table:
        assert suggested_actions(code) != suggested_actions("INTERNAL_ERROR")
