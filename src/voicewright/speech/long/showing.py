"""What the tables know of a long text or a batch: the row, how far it is, its parts, what failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from voicewright.speech.history_views import JoinedFile
from voicewright.speech.long.errors import LongSpeechNotFound
from voicewright.speech.long.models import LongChunk, LongPart, LongSpeech

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one is."""

    chunks: int = 0
    spoken: int = 0
    failed: int = 0
    characters: int = 0
    """Of all chunks."""
    characters_spoken: int = 0
    audio_s: float = 0.0
    took_s: float = 0.0
    """For what is spoken."""

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.characters_spoken / self.characters if self.characters else 0.0

    @property
    def left_s(self) -> float | None:
        """As long as the rest will take at the pace so far; None: nothing is spoken yet."""
        if not self.characters_spoken:
            return None
        return self.took_s / self.characters_spoken * (self.characters - self.characters_spoken)


@dataclass(frozen=True, slots=True)
class Shown:
    """One with how far it is, and in detail with its parts and what failed."""

    speech: LongSpeech
    progress: Progress
    parts: Sequence[LongPart] = ()
    failed: Sequence[LongChunk] = ()
    poor: Sequence[LongChunk] = ()
    """Spoken, and not what was to be said as far as anybody could hear."""

    @property
    def engine(self) -> str | None:
        """What speaks its next part; None: it waits for nothing."""
        waiting = (part.engine for part in self.parts if part.state == "waiting")
        return next(waiting, None) if self.speech.state == "queued" else None


def joined_files(session: Session, speech_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, JoinedFile]:
    """Of those texts that have one."""
    first = (LongChunk.speech_id == LongSpeech.id) & (LongChunk.number == 1)
    rows = session.execute(
        select(LongSpeech.id, LongSpeech.file_bytes, LongChunk.sample_rate_hz)
        .join(LongChunk, first)
        .where(LongSpeech.id.in_(speech_ids), LongSpeech.file_digest.is_not(None))
    )
    return {speech_id: JoinedFile(size_bytes or 0, rate_hz or 0) for speech_id, size_bytes, rate_hz in rows}


def find(session: Session, user_id: uuid.UUID, speech_id: uuid.UUID, *, lock: bool = False) -> LongSpeech:
    """One of somebody's.

    Raises:
        LongSpeechNotFound: there is none, or it is somebody else's.
    """
    query = select(LongSpeech).where(LongSpeech.id == speech_id, LongSpeech.owner_id == user_id)
    found = session.scalar(query.with_for_update(key_share=True) if lock else query)
    if found is None:
        raise LongSpeechNotFound(f"There is no long text or batch with the id {speech_id}.")
    return found


def find_same(session: Session, speech: LongSpeech, part: LongPart) -> LongSpeech | None:
    """The newest text of the same person that would sound the same as one that is not entered yet, locked.

    Args:
        session: the caller's transaction.
        speech: the new one.
        part: its first part, which has the voice of all.
    """
    same_sound = (
        LongSpeech.owner_id == speech.owner_id,
        LongSpeech.kind == "text",
        LongSpeech.text_digest == speech.text_digest,
        LongSpeech.markup == speech.markup,
        LongSpeech.parameters == speech.parameters,
        LongSpeech.output_format == speech.output_format,
        LongSpeech.paragraphs == speech.paragraphs,
        LongPart.voice_model_id == part.voice_model_id,
        LongPart.voice_version == part.voice_version,
        LongPart.language == part.language,
        LongPart.speed == part.speed,
    )
    first_part = (LongPart.speech_id == LongSpeech.id) & (LongPart.number == 1)
    found = select(LongSpeech).join(LongPart, first_part).where(*same_sound)
    newest = found.order_by(LongSpeech.created_at.desc(), LongSpeech.id).limit(1)
    return session.scalar(newest.with_for_update(of=LongSpeech, key_share=True))


def in_detail(session: Session, speech: LongSpeech) -> Shown:
    """With its parts, and with the chunks that went wrong."""
    session.flush()
    theirs = select(LongChunk).where(LongChunk.speech_id == speech.id).order_by(LongChunk.number)
    failed = session.scalars(theirs.where(LongChunk.error_code.is_not(None))).all()
    poor = session.scalars(theirs.where(LongChunk.checks.contains([{"verdict": "poor"}]))).all()
    progress = progress_of(session, [speech.id]).get(speech.id, Progress())
    return Shown(speech, progress, parts_of(session, speech), failed, poor)


def parts_of(session: Session, speech: LongSpeech) -> Sequence[LongPart]:
    """In their order."""
    theirs = select(LongPart).where(LongPart.speech_id == speech.id)
    return session.scalars(theirs.order_by(LongPart.number)).all()


def progress_of(session: Session, speech_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Progress]:
    """How far each is that has chunks."""
    spoken, failed = LongChunk.state == "spoken", LongChunk.state == "failed"
    rows = session.execute(
        select(
            LongChunk.speech_id,
            func.count(),
            func.count().filter(spoken),
            func.count().filter(failed),
            func.sum(LongChunk.characters),
            func.sum(case((spoken, LongChunk.characters), else_=0)),
            func.coalesce(func.sum(LongChunk.audio_s), 0.0),
            func.coalesce(func.sum(LongChunk.took_s), 0.0),
        )
        .where(LongChunk.speech_id.in_(speech_ids))
        .group_by(LongChunk.speech_id)
    )
    return {speech_id: Progress(*figures) for speech_id, *figures in rows}
