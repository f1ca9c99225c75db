"""The spectrum that Perth's nets see, taken at the rate that the speech has.

The nets were trained at 32 kHz with windows of 2048 samples (64 ms) every 320 (10 ms). Windows of the same
time at another rate have the same bins, up to half that rate; levels differ by the ratio of the lengths. So
nothing has to be resampled: what is above 2 kHz is not touched at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from voicewright.provenance.watermark.weights import BINS

if TYPE_CHECKING:
    from voicewright.provenance.watermark.nets import Frames

Samples: TypeAlias = NDArray[np.float32]

WINDOW_S: Final = 0.064
HOP_S: Final = 0.010
FLOOR_DB: Final = -180.0
SPAN_DB: Final = 195.0
"""From the floor to 15 dB: what is normalised to 0..1."""
_FLOOR: Final = 1e-9
_TRAINED_WINDOW: Final = 2048
LEAST_RATE_HZ: Final = 8000
"""Below, there is less than the nets look at in the sound."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Of some sound: windows in rows."""

    values: NDArray[np.complex64]
    """(frames, bins), scaled as at 32 kHz."""
    low: Frames
    """(frames, BINS): the normalised levels that the nets see."""
    sums: NDArray[np.float32]
    """(frames,): of all normalised levels."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """Takes spectra at one rate, and makes sound of them again.

    Attributes:
        window: its length in samples, even.
        hop: samples from one window to the next.
    """

    window: int
    hop: int
    shape: NDArray[np.float32]

    @staticmethod
    @lru_cache(maxsize=16)
    def at(rate_hz: int) -> Analysis:
        """For sound of a rate."""
        window = round(rate_hz * WINDOW_S / 2) * 2
        turn = 2 * np.pi * np.arange(window) / window
        shape = (0.5 - 0.5 * np.cos(turn)).astype(np.float32)
        return Analysis(window, round(rate_hz * HOP_S), shape)

    def spectrum(self, samples: Samples) -> Spectrum:
        """Windows are centred on every hop, and the sound is mirrored at both ends."""
        half = self.window // 2
        padded = np.pad(samples, half, mode="reflect" if len(samples) > 1 else "edge")
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.window)[:: self.hop]
        values = fft.rfft(frames * self.shape, axis=1)
        values *= np.float32(_TRAINED_WINDOW / self.window)
        levels = np.log10(np.maximum(np.abs(values), np.float32(_FLOOR)))
        levels *= np.float32(20.0 / SPAN_DB)
        levels -= np.float32(FLOOR_DB / SPAN_DB)
        low = np.ascontiguousarray(levels[:, :BINS])
        return Spectrum(values, low, levels.sum(axis=1))

    def sound(self, values: NDArray[np.complex64], count: int) -> Samples:
        """The sound of a spectrum, overlapped and added: `count` samples from the first window's centre on.

        Args:
            values: (frames, some bins): those that are missing are nothing.
            count: may go beyond the last window's centre, by less than half a window.
        """
        half = self.window // 2
        pieces = fft.irfft(values, self.window, axis=1) * self.shape
        pieces *= np.float32(self.window / _TRAINED_WINDOW)
        length = half + count + self.window
        total = np.zeros(length + self.window, np.float32)
        weight = np.zeros(length + self.window, np.float32)
        squares = self.shape * self.shape
        for place, piece in enumerate(pieces):
            start = place * self.hop
            total[start : start + self.window] += piece
            weight[start : start + self.window] += squares
        part = slice(half, half + count)
        return np.asarray(total[part] / np.maximum(weight[part], np.float32(1e-3)), dtype=np.float32)
