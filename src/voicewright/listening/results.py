"""What came of a blind test, in figures and in words."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

from voicewright.listening.statistics import Preference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.listening.models import ListeningTest, ListeningTrial

Outcome = Literal["preferred", "unsure", "equal", "undecided"]
"""One is better; one leads, which may be chance; neither leads; nobody heard a difference."""


@dataclass(frozen=True, slots=True)
class SideResult:
    """How one of the sides did."""

    number: int
    label: str
    wins: int
    losses: int
    naturalness: float | None
    """Mean of what was said of it, 1..5."""
    ratings: int


@dataclass(frozen=True, slots=True)
class PairResult:
    """How two of them compare; the first is the one that was preferred more often."""

    first: int
    second: int
    preference: Preference
    outcome: Outcome
    words: str


@dataclass(frozen=True, slots=True)
class Result:
    """All of it."""

    sides: tuple[SideResult, ...]
    pairs: tuple[PairResult, ...]


def result_of(test: ListeningTest) -> Result:
    """What came of a test; trials that nobody decided count for nothing."""
    labels = [side.label for side in test.sides]
    voted = [trial for trial in test.trials if trial.choice is not None]
    pairs = combinations(range(len(labels)), 2)
    return Result(
        sides=tuple(_side(number, label, voted) for number, label in enumerate(labels)),
        pairs=tuple(_pair(one, other, labels, voted) for one, other in pairs),
    )


def chosen_side(trial: ListeningTrial) -> int | None:
    """Who was preferred; None: nobody."""
    return {"a": trial.side_a, "b": trial.side_b}.get(trial.choice or "")


def in_words(preference: Preference, first: str, second: str) -> str:
    """What that means, for people; the first is the one that leads."""
    if preference.decided == 0:
        return "No difference was heard in any trial." if preference.ties else "Nothing was decided."
    apart = (
        ""
        if not preference.ties
        else " One trial without a difference is not counted."
        if preference.ties == 1
        else f" {preference.ties} trials without a difference are not counted."
    )
    if preference.wins == preference.losses:
        return f"{preference.wins} each: neither {first} nor {second} is preferred.{apart}"
    said = f"{preference.wins} of {preference.decided} for {first}"
    chance = _chance(preference.p_value)
    if preference.is_sure:
        return f"{said}: it is better. If there were no difference, {chance}.{apart}"
    more = preference.more_votes
    told = "" if more is None else f" If it goes on like this, {more} more would tell."
    return f"{said}: not enough to be sure. If there were no difference, {chance}.{told}{apart}"


def _chance(p_value: float) -> str:
    if p_value > 0.99:  # noqa: PLR2004 - it can't be any other way
        return "that would happen in every test"
    if p_value < 0.01:  # noqa: PLR2004 - one in a hundred
        return "that would happen in fewer than 1 of 100 tests"
    return f"that would happen in {round(p_value * 100)} of 100 tests"


def _side(number: int, label: str, voted: Sequence[ListeningTrial]) -> SideResult:
    said = [trial.naturalness_a for trial in voted if trial.side_a == number]
    said += [trial.naturalness_b for trial in voted if trial.side_b == number]
    ratings = [one for one in said if one is not None]
    took_part = [trial for trial in voted if number in {trial.side_a, trial.side_b}]
    chosen = [chosen_side(trial) for trial in took_part]
    return SideResult(
        number=number,
        label=label,
        wins=chosen.count(number),
        losses=sum(one is not None and one != number for one in chosen),
        naturalness=sum(ratings) / len(ratings) if ratings else None,
        ratings=len(ratings),
    )


def _pair(one: int, other: int, labels: Sequence[str], voted: Sequence[ListeningTrial]) -> PairResult:
    chosen = [chosen_side(trial) for trial in voted if {trial.side_a, trial.side_b} == {one, other}]
    first, second = (one, other) if chosen.count(one) >= chosen.count(other) else (other, one)
    found = Preference(chosen.count(first), chosen.count(second), chosen.count(None))
    return PairResult(first, second, found, _outcome(found), in_words(found, labels[first], labels[second]))


def _outcome(found: Preference) -> Outcome:
    if found.decided == 0:
        return "undecided"
    if found.wins == found.losses:
        return "equal"
    return "preferred" if found.is_sure else "unsure"
