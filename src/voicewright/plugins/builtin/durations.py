"""How long each phone lasts and where the speaker pauses.

Ridge regression of the log duration on the phones around, the guide's own duration and the place in the
phrase: with a few thousand phones to learn from, a linear model generalises better than a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.plugins.builtin.alignment import SILENCE, Segment
from voicewright.plugins.builtin.context import NEIGHBOURS, PhoneSet
from voicewright.plugins.builtin.pitch import HOP_S
from voicewright.plugins.builtin.takes import USUAL, Take

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from voicewright.plugins.builtin.alignment import Alignment
    from voicewright.plugins.builtin.espeak import Phone, Rendering

    Floats = NDArray[np.float32]

_PLACES: Final = 14
_PHONE_RIDGE, _PLACE_RIDGE = 4.0, 0.5
_FAR = 8
_EDGE = 3
"""Phones at the ends of an utterance that are told apart."""
_HEARD_PAUSE_FRAMES = 8
_TYPICAL_PAUSE_FRAMES = 16
_GUIDE_PAUSE_S = 0.08
_DEFAULT_PAUSE_FRAMES = 40
_LEAD_IN_FRAMES, _LEAD_OUT_FRAMES = 12, 24
_SHORTEST, _LONGEST = 3, 80


@dataclass(frozen=True, slots=True)
class DurationModel:
    """The fitted weights."""

    weights: NDArray[np.float64]
    """(5 phone sets + places,)"""
    pause_frames: int
    """The speaker's median pause."""
    phones: PhoneSet

    @classmethod
    def fit(cls, utterances: Sequence[tuple[Rendering, Alignment]], phones: PhoneSet) -> DurationModel:
        """Learn from aligned utterances."""
        size = cls.size(len(phones))
        squares, products = np.zeros((size, size)), np.zeros(size)
        total, count = 0.0, 0
        pauses = []
        for rendering, alignment in utterances:
            frames = np.ones(len(rendering.sounds))
            breaks = set()
            segments = alignment.segments
            for index, segment in enumerate(segments):
                if segment.sound >= 0:
                    frames[segment.sound] = segment.frames
                elif 0 < index < len(segments) - 1 and segment.frames >= _HEARD_PAUSE_FRAMES:
                    breaks.add(segments[index - 1].sound)
                    pauses.append(segment.frames)
            rows = _rows(rendering.sounds, breaks, phones)
            squares += rows.T @ rows
            products += rows.T @ np.log(frames)
            total += float((np.log(frames) ** 2).sum())
            count += len(frames)
        ridge = np.full(size, _PHONE_RIDGE)
        ridge[-_PLACES:] = _PLACE_RIDGE
        weights = np.linalg.solve(squares + np.diag(ridge), products).astype(np.float64)
        variance = (total - 2 * weights @ products + weights @ squares @ weights) / max(count, 1)
        # the mean of a log-normal variable is this much above the exponent of its mean logarithm
        weights[-1] += variance / 2
        long_pauses = [p for p in pauses if p >= _TYPICAL_PAUSE_FRAMES]
        pause = int(np.median(long_pauses)) if long_pauses else _DEFAULT_PAUSE_FRAMES
        return cls(weights, pause, phones)

    @staticmethod
    def size(phones: int) -> int:
        """How many weights there are for so many phones."""
        return len(NEIGHBOURS) * phones + _PLACES

    def predict(self, rendering: Rendering, speed: float, take: Take = USUAL) -> list[Segment]:
        """Time a text: segments from frame 0 on, silence at both ends, an even number of frames.

        Args:
            rendering: the guide's rendering of the text.
            speed: 1 is the speaker's own; 2 is twice as fast.
            take: which way of saying it.
        """
        sounds = rendering.sounds
        breaks = _guide_breaks(rendering)
        log_frames = _rows(sounds, breaks, self.phones) @ self.weights
        frames = np.exp(log_frames) * take.durations(len(sounds)) / speed
        frames = np.clip(np.round(frames), max(1, _SHORTEST / speed), _LONGEST / min(speed, 1.0))
        segments = [Segment(SILENCE, 0, _LEAD_IN_FRAMES, -1, -1)]
        for index, (sound, length) in enumerate(zip(sounds, frames.astype(int), strict=True)):
            at = segments[-1].end
            segments.append(Segment(sound.name, at, at + int(length), index, sound.word))
            if index in breaks:
                at = segments[-1].end
                pause = max(1, round(self.pause_frames / speed))
                segments.append(Segment(SILENCE, at, at + pause, -1, -1))
        at = segments[-1].end
        segments.append(Segment(SILENCE, at, at + _LEAD_OUT_FRAMES + at % 2, -1, -1))
        return segments


def _guide_breaks(rendering: Rendering) -> set[int]:
    """The sounds after which the guide pauses, the last one excepted."""
    breaks, sound = set(), -1
    audible = set(rendering.sounds)
    for phone in rendering.phones:
        if phone in audible:
            sound += 1
        elif phone.is_pause and phone.end_s - phone.start_s > _GUIDE_PAUSE_S and sound >= 0:
            breaks.add(sound)
    breaks.discard(len(rendering.sounds) - 1)
    return breaks


def _rows(sounds: Sequence[Phone], breaks: AbstractSet[int], phones: PhoneSet) -> NDArray[np.float64]:
    """(sounds, 5 phone sets + places)."""
    count = len(sounds)
    ids = np.pad([phones.id_of(s.name) for s in sounds], 2)
    one_hot = np.eye(len(phones))
    around = [one_hot[ids[2 + shift : 2 + shift + count]] for shift in NEIGHBOURS]
    places = np.zeros((count, _PLACES))
    until = 0
    for index in range(count - 1, -1, -1):
        sound = sounds[index]
        pauses = index in breaks or index == count - 1
        until = 0 if pauses else until + 1
        starts = index == 0 or sounds[index - 1].word != sound.word
        ends = index == count - 1 or sounds[index + 1].word != sound.word
        places[index] = (
            np.log(max(HOP_S, sound.end_s - sound.start_s)),
            starts,
            ends,
            pauses,
            index + 1 in breaks,
            index < _EDGE,
            index > count - 1 - _EDGE,
            sound.stress == 2,  # noqa: PLR2004 - primary
            sound.stress == 1,
            min(until, _FAR) / _FAR,
            starts and pauses,
            index + 2 in breaks,
            starts and ends,
            1.0,
        )
    return np.concatenate([*around, places], axis=1)
