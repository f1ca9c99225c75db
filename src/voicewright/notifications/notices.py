"""What people are told of by mail, each as far as they want to be."""

from __future__ import annotations

from enum import StrEnum


class Notice(StrEnum):
    """A kind of news."""

    TRAINING_ENDED = "training_ended"
    """A training of one's own is completed, or has failed for good."""
    VOICES_EXPIRING = "voices_expiring"
    """Voices of one's own will be deleted by the scheduled cleanup."""
    ALERTS = "alerts"
    """Something is wrong with the platform, or is right again; for administrators."""


UNASKED: frozenset[Notice] = frozenset({Notice.VOICES_EXPIRING, Notice.ALERTS})
"""What everybody is told of who has not said otherwise: something may be lost without it."""
