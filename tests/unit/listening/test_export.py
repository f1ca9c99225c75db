from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from voicewright.listening.export import COLUMNS, as_csv
from voicewright.listening.models import ListeningSide, ListeningTest, ListeningTrial
from voicewright.listening.results import result_of


def finished():
    labels = ['=HYPERLINK("x")', "Ann, version 2", "Ann, recordings"]
    now = datetime(2025, 1, 15, tzinfo=UTC)
    voted = {"choice": "a", "voted_at": now}
    return ListeningTest(
        name="Test", sentences=["One.", "Two, three."],
        sides=[ListeningSide(number=number, label=label) for number, label in enumerate(labels)],
        trials=[
            ListeningTrial(
                number=1, sentence=1, side_a=1, side_b=0, naturalness_a=4, naturalness_b=2, **voted
            ),
            ListeningTrial(number=2, sentence=0, side_a=0, side_b=1, choice="none", voted_at=now),
            ListeningTrial(number=3, sentence=0, side_a=2, side_b=1, naturalness_a=5, **voted),
            ListeningTrial(number=4, sentence=0, side_a=0, side_b=2),
        ],
    )  # fmt: skip


def test_each_trial_is_a_row_and_no_text_a_formula():
    rows = list(csv.reader(io.StringIO(as_csv(finished()))))
    assert tuple(rows[0]) == COLUMNS
    assert rows[1] == [
        "1", "Two, three.", "Ann, version 2", "'=HYPERLINK(\"x\")", "a", "Ann, version 2", "4", "2",
        "2025-01-15T00:00:00+00:00",
    ]  # fmt: skip
    assert rows[2][4:8] == ["none", "", "", ""]
    assert rows[4][4:] == ["", "", "", "", ""]


def test_a_result_counts_what_was_decided():
    result = result_of(finished())
    assert [(side.wins, side.losses, side.naturalness, side.ratings) for side in result.sides] == [
        (0, 1, 2.0, 1),
        (1, 1, 4.0, 1),
        (1, 0, 5.0, 1),
    ]
    first, second, third = result.pairs
    assert (first.first, first.second, first.preference.ties, first.outcome) == (1, 0, 1, "unsure")
    assert (second.outcome, second.words) == ("undecided", "Nothing was decided.")
    assert (third.first, third.second) == (2, 1)
