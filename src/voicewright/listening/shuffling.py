"""Who is A and who is B in which trial: at random, and each of a pair equally often the first."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random


@dataclass(frozen=True, slots=True)
class Plan:
    """One trial: numbers of the sentence and of the sides."""

    sentence: int
    side_a: int
    side_b: int


def plan_trials(sentences: int, sides: int, random: Random) -> list[Plan]:
    """Every sentence by every pair of sides, in an order that nobody can foresee.

    People tend to prefer what they hear first, or last. So each of a pair is A in half of its trials; of an
    odd number, chance says who is it once more.

    Args:
        sentences: how many there are.
        sides: how many are compared.
        random: the dice; `secrets.SystemRandom` outside tests.
    """
    trials = []
    for one, other in combinations(range(sides), 2):
        swapped = [number % 2 == 0 for number in range(sentences)]
        if sentences % 2:
            swapped[-1] = random.random() < 0.5  # noqa: PLR2004 - a coin
        random.shuffle(swapped)
        trials += [
            Plan(sentence, other, one) if swap else Plan(sentence, one, other)
            for sentence, swap in enumerate(swapped)
        ]
    random.shuffle(trials)
    return trials
