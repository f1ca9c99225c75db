"""When a new voice speaks at once: a pure rule, from the specification of voice models."""

from __future__ import annotations

from typing import Final

AUTO_ACTIVATION_SCORE: Final = 0.8
"""A new voice that is better than this becomes the active one."""


def activates_on_creation(quality_score: float | None, *, has_active: bool) -> bool:
    """The first voice is active at once, and so is a later one of high quality."""
    return not has_active or (quality_score is not None and quality_score > AUTO_ACTIVATION_SCORE)
