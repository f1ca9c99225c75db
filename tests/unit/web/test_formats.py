from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from voicewright.web import formats

EXAMPLES = json.loads((Path(__file__).parents[2] / "figures.json").read_text())
"""What the browser's scripts are held to as well (`tests/panel_scripts/figures.test.js`)."""


@pytest.mark.parametrize("kind", EXAMPLES)
def test_figures_are_written_as_the_scripts_write_them(kind):
    write = getattr(formats, kind)
    assert [write(figure) for figure, _ in EXAMPLES[kind]] == [written for _, written in EXAMPLES[kind]]


def test_a_sum_of_a_database_is_written_as_any_other():
    assert formats.spent(Decimal("1204.5")) == "$1,204.50"
