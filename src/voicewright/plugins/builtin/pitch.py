"""The fundamental frequency of speech, by normalised autocorrelation and dynamic programming.

Method: P. Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise
ratio of a sampled sound" (1993), with two passes: the first finds the speaker's range, the second tracks
with a window and limits that fit it (as in D. Hirst, "A Praat plugin for MOMEL and INTSINT", 2007).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft as scipy_fft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

HOP_S = 0.005
WIDEST_RANGE_HZ = (60.0, 550.0)
CANDIDATES = 7
"""Per frame, the first being "unvoiced"."""
VOICING_THRESHOLD = 0.3
SILENCE_THRESHOLD = 0.01
OCTAVE_COST = 0.02
OCTAVE_JUMP_COST = 0.45
VOICING_CHANGE_COST = 0.14
_COST_PER_STEP = HOP_S / 0.01
"""Boersma's transition costs are meant for frames of 10 ms."""
_PERIODS_IN_WINDOW = 3.0
_FEWEST_VOICED = 50
"""A quarter of a second: fewer voiced frames say nothing of a range."""
_LOWEST_PEAK = 0.2
"""Of a correlation: below it the frame is noise at that lag."""


def speaker_range_hz(waves: Sequence[Floats], sample_rate_hz: int) -> tuple[float, float]:
    """The lowest and highest F0 worth looking for in one speaker's recordings.

    Args:
        waves: a sample of the speaker's clips, each (samples,); half a minute is enough.
        sample_rate_hz: of the waves.

    Returns:
        (floor, ceiling) in Hz; the widest range where no voiced frame is found.
    """
    tracks = [track_f0(wave, sample_rate_hz, WIDEST_RANGE_HZ) for wave in waves]
    voiced = np.concatenate([f0[f0 > 0] for f0 in tracks]) if tracks else np.zeros(0)
    if len(voiced) < _FEWEST_VOICED:
        return WIDEST_RANGE_HZ
    low, high = np.percentile(voiced, [25, 75])
    return max(WIDEST_RANGE_HZ[0], float(low) * 0.6), min(WIDEST_RANGE_HZ[1], float(high) * 2.0)


def track_f0(wave: Floats, sample_rate_hz: int, range_hz: tuple[float, float]) -> Floats:
    """F0 every 5 ms.

    Args:
        wave: (samples,) mono.
        sample_rate_hz: of the wave.
        range_hz: the floor and the ceiling of the search.

    Returns:
        (frames,) in Hz, 0 where unvoiced; frames = floor(samples / hop) + 1, frame n centred at n hops.
    """
    frequency, strength = _candidates(wave, sample_rate_hz, range_hz)
    path = _best_path(frequency, strength)
    return frequency[np.arange(len(path)), path]


def frame_count(samples: int, sample_rate_hz: int) -> int:
    """How many 5 ms frames a wave of so many samples has."""
    return int(samples / (sample_rate_hz * HOP_S)) + 1


def frames_at(wave: Floats, centres: NDArray[np.int64], half: int) -> Floats:
    """Cut (len(centres), 2 half + 1) samples around each centre, zeros beyond the ends."""
    padded = np.pad(np.asarray(wave, np.float32), (half, half + 1))
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)[centres]


def centres_of(samples: int, sample_rate_hz: int) -> NDArray[np.int64]:
    """The sample at the centre of each 5 ms frame."""
    count = frame_count(samples, sample_rate_hz)
    return np.minimum(np.round(np.arange(count) * HOP_S * sample_rate_hz).astype(np.int64), samples)


def _candidates(wave: Floats, rate: int, range_hz: tuple[float, float]) -> tuple[Floats, Floats]:
    """Frequencies (0 = unvoiced) and strengths of the candidates, each (frames, CANDIDATES)."""
    floor, ceiling = range_hz
    half = int(_PERIODS_IN_WINDOW / 2 * rate / floor)
    window = np.hanning(2 * half + 3)[1:-1].astype(np.float32)
    size = scipy_fft.next_fast_len(int(2 * half + 2 + rate / floor * 1.1), real=True)
    window_correlation = _autocorrelation(window[None], size)[0]
    lag_low, lag_high = int(rate / ceiling) - 1, min(int(rate / floor) + 2, half)
    peak_all = float(np.abs(wave).max(initial=1e-9))
    frequencies, strengths = [], []
    centres = centres_of(len(wave), rate)
    for start in range(0, len(centres), 4096):
        frames = frames_at(wave, centres[start : start + 4096], half)
        frames = frames - frames.mean(1, keepdims=True)
        middle = frames[:, half - half // 3 : half + half // 3 + 1]
        loudness = np.abs(middle).max(1) / peak_all
        correlation = _autocorrelation(frames * window, size)
        correlation = correlation[:, : lag_high + 2] / window_correlation[: lag_high + 2]
        frequency, strength = _peaks(correlation, lag_low, lag_high, rate, range_hz)
        unvoiced = VOICING_THRESHOLD + np.maximum(
            0.0, 2.0 - (loudness / SILENCE_THRESHOLD) * (1.0 + VOICING_THRESHOLD)
        )
        frequency[:, 0] = 0.0
        strength[:, 0] = unvoiced
        frequencies.append(frequency)
        strengths.append(strength)
    return np.concatenate(frequencies), np.concatenate(strengths)


def _autocorrelation(frames: Floats, size: int) -> Floats:
    spectrum = scipy_fft.rfft(frames, size, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    result: Floats = scipy_fft.irfft(power, size, axis=1)
    result /= np.maximum(result[:, :1], 1e-12)
    return result


def _peaks(
    correlation: Floats, low: int, high: int, rate: int, range_hz: tuple[float, float]
) -> tuple[Floats, Floats]:
    """The strongest local maxima between two lags, refined by a parabola through three points."""
    left, mid, right = (correlation[:, low + shift : high + shift] for shift in (-1, 0, 1))
    height = np.where((mid > left) & (mid >= right) & (mid > _LOWEST_PEAK), mid, -1.0)
    keep = CANDIDATES - 1
    chosen = np.argpartition(-height, keep, axis=1)[:, :keep]
    rows = np.arange(len(height))[:, None]
    a, b, c = left[rows, chosen], mid[rows, chosen], right[rows, chosen]
    curvature = np.minimum(a - 2 * b + c, -1e-9)
    offset = np.clip(0.5 * (a - c) / curvature, -0.5, 0.5)
    value = np.minimum(b - 0.25 * (a - c) * offset, 1.0)
    frequency = rate / (low + chosen + offset)
    valid = (height[rows, chosen] > 0) & (frequency >= range_hz[0]) & (frequency <= range_hz[1])
    strength = np.where(valid, value + OCTAVE_COST * np.log2(np.maximum(frequency, 1) / range_hz[0]), -9.0)
    pad = np.zeros((len(height), 1), np.float32)
    return (
        np.concatenate([pad, frequency], 1).astype(np.float32),
        np.concatenate([pad, strength], 1).astype(np.float32),
    )


def _best_path(frequency: Floats, strength: Floats) -> NDArray[np.int64]:
    """The candidates with the greatest total strength less the costs of jumps."""
    log2 = np.log2(np.maximum(frequency, 1.0))
    voiced = frequency > 0
    frames, count = frequency.shape
    change = voiced[1:, :, None] != voiced[:-1, None, :]
    both = voiced[1:, :, None] & voiced[:-1, None, :]
    cost = (
        VOICING_CHANGE_COST * change
        + OCTAVE_JUMP_COST * both * np.abs(log2[1:, :, None] - log2[:-1, None, :])
    ) / _COST_PER_STEP
    score = strength[0].copy()
    back = np.zeros((frames, count), np.int64)
    lanes = np.arange(count)
    for frame in range(1, frames):
        total = score[None, :] - cost[frame - 1]
        best = total.argmax(1)
        back[frame] = best
        score = total[lanes, best] + strength[frame]
    path = np.zeros(frames, np.int64)
    path[-1] = int(score.argmax())
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = back[frame, path[frame]]
    return path
