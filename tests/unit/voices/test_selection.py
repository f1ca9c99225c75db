"""Which voice is the best for a purpose, and what voices differ in."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicewright.voices.figures.comparison import best_of, differences
from voicewright.voices.figures.ratings import RatingSum
from voicewright.voices.figures.selection import (
    Candidate,
    Criteria,
    NoMatchingVoice,
    obstacle_of,
    select_best,
)
from voicewright.voices.figures.usage import UsageSum
from voicewright.voices.figures.views import UsageStats

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
_NUMBERS = itertools.count(1)


def voice(quality=0.8, latency_ms=100.0, provider="builtin", *, days=0):
    made = NEW_YEAR + timedelta(days=days)
    return Candidate(uuid.UUID(int=next(_NUMBERS)), provider, quality, latency_ms, made)


@pytest.mark.parametrize(
    ("winner", "other", "criteria"),
    [
        (voice(0.9), voice(0.8, 1.0), {}),
        (voice(0.1), voice(None), {}),
        (voice(latency_ms=50), voice(latency_ms=60, days=1), {}),
        (voice(days=1), voice(), {}),
        (voice(0.7, 100), voice(0.9, 101), {"max_latency_ms": 100}),
        (voice(0.7, 100), voice(0.9, None), {"max_latency_ms": 100}),
        (voice(0.7, None), voice(0.9, 101), {"max_latency_ms": 100}),
        (voice(0.8), voice(None), {"min_quality_score": 0.8}),
        (voice(0.7, provider="cloud"), voice(0.9), {"preferred_provider": "cloud"}),
        (voice(0.9), voice(0.7), {"preferred_provider": "nobody"}),
        (voice(0.7), voice(0.9, None, "cloud"), {"preferred_provider": "cloud", "max_latency_ms": 100}),
        (voice(0.9), voice(0.7, provider="cloud"), {"preferred_provider": "cloud", "min_quality_score": 0.8}),
    ],
)
def test_the_best_wins_in_whatever_order_they_come(winner, other, criteria):
    for candidates in ([winner, other], [other, winner]):
        assert select_best(candidates, Criteria(**criteria)).id == winner.id


def test_the_reasons_are_told():
    choice = select_best([voice(0.9, None)], Criteria(0.8, "cloud", 500))
    assert choice.reasons == (
        "Its provider builtin is not the preferred one.",
        "Its quality is 0.90.",
        "It has never spoken, so nobody knows how fast it is; no measured voice matches.",
        "Voices that match: 1.",
    )


def test_why_none_matches_is_told():
    with pytest.raises(NoMatchingVoice, match="no voice to choose from"):
        select_best([], Criteria())
    poor = [voice(0.5), voice(None), voice(0.6, 900), voice(0.9, 900)]
    with pytest.raises(NoMatchingVoice, match="None of 4 voices matches: 2 judged under 0"):
        select_best(poor, Criteria(min_quality_score=0.8, max_latency_ms=500))


candidates = st.lists(
    st.builds(
        voice, st.none() | st.floats(0, 1), st.none() | st.floats(1, 1000), st.sampled_from(["a", "b"]),
        days=st.integers(0, 9),
    ), max_size=8,
)  # fmt: skip
criteria_of_all_kinds = st.builds(
    Criteria, st.none() | st.floats(0, 1), st.sampled_from([None, "a"]), st.none() | st.floats(1, 1000)
)


@given(candidates, criteria_of_all_kinds)
def test_whatever_is_chosen_meets_the_criteria(found, criteria):
    left = [one for one in found if obstacle_of(one, criteria) is None]
    if not left:
        with pytest.raises(NoMatchingVoice):
            select_best(found, criteria)
        return
    chosen = next(one for one in left if one.id == select_best(found, criteria).id)
    measured = [one for one in left if one.latency_ms is not None]
    assert criteria.max_latency_ms is None or not measured or chosen in measured


def stats(model_id, spoken=0, latency_ms=0.0, stars=0.0):
    usage = UsageSum(spoken=spoken, average_latency_ms=latency_ms, tail_latency_ms=latency_ms)
    return UsageStats.of(model_id, usage, RatingSum(int(stars > 0), stars))


def test_the_best_at_each_thing_are_named_where_anything_was_measured():
    one, two = uuid.UUID(int=1), uuid.UUID(int=2)
    nothing = {each: stats(each) for each in (one, two)}
    assert best_of({one: None, two: None}, nothing) == {}
    assert best_of({one: 0.1, two: None}, nothing) == {"qualityScore": one}
    used = {one: stats(one, 3, 20), two: stats(two, 1, 10, 4.0)}
    assert best_of({one: None, two: None}, used) == {
        "averageLatency": two, "p95Latency": two, "costPerUse": one, "usageCount": one, "qualityRating": two,
    }  # fmt: skip


def test_what_all_agree_in_is_no_difference():
    assert differences([{"a": 1, "b": {"x": 1}}, {"a": 1, "b": {"x": 2}}]) == {"b": [{"x": 1}, {"x": 2}]}
    assert differences([]) == {}
