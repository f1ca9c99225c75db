"""Mixes any number of channels to one without losing the voice: beware of opposite phase and dead channels.

Averaging is right for most stereo recordings and wrong for two common ones: a microphone wired in opposite
phase cancels itself, and a dead channel halves the level and adds its hiss. So the channels of the first
seconds with sound are compared and a weight per channel is fixed for the whole file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from numpy.typing import NDArray

_WINDOW_S: Final = 20.0
"""How much is looked at before the weights are fixed; what is buffered, so it bounds memory too."""
_WINDOW_SAMPLES: Final = 6_000_000
_DEAD_DB: Final = -26.0
"""A channel this far under the loudest carries no voice."""
_SILENT_RMS: Final = 1e-4
_OPPOSITE: Final = -0.5
"""A correlation below this is a wiring error, not stereo width."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How the channels of one file become one."""

    weights: NDArray[np.float32]
    """(channels,); their magnitudes sum to 1."""
    peak: float
    """Largest magnitude of the mix in the window that was looked at."""
    note: str | None
    """What was unusual, in words, or None."""

    def apply(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mix a block (n, channels) to (n,)."""
        if block.shape[1] == 1:
            return block[:, 0]
        mixed: NDArray[np.float32] = block @ self.weights
        return mixed


def plan_mix(window: NDArray[np.float32]) -> Mix:
    """Choose the weights from a window (n, channels): drop dead channels, turn opposite ones, average."""
    channels = window.shape[1]
    if channels == 1:
        return Mix(np.ones(1, np.float32), _peak(window), None)
    centred = window - window.mean(axis=0)
    covariance = (centred.T @ centred).astype(np.float64) / max(1, len(window))
    rms = np.sqrt(np.diag(covariance))
    loudest = int(np.argmax(rms))
    if rms[loudest] < _SILENT_RMS:
        return Mix(np.full(channels, 1.0 / channels, np.float32), _peak(window), None)
    alive = rms > rms[loudest] * 10 ** (_DEAD_DB / 20)
    correlation = covariance[loudest] / (rms[loudest] * np.maximum(rms, 1e-12))
    signs = np.where(correlation < _OPPOSITE, -1.0, 1.0)
    weights = (signs * alive / alive.sum()).astype(np.float32)
    notes = []
    if not alive.all():
        notes.append(f"only {int(alive.sum())} of {channels} channels carry the voice")
    if (signs[alive] < 0).any():
        notes.append("the channels are in opposite phase; one was turned round")
    return Mix(weights, _peak(window @ weights), "; ".join(notes) or None)


class Downmixer:
    """Mixes a stream to mono; looks at the first seconds with sound before it yields anything.

    Attributes:
        mix: the weights in use, once known.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._window = min(round(_WINDOW_S * sample_rate_hz), _WINDOW_SAMPLES // channels)
        self.mix: Mix | None = None

    def stream(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Turn blocks (n, channels) into blocks (n,)."""
        held: list[NDArray[np.float32]] = []
        length = 0
        fixed = False
        for block in blocks:
            if fixed and self.mix is not None:
                yield self.mix.apply(block)
                continue
            held.append(block)
            length += len(block)
            if length >= self._window:
                fixed = yield from self._release(held)
                held, length = [], 0
        if held:
            yield from self._release(held)

    def _release(self, held: list[NDArray[np.float32]]) -> Generator[NDArray[np.float32], None, bool]:
        """Plan on what is held and let it go; gives back whether there was sound to plan on."""
        window = held[0] if len(held) == 1 else np.concatenate(held)
        self.mix = plan_mix(window)
        for block in held:
            yield self.mix.apply(block)
        return self.mix.peak > 10 * _SILENT_RMS


def _peak(samples: NDArray[np.float32]) -> float:
    return float(np.abs(samples).max(initial=0.0))
