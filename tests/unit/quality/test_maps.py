from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicewright.quality import maps

figures = st.floats(allow_nan=False, allow_infinity=True)
RISING = [maps.similarity, maps.naturalness]
FALLING = [maps.clarity, maps.consistency]


@pytest.mark.parametrize("score", [*RISING, *FALLING])
@given(figure=figures)
def test_every_figure_gets_a_score_between_nothing_and_one(score, figure):
    assert 0.0 <= score(figure) <= 1.0


@pytest.mark.parametrize("score", RISING)
@given(one=figures, other=figures)
def test_more_likeness_and_a_better_opinion_never_score_lower(score, one, other):
    assert score(min(one, other)) <= score(max(one, other))


@pytest.mark.parametrize("score", FALLING)
@given(one=figures, other=figures)
def test_more_errors_and_a_wider_spread_never_score_higher(score, one, other):
    assert score(min(one, other)) >= score(max(one, other))


@pytest.mark.parametrize("score", [*RISING, *FALLING])
def test_the_whole_range_is_used(score):
    scores = [score(figure / 100) for figure in range(-100, 600)]
    assert (min(scores), max(scores)) == (0.0, 1.0)


@pytest.mark.parametrize("score", [*RISING, *FALLING])
def test_an_unknown_figure_has_an_unknown_score(score):
    assert math.isnan(score(math.nan))


def test_one_person_scores_high_and_two_people_low():
    assert maps.similarity(0.95) > 0.9
    assert maps.similarity(0.60) < 0.2
