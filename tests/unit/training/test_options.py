from __future__ import annotations

import pytest

from voicewright.engines.errors import OptionsInvalid
from voicewright.engines.testing import TONE_ENGINE
from voicewright.plugins.builtin.plugin import ENGINE as BUILTIN
from voicewright.training.options import check_options


def test_good_options_pass() -> None:
    check_options(TONE_ENGINE, {"epochs": 5, "seed": 1})


def test_every_bad_option_is_named_with_what_there_is() -> None:
    with pytest.raises(OptionsInvalid) as caught:
        check_options(TONE_ENGINE, {"epoch": 5, "seed": -1})

    message = caught.value.message
    assert "no option 'epoch' (did you mean 'epochs'?)" in message
    assert "seed: " in message
    assert "Its options: epochs, seed" in message


@pytest.mark.parametrize("seconds", [float("inf"), float("nan")])
def test_an_amount_without_end_is_refused_before_any_work(seconds: float) -> None:
    with pytest.raises(OptionsInvalid, match=r"max_time_s: .*finite"):
        check_options(BUILTIN, {"max_time_s": seconds})
