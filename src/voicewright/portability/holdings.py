"""How much is kept of an account, kind by kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from voicewright.privacy.models import Consent
from voicewright.recordings.models import Dataset, Sample
from voicewright.speech.long.models import LongPart, LongSpeech
from voicewright.speech.models import Synthesis
from voicewright.training.models import TrainingJob
from voicewright.voices.models import VoiceModel
from voicewright.voices.retention import needs_files

if TYPE_CHECKING:
    import uuid

    from sqlalchemy import Select
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Holdings:
    """What there is of somebody. Bytes are those of the files, before they are compressed and sealed."""

    datasets: int
    recordings: int
    recordings_s: float
    recordings_bytes: int
    voices: int
    """Versions, each of them."""
    resting_voices: int
    """Deleted ones that can still be brought back."""
    voices_bytes: int
    """Of both."""
    jobs: int
    spoken: int
    """Entries of the history."""
    spoken_bytes: int
    """Of the sound that is kept with them, that of long texts as well."""
    consents: int

    @property
    def total_bytes(self) -> int:
        """Of all files."""
        return self.recordings_bytes + self.voices_bytes + self.spoken_bytes


def holdings_of(session: Session, user_id: uuid.UUID) -> Holdings:
    """Count what there is."""

    def one(query: Select[Any]) -> int:
        return int(session.scalar(query) or 0)

    recordings, recordings_s, recordings_bytes = session.execute(
        select(func.count(), func.sum(Sample.duration_s), func.sum(Sample.size_bytes)).where(
            Sample.owner_id == user_id
        )
    ).one()
    deleted = VoiceModel.deleted_at.is_not(None)
    voices, resting_voices, voices_bytes = session.execute(
        select(
            func.count().filter(~deleted), func.count().filter(deleted), func.sum(VoiceModel.stored_bytes)
        ).where(VoiceModel.owner_id == user_id, needs_files(datetime.now(UTC)))
    ).one()
    spoken, spoken_bytes = session.execute(
        select(func.count(), func.sum(Synthesis.file_bytes)).where(Synthesis.user_id == user_id)
    ).one()
    long_bytes = one(select(func.sum(LongSpeech.file_bytes)).where(LongSpeech.owner_id == user_id))
    parts_bytes = one(
        select(func.sum(LongPart.file_bytes)).join(LongSpeech).where(LongSpeech.owner_id == user_id)
    )
    return Holdings(
        datasets=one(select(func.count()).where(Dataset.owner_id == user_id)),
        recordings=recordings,
        recordings_s=float(recordings_s or 0),
        recordings_bytes=int(recordings_bytes or 0),
        voices=voices,
        resting_voices=resting_voices,
        voices_bytes=int(voices_bytes or 0),
        jobs=one(select(func.count()).where(TrainingJob.owner_id == user_id)),
        spoken=spoken,
        spoken_bytes=int(spoken_bytes or 0) + long_bytes + parts_bytes,
        consents=one(select(func.count()).where(Consent.owner_id == user_id)),
    )
