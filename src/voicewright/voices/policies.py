"""Which voice of a user is the active one: pure rules, from the specification of voice models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

AUTO_ACTIVATION_SCORE = 0.8
"""A new voice that is better than this becomes the active one."""


class Ranked(Protocol):
    """What the rules look at."""

    @property
    def quality_score(self) -> float | None:
        """Overall quality, 0..1; None when nobody judged it."""
        ...

    @property
    def created_at(self) -> datetime:
        """When it was registered."""
        ...


RankedVoice = TypeVar("RankedVoice", bound=Ranked)


def activates_on_creation(quality_score: float | None, *, has_active: bool) -> bool:
    """The first voice is active at once, and so is a later one of high quality."""
    return not has_active or (quality_score is not None and quality_score > AUTO_ACTIVATION_SCORE)


def next_best(voices: Sequence[RankedVoice]) -> RankedVoice | None:
    """Who takes over when the active voice is deleted: the best judged, and the newest among equals."""
    return max(
        voices,
        key=lambda voice: (-1.0 if voice.quality_score is None else voice.quality_score, voice.created_at),
        default=None,
    )
