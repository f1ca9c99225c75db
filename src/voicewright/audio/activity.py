"""Says where somebody speaks: a track of speech probability and power, one step per 32 ms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.audio.resample import Resampler
from voicewright.audio.silero import VAD_RATE_HZ, WINDOW_SAMPLES, speech_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEP_S: Final = WINDOW_SAMPLES / VAD_RATE_HZ
"""Seconds per step of a track: 0.032."""

_ON: Final = 0.5
_OFF: Final = 0.35
"""Silero's own hysteresis: speech begins at .5 and goes on until the probability is under .35."""
_SHORTEST_SPEECH_STEPS: Final = 5
"""Less than 160 ms is a click or a breath."""
_SHORTEST_GAP_STEPS: Final = 4
"""Less than 128 ms is a stop consonant, not a pause."""
_EDGE_STEPS: Final = 12
_EDGE_OVER_BACKGROUND: Final = 10.0
_EDGE_UNDER_VOICE: Final = 1e-3
_BACKGROUND_SHARE: Final = 0.1
_LOUD_ENOUGH: Final = 0.1
_TARGET_PEAK: Final = 0.5


@dataclass(frozen=True, slots=True)
class Track:
    """What is known of a stretch of sound, per step of `STEP_S` seconds."""

    probability: NDArray[np.float32]
    """(n,) that somebody speaks, 0..1."""
    power: NDArray[np.float32]
    """(n,) mean square of the samples (at 16 kHz, so up to 8 kHz)."""

    def __len__(self) -> int:
        return len(self.probability)

    def joined(self, other: Track) -> Track:
        """Append what follows."""
        return Track(
            np.concatenate((self.probability, other.probability)), np.concatenate((self.power, other.power))
        )

    def between(self, start: int, end: int | None = None) -> Track:
        """Give the steps from `start` to before `end`."""
        return Track(self.probability[start:end], self.power[start:end])


EMPTY_TRACK: Final = Track(np.zeros(0, np.float32), np.zeros(0, np.float32))


class SpeechTracker:
    """Follows a mono stream at any rate; one per stream.

    Args:
        sample_rate_hz: of the stream.
        gain: brings very quiet or overloud recordings to the level that the model was trained on; see
            `tracking_gain`. The powers that are reported are those before the gain.
    """

    def __init__(self, sample_rate_hz: int, gain: float = 1.0) -> None:
        self._resampler = Resampler(sample_rate_hz, VAD_RATE_HZ)
        self._model = speech_model()
        self._gain = np.float32(gain)
        self._rest = np.zeros(0, np.float32)

    def feed(self, block: NDArray[np.float32]) -> Track:
        """Take the next samples (n,); give the steps that are complete."""
        return self._advance(self._resampler.feed(block))

    def finish(self) -> Track:
        """Give the last steps; the last one is filled up with silence."""
        tail = self._resampler.feed(np.zeros(0, np.float32), last=True)
        filled = -(len(self._rest) + len(tail)) % WINDOW_SAMPLES
        track = self._advance(np.concatenate((tail, np.zeros(filled, np.float32))))
        if len(track):
            # The power is that of the sound, not of the filling.
            track.power[-1] *= WINDOW_SAMPLES / (WINDOW_SAMPLES - filled)
        return track

    def _advance(self, samples: NDArray[np.float32]) -> Track:
        samples = np.concatenate((self._rest, samples))
        whole = len(samples) // WINDOW_SAMPLES * WINDOW_SAMPLES
        self._rest = samples[whole:]
        windows = samples[:whole].reshape(-1, WINDOW_SAMPLES)
        power = np.einsum("ij,ij->i", windows, windows) / np.float32(WINDOW_SAMPLES)
        return Track(self._model.feed(windows * self._gain), power)


def tracking_gain(peak: float) -> float:
    """Choose the gain for `SpeechTracker` from the largest magnitude seen: 1 for ordinary recordings."""
    if peak <= 0 or _LOUD_ENOUGH <= peak <= 1 / _LOUD_ENOUGH**0.5:
        return 1.0
    return min(_TARGET_PEAK / peak, 1000.0)


def speech_mask(probability: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Turn probabilities (n,) into speech or not, with hysteresis; clicks fall out, short gaps are closed."""
    # Hysteresis without a loop: a step between the thresholds takes the state of the last clear one.
    clear = np.where(probability >= _ON, 1, np.where(probability < _OFF, 0, -1))
    known = np.where(clear >= 0, np.arange(len(clear)), -1)
    last = np.maximum.accumulate(known) if len(known) else known
    mask = np.where(last >= 0, clear[np.maximum(last, 0)] == 1, False)
    for start, end in runs(~mask):
        if end - start < _SHORTEST_GAP_STEPS and start > 0 and end < len(mask):
            mask[start:end] = True
    for start, end in runs(mask):
        if end - start < _SHORTEST_SPEECH_STEPS:
            mask[start:end] = False
    return mask


def with_edges(mask: NDArray[np.bool_], power: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Let speech begin and end where the sound does: up to 0.4 s earlier and later, while it stays loud.

    The detector needs about 0.2 s to be sure, longer at the very beginning of a file; whoever trims there
    cuts the first sound off. Loud means 10 dB over the background and less than 30 dB under the voice.

    Args:
        mask: (n,) as of `speech_mask`.
        power: (n,) of the same track.
    """
    if not mask.any():
        return mask
    loud = power > max(
        _EDGE_OVER_BACKGROUND * float(np.quantile(power, _BACKGROUND_SHARE)),
        _EDGE_UNDER_VOICE * float(power[mask].mean()),
    )
    extended = mask.copy()
    for start, end in runs(mask):
        before = loud[max(0, start - _EDGE_STEPS) : start][::-1]
        after = loud[end : end + _EDGE_STEPS]
        extended[start - _leading(before) : end + _leading(after)] = True
    return extended


def _leading(values: NDArray[np.bool_]) -> int:
    """Count the true values at the beginning."""
    return len(values) if values.all() else int(np.argmin(values))


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """List the stretches (start, end) where a mask is true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(start), int(end)) for start, end in zip(edges[0::2], edges[1::2], strict=True)]
