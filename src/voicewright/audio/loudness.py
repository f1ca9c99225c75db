"""Loudness after ITU-R BS.1770-4 and the true peak, and the gain that brings a clip to a common level.

`pyloudnorm` gives the same loudness, but imports scipy.signal (a second or two) and loops over blocks in
Python; here the K-weighting is applied in the frequency domain and the blocks are differences of one
cumulative sum. A test compares the two. Clips are short (15 s), so a whole clip is transformed at once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.audio.resample import resample

if TYPE_CHECKING:
    from numpy.typing import NDArray

TARGET_LUFS: Final = -23.0
"""EBU R 128's programme level; leaves speech about 20 dB of headroom."""
MAX_TRUE_PEAK_DB: Final = -1.0
MAX_GAIN_DB: Final = 40.0
"""More would only bring up the noise of the microphone."""

_BLOCK_S: Final = 0.4
_HOP_S: Final = 0.1
_ABSOLUTE_GATE_LUFS: Final = -70.0
_RELATIVE_GATE_LU: Final = -10.0
_OFFSET_LUFS: Final = -0.691
_OVERSAMPLING: Final = 4
_TAIL_S: Final = 0.25
"""Silence behind the clip in which the 38 Hz high-pass rings out, so that nothing wraps around."""


def integrated_loudness(samples: NDArray[np.float32], sample_rate_hz: int) -> float:
    """Measure the gated loudness of mono samples (n,) in LUFS; -inf for silence.

    Clips shorter than one block of 0.4 s are measured whole and without gates.
    """
    if not len(samples):
        return float("-inf")
    weighted = _k_weighted(samples, sample_rate_hz)
    energy = np.concatenate(([0.0], np.cumsum(weighted**2, dtype=np.float64)))
    block = round(_BLOCK_S * sample_rate_hz)
    if len(samples) < block:
        return _to_lufs(float(energy[-1]) / len(samples))
    hops = round((len(samples) / sample_rate_hz - _BLOCK_S) / _HOP_S) + 1
    starts = np.minimum((np.arange(hops) * _HOP_S * sample_rate_hz).astype(np.int64), len(samples) - block)
    power = (energy[starts + block] - energy[starts]) / block
    loud = power[power > _from_lufs(_ABSOLUTE_GATE_LUFS)]
    if not len(loud):
        return _to_lufs(float(power.max()))
    gate = _from_lufs(_to_lufs(float(loud.mean())) + _RELATIVE_GATE_LU)
    return _to_lufs(float(loud[loud > gate].mean()))


def true_peak(samples: NDArray[np.float32], sample_rate_hz: int) -> float:
    """Largest magnitude between and on the samples, by fourfold oversampling (BS.1770-4, annex 2)."""
    on_samples = float(np.abs(samples).max(initial=0.0))
    over = resample(samples, sample_rate_hz, _OVERSAMPLING * sample_rate_hz)
    return max(on_samples, float(np.abs(over).max(initial=0.0)))


def normalising_gain(samples: NDArray[np.float32], sample_rate_hz: int, loudness_lufs: float) -> float:
    """Choose the factor that brings a clip to `TARGET_LUFS` without passing `MAX_TRUE_PEAK_DB`.

    The level is lowered for the peak's sake, never the waveform bent: a limiter would be learnt by the voice.
    """
    if not np.isfinite(loudness_lufs):
        return 1.0
    gain = 10 ** (min(TARGET_LUFS - loudness_lufs, MAX_GAIN_DB) / 20)
    ceiling = 10 ** (MAX_TRUE_PEAK_DB / 20)
    peak = float(np.abs(samples).max(initial=0.0))
    # Between the samples a peak is rarely more than 6 dB higher: most clips need no oversampling.
    if 2 * peak * gain > ceiling:
        gain = min(gain, ceiling / true_peak(samples, sample_rate_hz))
    return float(gain)


def _k_weighted(samples: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    size = _fast_length(len(samples) + round(_TAIL_S * sample_rate_hz))
    spectrum = np.fft.rfft(samples, size)
    weighted = np.fft.irfft(spectrum * _k_response(size, sample_rate_hz), size)
    return weighted[: len(samples)].astype(np.float32, copy=False)


@lru_cache(maxsize=8)
def _k_response(size: int, sample_rate_hz: int) -> NDArray[np.complex64]:
    """The two filters of BS.1770-4 at the frequencies of an FFT.

    The standard gives coefficients for 48 kHz only; for other rates the analogue filters behind them are
    transformed anew (Brecht De Man, "Evaluation of
    implementations of the EBU R128 loudness measurement", 2018).
    """
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    shelf = _high_shelf(3.99984385397, 0.7071752369554193, 1681.9744509555319, sample_rate_hz)
    pass_ = _high_pass(0.5003270373238773, 38.13547087602444, sample_rate_hz)
    response = np.ones(len(z), np.complex128)
    for numerator, denominator in (shelf, pass_):
        response *= np.polyval(numerator[::-1], z) / np.polyval(denominator[::-1], z)
    return response.astype(np.complex64)


_Biquad = tuple[tuple[float, float, float], tuple[float, float, float]]


def _high_shelf(gain_db: float, q: float, frequency_hz: float, sample_rate_hz: int) -> _Biquad:
    k = np.tan(np.pi * frequency_hz / sample_rate_hz)
    high = 10 ** (gain_db / 20)
    band = high**0.499666774155
    scale = 1 + k / q + k * k
    return (
        (
            (high + band * k / q + k * k) / scale,
            2 * (k * k - high) / scale,
            (high - band * k / q + k * k) / scale,
        ),
        (1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale),
    )


def _high_pass(q: float, frequency_hz: float, sample_rate_hz: int) -> _Biquad:
    k = np.tan(np.pi * frequency_hz / sample_rate_hz)
    scale = 1 + k / q + k * k
    return (1.0, -2.0, 1.0), (1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale)


def _fast_length(size: int) -> int:
    """The next length that is a power of two times 1, 3 or 5: prime lengths make an FFT slow."""
    power = 1 << (size - 1).bit_length()
    return min(n for n in (power, power // 4 * 3, power // 8 * 5) if n >= size)


def _to_lufs(power: float) -> float:
    return float(_OFFSET_LUFS + 10 * np.log10(power)) if power > 0 else float("-inf")


def _from_lufs(loudness_lufs: float) -> float:
    return float(10 ** ((loudness_lufs - _OFFSET_LUFS) / 10))
