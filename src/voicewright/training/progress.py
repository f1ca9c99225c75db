"""Turns the progress of stages into one fraction of the whole and the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_TELLING_S = 3.0
_TELLING_FRACTION = 0.02
"""Before this much time and work an estimate of the time left would only jump about."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is."""

    stage: str
    """What is being done now, in words for the user."""
    fraction: float
    """Of the whole work, 0..1; never falls."""
    elapsed_s: float
    left_s: float | None
    """None while it can't be told yet."""


ProgressSink = Callable[[Progress], None]


def ignore_progress(_progress: Progress) -> None:
    """Take progress and tell nobody."""


class Stages:
    """The stages of one piece of work, in order, each with its expected share of the time.

    Args:
        shares: stage name to expected seconds; only their ratio counts.
        sink: is told on every step.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        shares: Mapping[str, float],
        sink: ProgressSink = ignore_progress,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shares = dict(shares)
        self._total = sum(self._shares.values()) or 1.0
        self._sink = sink
        self._clock = clock
        self._started_s = clock()
        self._fraction = 0.0

    def step(self, stage: str, within: float, detail: str = "") -> None:
        """Say that `within` (0..1) of a stage is done; a detail, where given, is what the user reads."""
        before = 0.0
        for name, share in self._shares.items():
            if name == stage:
                break
            before += share
        done = (before + self._shares[stage] * min(max(within, 0.0), 1.0)) / self._total
        self._fraction = max(self._fraction, done)
        elapsed_s = self._clock() - self._started_s
        self._sink(Progress(detail or stage, self._fraction, elapsed_s, self._left_s(elapsed_s)))

    def _left_s(self, elapsed_s: float) -> float | None:
        if elapsed_s < _TELLING_S or self._fraction < _TELLING_FRACTION:
            return None
        return elapsed_s * (1.0 - self._fraction) / self._fraction
