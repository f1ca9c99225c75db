"""Changes the sample rate, whole or as a stream, through soxr at high quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray


def resample(samples: NDArray[np.float32], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """Resample mono float32 (n,) from one rate to another; any positive whole rates."""
    if from_hz == to_hz or not len(samples):
        return samples
    result: NDArray[np.float32] = soxr.resample(samples, from_hz, to_hz, "HQ")
    return result


class Resampler:
    """Resamples a mono stream block by block; the output has no delay against the input."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._soxr = None if from_hz == to_hz else soxr.ResampleStream(from_hz, to_hz, 1, "float32", "HQ")

    def feed(self, block: NDArray[np.float32], *, last: bool = False) -> NDArray[np.float32]:
        """Give (n,) samples in, get what is ready; `last` flushes and may come with an empty block."""
        if self._soxr is None:
            return block
        result: NDArray[np.float32] = self._soxr.resample_chunk(np.ascontiguousarray(block), last=last)
        return result

    def flush(self) -> NDArray[np.float32]:
        """What is left at the end; after it nothing may be fed."""
        return self.feed(np.zeros(0, np.float32), last=True)

    def stream(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Turn a stream of blocks into a stream of resampled blocks, flushed at the end."""
        for block in blocks:
            if len(ready := self.feed(block)):
                yield ready
        if len(rest := self.flush()):
            yield rest
