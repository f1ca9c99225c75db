"""Cuts a stream at its pauses: speech comes out as segments of bounded length, silence is left behind.

A recording that fits into one segment stays whole, since its transcript belongs to all of it; silence at its
ends is trimmed. A longer one is cut where the speaker pauses: of all pauses within reach the longest one
wins, with some preference for long segments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.audio.activity import EMPTY_TRACK, STEP_S, Track, runs, speech_mask, with_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PAD_BEFORE_STEPS: Final = 8
_PAD_AFTER_STEPS: Final = 8
"""256 ms each: soft onsets and fading ends lie outside of what the detector calls speech."""
_CONTEXT_STEPS: Final = 16
"""512 ms around a segment are kept for judging the background noise."""
_PAUSE_STEPS: Final = 5
_LONG_PAUSE_S: Final = 1.0
_LENGTH_PREFERENCE: Final = 0.5


@dataclass(frozen=True, slots=True)
class SegmentLimits:
    """How long segments may be."""

    max_s: float = 15.0
    min_s: float = 0.5
    split_pause_s: float | None = None
    """A pause this long ends a segment even if more would fit; None: only what is too long is cut."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech in a stream."""

    start_s: float
    end_s: float
    speech_s: float
    """Seconds of speech in it, without the pauses."""
    track: Track
    """The steps of the segment and of half a second around it."""
    mask: NDArray[np.bool_]
    """Which of these steps are speech."""


class Segmenter:
    """Follows the track of one stream and gives segments as soon as they are certain.

    Attributes:
        skipped_s: seconds of speech in fragments shorter than the limit, which were left out.
    """

    def __init__(self, limits: SegmentLimits) -> None:
        self._limits = limits
        self._max = int(limits.max_s / STEP_S)
        self._pending = EMPTY_TRACK
        self._base = 0
        self._floor = 0
        self.skipped_s = 0.0

    @property
    def needed_from_s(self) -> float:
        """Sound before this time will never be asked for again."""
        return self._base * STEP_S

    def feed(self, track: Track) -> list[Segment]:
        """Take the next steps; give the segments that are complete."""
        self._pending = self._pending.joined(track)
        return self._drain(final=False)

    def finish(self) -> list[Segment]:
        """Give what is left."""
        return self._drain(final=True)

    def _drain(self, *, final: bool) -> list[Segment]:
        segments: list[Segment] = []
        while True:
            mask = with_edges(speech_mask(self._pending.probability), self._pending.power)
            mask[: max(0, self._floor - self._base)] = False
            speech = runs(mask)
            if not speech:
                # Steps at the end may turn out to be the beginning of speech, so some are kept.
                self._forget(max(0, len(mask) - _CONTEXT_STEPS))
                return segments
            self._forget(gone := max(0, speech[0][0] - _CONTEXT_STEPS))
            mask = mask[gone:]
            speech = [(start - gone, end - gone) for start, end in speech]
            end = self._end_of_segment(mask, speech, final=final)
            if end is None:
                return segments
            segment = self._take(mask, speech, end)
            if segment is not None:
                segments.append(segment)

    def _end_of_segment(
        self, mask: NDArray[np.bool_], speech: list[tuple[int, int]], *, final: bool
    ) -> int | None:
        """Find the step where the first segment ends, or None when it takes more sound to know."""
        first = max(speech[0][0] - _PAD_BEFORE_STEPS, self._floor - self._base)
        reach = first + self._max
        pauses = [
            (end, following - end)
            for (_, end), (following, _) in zip(speech, [*speech[1:], (len(mask), 0)], strict=True)
        ]
        if self._limits.split_pause_s is not None:
            long = self._limits.split_pause_s / STEP_S
            for end, length in pauses:
                if length >= long and end + _PAD_AFTER_STEPS <= reach:
                    return end
        # One step more: the last one is only partly filled.
        if final and min(speech[-1][1] + _PAD_AFTER_STEPS, len(mask)) <= reach + 1:
            return speech[-1][1]
        # The last pause may still be growing: wait until it is known in full, or is long enough to decide.
        if not final and len(mask) < reach + int(_LONG_PAUSE_S / STEP_S):
            return None
        if speech[-1][1] + _PAD_AFTER_STEPS <= reach and not final:
            return speech[-1][1]
        shortest = self._limits.min_s / STEP_S
        best = max(
            (
                (min(length * STEP_S, _LONG_PAUSE_S) + _LENGTH_PREFERENCE * (end - first) / self._max, end)
                for end, length in pauses
                if length >= _PAUSE_STEPS and first + shortest <= end <= reach - _PAD_AFTER_STEPS
            ),
            default=None,
        )
        if best is not None:
            return best[1]
        # Nobody pauses: cut where speech is least likely, in the second half of what fits.
        half = first + self._max // 2
        return half + int(np.argmin(self._pending.probability[half : reach - 1]))

    def _take(self, mask: NDArray[np.bool_], speech: list[tuple[int, int]], end: int) -> Segment | None:
        """Make the segment that ends its speech at `end`, and go on behind it."""
        floor = self._floor - self._base
        first = max(speech[0][0] - _PAD_BEFORE_STEPS, floor, 0)
        inside = mask[end] if end < len(mask) else False
        following = next((start for start, _ in speech if start > end), None)
        room = 0 if inside else _PAD_AFTER_STEPS
        if following is not None and not inside:
            room = min(room, max(1, (following - end) // 2))
        last = min(end + room, len(mask))
        around = slice(max(0, first - _CONTEXT_STEPS), min(len(mask), last + _CONTEXT_STEPS))
        speech_s = float(np.count_nonzero(mask[first:last])) * STEP_S
        segment = Segment(
            start_s=(self._base + first) * STEP_S,
            end_s=min((self._base + last) * STEP_S, (self._base + first) * STEP_S + self._limits.max_s),
            speech_s=speech_s,
            track=self._pending.between(around.start, around.stop),
            mask=mask[around].copy(),
        )
        self._floor = self._base + last
        self._forget(max(0, last - _CONTEXT_STEPS))
        if segment.end_s - segment.start_s < self._limits.min_s:
            self.skipped_s += speech_s
            return None
        return segment

    def _forget(self, steps: int) -> None:
        self._pending = self._pending.between(steps)
        self._base += steps
