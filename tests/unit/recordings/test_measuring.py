from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicewright.recordings.measuring import ClipMeasuring, ClipScoring

PATIENCE_S = 30


class Judges:
    """Gives `rows` embeddings and no scores, whatever is asked."""

    def __init__(self, rows):
        self.rows = rows

    def speaker_embeddings(self, paths, *, cancel=None):
        return np.zeros((self.rows, 4), np.float32)

    def dnsmos(self, paths, max_windows=1, *, cancel=None):
        raise RuntimeError("odd sound")


def measure(rows):
    measuring = ClipMeasuring(Judges(rows))
    measuring.add(Path("a.wav"))
    measuring.close_input()
    assert measuring.wait(PATIENCE_S)
    return measuring


def test_embeddings_come_to_their_clips():
    measuring = measure(1)
    assert list(measuring.embeddings) == [Path("a.wav")]
    assert measuring.failure is None


@pytest.mark.parametrize("rows", [0, 2])
def test_an_answer_that_does_not_fit_is_a_failure_in_words(rows, caplog):
    assert "the measurer failed (ValueError: " in measure(rows).failure
    assert "Traceback" in caplog.text


def test_a_failure_of_the_scores_is_told_in_words(caplog):
    scoring = ClipScoring(Judges(0), [Path("a.wav")])
    assert scoring.wait(PATIENCE_S)
    assert scoring.failure == "the measurer failed (RuntimeError: odd sound); the log has the details."
    assert "Traceback" in caplog.text
