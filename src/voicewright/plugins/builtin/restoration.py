"""Undoing what averaging does to a predicted trajectory: its variance, its quick movements, its pauses.

Variance: T. Toda and K. Tokuda, "A speech parameter generation algorithm considering global variance" (2007),
here as a linear stretch of each cepstrum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import signal

from voicewright.plugins.builtin.analysis import CEPSTRA, ORDER
from voicewright.plugins.builtin.context import SILENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

STRETCH: Final = 0.5
SHARPENING: Final = 0.8
SHARPENED_FRAMES: Final = 15
_MOST_STRETCH = 2.5
_PAUSE_DEPTH = 3.5
"""Deviations of the level by which predicted pauses are lowered: averaged pauses hiss."""
_PAUSE_EDGE_FRAMES = 11


def stretch_variance(frames: Floats, speaker_deviation: Floats) -> Floats:
    """Bring the deviations of an utterance's cepstra half-way to the speaker's.

    Args:
        frames: (frames, FRAME_SIZE), normalised.
        speaker_deviation: (ORDER,) mean over the recordings of their own deviations, normalised.
    """
    result = frames.copy()
    shapes = slice(1, ORDER)  # the level keeps its own dynamics
    mean = frames[:, shapes].mean(0)
    ratio = np.clip(speaker_deviation[shapes] / (frames[:, shapes].std(0) + 1e-6), 1.0, _MOST_STRETCH)
    result[:, shapes] = mean + (frames[:, shapes] - mean) * (1 + STRETCH * (ratio - 1))
    return result


def sharpen(frames: Floats) -> Floats:
    """Bring back the quick movements of the cepstra that averaging takes away.

    The difference to a moving average over some 75 ms is added once more in part: the idea of the modulation
    spectrum postfilter (S. Takamichi et al., 2014) in its simplest form.
    """
    half = SHARPENED_FRAMES // 2
    window = np.hanning(SHARPENED_FRAMES + 2)[1:-1].astype(np.float32)
    padded = np.pad(frames[:, CEPSTRA], ((half, half), (0, 0)), mode="edge")
    average = signal.convolve(padded, (window / window.sum())[:, None], mode="valid", method="direct")
    result = frames.copy()
    result[:, CEPSTRA] += SHARPENING * (frames[:, CEPSTRA] - average)
    return result


def deviations(recordings: Sequence[Floats]) -> Floats:
    """(ORDER,) the mean over recordings of the deviation of each normalised cepstrum."""
    result: Floats = np.mean([frames[:, CEPSTRA].std(0) for frames in recordings], axis=0)
    return result


def deepen_pauses(frames: Floats, places: Floats) -> Floats:
    """Lower the level in silences, with soft edges; (frames, FRAME_SIZE) normalised."""
    window = np.hanning(_PAUSE_EDGE_FRAMES)
    silent = np.convolve(places[:, SILENT] > 0, window / window.sum(), "same")
    result = frames.copy()
    result[:, 0] -= _PAUSE_DEPTH * silent
    return result
