"""The long-term spectrum of a voice, brought to that of the recordings by one linear-phase filter.

Down to the lowest bins, because envelopes leak energy below the fundamental, where a clean recording has
none: there the filter is a steep low cut. A recording that rumbles keeps its rumble, for speaker encoders
hear that as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import signal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

TAPS: Final = 2049
"""93 ms: ten bins of the spectrum below 100 Hz."""
_SIZE = 4096
_LOUD_ENOUGH = 1e-3
"""Of the power of the loudest frame of a recording."""
_LEAST_DB, _MOST_DB = -25.0, 10.0
_SMOOTHED_SHARE = 0.06
"""Half the width of the smoothing, as a share of the frequency: harmonics of two texts never coincide."""
_FLOOR = 1e-14


def long_term_spectrum(waves: Iterable[Floats]) -> Floats:
    """(2049,) mean power spectrum of the loud frames, each frame normalised to the same power."""
    window = np.hanning(_SIZE).astype(np.float32)
    total, count = np.zeros(_SIZE // 2 + 1), 0
    for wave in waves:
        padded = np.pad(wave, (0, max(0, _SIZE - len(wave))))
        frames = np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[:: _SIZE // 4]
        energy = (frames**2).sum(1)
        loud = frames[(energy > energy.max() * _LOUD_ENOUGH) & (energy > 0)] * window
        power = np.abs(np.fft.rfft(loud, axis=1)) ** 2
        total += (power / power.sum(1, keepdims=True)).sum(0)
        count += len(power)
    if not count:
        return np.ones(_SIZE // 2 + 1, np.float32)
    mean: Floats = (total / count).astype(np.float32)
    return mean


def fit_equaliser(recordings: Iterable[Floats], spoken: Iterable[Floats]) -> Floats:
    """(TAPS,) filter from the long-term spectrum of what the voice says to that of the recordings.

    Args:
        recordings: (samples,) each; gone through once, one at a time.
        spoken: the voice's own speech before the filter, the same way.
    """
    wanted, got = (10 * np.log10(long_term_spectrum(waves) + _FLOOR) for waves in (recordings, spoken))
    gain_db = np.clip(_smoothed(wanted - got), _LEAST_DB, _MOST_DB)
    taps: Floats = signal.firwin2(TAPS, np.linspace(0, 1, len(gain_db)), 10 ** (gain_db / 20))
    return taps.astype(np.float32)


def _smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A moving average that grows wider with the frequency, one bin on either side at least."""
    place = np.arange(len(values))
    half = np.maximum(1, (place * _SMOOTHED_SHARE).astype(np.int64))
    low, high = np.maximum(0, place - half), np.minimum(len(values), place + half + 1)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    result: NDArray[np.float64] = (sums[high] - sums[low]) / (high - low)
    return result
