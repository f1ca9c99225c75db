"""The nets of Perth as matrix products: an encoder that changes a spectrum, and a decoder that hears it.

Both see frames of 10 ms as rows of `BINS` numbers: the lowest bins of the normalised log spectrum.

Source: resemble-perth 1.0.1 (MIT), perth_net/perth_net_implicit/model/.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.provenance.watermark.weights import Layer, Weights

Frames: TypeAlias = NDArray[np.float32]
"""(frames, bins)."""

_LEAK: Final = 0.01
_MASK: Final = 0.05
"""Frames with less than this share of the loudest one's levels are left out: digital silence, in practice."""
_PACES: Final = (("slow", 1.25), ("normal", 1.0), ("fast", 0.75))


@dataclass(frozen=True, slots=True)
class Stack:
    """Seven layers of convolution over time, leaky ReLU between them."""

    layers: Sequence[tuple[int, NDArray[np.float32], NDArray[np.float32]]]
    """Width, matrix (width x in, out), bias."""

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> Self:
        """With their weights."""
        made = []
        for kernel, bias in layers:
            out, _, width = kernel.shape
            made.append((width, np.ascontiguousarray(kernel.transpose(2, 1, 0).reshape(-1, out)), bias))
        return cls(made)

    def __call__(self, frames: Frames) -> Frames:
        """Run it."""
        for place, (width, matrix, bias) in enumerate(self.layers):
            if width > 1:
                half = width // 2
                padded = np.pad(frames, ((half, half), (0, 0)))
                count, size = len(frames), frames.shape[1]
                # the rows of `width` frames overlap in memory: one copy puts them apart
                rows = np.lib.stride_tricks.as_strided(
                    padded, (count, width * size), padded.strides, writeable=False
                )
                frames = rows @ matrix
            else:
                frames = frames @ matrix
            frames += bias
            if place + 1 < len(self.layers):
                np.maximum(frames, frames * np.float32(_LEAK), out=frames)
        return frames


class Encoder:
    """Says what to add to a spectrum so that the decoder hears it."""

    def __init__(self, weights: Weights) -> None:
        self._stack = Stack.of(weights["encoder"])

    def __call__(self, low: Frames, sums: NDArray[np.float32]) -> Frames:
        """What is to be added to `low`.

        Args:
            low: (frames, BINS).
            sums: (frames,): of all levels of each frame.
        """
        return np.asarray(self._stack(low) * audible(sums)[:, np.newaxis], dtype=np.float32)


class Decoder:
    """Hears how surely a spectrum was marked."""

    def __init__(self, weights: Weights) -> None:
        self._stacks = [(Stack.of(weights[name]), pace) for name, pace in _PACES]

    def __call__(self, low: Frames, sums: NDArray[np.float32]) -> float:
        """About 0 for no mark, about 1 for one; NaN for silence. Arguments as the encoder's."""
        mask = audible(sums)
        if not mask.any():
            return float("nan")
        votes = []
        for stack, pace in self._stacks:
            count = max(1, int(len(low) * pace))
            heard = stack(stretched(low, count) if count != len(low) else low)
            there = mask[np.arange(count) * len(mask) // count]
            if not there.any():
                return float("nan")
            votes.append((heard * there[:, np.newaxis]).sum(axis=0) / there.sum())
        attention, marks = np.array(votes).T
        share = np.exp(attention - attention.max())
        return float((marks * share).sum() / share.sum())


def audible(sums: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 for frames that are not silent beside the loudest, 0 for the others."""
    if not len(sums):
        return sums
    return np.asarray(sums > sums.max() * np.float32(_MASK), dtype=np.float32)


def stretched(frames: Frames, count: int) -> Frames:
    """The same course in another number of frames, interpolated, ends on ends."""
    places = np.linspace(0.0, len(frames) - 1.0, count, dtype=np.float64)
    before = np.minimum(places.astype(np.intp), max(0, len(frames) - 2))
    after = np.minimum(before + 1, len(frames) - 1)
    share = (places - before).astype(np.float32)[:, np.newaxis]
    return np.asarray(frames[before] * (1 - share) + frames[after] * share, dtype=np.float32)
