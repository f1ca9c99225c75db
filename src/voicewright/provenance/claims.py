"""What is claimed of a speech: by which voice it was made, and when; never what it says."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol


def _now() -> datetime:
    return datetime.now(UTC)


class Told(Protocol):
    """What a manifest tells."""

    @property
    def title(self) -> str:
        """Of the sound, in words."""

    @property
    def made_at(self) -> datetime:
        """When it was made."""

    @property
    def facts(self) -> dict[str, str]:
        """What else: ids and the engine."""


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
    part: int = 0
    """Of a speech that leaves in several files, each of which is remembered by itself; 0: the whole."""

    @property
    def title(self) -> str:
        """As `Told`."""
        return f"Speech {self.synthesis_id}"

    @property
    def facts(self) -> dict[str, str]:
        """As `Told`."""
        return {
            "synthesis_id": str(self.synthesis_id),
            "voice_model_id": str(self.model_id),
            "voice_model_version": str(self.model_version),
            "engine": self.engine,
            **({"part": str(self.part)} if self.part else {}),
        }


@dataclass(frozen=True, slots=True)
class TrialClaim:
    """What a new voice said to be judged by: in nobody's history, and the voice may never be registered."""

    engine: str
    made_at: datetime = field(default_factory=_now)
    title: str = "Speech of a new voice"

    @property
    def facts(self) -> dict[str, str]:
        """As `Told`."""
        return {"engine": self.engine}
