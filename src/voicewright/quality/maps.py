"""Owns the calibrated maps from physical figures to scores of 0..1; all of them monotone.

Each map is piecewise linear between knots that were measured on real speech; docs/evaluation.md has the table
(made by `benchmarks/calibration.py`) and the reason of every knot. 1 is what real recordings of the same
person reach; 0 is what another person, or noise, or another text reaches.
"""

from __future__ import annotations

import math
from itertools import pairwise

Knots = tuple[tuple[float, float], ...]
"""(figure, score), by rising figure."""

SIMILARITY: Knots = ((0.55, 0.0), (0.75, 0.4), (0.85, 0.7), (0.96, 1.0))
NATURALNESS: Knots = ((1.2, 0.0), (2.0, 0.2), (2.75, 0.55), (3.1, 0.9), (3.3, 1.0))
CLARITY: Knots = ((0.05, 1.0), (0.25, 0.85), (0.6, 0.4), (1.0, 0.0))
CONSISTENCY: Knots = ((0.02, 1.0), (0.05, 0.8), (0.15, 0.0))


def _on(knots: Knots, figure: float) -> float:
    if math.isnan(figure):
        return math.nan
    if figure <= knots[0][0]:
        return knots[0][1]
    for (left, low), (right, high) in pairwise(knots):
        if figure <= right:
            share = (figure - left) / (right - left)
            return low * (1.0 - share) + high * share
    return knots[-1][1]


def similarity(cosine: float) -> float:
    """Score the cosine between the embeddings of the spoken and the recorded voice."""
    return _on(SIMILARITY, cosine)


def naturalness(ovrl: float) -> float:
    """Score the overall opinion of DNSMOS (1..5)."""
    return _on(NATURALNESS, ovrl)


def clarity(wer: float) -> float:
    """Score the word error rate of a recogniser (0, all words heard, and up)."""
    return _on(CLARITY, wer)


def consistency(spread: float) -> float:
    """Score the standard deviation over the sentences of the cosine to the recorded voice."""
    return _on(CONSISTENCY, spread)
