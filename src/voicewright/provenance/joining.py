"""Puts together what was found of one speech in neighbouring stretches of a sound that is heard in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from voicewright.provenance.identifying import Found
from voicewright.provenance.matching import Match

if TYPE_CHECKING:
    from collections.abc import Iterable

_APART_S: Final = 0.3
"""By so much two stretches may disagree on where the speech would begin."""
_SEAM_S: Final = 1.5
"""So near to the seam what was found has to come: windows that reach over it are heard by neither side."""
_EDGE_S: Final = 1.0
"""So much may be missing where the sound and the speech begin or end together: silence has no prints, and the
last window none."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A speech that was found in a stretch of the sound."""

    found: Found
    speed: float
    """How much faster the sound is than the speech was."""
    number: int
    """Of the stretch."""
    from_s: float
    """Where in the sound the stretch begins."""
    to_s: float

    @property
    def start_s(self) -> float:
        """Where in the sound it begins."""
        return self.from_s + self.found.match.start_s / self.speed

    @property
    def end_s(self) -> float:
        """Where in the sound it ends."""
        return self.from_s + self.found.match.end_s / self.speed

    @property
    def begins_s(self) -> float:
        """Where in the sound the whole speech would begin."""
        return self.start_s - self.found.match.in_speech_s / self.speed

    def goes_on_in(self, following: Heard) -> bool:
        """Whether the next stretch goes on with the same saying of it."""
        return (
            following.number == self.number + 1
            and following.speed == self.speed
            and abs(following.begins_s - self.begins_s) <= _APART_S
            and self.to_s - self.end_s <= _SEAM_S
            and following.start_s - following.from_s <= _SEAM_S
        )


def longest_of_each(heard: Iterable[Heard], duration_s: float) -> list[tuple[Found, float]]:
    """Each speech once, where most of it is in one piece, with its speed; matches count from the beginning.

    Args:
        heard: what was found.
        duration_s: of the sound.
    """

    def speech_of(one: Heard) -> tuple[str, int]:
        return str(one.found.speech.synthesis_id), one.found.speech.part

    longest = []
    for _, same in groupby(sorted(heard, key=lambda one: (speech_of(one), one.number)), speech_of):
        runs: list[list[Heard]] = []
        for one in same:
            if runs and runs[-1][-1].goes_on_in(one):
                runs[-1].append(one)
            else:
                runs.append([one])
        joined = [_joined(run, duration_s) for run in runs]
        longest.append(max(joined, key=lambda one: one[0].match.length_s / one[1]))
    return longest


def _joined(run: list[Heard], duration_s: float) -> tuple[Found, float]:
    first, last = run[0], run[-1]
    speed, speech = first.speed, first.found.speech
    start_s, end_s = first.start_s, last.end_s
    ends_s = last.begins_s + speech.duration_s / speed
    if abs(first.begins_s) <= _APART_S and start_s <= _EDGE_S:
        start_s = 0.0
    if abs(ends_s - duration_s) <= _APART_S and duration_s - end_s <= _EDGE_S:
        end_s = duration_s
    lengths_s = sum(one.found.match.length_s for one in run)
    errors = sum(one.found.match.error_rate * one.found.match.length_s for one in run)
    match = Match(start_s * speed, end_s * speed, first.found.match.in_speech_s, errors / lengths_s)
    return Found(speech, match), speed
