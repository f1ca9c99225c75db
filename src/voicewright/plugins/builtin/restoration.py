"""Undoing what averaging does to a predicted trajectory: its variance, its pauses, its long-term spectrum.

Variance: T. Toda and K. Tokuda, "A speech parameter generation algorithm considering global variance" (2007),
here as a linear stretch of each cepstrum. Spectrum: a linear-phase equaliser that brings the long-term
average of the voice's own speech to that of the recordings.
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
SHARPENING: Final = 0.5
SHARPENED_FRAMES: Final = 15
_MOST_STRETCH = 2.5
_PAUSE_DEPTH = 3.5
"""Deviations of the level by which predicted pauses are lowered: averaged pauses hiss."""
_PAUSE_EDGE_FRAMES = 11
EQUALISER_TAPS: Final = 513
_SPECTRUM_SIZE = 1024
_LOUD_ENOUGH = 1e-3
_MOST_GAIN, _LEAST_GAIN = 3.0, 0.25
_SMOOTHING_BINS = 9
LOW_CUT_TAPS: Final = 1025
_CUT_SHARE = 0.75
"""Of the speaker's low F0: no voice has energy below its fundamental, but envelopes do."""
_EQUALISE_FROM = 1.6
"""In low cuts: what lies below is the cut's affair."""


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


def low_cut_hz(f0: Floats) -> float:
    """Where the speaker's voice ends below, from voiced F0 values in Hz."""
    return _CUT_SHARE * float(np.percentile(f0, 5))


def low_cut(cut_hz: float, sample_rate_hz: int) -> Floats:
    """(LOW_CUT_TAPS,) linear-phase high-pass."""
    taps: Floats = signal.firwin(LOW_CUT_TAPS, cut_hz, pass_zero=False, fs=sample_rate_hz)
    return taps.astype(np.float32)


def long_term_spectrum(waves: Sequence[Floats]) -> Floats:
    """(513,) mean power spectrum of the loud frames, each frame normalised to the same power."""
    window = np.hanning(_SPECTRUM_SIZE)
    parts = []
    for wave in waves:
        if len(wave) < _SPECTRUM_SIZE:
            continue
        frames = np.lib.stride_tricks.sliding_window_view(wave, _SPECTRUM_SIZE)[:: _SPECTRUM_SIZE // 2]
        energy = (frames**2).sum(1)
        loud = frames[energy > energy.max() * _LOUD_ENOUGH] * window
        power = np.abs(np.fft.rfft(loud)) ** 2
        parts.append(power / power.sum(1, keepdims=True))
    if not parts:
        return np.ones(_SPECTRUM_SIZE // 2 + 1, np.float32)
    mean: Floats = np.concatenate(parts).mean(0).astype(np.float32)
    return mean


def fit_equaliser(recordings: Sequence[Floats], spoken: Sequence[Floats], cut_hz: float, rate: int) -> Floats:
    """(EQUALISER_TAPS,) linear-phase filter from the voice's long-term spectrum to the recordings'."""
    wanted, got = long_term_spectrum(recordings), long_term_spectrum(spoken)
    gain = np.sqrt(wanted / np.maximum(got, 1e-12))
    start = int(np.ceil(_EQUALISE_FROM * cut_hz / rate * _SPECTRUM_SIZE))
    gain[:start] = gain[start]
    half = _SMOOTHING_BINS // 2
    kernel = np.ones(_SMOOTHING_BINS) / _SMOOTHING_BINS
    gain = np.convolve(np.pad(gain, half, "edge"), kernel, "valid")
    gain = np.clip(gain, _LEAST_GAIN, _MOST_GAIN)
    taps: Floats = signal.firwin2(EQUALISER_TAPS, np.linspace(0, 1, len(gain)), gain)
    return taps.astype(np.float32)
