"""Makes the sounds of one sentence comparable: cut to what is said, at one rate, equally loud.

Of two equal sounds people prefer the louder one. So all of a sentence are brought to one loudness
(`audio.loudness`): the level of speech, or less, where a peak of one of them leaves no room for it. And
nobody is to know a voice by the silence before its first word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.audio.loudness import (
    MAX_GAIN_DB,
    MAX_TRUE_PEAK_DB,
    TARGET_LUFS,
    integrated_loudness,
    true_peak,
)
from voicewright.audio.resample import resample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RATE_HZ: Final = 48_000
"""Of all sounds: the rate of an engine would tell which one it is."""
_FRAME_S: Final = 0.01
_KEPT_S: Final = 0.1
"""Of the silence before and behind."""
_SILENT_DB: Final = -45.0
"""Below the loudest frame."""


def matched(sounds: Sequence[tuple[NDArray[np.float32], int]]) -> list[NDArray[np.float32]]:
    """The same sounds, mono (n,) at `RATE_HZ`, trimmed and equally loud.

    Args:
        sounds: samples in +-1, with their rate in Hz.
    """
    trimmed = [trim(resample(samples, rate_hz, RATE_HZ)) for samples, rate_hz in sounds]
    levels = [integrated_loudness(samples, RATE_HZ) for samples in trimmed]
    target = min(
        (_reachable(samples, level) for samples, level in zip(trimmed, levels, strict=True)),
        default=TARGET_LUFS,
    )
    return [
        samples if not np.isfinite(level) else (samples * 10 ** ((target - level) / 20)).astype(np.float32)
        for samples, level in zip(trimmed, levels, strict=True)
    ]


def trim(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without the silence at the ends, apart from a tenth of a second of it."""
    frame = round(_FRAME_S * RATE_HZ)
    count = len(samples) // frame
    if count == 0:
        return samples
    power = np.mean(samples[: count * frame].reshape(count, frame).astype(np.float64) ** 2, axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (_SILENT_DB / 10))
    if not len(loud):
        return samples
    kept = round(_KEPT_S * RATE_HZ)
    return samples[max(0, loud[0] * frame - kept) : (loud[-1] + 1) * frame + kept]


def _reachable(samples: NDArray[np.float32], level: float) -> float:
    """The loudness up to `TARGET_LUFS` that it can have without passing the highest peak."""
    if not np.isfinite(level):
        return TARGET_LUFS
    headroom_db = MAX_TRUE_PEAK_DB - 20 * np.log10(max(true_peak(samples, RATE_HZ), 1e-9))
    return float(min(TARGET_LUFS, level + headroom_db, level + MAX_GAIN_DB))
