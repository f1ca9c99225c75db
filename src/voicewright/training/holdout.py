"""Decides which clips are kept from training, so that a voice is judged against speech it never heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

SHARE = 0.1
"""Of the speech that is held out."""
LEAST_S = 3.0
"""A speaker can't be recognised reliably from less."""
MOST_S = 60.0
"""More references do not make a speaker's centroid better, and would be lost to training."""
OVERSHOOT = 1.5
"""A clip that would bring the held-out speech above this many times the target is passed over at first."""
_GOLDEN = 0.6180339887498949


class Holdable(Protocol):
    """What the policy looks at in a clip."""

    @property
    def speech_s(self) -> float:
        """Seconds of speech in it."""

    @property
    def verdict(self) -> str:
        """`good` clips make better references than `usable` ones."""


@dataclass(frozen=True, slots=True)
class HoldOut:
    """Positions in the sequence of clips that the policy was asked about, each in rising order."""

    training: tuple[int, ...]
    references: tuple[int, ...]
    """Empty where every clip is needed for training: then the voice can't be judged."""


def hold_out(clips: Sequence[Holdable], *, minimum_training_s: float = 0.0) -> HoldOut:
    """Divide clips into those to train on and those to judge by.

    About a tenth of the speech is held out, at least `LEAST_S` and at most `MOST_S` seconds, in whole clips
    spread over the recording session, the best ones first. The same clips always give the same division.
    Nothing is held out where training would be left with less than `minimum_training_s` although all clips
    together have it, or with no clip at all.
    """
    everything = tuple(range(len(clips)))
    total_s = sum(clip.speech_s for clip in clips)
    target_s = min(max(SHARE * total_s, LEAST_S), MOST_S)
    floor_s = min(minimum_training_s, total_s)

    references: list[int] = []
    held_s = 0.0
    for ceiling_s in (OVERSHOOT * target_s, float("inf")):
        for place in _by_preference(clips, everything):
            length_s = clips[place].speech_s
            if held_s >= target_s or len(references) == len(clips) - 1:
                break
            fits = held_s + length_s <= ceiling_s and total_s - held_s - length_s >= floor_s
            if fits and place not in references:
                references.append(place)
                held_s += length_s
    return HoldOut(
        training=tuple(place for place in everything if place not in references),
        references=tuple(sorted(references)),
    )


def _by_preference(clips: Sequence[Holdable], places: Iterable[int]) -> list[int]:
    """Good clips before usable ones, and each kind spread evenly over the session (golden-ratio sequence)."""
    return sorted(places, key=lambda place: (clips[place].verdict != "good", (place + 1) * _GOLDEN % 1.0))
