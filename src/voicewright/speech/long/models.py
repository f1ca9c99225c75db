"""The tables of long texts and batches: what is to be spoken, in parts, in chunks.

A part is what gets a file of its own: a paragraph, or an item of a batch;
a text without such files is one part.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Numeric, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base

if TYPE_CHECKING:
    from voicewright.voices.models import VoiceModel

_DIGEST: Final = "~ '^[0-9a-f]{64}$'"
OPEN: Final = ("queued", "running", "paused")
"""The states of one that has not ended."""


def _now() -> datetime:
    return datetime.now(UTC)


class LongSpeech(Base):
    """One long text or one batch, from the request to its end.

    Whoever speaks it holds the number of the attempt, and every write of the run names that number: pausing,
    cancelling and giving it to another worker take a new number, and the run before writes nothing more.
    """

    __tablename__ = "long_speeches"
    __table_args__ = (
        CheckConstraint("kind IN ('text', 'batch')", name="kind_known"),
        CheckConstraint(
            "state IN ('queued', 'running', 'paused', 'completed', 'failed', 'cancelled')", name="state_known"
        ),
        CheckConstraint(
            "(state IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)",
            name="finished_has_time",
        ),
        CheckConstraint(f"file_digest {_DIGEST}", name="file_digest_form"),
        CheckConstraint("(file_digest IS NULL) = (file_bytes IS NULL)", name="file_whole"),
        CheckConstraint(
            "characters >= 0 AND attempt >= 0 AND takeovers >= 0 AND audio_s >= 0 AND file_bytes >= 0",
            name="amounts_not_negative",
        ),
        Index("ix_long_speeches_owner", "owner_id", text("created_at DESC"), "id"),
        Index("ix_long_speeches_created", "created_at"),
        Index(
            "ix_long_speeches_open",
            "state",
            postgresql_where=text("state IN ('queued', 'running', 'paused')"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    """Also of its entry in the history."""
    owner_id: Mapped[uuid.UUID]
    """Who has it spoken."""
    kind: Mapped[str]
    title: Mapped[str]
    text_digest: Mapped[str]
    """SHA-256 of all texts."""
    markup: Mapped[str]
    characters: Mapped[int]
    parameters: Mapped[dict[str, Any]]
    """Pitch, seed, pauses and the like, for all parts."""
    output_format: Mapped[str]
    paragraphs: Mapped[bool]
    """Each paragraph gets a file as well."""

    state: Mapped[str] = mapped_column(default="queued")
    ticket: Mapped[int | None] = mapped_column(BigInteger)
    """The entry in the queue that may start the next attempt; any other one is void."""
    attempt: Mapped[int] = mapped_column(default=0)
    node: Mapped[str | None]
    heartbeat_at: Mapped[datetime | None]
    """The last sign of life of the run."""
    takeovers: Mapped[int] = mapped_column(default=0)
    """Workers that were lost with it since it was last queued by hand."""
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    audio_s: Mapped[float | None]
    """Length of the joined file."""
    file_digest: Mapped[str | None]
    """SHA-256 of the joined file."""
    file_bytes: Mapped[int | None] = mapped_column(BigInteger)
    file_signed: Mapped[bool | None]
    """Whether it has a manifest; None: there is no file, or it is not known."""
    created_at: Mapped[datetime] = mapped_column(default=_now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class LongPart(Base):
    """A paragraph, an item of a batch, or the whole text; with the voice that speaks it."""

    __tablename__ = "long_speech_parts"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'completed', 'failed')", name="state_known"),
        CheckConstraint(f"file_digest {_DIGEST}", name="file_digest_form"),
        CheckConstraint("(file_digest IS NULL) = (file_bytes IS NULL)", name="file_whole"),
    )

    speech_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("long_speeches.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1."""
    name: Mapped[str]
    """What an item is called; empty: nobody said."""
    voice_model_id: Mapped[uuid.UUID | None]
    """None: there was no voice for this item."""
    voice_owner_id: Mapped[uuid.UUID | None]
    voice_name: Mapped[str | None]
    voice_version: Mapped[int | None]
    engine: Mapped[str | None]
    engine_version: Mapped[str | None]
    wanted_model_id: Mapped[uuid.UUID | None]
    """The voice that was asked for, where another one speaks."""
    fallback_reason: Mapped[str | None]
    language: Mapped[str | None]
    speed: Mapped[float]
    state: Mapped[str] = mapped_column(default="waiting")
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    audio_s: Mapped[float | None]
    file_digest: Mapped[str | None]
    file_bytes: Mapped[int | None] = mapped_column(BigInteger)
    file_signed: Mapped[bool | None]
    """Whether it has a manifest; None: there is no file, or it is not known."""


class LongChunk(Base):
    """Some sentences that are spoken at once, and what came of it."""

    __tablename__ = "long_speech_chunks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["speech_id", "part"],
            ["long_speech_parts.speech_id", "long_speech_parts.number"],
            ondelete="CASCADE",
            name="fk_long_speech_chunks_part",
        ),
        CheckConstraint("state IN ('waiting', 'spoken', 'failed')", name="state_known"),
        CheckConstraint(f"digest {_DIGEST}", name="digest_form"),
        CheckConstraint("(state = 'spoken') = (digest IS NOT NULL)", name="spoken_has_sound"),
        CheckConstraint("watermark IN ('perth', 'partial', 'none')", name="watermark_known"),
        Index("ix_long_speech_chunks_digest", "digest"),
    )

    speech_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1, through all parts."""
    part: Mapped[int]
    pieces: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """See `chunks.written`."""
    characters: Mapped[int]
    pause_before_s: Mapped[float] = mapped_column(default=0.0)
    pause_after_s: Mapped[float | None]
    """None: the usual one."""
    ends_paragraph: Mapped[bool] = mapped_column(default=False)

    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    digest: Mapped[str | None]
    """SHA-256 of its sound, a FLAC."""
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    sample_rate_hz: Mapped[int | None]
    audio_s: Mapped[float | None]
    watermark: Mapped[str | None]
    """How much of it was marked, see `provenance.tally`; None: it is not known."""
    loudness_lufs: Mapped[float | None]
    """None: silence."""
    words: Mapped[list[list[Any]] | None] = mapped_column(JSONB(none_as_null=True))
    """[text, start, end] of each word, seconds from the beginning of the chunk."""
    words_estimated: Mapped[bool] = mapped_column(default=False)
    checks: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    """What the listener said, see `speech.speaking.PieceCheck`."""
    took_s: Mapped[float | None]
    """From the order to its end."""
    synthesis_s: Mapped[float | None]
    cost_usd: Mapped[Decimal | None] = mapped_column(Numeric(14, 6))
    first_audio_ms: Mapped[float | None]
    """From the order to the first sound."""
    cached_pieces: Mapped[int] = mapped_column(default=0)
    retried_pieces: Mapped[int] = mapped_column(default=0)
    counted: Mapped[bool] = mapped_column(default=False)
    """Whether it is in a use of its voice already."""
    takes: Mapped[int] = mapped_column(default=0)
    """How often somebody wanted it otherwise."""


def is_open(state: str) -> bool:
    """Whether it has not ended."""
    return state in OPEN


def spoken_by(voice: VoiceModel) -> dict[str, Any]:
    """The columns of a part that say which voice speaks it."""
    return {
        "voice_model_id": voice.id,
        "voice_owner_id": voice.owner_id,
        "voice_name": voice.name,
        "voice_version": voice.version,
        "engine": voice.engine,
        "engine_version": voice.engine_version,
    }
