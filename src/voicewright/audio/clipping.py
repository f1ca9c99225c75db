"""Finds true clipping: runs of equal samples at the top of the waveform, not merely loud samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voicewright.audio.formats import AudioInfo

_FLAT: Final = 6.2e-5
"""Two steps of 16 bits: samples closer than this are equal."""
_FLOOR: Final = 0.1
"""Nothing clips below -20 dB of full scale; silence is flat too."""
_NEAR_PEAK: Final = 0.97
"""A flat top lies at the largest magnitude of the recording so far; a flat stretch below is its own."""
_SHORTEST_S: Final = 1e-4
"""At 44.1 kHz four samples: the rounded top of a full-scale 60 Hz sine is already steeper."""
_SHORTEST_SAMPLES: Final = 3
_SHORTEST_COARSE_SAMPLES: Final = 8
_FULL_SCALE: Final = 0.9999


class ClippingMeter:
    """Watches a stream at its original rate, before mixing and resampling smear the evidence.

    Feed it every block, then ask for the share of clipped samples in a span of time.
    """

    def __init__(self, info: AudioInfo) -> None:
        self._info = info
        shortest = _SHORTEST_COARSE_SAMPLES if info.coarse else _SHORTEST_SAMPLES
        self._shortest = max(shortest, round(_SHORTEST_S * info.sample_rate_hz))
        self._peak = 0.0
        self._fed = 0
        self._starts: list[NDArray[np.int64]] = []
        self._counts: list[NDArray[np.int64]] = []

    def feed(self, block: NDArray[np.float32]) -> None:
        """Look at the next block (n, channels)."""
        offset, self._fed = self._fed, self._fed + len(block)
        for channel in range(block.shape[1]):
            samples = np.ascontiguousarray(block[:, channel])
            peak = max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))
            self._peak = max(self._peak, peak)
            # Most blocks end here: nothing in them comes near the largest magnitude so far.
            if peak < max(_FLOOR, _NEAR_PEAK * self._peak):
                continue
            starts, counts = self._runs(samples)
            if len(starts):
                self._starts.append(starts + offset)
                self._counts.append(counts)

    def _runs(self, samples: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Starts and lengths, in samples, of the clipped runs of one channel."""
        magnitude = np.abs(samples)
        near = np.flatnonzero(magnitude >= max(_FLOOR, _NEAR_PEAK * self._peak))
        if self._info.lossy:
            # A lossy codec rounds the flat tops off, and its decoder shoots over full scale there.
            over = near[magnitude[near] >= _FULL_SCALE]
            return over, np.ones(len(over), np.int64)
        if len(near) < self._shortest:
            return near[:0], near[:0]
        # Stretches near the peak, each with its own top: the flat part is what lies within two steps of it.
        first = np.flatnonzero(np.diff(near, prepend=-2) > 1)
        heights = magnitude[near]
        tops = np.repeat(np.maximum.reduceat(heights, first), np.diff(first, append=len(near)))
        lengths = np.add.reduceat((heights >= tops - _FLAT).astype(np.int64), first)
        long = lengths >= self._shortest
        return near[first[long]], lengths[long]

    def ratio(self, start_s: float, end_s: float) -> float:
        """Give the share (0..1) of clipped samples between two times; of all channels together.

        Older spans may then no longer be asked for: what lies before `start_s` is forgotten.
        """
        rate = self._info.sample_rate_hz
        first, last = start_s * rate, end_s * rate
        clipped = 0
        for index in range(len(self._starts) - 1, -1, -1):
            starts, counts = self._starts[index], self._counts[index]
            if starts[-1] < first:
                del self._starts[index], self._counts[index]
                continue
            clipped += int(counts[(starts >= first) & (starts < last)].sum())
        total = (last - first) * self._info.channels
        return min(1.0, clipped / total) if total > 0 else 0.0
