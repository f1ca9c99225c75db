from __future__ import annotations

import pytest

from voicewright.text.table_cells import plain_cell


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\n=1", "\ufeff=1", "\u200b \t@x", "\t", "\r1", "\nName", "＝1"],
)
def test_nothing_is_a_formula(text):
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ann", "a=b", " Ann", "1-2", "'=1"])
def test_what_is_none_stays_as_it_is(text):
    assert plain_cell(text) == text
