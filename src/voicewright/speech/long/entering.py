"""Enters a long text or a batch that has ended in the history: one entry for the whole, under its own id.

Its files stay where they are, with the long text; the entry has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from voicewright.speech.long.chunks import plain_text, read
from voicewright.speech.long.claims import watermark_of
from voicewright.speech.long.models import LongChunk, LongPart
from voicewright.speech.models import SpeechPreferences, Synthesis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from voicewright.speech.long.models import LongSpeech


def enter_in_history(session: Session, speech: LongSpeech) -> None:
    """Enter it, or enter anew how it ended this time, in the transaction that ends it.

    Where its owner wants no texts kept, those of one that was completed go: it is not spoken again.
    """
    session.flush()
    of_speech = select(LongPart).where(LongPart.speech_id == speech.id, LongPart.voice_model_id.is_not(None))
    parts = session.scalars(of_speech.order_by(LongPart.number)).all()
    if not parts:
        return
    chunks = session.scalars(
        select(LongChunk).where(LongChunk.speech_id == speech.id).order_by(LongChunk.number)
    ).all()
    keeps_text = session.scalar(
        select(SpeechPreferences.keep_text).where(SpeechPreferences.user_id == speech.owner_id)
    )
    text = None if keeps_text == "hash" else "\n\n".join(plain_text(read(one.pieces)) for one in chunks)
    voices = _voices(parts) if speech.kind == "batch" else []
    values = {**_voice(parts[0]), **_facts(speech), **_figures(chunks), "voices": voices, "text": text}
    new = insert(Synthesis).values(id=speech.id, **values)
    session.execute(new.on_conflict_do_update(index_elements=[Synthesis.id], set_=values))
    if keeps_text == "hash" and speech.state == "completed":
        theirs = LongChunk.speech_id == speech.id
        session.execute(update(LongChunk).where(theirs).values(pieces=[], words=None))


def _voice(part: LongPart) -> dict[str, Any]:
    return {
        "voice_model_id": part.voice_model_id,
        "voice_name": part.voice_name,
        "voice_version": part.voice_version,
        "voice_owner_id": part.voice_owner_id,
        "engine": part.engine,
        "engine_version": part.engine_version,
        "language": part.language,
        "wanted_model_id": part.wanted_model_id,
        "fallback_reason": part.fallback_reason,
    }


def _voices(parts: Sequence[LongPart]) -> list[dict[str, Any]]:
    """All that speak the items, each once, in the order in which they first do."""
    found: dict[Any, dict[str, Any]] = {}
    for part in parts:
        voice = {
            "model_id": str(part.voice_model_id),
            "owner_id": str(part.voice_owner_id),
            "name": part.voice_name,
            "version": part.voice_version,
            "engine": part.engine,
        }
        found.setdefault(part.voice_model_id, voice)
    return list(found.values())


def _facts(speech: LongSpeech) -> dict[str, Any]:
    finished = speech.finished_at
    took = None if finished is None or speech.started_at is None else finished - speech.started_at
    return {
        "user_id": speech.owner_id,
        "source": "batch" if speech.kind == "batch" else "long",
        "text_digest": speech.text_digest,
        "markup": speech.markup,
        "characters": speech.characters,
        "parameters": speech.parameters,
        "output_format": speech.output_format,
        "state": speech.state,
        "error_code": speech.error_code,
        "error": speech.error,
        "total_ms": None if took is None else took.total_seconds() * 1000,
        "created_at": speech.created_at,
        "finished_at": finished,
    }


def _figures(chunks: Sequence[LongChunk]) -> dict[str, Any]:
    checks: list[dict[str, Any]] = []
    pieces = 0
    for chunk in chunks:
        checks += [{**check, "piece": check["piece"] + pieces} for check in chunk.checks]
        pieces += len(chunk.pieces)
    return {
        "pieces": pieces,
        "cached_pieces": sum(chunk.cached_pieces for chunk in chunks),
        "retried_pieces": sum(chunk.retried_pieces for chunk in chunks),
        "audio_s": sum(chunk.audio_s or 0.0 for chunk in chunks),
        "watermark": watermark_of(chunks),
        "synthesis_ms": sum(chunk.synthesis_s or 0.0 for chunk in chunks) * 1000,
        "cost_usd": sum(chunk.cost_usd or 0 for chunk in chunks),
        "checks": checks,
        "words_estimated": any(chunk.words_estimated for chunk in chunks),
    }
