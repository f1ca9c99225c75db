"""When a new voice speaks at once: a pure rule, from the specification of voice models."""

from __future__ import annotations

from typing import Final

AUTO_ACTIVATION_SCORE: Final = 0.8
"""A new voice that is better than this becomes the active one."""


def activates_on_creation(quality_score: float | None, *, is_first: bool) -> bool:
    """The first voice is active at once, and so is a later one of high quality.

    Where an owner has voices and none of them is active, they wanted it so.
    """
    return is_first or (quality_score is not None and quality_score > AUTO_ACTIVATION_SCORE)
