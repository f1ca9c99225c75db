from __future__ import annotations

from voicewright.web.enough import GOOD_S, how_far


def test_an_amount_of_speech_is_enough_for_something():
    assert [how_far(seconds).tone for seconds in (0, 30, GOOD_S - 1, GOOD_S, 4000)] == [
        "bad", "warn", "info", "good", "good"
    ]  # fmt: skip
    assert "3 minutes and more make a good voice" in how_far(60).words
