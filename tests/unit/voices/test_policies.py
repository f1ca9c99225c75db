from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from voicewright.voices.policies import AUTO_ACTIVATION_SCORE, activates_on_creation, next_best


@dataclass
class Voice:
    quality_score: float | None
    created_at: datetime


NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("score", "has_active", "activates"),
    [
        (None, False, True),
        (0.1, False, True),
        (None, True, False),
        (AUTO_ACTIVATION_SCORE, True, False),
        (0.81, True, True),
    ],
)
def test_the_first_voice_and_very_good_ones_become_active(score, has_active, activates):
    assert activates_on_creation(score, has_active=has_active) is activates


def test_the_best_judged_voice_is_next_and_the_newest_among_equals():
    unjudged, poor, good, newer = Voice(None, LATER), Voice(0.0, NOW), Voice(0.7, NOW), Voice(0.7, LATER)
    assert next_best([unjudged, poor, good, newer]) is newer
    assert next_best([unjudged, poor]) is poor
    assert next_best([unjudged]) is unjudged
    assert next_best([]) is None
