from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from voicewright.listening.results import in_words
from voicewright.listening.statistics import Preference, binomial_p_value, more_votes, wilson_interval


@given(st.integers(1, 400), st.data())
def test_interval_and_p_value_are_those_of_scipy(trials, data):
    wins = data.draw(st.integers(0, trials))
    expected = binomtest(wins, trials)
    interval = expected.proportion_ci(0.95, method="wilson")
    assert wilson_interval(wins, trials) == pytest.approx((interval.low, interval.high), abs=1e-9)
    assert binomial_p_value(wins, trials) == pytest.approx(expected.pvalue, abs=1e-9)


@given(st.integers(1, 60), st.data())
def test_so_many_more_votes_would_tell_and_none_fewer(trials, data):
    wins = data.draw(st.integers(0, trials))
    leads, found = max(wins, trials - wins), more_votes(wins, trials)
    if found is None:
        return

    def is_sure(wanted):
        return binomtest(leads * wanted // trials, wanted).pvalue < 0.05

    assert is_sure(trials + found)
    assert not any(is_sure(wanted) for wanted in range(trials + 1, trials + found))


def test_nothing_is_known_of_no_votes():
    nothing = Preference(0, 0, 3)
    assert (nothing.share, nothing.interval, nothing.p_value) == (None, (0.0, 1.0), 1.0)
    assert nothing.more_votes is None
    assert not nothing.is_sure
    assert Preference(4, 4, 0).more_votes is None
    assert more_votes(201, 400) is None  # more than anybody listens to


@pytest.mark.parametrize(
    ("votes", "words"),
    [
        ((0, 0, 0), "Nothing was decided."),
        ((0, 0, 2), "No difference was heard in any trial."),
        ((3, 3, 0), "3 each: neither New nor Old is preferred."),
        (
            (7, 3, 1),
            (
                "7 of 10 for New: not enough to be sure. If there were no difference, that would happen in "
                "34 of 100 tests. If it goes on like this, 20 more would tell. One trial without a "
                "difference is not counted."
            ),
        ),
        (
            (9, 1, 2),
            (
                "9 of 10 for New: it is better. If there were no difference, that would happen in 2 of 100 "
                "tests. 2 trials without a difference are not counted."
            ),
        ),
        (
            (10, 0, 0),
            (
                "10 of 10 for New: it is better. If there were no difference, that would happen in fewer "
                "than 1 of 100 tests."
            ),
        ),
    ],
)
def test_votes_in_words(votes, words):
    assert in_words(Preference(*votes), "New", "Old") == words
