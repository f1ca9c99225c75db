"""Speaks faster or slower at the same pitch, whole or as a stream (WSOLA).

For engines that can't, or not over the whole range that the port asks for. The sound is laid out anew in
overlapping windows, each taken from where it goes on best from the one before it, near to where the speed
wants it. Needs numpy only, as engines in environments of their own use it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

_WINDOW_S: Final = 0.032
"""About a phone: longer ones double plosives, shorter ones have no whole period of a deep voice."""
_SEARCH_S: Final = 0.011
"""To each side: together one period of the deepest voice."""
_FULL_SCALE: Final = 32_768.0
_FLOOR: Final = 1e-6
"""Of the power of a window at full scale: below it all places are alike, and the nearest one is taken."""


def stretch(samples: NDArray[np.float32], rate_hz: int, speed: float) -> NDArray[np.float32]:
    """Say mono float32 (n,) `speed` times as fast: n / speed samples."""
    return np.concatenate([*Stretcher(rate_hz, speed).stream([samples]), np.zeros(0, np.float32)])


def stretch_pcm(pieces: Iterable[bytes], rate_hz: int, speed: float) -> Iterator[bytes]:
    """Say mono 16-bit samples `speed` times as fast as they come, whole ones in each piece."""
    if math.isclose(speed, 1.0):
        yield from pieces
        return
    blocks = (np.frombuffer(piece, "<i2").astype(np.float32) / _FULL_SCALE for piece in pieces)
    for block in Stretcher(rate_hz, speed).stream(blocks):
        if len(block):
            clipped = np.clip(block * _FULL_SCALE, -_FULL_SCALE, _FULL_SCALE - 1)
            yield clipped.round().astype("<i2").tobytes()


class Stretcher:
    """Changes the speed of a mono stream block by block.

    A speed of 1 gives back what it got. Others lag behind by about 40 ms of the input.

    Args:
        rate_hz: samples per second.
        speed: above 1 faster, below 1 slower; sensible from 0.25 to 4.
    """

    def __init__(self, rate_hz: int, speed: float) -> None:
        self._speed = speed
        self._hop = round(_WINDOW_S * rate_hz / 2)
        self._search = round(_SEARCH_S * rate_hz)
        window = 2 * self._hop
        # periodic, so that each half and the next window's first half sum to 1
        self._rise = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self._hop) / window)).astype(np.float32)
        self._input = np.zeros(0, np.float32)
        self._dropped = 0
        """Input samples that are no longer in `_input`."""
        self._received = 0
        self._given = 0
        self._windows = 0
        self._last = -self._hop
        """Where the last window was taken from."""
        self._falling: NDArray[np.float32] | None = None
        """Its second half, into which the next one rises."""

    def feed(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give (n,) samples in, get what is ready."""
        self._received += len(block)
        if self._speed == 1.0:
            self._given += len(block)
            return block
        self._input = np.concatenate((self._input, np.asarray(block, np.float32)))
        return self._made()

    def flush(self) -> NDArray[np.float32]:
        """What is left at the end; after it nothing may be fed."""
        missing = round(self._received / self._speed) - self._given
        if missing <= 0:
            return np.zeros(0, np.float32)
        reach = round((missing + 2 * self._hop) * max(self._speed, 1.0)) + 4 * (self._hop + self._search)
        self._input = np.concatenate((self._input, np.zeros(reach, np.float32)))
        return self._made()[:missing]

    def stream(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Turn a stream of blocks into a stream of stretched blocks, flushed at the end."""
        for block in blocks:
            if len(ready := self.feed(block)):
                yield ready
        if len(rest := self.flush()):
            yield rest

    def _made(self) -> NDArray[np.float32]:
        """All windows for which there is enough input."""
        pieces: list[NDArray[np.float32]] = []
        while self._needed(nominal := self._nominal()) <= self._end:
            start = self._best(nominal)
            window = self._take(start, 2 * self._hop)
            rising, falling = window[: self._hop], window[self._hop :]
            if self._falling is not None:
                rising = self._falling + self._rise * rising
            pieces.append(rising)
            self._falling = falling * (1.0 - self._rise)
            self._last = start
            self._windows += 1
            self._forget()
        made = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
        self._given += len(made)
        return made

    def _nominal(self) -> int:
        """Where the speed wants the next window from."""
        return round(self._windows * self._hop * self._speed)

    def _needed(self, nominal: int) -> int:
        """How much input has to be there: all that is looked at, and what the output will be worth."""
        furthest = max(nominal + self._search, self._last + self._hop) + 2 * self._hop
        return max(furthest, math.ceil((self._windows + 1) * self._hop * self._speed))

    @property
    def _end(self) -> int:
        """The first input sample that is not there yet."""
        return self._dropped + len(self._input)

    def _best(self, nominal: int) -> int:
        """Near `nominal`, where the sound is most like what would have come after the last window."""
        if self._falling is None:
            return nominal
        template = self._take(self._last + self._hop, 2 * self._hop)
        first = max(nominal - self._search, 0)
        area = self._take(first, nominal + self._search + 2 * self._hop - first)
        likeness = np.correlate(area, template, "valid")
        sums = np.concatenate(([0.0], np.cumsum(np.square(area, dtype=np.float64))))
        power = np.maximum(sums[len(template) :] - sums[: -len(template)], _FLOOR * len(template))
        away = np.abs(np.arange(len(power)) + first - nominal)
        score = likeness / np.sqrt(power) - 1e-6 * away  # among equals the nearest
        return first + int(np.argmax(score))

    def _take(self, start: int, count: int) -> NDArray[np.float32]:
        return self._input[start - self._dropped : start - self._dropped + count]

    def _forget(self) -> None:
        """Let go of input that no later window can begin in."""
        needed = max(min(self._nominal() - self._search, self._last + self._hop), self._dropped)
        if needed - self._dropped > len(self._input) // 2:
            self._input = self._input[needed - self._dropped :]
            self._dropped = needed
