"""Makes blind tests of what is asked for: who may be compared, what they say, and in which order."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

from voicewright.errors import FieldFault
from voicewright.listening.bodies import MOST_TRIALS
from voicewright.listening.errors import ListeningTestInvalid
from voicewright.listening.models import ListeningSide, ListeningSound, ListeningTest, ListeningTrial
from voicewright.listening.recordings import spoken_clips
from voicewright.listening.shuffling import plan_trials
from voicewright.quality.sentences import sentence_set
from voicewright.voices.errors import VoiceNotFound
from voicewright.voices.sharing.speaking import find_to_speak

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.listening.bodies import NewListeningTestBody
    from voicewright.voices.models import VoiceModel

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class _Line:
    """What is said, and the clips of those who said it themselves, by the numbers of their sides."""

    text: str
    clips: dict[int, str]


def draft_test(
    session: Session,
    user_id: UUID,
    body: NewListeningTestBody,
    *,
    held_out: Collection[str],
) -> ListeningTest:
    """A test as somebody asks for it, not entered yet.

    Args:
        session: the caller's transaction.
        user_id: who listens.
        body: what they ask for.
        held_out: digests of the clips that the voice was not trained on whose recordings are compared.

    Raises:
        VoiceNotFound, NotAllowed: one of the voices is not there for them to speak with.
        ListeningTestInvalid: nothing can be compared, with the fields.
    """
    if len(set(body.sides)) < len(body.sides):
        raise _invalid("sides", "Each voice can be compared once. Choose another one for one of the sides.")
    voices = [_find(session, user_id, side.model_id, place) for place, side in enumerate(body.sides)]
    sides = [
        ListeningSide(
            number=number,
            kind="recording" if side.recording else "voice",
            model_id=voice.id,
            owner_id=voice.owner_id,
            label=f"{voice.name}, recordings" if side.recording else f"{voice.name}, version {voice.version}",
        )
        for number, (side, voice) in enumerate(zip(body.sides, voices, strict=True))
    ]
    lines = _lines(session, user_id, body, voices, held_out)
    trials = len(lines) * comb(len(sides), 2)
    if trials > MOST_TRIALS:
        raise _invalid(
            "count" if body.sentences is None else "sentences",
            f"That would be {trials} trials, and a test has at most {MOST_TRIALS}. Take fewer sentences or "
            "compare fewer voices.",
        )
    return ListeningTest(
        user_id=user_id,
        name=body.name or " and ".join(side.label for side in sides)[:_LONGEST_NAME],
        language=voices[0].language,
        sentences=[line.text for line in lines],
        sides=sides,
        sounds=[
            ListeningSound(sentence=number, side=side.number, clip_digest=line.clips.get(side.number))
            for number, line in enumerate(lines)
            for side in sides
        ],
        trials=[
            ListeningTrial(number=number, sentence=plan.sentence, side_a=plan.side_a, side_b=plan.side_b)
            for number, plan in enumerate(
                plan_trials(len(lines), len(sides), secrets.SystemRandom()), start=1
            )
        ],
    )


def _find(session: Session, user_id: UUID, model_id: UUID, place: int) -> VoiceModel:
    try:
        return find_to_speak(session, user_id, model_id)
    except VoiceNotFound as error:
        fault = FieldFault(f"sides[{place}].modelId", error.message)
        raise VoiceNotFound(error.message, fields=[fault]) from error


def _lines(
    session: Session,
    user_id: UUID,
    body: NewListeningTestBody,
    voices: Sequence[VoiceModel],
    held_out: Collection[str],
) -> list[_Line]:
    real = [number for number, side in enumerate(body.sides) if side.recording]
    if not real:
        usual = sentence_set(voices[0].language).sentences
        repeated = [usual[number % len(usual)] for number in range(body.count)]
        said = list(dict.fromkeys(body.sentences)) if body.sentences else repeated
        return [_Line(text, {}) for text in said]
    if body.sentences is not None:
        raise _invalid(
            "sentences",
            "With recordings, what was said in them is compared. Leave the sentences out.",
        )
    if len(real) > 1:
        raise _invalid("sides", "One of the sides can be recordings, and the others have to be voices.")
    place, voice = real[0], voices[real[0]]
    if voice.owner_id != user_id or voice.speaker_key is None:
        raise _no_recordings(place, voice)
    clips = spoken_clips(session, voice, held_out)[: body.count]
    if not clips:
        raise _no_recordings(place, voice)
    return [_Line((clip.text or "").strip(), {place: clip.digest}) for clip in clips]


def _no_recordings(place: int, voice: VoiceModel) -> ListeningTestInvalid:
    return _invalid(
        f"sides[{place}].recording",
        f"You have no recordings of the person of {voice.name!r} that have a text and are as long as a "
        "sentence. Upload some with their transcripts, or compare voices only.",
    )


def _invalid(field: str, message: str) -> ListeningTestInvalid:
    return ListeningTestInvalid(message, fields=[FieldFault(field, message)])
