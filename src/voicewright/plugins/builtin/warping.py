"""Dynamic time warping: the cheapest way through two sequences side by side.

H. Sakoe and S. Chiba, "Dynamic programming algorithm optimization for spoken word recognition" (1978).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from voicewright.plugins.builtin.distances import distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

BAND = 0.25
"""How far the path may stray from the diagonal, as a share of the length."""
_ROWS_AT_ONCE = 256
_ASLANT, _ABOVE, _LEFT = 0, 1, 2
"""Moves of the path: on in both sequences, in the first only, in the second only."""


def warp(a: Floats, b: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The cheapest path through the distances of two sequences, as indices into each of them.

    Only a band around the diagonal is looked at, row by row. Within a row a path may go on to the right,
    cell after cell; with sums of the distances up to each cell taken off, that is a running minimum, so that
    a row takes a handful of vector operations.
    """
    rows, columns = len(a), len(b)
    slope = (columns - 1) / max(rows - 1, 1)
    reach = math.ceil(BAND * max(rows, columns)) + 2
    width = min(columns, 2 * reach + 1)
    left = np.clip(np.round(np.arange(rows) * slope).astype(np.int64) - reach, 0, columns - width)
    moves = np.zeros((rows, width), np.int8)
    before = np.full(columns + 1, np.inf)  # totals of the row above, shifted by one: before[j + 1] is j's
    before[0] = 0.0
    for start in range(0, rows, _ROWS_AT_ONCE):
        some = slice(start, min(rows, start + _ROWS_AT_ONCE))
        low, high = int(left[some.start]), int(left[some.stop - 1]) + width
        costs = distances(a[some], b[low:high])
        for row in range(some.start, some.stop):
            at = int(left[row])
            distance = costs[row - start, at - low : at - low + width].astype(np.float64)
            aslant, above = before[at : at + width], before[at + 1 : at + width + 1]
            entered = np.minimum(aslant, above)
            passed = np.cumsum(distance)
            total = np.minimum.accumulate(entered - passed + distance) + passed
            moves[row] = np.where(above < aslant, _ABOVE, _ASLANT)
            moves[row, 1:][total[:-1] < entered[1:]] = _LEFT
            before.fill(np.inf)
            before[at + 1 : at + width + 1] = total
    return _walk_back(moves, left, columns)


def _walk_back(
    moves: NDArray[np.int8], left: NDArray[np.int64], columns: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    i, j = len(moves) - 1, columns - 1
    path = [(i, j)]
    while i or j:
        move = moves[i, j - left[i]]
        i, j = i - int(move != _LEFT), j - int(move != _ABOVE)
        path.append((i, j))
    steps = np.array(path[::-1], np.float64)
    return steps[:, 0], steps[:, 1]
