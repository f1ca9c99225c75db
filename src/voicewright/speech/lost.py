"""Ends the entries of processes that were killed while they spoke, and counts what was spoken until then."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from voicewright.speech.models import Synthesis
from voicewright.speech.signs import LOST_AFTER_S
from voicewright.voices.figures.usage import Use, record_use
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.speech.keeping import KeptFiles

INTERRUPTED: Final = "SPEECH_INTERRUPTED"
"""The code of their entries."""
_AT_ONCE: Final = 100


def end_lost(database: Database, files: KeptFiles, *, lost_after_s: float = LOST_AFTER_S) -> int:
    """End those that gave no sign of life for a while; answers how many.

    Each is ended, and counted as a use of its voice, once, however many processes look. One that goes on all
    the same, as after a machine slept, is entered as what it was when it ends.

    Raises:
        DatabaseUnavailable, StorageUnavailable: the next look finds them.
    """
    with database.session() as session:
        # nobody could give a sign of life before the database began to serve
        sign = func.greatest(
            func.coalesce(Synthesis.heartbeat_at, Synthesis.created_at), func.pg_postmaster_start_time()
        )
        lost = session.scalars(
            select(Synthesis)
            .where(Synthesis.state == "speaking", sign < func.now() - timedelta(seconds=lost_after_s))
            .limit(_AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for entry in lost:
            files.delete(entry.user_id, entry.id)  # what was stored a moment before the end
            entry.file_digest = entry.file_bytes = entry.file_format = entry.file_rate_hz = None
            entry.file_signed = None
            entry.state, entry.error_code = "failed", INTERRUPTED
            entry.error = "The process that spoke was stopped before the end."
            entry.finished_at = entry.heartbeat_at or entry.created_at
            _count(session, entry)
        return len(lost)


def _count(session: Session, entry: Synthesis) -> None:
    voice = session.get(VoiceModel, entry.voice_model_id)
    if voice is not None:
        use = Use(
            outcome="failed",
            characters=entry.characters,
            audio_s=entry.audio_s or 0.0,
            latency_ms=entry.first_audio_ms,
            cost_usd=entry.cost_usd or Decimal(0),
        )
        record_use(session, voice, user_id=entry.user_id, use=use)
