"""Listens for the mark, window by window, and says where it can't tell.

The decoder always answers with a number, also for what is no speech: a steady tone of 440 Hz with some noise
sounds like a mark to it. So each window is looked at first, and one without speech in it has no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from voicewright.provenance.watermark.nets import Decoder
from voicewright.provenance.watermark.spectra import Analysis
from voicewright.provenance.watermark.weights import BINS

if TYPE_CHECKING:
    from voicewright.provenance.watermark.spectra import Samples, Spectrum
    from voicewright.provenance.watermark.weights import Weights

Doubt = Literal["silent", "tone", "steady", "short"]

WINDOW_S: Final = 3.0
HOP_S: Final = 1.5
LEAST_S: Final = 0.5
"""In less than this the decoder hears too little."""
MOST_WINDOWS: Final = 300
"""Of a long file, spread evenly: the time that listening takes is bounded."""
_SILENT_DBFS: Final = -60.0
_LEAST_LOW_SHARE: Final = 1e-3
"""Of the power below 2 kHz: with less, what the decoder looks at is the leakage of something else."""
_TONE_BINS: Final = 3.0
"""Bins of 16 Hz among which the power of a frame is spread; speech has 4 and more, one tone has 2."""
_STEADY_DB: Final = 2.0
"""Deviation of the level from frame to frame; speech has 5 and more, with noise at 10 dB still 3."""


@dataclass(frozen=True, slots=True)
class Window:
    """What was heard in one stretch of sound."""

    start_s: float
    end_s: float
    confidence: float | None
    """About 0 to 1; None: it can't be told."""
    doubt: Doubt | None = None
    """Why not."""


class Listener:
    """Hears marks; remembers nothing."""

    def __init__(self, weights: Weights) -> None:
        self._decoder = Decoder(weights)

    def hear(self, samples: Samples, rate_hz: int) -> tuple[float | None, Doubt | None]:
        """How surely some seconds of sound were marked; else why that can't be told."""
        if len(samples) < LEAST_S * rate_hz:
            return None, "short"
        if 20 * np.log10(max(float(np.sqrt(np.mean(np.square(samples)))), 1e-9)) < _SILENT_DBFS:
            return None, "silent"
        spectrum = Analysis.at(rate_hz).spectrum(samples)
        doubt = _doubt(spectrum)
        if doubt is not None:
            return None, doubt
        confidence = self._decoder(spectrum.low, spectrum.sums)
        if not np.isfinite(confidence):
            return None, "silent"
        return min(1.0, max(0.0, confidence)), None


def window_starts(count: int, rate_hz: int) -> list[int]:
    """Where windows of so many samples of sound begin; the last one ends with it."""
    window, last = round(WINDOW_S * rate_hz), count - round(WINDOW_S * rate_hz)
    if last <= 0:
        return [0]
    places = min(MOST_WINDOWS, -(-last // round(HOP_S * rate_hz)) + 1)
    assert window > 0  # noqa: S101 - rates are checked where files are read
    return sorted({round(place * last / max(1, places - 1)) for place in range(places)})


def _doubt(spectrum: Spectrum) -> Doubt | None:
    """Why there is no speech in it, if there is none."""
    power = np.square(np.abs(spectrum.values))
    low = power[:, :BINS].sum(axis=1)
    if low.sum() < _LEAST_LOW_SHARE * power.sum():
        return "tone"
    heard = low > low.max() * 1e-3
    loud = power[heard, :BINS]
    spread = np.square(low[heard]) / np.maximum(np.square(loud).sum(axis=1), 1e-30)
    if float(np.median(spread)) < _TONE_BINS:
        return "tone"
    if float(np.std(10 * np.log10(low[heard]))) < _STEADY_DB:
        return "steady"
    return None
