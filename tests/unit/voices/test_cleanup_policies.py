from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from voicewright.settings import Settings
from voicewright.voices.cleanup.policies import CleanupRules

NOW = datetime(2025, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Voice:
    is_active: bool = False
    quality_score: float | None = 0.4
    created_at: datetime = NOW - 200 * DAY
    undeleted_at: datetime | None = None


@pytest.fixture
def rules(tmp_path):
    return CleanupRules.of(Settings(home=tmp_path))


def test_the_figures_are_those_of_the_specification(rules):
    assert rules == CleanupRules(min_age=184 * DAY, below_quality=0.5, unused_for=30 * DAY)


@pytest.mark.parametrize(
    ("voice", "last_used_at", "eligible"),
    [
        (Voice(), None, True),
        (Voice(), NOW - 31 * DAY, True),
        (Voice(), NOW - 30 * DAY, False),
        (Voice(), NOW, False),
        (Voice(created_at=NOW - 185 * DAY), None, True),
        (Voice(created_at=NOW - 184 * DAY), None, False),
        (Voice(quality_score=0.499), None, True),
        (Voice(quality_score=0.5), None, False),
        (Voice(quality_score=0.0), None, True),
        (Voice(quality_score=None), None, False),
        (Voice(is_active=True), None, False),
        (Voice(undeleted_at=NOW - DAY), None, False),
        (Voice(undeleted_at=NOW - 31 * DAY), None, True),
    ],
)
def test_all_four_criteria_must_hold(rules, voice, last_used_at, eligible):
    assert rules.is_eligible(voice, last_used_at, NOW) is eligible


def test_a_voice_is_due_when_the_last_of_the_criteria_holds(rules):
    assert rules.due_at(Voice(created_at=NOW), None) == NOW + 184 * DAY
    assert rules.due_at(Voice(), NOW) == NOW + 30 * DAY
    assert rules.due_at(Voice(undeleted_at=NOW + DAY), NOW) == NOW + 31 * DAY
    assert rules.due_at(Voice(is_active=True), None) is None


def test_the_reasons_name_each_criterion_with_its_figures(rules):
    assert rules.reasons(Voice(), None) == [
        "registered on 2024-12-13; an age of 184 days is enough",
        "not the active voice",
        "quality 0.40, below 0.5",
        "last used never; 30 days without use are enough",
    ]
    assert rules.reasons(Voice(), NOW)[3] == "last used on 2025-07-01; 30 days without use are enough"
