"""Which voices nobody needs any more: pure rules, from the specification of voice models.

A voice is eligible for the cleanup when all of this holds:

- it is older than six months,
- it is not the active one,
- it was judged, and worse than 0.5; a voice that nobody judged is never cleaned up,
- nobody had it speak in the last 30 days, nor brought it back from the deleted ones.

The figures are settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from datetime import datetime

    from voicewright.settings import Settings


class Candidate(Protocol):
    """What the rules look at; `voices.models.VoiceModel` is one."""

    @property
    def is_active(self) -> bool:
        """Whether it speaks where none is named."""

    @property
    def quality_score(self) -> float | None:
        """Overall quality, 0..1; None when nobody judged it."""

    @property
    def created_at(self) -> datetime:
        """When it was registered."""

    @property
    def undeleted_at(self) -> datetime | None:
        """When it was last brought back."""


@dataclass(frozen=True, slots=True)
class CleanupRules:
    """The figures of the rules.

    Attributes:
        min_age: older ones may go.
        below_quality: worse ones may go.
        unused_for: those that were not used for so long may go.
    """

    min_age: timedelta
    below_quality: float
    unused_for: timedelta

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of the settings."""
        return cls(
            min_age=timedelta(days=settings.cleanup_min_age_days),
            below_quality=settings.cleanup_below_quality,
            unused_for=timedelta(days=settings.cleanup_unused_days),
        )

    def due_at(self, voice: Candidate, last_used_at: datetime | None) -> datetime | None:
        """After which moment a voice is eligible, if it stays as it is; None: never.

        Args:
            voice: one that is not deleted.
            last_used_at: when somebody last had it speak; None: nobody ever did.
        """
        if voice.is_active or voice.quality_score is None or voice.quality_score >= self.below_quality:
            return None
        due = voice.created_at + self.min_age
        for used_at in (last_used_at, voice.undeleted_at):
            if used_at is not None:
                due = max(due, used_at + self.unused_for)
        return due

    def is_eligible(self, voice: Candidate, last_used_at: datetime | None, now: datetime) -> bool:
        """Whether a voice may be cleaned up now: what the query in `cleanup.search` is tested against."""
        due = self.due_at(voice, last_used_at)
        return due is not None and due < now

    def reasons(self, voice: Candidate, last_used_at: datetime | None) -> list[str]:
        """Why a voice goes, in words; for one that is eligible, or going to be."""
        last = "never" if last_used_at is None else f"on {last_used_at:%Y-%m-%d}"
        return [
            f"registered on {voice.created_at:%Y-%m-%d}; an age of {self.min_age.days} days is enough",
            "not the active voice",
            f"quality {voice.quality_score:.2f}, below {self.below_quality:g}",
            f"last used {last}; {self.unused_for.days} days without use are enough",
        ]
