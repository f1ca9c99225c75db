"""Whether two fingerprints are of the same sound, where in it, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.provenance.fingerprints import BITS, KEPT, PRINTS_PER_S, packed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voicewright.provenance.fingerprints import Fingerprinter, Prints

ASKED: Final = 128
"""So many prints a sound is looked for by: those that are least likely to have changed."""
LEAST_PRINTS: Final = 8
"""Under 0.4 s there is too little to tell sounds apart."""
_WINDOW: Final = 64
"""Prints that are compared at once: 3 s."""
_EDGE: Final = 11
"""Half a second: with so many it is looked where within the windows a stretch begins and ends."""
_EDGE_ERRORS: Final = 0.35
_OFFSETS: Final = 3
_WEAK: Final = 3
"""Bits of a print that are tried both ways, in the second attempt."""
# Of sounds that have nothing to do with one another about half of the bits differ. Those that differ least in
# real speech: 0.25 in half a second, 0.36 in one, 0.39 in two, 0.42 in three.
_LENGTHS_S: Final = (0.37, 0.5, 1.0, 2.0, 3.0)
_MOST_ERRORS: Final = (0.08, 0.12, 0.23, 0.29, 0.32)


@dataclass(frozen=True, slots=True)
class Match:
    """A stretch of a sound that is in a fingerprint."""

    start_s: float
    """Where it begins in the sound."""
    end_s: float
    in_speech_s: float
    """Where that is in the speech of the fingerprint."""
    error_rate: float
    """Of the bits, the share that differs: 0 for the same file, 0.5 for something else."""

    @property
    def length_s(self) -> float:
        """Of the stretch."""
        return self.end_s - self.start_s

    @property
    def worth(self) -> float:
        """How much of the sound it explains: long and with few errors is best."""
        return self.length_s * (0.5 - self.error_rate)

    @property
    def confidence(self) -> float:
        """0 to 1: how far it is from what two other sounds may have in common."""
        most = float(np.interp(self.length_s, _LENGTHS_S, _MOST_ERRORS))
        return round(max(0.5, min(1.0, 1.0 - 0.5 * self.error_rate / most)), 3)


class Sought:
    """A sound that is looked for.

    Args:
        fingerprinter: has heard all of it.
    """

    def __init__(self, fingerprinter: Fingerprinter) -> None:
        changes, audible = fingerprinter.frames()
        self._prints = packed(changes > 0)
        self._changes = changes
        self._audible = np.flatnonzero(audible & (self._prints != 0))
        self._firm = self._firmest()

    @property
    def is_enough(self) -> bool:
        """Whether there is enough sound to be told from others."""
        return len(self._audible) >= LEAST_PRINTS * KEPT

    def keys(self, *, with_doubts: bool = False) -> Prints:
        """The prints to look for.

        Args:
            with_doubts: also what they would be, had the weakest of their bits changed.
        """
        places = self._firm
        if not with_doubts or not len(places):
            return np.unique(self._prints[places])
        changes = self._changes[places]
        weak = np.argsort(np.abs(changes), axis=1)[:, :_WEAK]
        rows = np.arange(len(places))
        tried = []
        for choice in range(1 << _WEAK):
            bits = changes > 0
            for place in range(_WEAK):
                if choice >> place & 1:
                    bits[rows, weak[:, place]] ^= True
            tried.append(packed(bits))
        every = np.unique(np.concatenate(tried))
        asked: Prints = every[every != 0]
        return asked

    def compare(self, kept: Prints) -> Match | None:
        """Where some of the sound is in the kept prints of a speech, if anywhere."""
        tried = [(match, offset) for offset in self._offsets(kept) if (match := self._at(kept, offset))]
        if not tried:
            return None
        best, offset = max(tried, key=lambda one: one[0].worth)
        near = (self._at(kept, offset + step) for step in (-2, -1, 1, 2))
        return max([best, *filter(None, near)], key=lambda match: match.worth)

    def _offsets(self, kept: Prints) -> list[int]:
        """How many frames later than in the speech the sound may begin: most prints agree on these."""
        mine = self._prints[self._firm]
        differing = np.bitwise_count((kept[:, np.newaxis] ^ mine[np.newaxis]).view(np.uint32))
        differing[kept == 0] = BITS
        places, asked = np.nonzero(differing <= _WEAK)
        offsets, votes = np.unique(places * KEPT - self._firm[asked], return_counts=True)
        likely = np.argsort(-votes, kind="stable")[:_OFFSETS]
        return [int(offset) for offset in offsets[likely]]

    def _firmest(self) -> NDArray[np.intp]:
        """The frames whose weakest bits are the strongest, beside the other bits."""
        places = self._audible
        if len(places) <= ASKED:
            return places
        sizes = np.abs(self._changes[places])
        firmness = np.partition(sizes, 1, axis=1)[:, 1] / np.maximum(np.median(sizes, axis=1), 1e-30)
        return np.sort(places[np.argsort(-firmness, kind="stable")[:ASKED]])

    def _at(self, kept: Prints, offset: int) -> Match | None:
        """The stretch that is the same when the sound begins so many frames into the speech."""
        places = np.arange(len(kept))
        frames = places * KEPT - offset
        there = (frames >= 0) & (frames < len(self._prints)) & (kept != 0)
        places, frames = places[there], frames[there]
        if len(places) < LEAST_PRINTS:
            return None
        errors = np.bitwise_count((kept[places] ^ self._prints[frames]).view(np.uint32)).astype(np.float64)
        return _best_stretch(errors, places, frames)


def _best_stretch(
    errors: NDArray[np.float64], places: NDArray[np.intp], frames: NDArray[np.intp]
) -> Match | None:
    """All windows in which few bits differ, from the first one to the last."""
    width = min(_WINDOW, len(errors))
    sums = np.concatenate([[0.0], np.cumsum(errors)])
    rates = (sums[width:] - sums[:-width]) / (width * BITS)
    good = np.flatnonzero(rates <= np.interp(width / PRINTS_PER_S, _LENGTHS_S, _MOST_ERRORS))
    if not len(good):
        return None
    covered = np.zeros(len(errors), np.bool_)
    for start in good:
        covered[start : start + width] = True
    inside = _trimmed(np.flatnonzero(covered), errors)
    first, last = inside[0], inside[-1]
    frames_per_s = PRINTS_PER_S * KEPT
    return Match(
        start_s=round(float(frames[first] / frames_per_s), 2),
        end_s=round(float((frames[last] + KEPT) / frames_per_s), 2),
        in_speech_s=round(float(places[first] / PRINTS_PER_S), 2),
        error_rate=round(float(errors[inside].sum() / (len(inside) * BITS)), 4),
    )


def _trimmed(inside: NDArray[np.intp], errors: NDArray[np.float64]) -> NDArray[np.intp]:
    """Without what lies at both ends and is something else: a window may reach beyond what is the same."""
    if len(inside) <= _EDGE:
        return inside
    rates = np.convolve(errors[inside], np.full(_EDGE, 1 / (_EDGE * BITS)), mode="valid")
    good = np.flatnonzero(rates <= _EDGE_ERRORS)
    return inside[good[0] : good[-1] + _EDGE] if len(good) else inside
