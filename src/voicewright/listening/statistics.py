"""What votes prove: how often one was preferred, how sure that is, and how many more votes would tell.

Each trial that was decided is a toss of a coin, fair if there is no difference. Trials without a difference
are left out, as in the sign test (W. J. Dixon, A. M. Mood, "The statistical sign test", JASA 41, 1946). The
p-value is the exact two-sided one of the binomial distribution. The interval is Wilson's score interval
(E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927), which
holds for few trials too (R. G. Newcombe, "Two-sided confidence intervals for the single proportion",
Statistics in Medicine 17, 1998). Tests compare both with scipy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

SIGNIFICANT: Final = 0.05
"""A smaller p-value is taken for a difference: one test in 20 finds one where there is none."""
_Z: Final = 1.959963984540054
"""Of the normal distribution, for 95 % two-sided."""
_MOST: Final = 400
"""Nobody votes more often."""


@dataclass(frozen=True, slots=True)
class Preference:
    """How often one of two was preferred."""

    wins: int
    """Of the one that is asked about."""
    losses: int
    ties: int
    """Trials without a difference."""

    @property
    def decided(self) -> int:
        """Trials with one."""
        return self.wins + self.losses

    @property
    def share(self) -> float | None:
        """Of the decided trials that it won, 0..1; None: none was decided."""
        return self.wins / self.decided if self.decided else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share is, with 95 % confidence."""
        return wilson_interval(self.wins, self.decided)

    @property
    def p_value(self) -> float:
        """How often a fair coin falls at least as unevenly, 0..1."""
        return binomial_p_value(self.wins, self.decided)

    @property
    def is_sure(self) -> bool:
        """Whether it is more than chance."""
        return self.p_value < SIGNIFICANT

    @property
    def more_votes(self) -> int | None:
        """How many more would tell, if they went on like this; None: nobody can say, or it is sure."""
        return None if self.is_sure else more_votes(self.wins, self.decided)


def wilson_interval(wins: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a share; (0, 1) of no trials."""
    if trials == 0:
        return 0.0, 1.0
    share, squared = wins / trials, _Z * _Z
    middle = (share + squared / (2 * trials)) / (1 + squared / trials)
    reach = _Z * math.sqrt(share * (1 - share) / trials + squared / (4 * trials**2)) / (1 + squared / trials)
    low = 0.0 if wins == 0 else middle - reach
    high = 1.0 if wins == trials else middle + reach
    return low, high


def binomial_p_value(wins: int, trials: int) -> float:
    """The exact two-sided p-value against a fair coin; 1 of no trials."""
    most = max(wins, trials - wins)
    tail = sum(math.comb(trials, count) for count in range(most, trials + 1))
    return min(1.0, 2.0 * tail / float(2**trials))


def more_votes(wins: int, trials: int) -> int | None:
    """How many more trials would be sure, if the one that leads goes on winning the same share.

    None where nobody leads, or more trials would be needed than anybody listens to.
    """
    most = max(wins, trials - wins)
    if trials == 0 or 2 * most == trials:
        return None
    for wanted in range(trials + 1, _MOST + 1):
        expected = most * wanted // trials  # rounded down: rather some votes too many than too few
        if binomial_p_value(expected, wanted) < SIGNIFICANT:
            return wanted - trials
    return None
