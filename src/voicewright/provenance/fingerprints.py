"""Acoustic fingerprints: what a speech is found by again after it was compressed, cut or played over noise.

Of every 46 ms there is one print of 32 bits. Each bit says whether the difference of power between two
neighbouring bands rose or fell over the last tenth of a second: that survives what changes the sound as a
whole, and its gain altogether. In frames of nothing but silence there is no print (0).

Source: Haitsma, Kalker, "A highly robust audio fingerprinting system" (ISMIR 2002). Changed for speech:
windows of 0.41 s, differences over eight frames instead of one, and only every fourth frame is kept; whoever
looks for a sound takes all four, as nobody knows where its frames lie.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from voicewright.audio.resample import Resampler

Prints: TypeAlias = NDArray[np.int32]
Samples: TypeAlias = NDArray[np.float32]

RATE_HZ: Final = 5000
"""Sound is brought to this rate first: the bands end at 2 kHz."""
WINDOW: Final = 2048
HOP: Final = 58
"""11.6 ms."""
KEPT: Final = 4
"""One frame of so many is kept."""
PRINTS_PER_S: Final = RATE_HZ / (HOP * KEPT)
BITS: Final = 32
_LAG: Final = 8
_BANDS_HZ: Final = np.geomspace(300.0, 2000.0, BITS + 2)
_AUDIBLE: Final = 1e-4
"""Of the power of the loudest frame: 40 dB below it there is silence."""
_FLOOR: Final = 1e-9
"""Power of a sample, -90 dBFS."""
_BATCH: Final = 256
"""Frames whose spectra are taken at once."""
_SHAPE: Final = np.hanning(WINDOW).astype(np.float32)


class Fingerprinter:
    """Makes the fingerprint of one speech from its blocks; what they were is forgotten as they pass.

    Args:
        rate_hz: of the blocks.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._resampler = Resampler(rate_hz, RATE_HZ)
        self._held: list[Samples] = []
        self._held_count = 0
        self._changes: list[NDArray[np.float32]] = []
        self._powers: list[NDArray[np.float32]] = []
        self._differences = np.zeros((0, BITS), np.float32)
        self._samples = 0
        self._is_whole = False

    @property
    def duration_s(self) -> float:
        """Length of what was heard."""
        return self._samples / self._rate_hz

    def feed(self, block: Samples) -> None:
        """Hear a block, (n,) in +-1."""
        self._samples += len(block)
        self._hold(self._resampler.feed(np.asarray(block, dtype=np.float32)))

    def prints(self) -> Prints:
        """The kept prints of the whole; nothing may be fed after it."""
        changes, audible = self.frames()
        return np.where(audible, packed(changes > 0), np.int32(0))[::KEPT]

    def frames(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Of all frames: the changes of which the bits are the signs, (n, 32), and whether there is sound."""
        if not self._is_whole:
            self._is_whole = True
            self._hold(self._resampler.flush())
            self._take(np.concatenate(self._held) if self._held else np.zeros(0, np.float32))
        if not self._changes:
            return np.zeros((0, BITS), np.float32), np.zeros(0, np.bool_)
        power = np.concatenate(self._powers)
        return np.concatenate(self._changes), power > max(_FLOOR, float(power.max()) * _AUDIBLE)

    def _hold(self, samples: Samples) -> None:
        self._held.append(samples)
        self._held_count += len(samples)
        while self._held_count >= WINDOW + _BATCH * HOP:
            joined = np.concatenate(self._held)
            self._take(joined[: WINDOW + (_BATCH - 1) * HOP])
            self._held = [joined[_BATCH * HOP :]]
            self._held_count = len(self._held[0])

    def _take(self, samples: Samples) -> None:
        """Look at all frames that lie in some samples."""
        if len(samples) < WINDOW:
            return
        frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
        power = np.square(np.abs(fft.rfft(frames * _SHAPE, axis=1)))
        differences = np.diff(_in_bands(power), axis=1).astype(np.float32)
        known = np.concatenate([self._differences, differences])
        self._differences = known[-_LAG:]
        if len(known) > _LAG:
            self._changes.append(known[_LAG:] - known[:-_LAG])
            self._powers.append(np.mean(np.square(frames), axis=1)[-(len(known) - _LAG) :])


def fingerprint(samples: Samples, rate_hz: int) -> Fingerprinter:
    """Of a sound that is there as a whole."""
    fingerprinter = Fingerprinter(rate_hz)
    fingerprinter.feed(samples)
    return fingerprinter


def packed(bits: NDArray[np.bool_]) -> Prints:
    """Rows of 32 bits as numbers."""
    return np.packbits(bits, axis=1).view(">i4").ravel().astype(np.int32)


def _in_bands(power: NDArray[np.float32]) -> NDArray[np.float64]:
    """The power between the edges of the bands; an edge may lie within a bin."""
    sums = np.zeros((len(power), power.shape[1] + 1))
    np.cumsum(power, axis=1, out=sums[:, 1:])
    edges = _BANDS_HZ * WINDOW / RATE_HZ
    whole = np.floor(edges).astype(np.intp)
    part = edges - whole
    return np.diff(sums[:, whole] * (1 - part) + sums[:, whole + 1] * part, axis=1)
