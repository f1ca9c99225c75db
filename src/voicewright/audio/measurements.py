"""Measures of one clip: how far the voice stands above the background, and how high its sound reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voicewright.audio.activity import Track

MAX_SNR_DB: Final = 100.0
"""Digital silence between the words: there is no noise to measure."""

_GUARD_STEPS: Final = 2
"""Around speech, sounds that fade in and out are neither voice nor background."""
_ENOUGH_BACKGROUND_STEPS: Final = 6
_QUIETEST_STEPS: Final = 2
_DIGITAL_SILENCE: Final = 1e-10

_FFT: Final = 1024
_BAND_HZ: Final = 100.0
_LOWEST_EDGE_HZ: Final = 2000.0
_CLIFF_DB: Final = 18.0
_STEP_BANDS: Final = 4
_LOUD_SHARE: Final = 0.9
_DYNAMIC_DB: Final = 90.0
_NOISE_FACTOR: Final = 4.0
"""The loudest tenth of white noise lies about 6 dB above its quietest tenth."""


def signal_to_noise_db(track: Track, mask: NDArray[np.bool_]) -> float | None:
    """Compare the power of speech with that of the background between and around it, in dB.

    Args:
        track: of the clip and a little around it.
        mask: (n,) which steps are speech.

    Returns:
        0 to `MAX_SNR_DB`; None where nobody speaks. Where no pause is long enough, the quietest steps
        stand for the background (the closures of stops are nearly silent), which gives a lower bound.
    """
    if not mask.any():
        return None
    near = np.convolve(mask, np.ones(2 * _GUARD_STEPS + 1), mode="same") > 0
    background = track.power[~near]
    if len(background) >= _ENOUGH_BACKGROUND_STEPS:
        # The lower quarter, so that a cough in a pause does not make a noisy recording.
        noise = float(np.quantile(background, 0.25))
    else:
        # Leading zeros of an encoder are no background; two steps, so that one odd one does not decide.
        audible = np.sort(track.power[track.power > _DIGITAL_SILENCE])
        noise = float(audible[:_QUIETEST_STEPS].mean()) if len(audible) else 0.0
    speech = float(track.power[mask].mean()) - noise
    if noise < _DIGITAL_SILENCE:
        return MAX_SNR_DB
    if speech <= 0:
        return 0.0
    return float(np.clip(10 * np.log10(speech / noise), 0.0, MAX_SNR_DB))


def bandwidth_hz(samples: NDArray[np.float32], sample_rate_hz: int) -> float:
    """Find how high the sound reaches: the edge above which there is nothing, or half the sample rate.

    A recording that once went through a telephone, a low sample rate or a hard codec falls off a cliff at
    some frequency and never comes back, however high the rate of the file is now. Speech itself falls
    gently. So the edge is where the spectrum drops by 18 dB within 400 Hz and stays down. The spectrum is
    that of the loudest tenth of the frames in each band: sibilants show the upper limit, vowels do not.
    """
    nyquist = sample_rate_hz / 2
    if len(samples) < _FFT:
        return nyquist
    levels = _band_levels_db(samples, sample_rate_hz)
    centres = (np.arange(len(levels)) + 0.5) * _BAND_HZ
    for edge in range(int(_LOWEST_EDGE_HZ / _BAND_HZ), len(levels) - _STEP_BANDS):
        below = levels[edge - _STEP_BANDS : edge].mean()
        above = levels[edge + _STEP_BANDS - 1 :]
        if len(above) and below - above.max() >= _CLIFF_DB:
            steepest = np.argmin(np.diff(levels[edge - _STEP_BANDS : edge + _STEP_BANDS]))
            return float(centres[edge - _STEP_BANDS + steepest] + _BAND_HZ / 2)
    return nyquist


def _band_levels_db(samples: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float64]:
    """Level of every 100 Hz band in its loudest tenth of the frames, in dB, floored 90 dB under the top."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FFT)[::_FFT]
    spectrum = np.fft.rfft(frames * np.hanning(_FFT).astype(np.float32), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    frequencies = np.fft.rfftfreq(_FFT, 1 / sample_rate_hz)
    bands = int(sample_rate_hz / 2 / _BAND_HZ)
    edges = np.searchsorted(frequencies, np.arange(bands) * _BAND_HZ)
    widths = np.diff(np.append(edges, len(frequencies)))
    per_band = np.add.reduceat(power, edges, axis=1) / widths
    quiet, loud = np.quantile(per_band, (1 - _LOUD_SHARE, _LOUD_SHARE), axis=0)
    # Steady noise is taken off, or the hiss of a tape would hide that the voice ends below it.
    loud = np.maximum(loud - _NOISE_FACTOR * quiet, 0.0)
    top = max(float(loud.max()), 1e-20)
    levels: NDArray[np.float64] = 10 * np.log10(np.maximum(loud, top * 10 ** (-_DYNAMIC_DB / 10)))
    return levels
