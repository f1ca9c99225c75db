"""How far frames are from each other: what warping and tiling both minimise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def distances(a: Floats, b: Floats) -> Floats:
    """(len(a), len(b)) Euclidean distances of rows."""
    squared: Floats = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(np.maximum(squared, 0.0))
