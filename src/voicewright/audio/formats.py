"""What the header of an audio file says, and the shape of a decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header of a file says."""

    container: str
    """A key of `sniff.EXTENSIONS`, or FFmpeg's name for rarer ones."""
    codec: str
    sample_rate_hz: int
    channels: int
    duration_s: float | None
    """As claimed by the header; None where it says nothing."""
    lossy: bool
    """Whether the codec throws detail away (peaks may then pass full scale)."""
    coarse: bool = False
    """Whether samples have 8 bits only (PCM 8, mu-law, A-law)."""


class Decoder(Protocol):
    """One opened file in one decoding library."""

    info: AudioInfo
    problem: str | None
    """Set while reading: what the decoder stumbled over, in words."""

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the sound in order as arrays (n, channels), full scale +-1."""

    def close(self) -> None:
        """Free the file; calling it twice is fine."""
