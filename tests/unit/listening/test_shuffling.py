from __future__ import annotations

from collections import Counter
from itertools import combinations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from voicewright.listening.shuffling import plan_trials


@given(st.integers(1, 20), st.integers(2, 4), st.integers(0, 10**6))
def test_every_pair_says_every_sentence_once_and_each_is_first_in_half_of_them(sentences, sides, seed):
    trials = plan_trials(sentences, sides, Random(seed))  # noqa: S311 - to be repeated
    pairs = [tuple(sorted((trial.side_a, trial.side_b))) for trial in trials]
    said = Counter((trial.sentence, pair) for trial, pair in zip(trials, pairs, strict=True))
    assert set(said.values()) == {1}
    assert set(pairs) == set(combinations(range(sides), 2))
    for pair, count in Counter(pairs).items():
        assert count == sentences
        first = sum((trial.side_a, trial.side_b) == pair for trial in trials)
        assert abs(2 * first - sentences) <= 1


def test_chance_decides_every_time_anew():
    random = Random(7)  # noqa: S311 - to be repeated
    firsts = Counter(plan_trials(3, 2, random)[0].side_a for _ in range(400))
    assert 150 < firsts[0] < 250
    assert len({tuple(plan_trials(8, 2, random)) for _ in range(50)}) == 50
