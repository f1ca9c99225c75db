"""From F0, envelope and aperiodicity to a wave: pulses and noise through minimum-phase filters.

Each glottal pulse is one minimum-phase impulse response at its exact (fractional) place, as in WORLD
(M. Morise et al., "WORLD: a vocoder-based high-quality speech synthesis system", 2016); the noise is white
noise shaped frame by frame.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft as scipy_fft

from voicewright.plugins.builtin.pitch import HOP_S
from voicewright.plugins.builtin.spectrum import BINS, FFT_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_NOISE_WINDOW_HOPS = 2
_SILENT_SHARE = 1e-6


def minimum_phase(log_power: Floats) -> NDArray[np.complex64]:
    """(frames, 513) natural-log power to the minimum-phase spectrum of the same magnitude.

    By the folded real cepstrum (Oppenheim and Schafer, "Discrete-time signal processing", ch. 13).
    """
    cepstrum = scipy_fft.irfft(log_power * np.float32(0.5), FFT_SIZE, axis=1)
    cepstrum[:, 1 : FFT_SIZE // 2] *= 2
    cepstrum[:, FFT_SIZE // 2 + 1 :] = 0
    result: NDArray[np.complex64] = np.exp(scipy_fft.rfft(cepstrum, FFT_SIZE, axis=1))
    return result


def pulse_times(f0: Floats, sample_rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the glottal pulses lie, and their periods, both in samples; none in unvoiced frames."""
    hop = HOP_S * sample_rate_hz
    samples = int((len(f0) - 1) * hop)
    voiced = f0 > 0
    frames = np.arange(samples) / hop
    filled = np.interp(np.arange(len(f0)), np.flatnonzero(voiced), f0[voiced]) if voiced.any() else f0 + 100.0
    pitch = np.interp(frames, np.arange(len(f0)), filled)
    on = voiced[np.minimum((frames + 0.5).astype(np.int64), len(f0) - 1)]
    cycles = np.cumsum(pitch / sample_rate_hz)
    crossing = np.flatnonzero(np.floor(cycles[1:]) > np.floor(cycles[:-1]))
    crossing = crossing[on[crossing]]
    step = cycles[crossing + 1] - cycles[crossing]
    fraction = (np.floor(cycles[crossing + 1]) - cycles[crossing]) / step
    return crossing + fraction, sample_rate_hz / pitch[crossing]


def stream(
    f0: Floats,
    envelope_of: Callable[[slice], tuple[Floats, Floats]],
    sample_rate_hz: int,
    seed: int,
    *,
    block_frames: int,
    first_block_frames: int,
) -> Iterator[Floats]:
    """Make the wave block by block, each as soon as nothing later can change it.

    Args:
        f0: (frames,) in Hz, 0 where unvoiced.
        envelope_of: gives for a slice of frames the natural-log power envelope and the share of the power
            that is noise, both (frames of the slice, 513).
        sample_rate_hz: of the result.
        seed: of the noise.
        block_frames: how many frames are made at once.
        first_block_frames: the same of the first block, fewer so that it comes soon.

    Yields:
        (samples,) pieces that together have (frames - 1) hops.
    """
    hop = HOP_S * sample_rate_hz
    frames = len(f0)
    samples = int((frames - 1) * hop)
    half = round(hop * _NOISE_WINDOW_HOPS / 2)
    # responses begin before their frame and end after it: a transform's length of room on both sides
    out = np.zeros(samples + 3 * FFT_SIZE, np.float32)
    times, periods = pulse_times(f0, sample_rate_hz)
    owner = np.minimum((times / hop + 0.5).astype(np.int64), frames - 1)
    noise = np.random.default_rng(seed).standard_normal(int(frames * hop) + 4 * half, np.float32)
    given = 0
    cuts = [0, *range(min(first_block_frames, frames), frames, block_frames), frames]
    for start, stop in itertools.pairwise(cuts):
        block = slice(start, stop)
        log_power, noise_share = envelope_of(block)
        mine = slice(*np.searchsorted(owner, [block.start, block.stop]))
        rows = owner[mine] - block.start
        _add_pulses(out, times[mine], periods[mine], log_power[rows], noise_share[rows])
        places = np.round(np.arange(block.start, block.stop) * hop).astype(np.int64)
        _add_noise(out, noise, places, log_power, noise_share, half=half)
        settled = samples if block.stop == frames else int(block.stop * hop) - half - 1
        if settled > given:
            yield out[FFT_SIZE + given : FFT_SIZE + settled]
            given = settled


def synthesize(f0: Floats, log_power: Floats, noise_share: Floats, sample_rate_hz: int, seed: int) -> Floats:
    """The whole wave at once, ((frames - 1) hops,); see `stream`."""
    pieces = stream(
        f0,
        lambda at: (log_power[at], noise_share[at]),
        sample_rate_hz,
        seed,
        block_frames=len(f0),
        first_block_frames=len(f0),
    )
    return np.concatenate([np.zeros(0, np.float32), *pieces])


def _add_pulses(
    out: Floats,
    times: NDArray[np.float64],
    periods: NDArray[np.float64],
    log_power: Floats,
    noise_share: Floats,
) -> None:
    if not len(times):
        return
    tonal = np.log(np.maximum(1.0 - noise_share, _SILENT_SHARE)) + log_power
    spectrum = minimum_phase(tonal.astype(np.float32))
    spectrum *= np.sqrt(periods)[:, None].astype(np.float32)
    whole = np.floor(times).astype(np.int64)
    omega = (-2j * np.pi * np.arange(BINS) / FFT_SIZE).astype(np.complex64)
    spectrum *= np.exp(omega[None] * (times - whole)[:, None].astype(np.float32))
    spectrum[:, 0] = 0  # a pulse train has no constant part
    response = scipy_fft.irfft(spectrum, FFT_SIZE, axis=1)
    for row, place in enumerate(whole):
        out[FFT_SIZE + place : 2 * FFT_SIZE + place] += response[row]


def _add_noise(
    out: Floats,
    noise: Floats,
    places: NDArray[np.int64],
    log_power: Floats,
    noise_share: Floats,
    *,
    half: int,
) -> None:
    # all frames shape the same noise, so that it is the windows, and not their squares, that must sum to one
    window = np.hanning(2 * half + 1)[:-1].astype(np.float32)
    pieces = np.lib.stride_tricks.sliding_window_view(noise, 2 * half)[places] * window
    shaped = log_power + np.log(np.maximum(noise_share, _SILENT_SHARE))
    spectrum = scipy_fft.rfft(pieces, FFT_SIZE, axis=1) * minimum_phase(shaped.astype(np.float32))
    response = scipy_fft.irfft(spectrum, FFT_SIZE, axis=1)
    for row, place in enumerate(places):
        out[FFT_SIZE - half + place : 2 * FFT_SIZE - half + place] += response[row]
