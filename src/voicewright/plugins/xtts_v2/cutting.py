"""Cuts a clip and its text together, where a pause and a punctuation mark are at the same place. Pure.

Nobody says when each word is spoken. But who reads aloud pauses at commas and full stops, and speaks about as
fast throughout: where a mark has as large a share of the letters before it as a pause has of the speech, they
are the same place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FRAME_S: Final = 0.01
_SHORTEST_PAUSE_S: Final = 0.2
_UNDER_VOICE: Final = 0.03
"""Of the amplitude of loud speech (-30 dB): below it nobody speaks."""
_FURTHEST_APART: Final = 0.06
"""How much the two shares may differ."""
_SHORTEST_PART: Final = 0.2
_MARK: Final = re.compile(
    r"(?<=[.!?,;:\u061f\u0964\u060c\u061b])\s+|(?<=[\u3002\uff01\uff1f\uff0c\u3001\uff1b\uff1a])"
)

Part = tuple["NDArray[np.float32]", str]


class _Pause(NamedTuple):
    sample: int
    share: float
    """Of the speech that is before it."""


def cut_at_pauses(samples: NDArray[np.float32], text: str, rate_hz: int, *, longest: int) -> list[Part]:
    """Cut until every part fits; nothing where it can't be done.

    Args:
        samples: (n,) mono.
        text: what is said in them.
        rate_hz: samples per second.
        longest: samples of a part.
    """
    if len(samples) <= longest:
        return [(samples, text)]
    best = min(
        (
            (abs(mark_share - pause.share) + abs(0.5 - pause.share) / 10, pause.sample, at)
            for pause in _pauses(samples, rate_hz)
            for at, mark_share in _marks(text)
            if abs(mark_share - pause.share) <= _FURTHEST_APART
        ),
        default=None,
    )
    if best is None:
        return []
    _, sample, at = best
    halves = ((samples[:sample], text[:at].strip()), (samples[sample:], text[at:].strip()))
    parts = [cut_at_pauses(sound, words, rate_hz, longest=longest) for sound, words in halves]
    return [*parts[0], *parts[1]] if all(parts) else []


def _pauses(samples: NDArray[np.float32], rate_hz: int) -> list[_Pause]:
    """The middles of the pauses that leave enough on both sides."""
    size = round(_FRAME_S * rate_hz)
    frames = np.abs(samples[: len(samples) // size * size]).reshape(-1, size).max(1)
    speech = frames > _UNDER_VOICE * np.quantile(frames, 0.95)
    spoken = np.cumsum(speech) / max(int(speech.sum()), 1)
    edges = np.flatnonzero(np.diff(np.concatenate(([True], speech, [True])).astype(np.int8)))
    found = []
    for start, end in zip(edges[0::2], edges[1::2], strict=True):
        share = float(spoken[start])
        if (end - start) * _FRAME_S >= _SHORTEST_PAUSE_S and _SHORTEST_PART <= share <= 1 - _SHORTEST_PART:
            found.append(_Pause(int((start + end) // 2 * size), share))
    return found


def _marks(text: str) -> list[tuple[int, float]]:
    """Where the text may be cut, each with the share of the letters before it."""
    letters = np.cumsum([each.isalnum() for each in text])
    total = max(int(letters[-1]), 1) if len(letters) else 1
    return [
        (found.end(), float(letters[found.start() - 1] / total))
        for found in _MARK.finditer(text)
        if found.start()
    ]
