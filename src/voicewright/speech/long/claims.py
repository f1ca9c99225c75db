"""What is claimed of the files of long texts and batches, and what was marked of them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from voicewright.provenance.claims import Claim
from voicewright.provenance.tally import altogether

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voicewright.speech.long.models import LongChunk, LongPart, LongSpeech


def claim_of(speech: LongSpeech, part: LongPart, *, whole: bool = False) -> Claim:
    """What is claimed of the file of a paragraph or an item, or of the whole, which has the entry."""
    return Claim(
        synthesis_id=speech.id,
        part=0 if whole else part.number,
        user_id=speech.owner_id,
        model_id=part.voice_model_id or uuid.UUID(int=0),
        model_version=part.voice_version or 0,
        owner_id=part.voice_owner_id or uuid.UUID(int=0),
        engine=part.engine or "",
        made_at=speech.started_at or speech.created_at,
    )


def watermark_of(chunks: Iterable[LongChunk]) -> str | None:
    """How much of the sound of some chunks was marked, of those that are spoken; None: it is not known."""
    return altogether([chunk.watermark for chunk in chunks if chunk.state == "spoken"])
