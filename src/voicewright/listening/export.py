"""The votes of a finished test as a table for other programs."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from voicewright.listening.results import chosen_side
from voicewright.text.table_cells import plain_cell

if TYPE_CHECKING:
    from voicewright.listening.models import ListeningTest

COLUMNS: Final = (
    "trial", "sentence", "a", "b", "choice", "preferred", "naturalness_a", "naturalness_b", "voted_at",
)  # fmt: skip


def as_csv(test: ListeningTest) -> str:
    """One row for each trial, in the order of listening; what nobody said is empty."""
    labels = [side.label for side in test.sides]
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(COLUMNS)
    for trial in test.trials:
        chosen = chosen_side(trial)
        table.writerow(
            (
                trial.number,
                plain_cell(test.sentences[trial.sentence]),
                plain_cell(labels[trial.side_a]),
                plain_cell(labels[trial.side_b]),
                trial.choice or "",
                "" if chosen is None else plain_cell(labels[chosen]),
                trial.naturalness_a or "",
                trial.naturalness_b or "",
                "" if trial.voted_at is None else trial.voted_at.isoformat(),
            )
        )
    return written.getvalue()
