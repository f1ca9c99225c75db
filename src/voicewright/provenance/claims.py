"""What is claimed of a speech: by which voice it was made, and when; never what it says."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Claim:
    """One speech, as it is remembered and as its manifest tells of it."""

    synthesis_id: uuid.UUID
    """Of the history's entry; goes out in a header, in the manifest, and leads back to the entry."""
    user_id: uuid.UUID
    """Who had it spoken. Remembered, and never written into a file."""
    model_id: uuid.UUID
    """The voice."""
    model_version: int
    owner_id: uuid.UUID
    """Whose voice it is; of a shared voice somebody else than `user_id`. Never written into a file."""
    engine: str
    made_at: datetime = field(default_factory=_now)
