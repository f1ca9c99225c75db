"""Judges the clips of one file: what was measured and what is known around it become verdicts in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from voicewright.recordings.policies import Circumstances, judge
from voicewright.recordings.report import Clip

if TYPE_CHECKING:
    from voicewright.recordings.cutting import Draft, TakenFile


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a clip compares with the main speaker of all clips."""

    cosine: float | None = None
    """None: not measured."""
    outlier: bool = False
    doubtful: bool = False


SAME_SPEAKER: Final = Likeness()
_NOT_COMPARED: Final[Mapping[str, Likeness]] = MappingProxyType({})
_NOT_SCORED: Final[Mapping[str, tuple[float, float]]] = MappingProxyType({})


def judge_file(
    taken: TakenFile,
    text: str | None,
    *,
    likeness: Mapping[str, Likeness] = _NOT_COMPARED,
    scores: Mapping[str, tuple[float, float]] = _NOT_SCORED,
) -> tuple[list[Clip], list[str]]:
    """Judge every clip of a file.

    Args:
        taken: what the file gave.
        text: what is said in the whole file, where that is known.
        likeness: of the clips that were compared, by clip id.
        scores: DNSMOS (overall, signal) of the clips that were scored, by clip id.

    Returns:
        The clips, and notes: of a file that was cut nobody knows which words are in which clip, so that its
        text is not used.
    """
    notes = []
    if text is not None and taken.was_cut:
        notes.append(
            f"{taken.source.relative} was cut into {len(taken.drafts)} clips; its transcript is not used,"
            " since nobody knows which words are in which."
        )
        text = None
    return [
        _judge_one(taken, draft, text, likeness.get(draft.id, SAME_SPEAKER), scores.get(draft.id))
        for draft in taken.drafts
    ], notes


def _judge_one(
    taken: TakenFile, draft: Draft, text: str | None, likeness: Likeness, score: tuple[float, float] | None
) -> Clip:
    ovrl, sig = score or (None, None)
    measures = replace(draft.measures, dnsmos_ovrl=ovrl, dnsmos_sig=sig, speaker_cosine=likeness.cosine)
    around = Circumstances(
        duration_s=draft.duration_s,
        speech_s=draft.speech_s,
        text=text,
        problem=taken.problem,
        invalid_share=taken.invalid_share,
        other_speaker=likeness.outlier,
        doubtful_speaker=likeness.doubtful,
    )
    verdict, reasons = judge(measures, around)
    return Clip(
        id=draft.id,
        source=draft.source,
        start_s=draft.start_s,
        end_s=draft.end_s,
        path=draft.path,
        duration_s=draft.duration_s,
        speech_s=draft.speech_s,
        text=text,
        verdict=verdict,
        reasons=reasons,
        measures=measures,
    )
