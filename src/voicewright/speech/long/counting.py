"""Counts long texts as uses of their voices: one for a text, one for each item of a batch.

Whoever tries again what failed uses the voice again; what was counted before is not counted twice.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from sqlalchemy import select

from voicewright.speech.long.models import LongChunk, LongPart
from voicewright.voices.figures.usage import Use, record_use
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from voicewright.speech.long.models import LongSpeech
    from voicewright.voices.figures.usage import Outcome

_OUTCOMES: dict[str, Outcome] = {
    "completed": "spoken",
    "failed": "failed",
    "cancelled": "cancelled",
    "waiting": "cancelled",
}
"""By the state of the text that ended, or of the item."""


def count_uses(session: Session, speech: LongSpeech) -> None:
    """Record what of it was not recorded yet, in the transaction that ends it."""
    session.flush()
    of_parts = select(LongPart).where(LongPart.speech_id == speech.id).order_by(LongPart.number)
    parts = session.scalars(of_parts).all()
    theirs = (LongChunk.speech_id == speech.id) & ~LongChunk.counted
    # in the order of the parts
    chunks = session.scalars(select(LongChunk).where(theirs).order_by(LongChunk.number)).all()
    if speech.kind == "text":
        _count(session, speech, parts[0], speech.state, chunks)
        return
    of_part = {number: list(some) for number, some in groupby(chunks, lambda chunk: chunk.part)}
    for part in parts:
        _count(session, speech, part, part.state, of_part.get(part.number, ()))


def _count(
    session: Session, speech: LongSpeech, part: LongPart, state: str, chunks: Sequence[LongChunk]
) -> None:
    outcome = _OUTCOMES[state]
    spoken = [chunk for chunk in chunks if chunk.state == "spoken"]
    tried = [chunk for chunk in chunks if chunk.attempts]
    voice = None if part.voice_model_id is None else session.get(VoiceModel, part.voice_model_id)
    if voice is None or not (spoken if outcome == "spoken" else tried):
        return
    use = Use(
        outcome=outcome,
        characters=sum(chunk.characters for chunk in spoken),
        audio_s=sum(chunk.audio_s or 0.0 for chunk in spoken),
        # the first of them waited for what all wait for; it is told as of a short text
        latency_ms=(spoken[0].first_audio_ms or 0.0) if spoken else None,
        cost_usd=sum((chunk.cost_usd or Decimal(0) for chunk in spoken), Decimal(0)),
    )
    for chunk in spoken:
        chunk.counted = True
    record_use(session, voice, user_id=speech.owner_id, use=use)
