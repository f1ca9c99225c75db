"""A file to verify, as bare samples at one rate: decoded once, so that everything may look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.audio.decode import open_audio
from voicewright.audio.mono import mono_blocks
from voicewright.provenance.errors import AudioTooLong
from voicewright.storage.faults import clear_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

RATE_HZ: Final = 16_000
_FULL_SCALE: Final = 32767.0


@dataclass(frozen=True, slots=True)
class Sound:
    """What a file sounds like.

    Attributes:
        path: 16-bit samples, mono, at `RATE_HZ`.
        count: how many.
        container: of the file, a key of `audio.sniff.EXTENSIONS`.
    """

    path: Path
    count: int
    container: str

    @property
    def duration_s(self) -> float:
        """Its length."""
        return self.count / RATE_HZ

    def stretches(self, length_s: float, most: int) -> Iterator[tuple[float, NDArray[np.float32]]]:
        """Where stretches of it begin, and their samples: all of it, or so many, spread evenly."""
        length = round(length_s * RATE_HZ)
        if not self.count:
            return
        samples = np.memmap(self.path, dtype="<i2", mode="r")
        starts = list(range(0, self.count, length))
        if len(starts) > most:
            starts = [round(place * (self.count - length) / (most - 1)) for place in range(most)]
        for start in starts:
            part = samples[start : start + length].astype(np.float32) / np.float32(_FULL_SCALE)
            yield start / RATE_HZ, part


def take_apart(path: Path, target: Path, most_s: int) -> Sound:
    """Decode a file of any audio format.

    Args:
        path: the file.
        target: where the samples go.
        most_s: seconds that it may have.

    Raises:
        AudioError: as `open_audio` and `AudioReader.blocks`.
        AudioTooLong: as soon as that is known.
        StorageFull: the samples can't be written.
    """
    count = 0
    with open_audio(path) as reader:
        _require_short((reader.info.duration_s or 0.0), most_s)
        with clear_errors("write the samples", str(target.parent)), target.open("xb") as file:
            for block in mono_blocks(reader, RATE_HZ):
                count += len(block)
                _require_short(count / RATE_HZ, most_s)
                file.write(np.clip(block * _FULL_SCALE, -_FULL_SCALE, _FULL_SCALE).astype("<i2").tobytes())
        return Sound(target, count, reader.info.container)


def _require_short(duration_s: float, most_s: int) -> None:
    if duration_s > most_s:
        raise AudioTooLong(f"The file has more than {most_s} s of sound. Cut it, and send the parts.")
