"""A short sample of a voice, joined of its best clips, for engines that clone from seconds."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING, Final

from voicewright.engines.errors import TooLittleSpeech

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from voicewright.engines.port import TrainingClip

_GAP_S: Final = 0.2


def clip_s(clip: TrainingClip) -> float:
    """Seconds of a clip."""
    with wave.open(str(clip.path), "rb") as file:
        return file.getnframes() / file.getframerate()


def choose_clips(clips: Sequence[TrainingClip], *, most_s: float) -> tuple[TrainingClip, ...]:
    """The most trusted clips that fit into so many seconds, longest first among equals; at least one.

    Long ones say more of a voice than many short ones, and have fewer joints.
    """
    ranked = _ranked(clips)
    chosen: list[TrainingClip] = []
    total_s = 0.0
    for clip in ranked:
        duration_s = clip_s(clip) + (_GAP_S if chosen else 0.0)
        if total_s + duration_s <= most_s:
            chosen.append(clip)
            total_s += duration_s
    return tuple(chosen) or tuple(ranked[:1])


def _ranked(clips: Sequence[TrainingClip]) -> list[TrainingClip]:
    return sorted(clips, key=lambda clip: (-clip.weight, -clip_s(clip), clip.path.name))


def _enough(clips: Sequence[TrainingClip], least_s: float) -> tuple[TrainingClip, ...]:
    """The most trusted clips until there are so many seconds, however long the last one is."""
    chosen: list[TrainingClip] = []
    for clip in _ranked(clips):
        chosen.append(clip)
        if sum(map(clip_s, chosen)) >= least_s:
            break
    return tuple(chosen)


def write_reference(
    clips: Sequence[TrainingClip], path: Path, *, most_s: float, least_s: float
) -> tuple[TrainingClip, ...]:
    """Join the best clips, with a little silence between, into one WAV file; answers which.

    Args:
        clips: 22,050 Hz mono 16-bit WAV, as engines get them.
        path: to be written; the same format.
        most_s: of the file; a clip that does not fit is cut where the others are too little.
        least_s: below this it is refused.

    Raises:
        TooLittleSpeech: names both amounts.
    """
    there_are_s = sum(map(clip_s, clips))
    if there_are_s < least_s:
        raise TooLittleSpeech(f"There are {there_are_s:.1f} s of speech, but {least_s:g} s are needed.")
    chosen = choose_clips(clips, most_s=most_s)
    if sum(map(clip_s, chosen)) < least_s:  # the trusted ones are short, and the next too long to fit
        chosen = _enough(clips, least_s)
    with wave.open(str(path), "wb") as target:
        for number, clip in enumerate(chosen):
            with wave.open(str(clip.path), "rb") as source:
                if number == 0:
                    target.setparams(source.getparams())
                else:
                    target.writeframes(bytes(2 * round(_GAP_S * source.getframerate())))
                left = round(most_s * source.getframerate()) - target.tell()
                target.writeframes(source.readframes(max(left, 0)))
    return chosen
