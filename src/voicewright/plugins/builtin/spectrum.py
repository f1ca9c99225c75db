"""The smooth spectral envelope of speech, and its coding as warped cepstra.

Envelope: M. Morise, "CheapTrick, a spectral envelope estimator for high-quality speech synthesis" (2015).
Coding: the log envelope on a mel-like scale, by a cosine transform; the first coefficients carry the shape
that the ear hears.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft as scipy_fft

from voicewright.plugins.builtin.pitch import centres_of, frames_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FFT_SIZE = 1024
BINS = FFT_SIZE // 2 + 1
UNVOICED_F0_HZ = 400.0
"""Sets the window of frames without a pitch: short, so that bursts stay sharp."""
AT_ONCE = 256
"""Frames that are worked on together: few enough to stay in the processor's cache."""
LOWEST_F0_HZ = 68.0
"""Three periods of it fit into the transform."""
_LIFTER = -0.15
_POWER_FLOOR = 1e-12


def envelope(wave: Floats, f0: Floats, sample_rate_hz: int) -> Floats:
    """Power spectral envelope every 5 ms.

    Args:
        wave: (samples,) mono.
        f0: (frames,) in Hz, 0 where unvoiced.
        sample_rate_hz: of the wave.

    Returns:
        (frames, 513) power density: white noise of variance 1 has an envelope of 1.
    """
    centres = centres_of(len(wave), sample_rate_hz)
    pitch = np.where(f0 > 0, np.maximum(f0, LOWEST_F0_HZ), UNVOICED_F0_HZ)
    parts = [
        _envelope_of_frames(wave, centres[s : s + AT_ONCE], pitch[s : s + AT_ONCE], sample_rate_hz)
        for s in range(0, len(centres), AT_ONCE)
    ]
    return np.concatenate(parts)


def windowed_frames(
    wave: Floats, centres: NDArray[np.int64], f0: Floats, rate: int, periods: float
) -> Floats:
    """Frames of so many periods under a Hann window of unit energy, each (FFT_SIZE or less,)."""
    half = FFT_SIZE // 2 - 1
    frames = frames_at(wave, centres, half)
    time = np.arange(-half, half + 1, dtype=np.float32) / rate
    phase = time[None] * (2.0 / periods * f0[:, None]).astype(np.float32)
    window = np.where(np.abs(phase) < 1, 0.5 + 0.5 * np.cos(np.pi * phase), 0.0).astype(np.float32)
    window /= np.sqrt((window**2).sum(1, keepdims=True))
    frames = frames * window
    # a constant under the window would leak into the first harmonics
    result: Floats = frames - window * (frames.sum(1, keepdims=True) / window.sum(1, keepdims=True))
    return result


def power_spectra(frames: Floats) -> Floats:
    """(frames, 513) power of already windowed frames."""
    spectrum = scipy_fft.rfft(frames, FFT_SIZE, axis=1)
    result: Floats = spectrum.real**2 + spectrum.imag**2
    return result


def _envelope_of_frames(wave: Floats, centres: NDArray[np.int64], f0: Floats, rate: int) -> Floats:
    power = power_spectra(windowed_frames(wave, centres, f0, rate, 3.0)) + _POWER_FLOOR
    bin_hz = rate / FFT_SIZE
    power = _mirror_below_f0(power, f0 / bin_hz)
    power = _box_smooth(power, (2.0 / 3.0) * f0 / bin_hz)
    # the log power is even, so that cosine transforms of half the size do
    cepstrum = scipy_fft.dct(np.log(power), type=1, axis=1, overwrite_x=True)
    smooth: Floats = scipy_fft.dct(cepstrum * _lifter(f0, rate), type=1, axis=1, overwrite_x=True)
    return np.exp(smooth, out=smooth)


def _lifter(f0: Floats, rate: int) -> Floats:
    """(frames, 513) CheapTrick's smoothing and recovery, and the scale of the two cosine transforms.

    It is sinc(x) (1 - 2 q + 2 q cos(2 pi x)) with x = F0 quefrency, here with sines of one angle only.
    """
    quefrency = np.arange(BINS, dtype=np.float32) / np.float32(rate)
    angle = np.maximum(np.float32(np.pi) * f0.astype(np.float32)[:, None] * quefrency, np.float32(1e-6))
    sine = np.sin(angle)
    lifter = sine / angle * ((1.0 - 4.0 * _LIFTER * sine**2) / FFT_SIZE)
    return lifter.astype(np.float32, copy=False)


def _mirror_below_f0(power: Floats, f0_bins: Floats) -> Floats:
    """Below F0 there is no harmonic: fold the slope above it down, as CheapTrick does."""
    top = int(f0_bins.max()) + 2
    bins = np.arange(top, dtype=np.float32)[None]
    source = f0_bins[:, None] - bins
    folded = _interpolate(power, np.maximum(source, 0.0))
    power = power.copy()
    power[:, :top] += np.where(source > 0, folded, 0.0).astype(np.float32)
    return power


def _interpolate(values: Floats, position: Floats) -> Floats:
    """Linear interpolation along the last axis at fractional positions, clamped to the ends."""
    low = np.clip(position.astype(np.int64), 0, values.shape[1] - 2)
    fraction = np.clip(position - low, 0.0, 1.0).astype(values.dtype)
    rows = np.arange(len(values))[:, None]
    result: Floats = values[rows, low] * (1 - fraction) + values[rows, low + 1] * fraction
    return result


def _box_smooth(power: Floats, width_bins: Floats) -> Floats:
    """Mean over a band of fractional width around each bin, by differences of the running integral."""
    margin = int(np.ceil(width_bins.max() / 2)) + 2
    extended = np.concatenate([power[:, margin:0:-1], power, power[:, -2 : -margin - 2 : -1]], axis=1).astype(
        np.float64
    )
    integral = np.concatenate([np.zeros((len(power), 1)), np.cumsum(extended, axis=1)], axis=1)
    half = width_bins.astype(np.float64) / 2
    high = _shifted(integral, margin + 0.5 + half, power.shape[1])
    low = _shifted(integral, margin + 0.5 - half, power.shape[1])
    return np.maximum((high - low) / width_bins[:, None], _POWER_FLOOR).astype(np.float32)


def _shifted(values: NDArray[np.float64], shift: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """(rows, count) each row from its own fractional position on."""
    whole = shift.astype(np.int64)
    fraction = (shift - whole)[:, None]
    windows = np.lib.stride_tricks.sliding_window_view(values, count + 1, axis=1)
    taken = windows[np.arange(len(values)), whole]
    result: NDArray[np.float64] = taken[:, :-1] + fraction * (taken[:, 1:] - taken[:, :-1])
    return result


class CepstralCode:
    """Codes power envelopes as cepstra on a warped scale and back.

    The scale is mel-like (O'Shaughnessy): linear below 700 Hz, logarithmic above.

    Args:
        order: how many coefficients are kept.
        sample_rate_hz: of the speech.
        points: how finely the warped scale is sampled.
    """

    def __init__(self, order: int, sample_rate_hz: int, points: int = 160) -> None:
        top = np.log1p(sample_rate_hz / 2 / 700.0)
        grid_hz = 700.0 * np.expm1(np.linspace(0.0, top, points))
        bins_hz = np.arange(BINS) * sample_rate_hz / FFT_SIZE
        warped = np.log1p(bins_hz / 700.0) / top * (points - 1)
        self._sample = _interpolation_matrix(grid_hz / (sample_rate_hz / FFT_SIZE), BINS)
        basis = scipy_fft.idct(np.eye(points)[:order], axis=1, norm="ortho").astype(np.float32)
        scale = np.float32(1.0 / np.sqrt(points))
        self._encode = (self._sample.T @ basis.T * scale).astype(np.float32)
        self._decode = (basis @ _interpolation_matrix(warped, points).T / scale).astype(np.float32)
        self.order = order

    def encode(self, power: Floats) -> Floats:
        """(frames, 513) power to (frames, order); coefficient 0 is the mean log power."""
        result: Floats = np.log(np.maximum(power, _POWER_FLOOR)) @ self._encode
        return result

    def decode_log(self, cepstra: Floats) -> Floats:
        """(frames, order) to (frames, 513) natural-log power."""
        result: Floats = cepstra.astype(np.float32) @ self._decode
        return result


def _interpolation_matrix(positions: NDArray[np.float64], size: int) -> Floats:
    """(len(positions), size): row i interpolates linearly at fractional position i."""
    low = np.clip(positions.astype(np.int64), 0, size - 2)
    fraction = np.clip(positions - low, 0.0, 1.0)
    matrix = np.zeros((len(positions), size), np.float32)
    rows = np.arange(len(positions))
    matrix[rows, low] = 1 - fraction
    matrix[rows, low + 1] += fraction
    return matrix
