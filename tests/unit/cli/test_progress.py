from __future__ import annotations

import logging

import pytest

from voicewright.cli.progress import _in_words, progress_bar
from voicewright.training.progress import Progress


def test_nothing_is_drawn_where_nobody_looks(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with progress_bar() as draw:
        draw(Progress("training", 0.5, 10.0, 10.0))
        draw(Progress("training", 0.6, 12.0, 8.0))
        draw(Progress("judging", 0.9, 18.0, 2.0))

    assert capsys.readouterr() == ("", "")
    assert [record.getMessage() for record in caplog.records] == [
        "stage training (50 %)",
        "stage judging (90 %)",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (59.4, "59 s"), (61, "1 min 1 s"), (7260, "2 h 1 min")]
)
def test_durations_are_told_as_people_say_them(seconds: float, words: str) -> None:
    assert _in_words(seconds) == words
