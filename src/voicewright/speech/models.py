"""The tables of speaking: what was spoken, what of it may be kept, and pieces that are not spoken again."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Index, Numeric, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voicewright.db.base import Base

_DIGEST: Final = "~ '^[0-9a-f]{64}$'"


def _now() -> datetime:
    return datetime.now(UTC)


class Synthesis(Base):
    """One text that was spoken, or was to be: an entry of the history.

    What it says of the voice is what was true then: the voice may be renamed, deleted or taken back since.
    """

    __tablename__ = "voice_synthesis_history"
    __table_args__ = (
        CheckConstraint("state IN ('speaking', 'completed', 'failed', 'cancelled')", name="state_known"),
        CheckConstraint("(state = 'speaking') = (finished_at IS NULL)", name="finished_has_time"),
        CheckConstraint("watermark IN ('perth', 'partial', 'none')", name="watermark_known"),
        CheckConstraint(f"text_digest {_DIGEST}", name="text_digest_form"),
        CheckConstraint(f"file_digest {_DIGEST}", name="file_digest_form"),
        CheckConstraint(
            "(file_digest IS NULL) = (file_bytes IS NULL) AND (file_digest IS NULL) = (file_format IS NULL) "
            "AND (file_digest IS NULL) = (file_rate_hz IS NULL)",
            name="file_whole",
        ),
        CheckConstraint(
            "characters >= 0 AND pieces >= 0 AND cached_pieces >= 0 AND retried_pieces >= 0 AND audio_s >= 0 "
            "AND cost_usd >= 0 AND file_bytes >= 0",
            name="amounts_not_negative",
        ),
        Index("ix_voice_synthesis_history_user", "user_id", text("created_at DESC"), "id"),
        Index("ix_voice_synthesis_history_model", "voice_model_id"),
        Index("ix_voice_synthesis_history_owner", "voice_owner_id"),
        Index("ix_voice_synthesis_history_created", "created_at"),
        Index(
            "ix_voice_synthesis_history_speaking",
            "created_at",
            postgresql_where=text("state = 'speaking'"),
        ),
        Index(
            "ix_voice_synthesis_history_files",
            "user_id",
            "created_at",
            postgresql_where=text("file_digest IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID]
    """Who had it spoken."""
    voice_model_id: Mapped[uuid.UUID]
    """The voice that spoke."""
    wanted_model_id: Mapped[uuid.UUID | None]
    """The voice that was asked for, where another one spoke."""
    fallback_reason: Mapped[str | None]
    voice_name: Mapped[str]
    voice_version: Mapped[int]
    voice_owner_id: Mapped[uuid.UUID]
    voices: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    """Of a batch: all that speak its items, as `model_id`, `owner_id`, `name`, `version`, `engine`."""
    engine: Mapped[str]
    engine_version: Mapped[str]
    language: Mapped[str]
    """BCP 47 tag."""
    source: Mapped[str]
    """The door that it came through, see `speech.order.Source`."""
    text: Mapped[str | None]
    """None: nobody wants it kept."""
    text_digest: Mapped[str]
    """SHA-256 of the text."""
    markup: Mapped[str]
    characters: Mapped[int]
    parameters: Mapped[dict[str, Any]]
    """Speed, pitch and the like."""
    output_format: Mapped[str | None]
    """What it was sent as; None where there is no format, as for bare blocks."""
    state: Mapped[str] = mapped_column(default="speaking")
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    """Why it failed, or was cancelled, in words."""
    audio_s: Mapped[float | None]
    """Length of what left, with its pauses."""
    watermark: Mapped[str | None]
    """How much of what left was marked, see `provenance.tally`; None: nothing left, or it is not known."""
    first_audio_ms: Mapped[float | None]
    """From the order to the first sound that left."""
    total_ms: Mapped[float | None]
    """From the order to the end."""
    synthesis_ms: Mapped[float | None]
    """What the engine needed."""
    cost_usd: Mapped[Decimal | None] = mapped_column(Numeric(14, 6))
    pieces: Mapped[int]
    cached_pieces: Mapped[int] = mapped_column(default=0)
    retried_pieces: Mapped[int] = mapped_column(default=0)
    checks: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    """What the listener said of each piece, see `speech.speaking.PieceCheck`."""
    words: Mapped[list[list[Any]] | None] = mapped_column(JSONB(none_as_null=True))
    """[text, start, end] of each word, seconds in the sound that left."""
    words_estimated: Mapped[bool] = mapped_column(default=False)
    file_digest: Mapped[str | None]
    """SHA-256 of the file that is kept."""
    file_bytes: Mapped[int | None] = mapped_column(BigInteger)
    file_format: Mapped[str | None]
    file_rate_hz: Mapped[int | None]
    """Of the sound in it, which bare samples do not tell."""
    file_signed: Mapped[bool | None]
    """Whether it has a manifest; None: there is no file, or it is not known."""
    request_id: Mapped[str | None]
    """Of the HTTP request, as the log has it."""
    created_at: Mapped[datetime] = mapped_column(default=_now)
    heartbeat_at: Mapped[datetime | None]
    """While it goes on: when its process last gave a sign of life."""
    finished_at: Mapped[datetime | None]


class SpeechPreferences(Base):
    """What somebody wants kept of what they have spoken, and which voice they prefer; no row: defaults."""

    __tablename__ = "speech_preferences"
    __table_args__ = (
        CheckConstraint("keep_text IN ('whole', 'hash')", name="keep_text_known"),
        CheckConstraint("choose IN ('named', 'best', 'cost', 'latency')", name="choose_known"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    keep_text: Mapped[str] = mapped_column(default="whole")
    """`hash`: its SHA-256 and length alone."""
    keep_audio: Mapped[bool] = mapped_column(default=True)
    choose: Mapped[str] = mapped_column(default="named", server_default="named")
    """By which rule one of a person's voices speaks, see `speech.order.Choose`."""
    changed_at: Mapped[datetime] = mapped_column(default=_now, onupdate=_now)


class CachedPiece(Base):
    """One piece that was spoken, kept sealed in the store under the same key."""

    __tablename__ = "speech_cache"
    __table_args__ = (
        PrimaryKeyConstraint("user_id", "key"),
        CheckConstraint(f"key {_DIGEST}", name="key_form"),
        CheckConstraint("bytes >= 0", name="bytes_not_negative"),
        Index("ix_speech_cache_model", "voice_model_id"),
        Index("ix_speech_cache_used", "user_id", "used_at"),
    )

    user_id: Mapped[uuid.UUID]
    key: Mapped[str]
    """SHA-256 over the voice's files, the engine, the words and the manner."""
    voice_model_id: Mapped[uuid.UUID]
    bytes: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[datetime] = mapped_column(default=_now)
