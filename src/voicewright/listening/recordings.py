"""What a person said themselves: clips of their recordings, to be heard beside their voice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, select

from voicewright.privacy.speakers import speaker_key
from voicewright.recordings.models import Sample, SampleClip

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.voices.models import VoiceModel

LEAST_S: Final = 1.5
MOST_S: Final = 12.0
_LONGEST_TEXT: Final = 300


def spoken_clips(session: Session, voice: VoiceModel, held_out: Collection[str]) -> list[SampleClip]:
    """Clips of a voice's person with a text, of a good length; first those that it was not trained on.

    Args:
        session: the caller's.
        voice: one's own, with a speaker.
        held_out: digests of what was kept from its training.
    """
    found = session.execute(
        select(SampleClip, Sample.speaker)
        .join(Sample, Sample.id == SampleClip.sample_id)
        .where(_fit(voice.owner_id))
        .order_by(SampleClip.verdict, Sample.created_at, Sample.id, SampleClip.index)
    )
    clips = [clip for clip, speaker in found if speaker_key(speaker) == voice.speaker_key]
    return sorted(_different(clips), key=lambda clip: clip.digest not in held_out)


def recorded_speakers(session: Session, owner_id: UUID) -> set[str]:
    """Of whom an owner has such clips."""
    clips = select(Sample.speaker).join(SampleClip, Sample.id == SampleClip.sample_id)
    return {speaker_key(speaker) for speaker in session.scalars(clips.where(_fit(owner_id)).distinct())}


def _fit(owner_id: UUID) -> ColumnElement[bool]:
    """Clips with a text, that are as long as a sentence."""
    length_s = SampleClip.end_s - SampleClip.start_s
    return and_(
        Sample.owner_id == owner_id,
        SampleClip.text.is_not(None),
        SampleClip.verdict != "rejected",
        length_s.between(LEAST_S, MOST_S),
    )


def _different(clips: Sequence[SampleClip]) -> list[SampleClip]:
    """Each text once, and none that is too long to be spoken as a sentence."""
    by_text = {(clip.text or "").strip(): clip for clip in reversed(clips)}
    return [clip for text, clip in reversed(by_text.items()) if 0 < len(text) <= _LONGEST_TEXT]
