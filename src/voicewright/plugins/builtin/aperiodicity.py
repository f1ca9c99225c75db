"""How much of each band of speech is noise: one minus the correlation of the band one period apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voicewright.plugins.builtin.pitch import centres_of
from voicewright.plugins.builtin.spectrum import AT_ONCE, BINS, FFT_SIZE, power_spectra, windowed_frames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

CENTRES_HZ = (250.0, 1000.0, 2000.0, 3200.0, 4700.0, 6500.0, 9000.0)
BANDS = len(CENTRES_HZ)
FLOOR = 1e-3
_PERIODS = 4.0
_LAG_FACTORS = (0.97, 0.985, 1.0, 1.015, 1.03)
"""The period is searched a little around the track's: in high bands a small error looks like noise."""


def band_weights(sample_rate_hz: int) -> Floats:
    """(BANDS, 513) triangles between the centres that sum to one at every bin."""
    bins_hz = np.arange(BINS) * sample_rate_hz / FFT_SIZE
    return np.stack([np.interp(bins_hz, CENTRES_HZ, np.eye(BANDS)[band]) for band in range(BANDS)]).astype(
        np.float32
    )


def aperiodicity(wave: Floats, f0: Floats, sample_rate_hz: int) -> Floats:
    """The share of noise in the power of each band, every 5 ms.

    Args:
        wave: (samples,) mono.
        f0: (frames,) in Hz, 0 where unvoiced.
        sample_rate_hz: of the wave.

    Returns:
        (frames, BANDS) between FLOOR and 1; 1 in unvoiced frames.
    """
    result = np.ones((len(f0), BANDS), np.float32)
    voiced = np.flatnonzero(f0 > 0)
    centres = centres_of(len(wave), sample_rate_hz)
    weights = band_weights(sample_rate_hz)
    bins = np.arange(BINS, dtype=np.float32) / FFT_SIZE
    for start in range(0, len(voiced), AT_ONCE):
        rows = voiced[start : start + AT_ONCE]
        pitch = np.maximum(f0[rows], sample_rate_hz * _PERIODS / (FFT_SIZE - 4))
        power = power_spectra(windowed_frames(wave, centres[rows], pitch, sample_rate_hz, _PERIODS))
        total = power @ weights.T + 1e-12
        best = np.full(total.shape, -1.0, np.float32)
        for factor in _LAG_FACTORS:
            lag = factor * sample_rate_hz / f0[rows]
            correlated = (power * np.cos((2 * np.pi * lag)[:, None] * bins)) @ weights.T
            ratio = lag * pitch / (sample_rate_hz * _PERIODS)
            best = np.maximum(best, correlated / total / _hann_correlation(ratio)[:, None])
        result[rows] = np.clip(1.0 - best, FLOOR, 1.0)
    return result


def _hann_correlation(ratio: Floats) -> Floats:
    """Autocorrelation of a Hann window at a lag given as a share of its length (Boersma 1993, eq. 8)."""
    angle = 2 * np.pi * ratio
    result: Floats = (1 - ratio) * (2 / 3 + np.cos(angle) / 3) + np.sin(angle) / (2 * np.pi)
    return result
