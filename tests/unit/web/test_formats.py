from __future__ import annotations

from decimal import Decimal

import pytest

from voicewright.web.formats import money, spent


@pytest.mark.parametrize(
    ("dollars", "written"),
    [("0", "$0.00"), ("0.0005", "$0.0005"), ("0.01", "$0.01"), ("1204.5", "$1,204.50")],
)
def test_sums_are_not_rounded_to_nothing(dollars, written):
    assert spent(Decimal(dollars)) == written
    assert money(float(dollars)) == (written if float(dollars) else "free")
