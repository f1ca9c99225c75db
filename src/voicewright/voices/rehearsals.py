"""What a voice said while it was trained: one recording after each of a few epochs, kept for listening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from voicewright.voices.finding import of_job
from voicewright.voices.kept import REHEARSAL, forget_kept
from voicewright.voices.models import KeptTree

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.orm import Session

    from voicewright.storage.trees import StoredTree
    from voicewright.voices.schemas import OwnedTree


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One recording."""

    epoch: int
    """How many the voice had learnt for."""
    text: str
    duration_s: float
    watermark: str | None
    """None: nobody marked it."""
    signed: bool

    @property
    def name(self) -> str:
        """Of its file."""
        return f"epoch-{self.epoch}.flac"

    @property
    def kind(self) -> str:
        """Among what is kept of its training."""
        return f"{REHEARSAL}{self.epoch}"

    @property
    def about(self) -> dict[str, Any]:
        """What is written down of it."""
        return {
            "text": self.text,
            "duration_s": self.duration_s,
            "watermark": self.watermark,
            "signed": self.signed,
        }


@dataclass(frozen=True, slots=True)
class KeptRehearsal:
    """One that is kept."""

    said: Rehearsed
    files: StoredTree

    def read(self) -> bytes | None:
        """The recording, FLAC."""
        return self.files.read(self.said.name)


def rehearsals_of(session: Session, training_job_id: uuid.UUID) -> list[tuple[KeptTree, Rehearsed]]:
    """Those of a job, by their epochs."""
    rows = session.scalars(
        select(KeptTree).where(
            KeptTree.training_job_id == training_job_id, KeptTree.kind.startswith(REHEARSAL, autoescape=True)
        )
    )
    found = [(row, Rehearsed(int(row.kind.removeprefix(REHEARSAL)), **(row.about or {}))) for row in rows]
    return sorted(found, key=lambda each: each[1].epoch)


def forget_rehearsals(session: Session, training_job_id: uuid.UUID | None) -> list[OwnedTree]:
    """Refer no more to those of a job whose voice goes for good, unless another voice was made of it."""
    voice = of_job(session, training_job_id)
    if training_job_id is None or voice is None or voice.deleted_at is None:
        return []
    return forget_kept(session, training_job_id, rehearsals_only=True)
