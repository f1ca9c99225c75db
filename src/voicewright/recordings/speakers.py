"""Tells whether clips are of one speaker, from speaker embeddings; names those that are not.

The figures behind the thresholds (Resemblyzer, ten LibriSpeech speakers): a clip has a cosine of .92 (p5 .85)
to its own speaker's centroid and of .56 (p95 .69) to another's; .754 separates them without an error. Short
clips score lower by themselves, so their threshold falls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUTLIER_COSINE: Final = 0.68
"""Below this (for clips of `_LONG_S` and more) it is somebody else."""
DOUBT_COSINE: Final = 0.74
"""Between the two it may be."""

_LONG_S: Final = 4.0
_SHORTEST_S: Final = 0.8
"""Clips with less speech than this are not judged: their embeddings say little."""
_SHORT_CLIP_SLOPE: Final = 0.05
"""The thresholds fall by this per second below `_LONG_S`."""
_SEEDS: Final = 400
_ROUNDS: Final = 10
_MINORITY: Final = 0.35


@dataclass(frozen=True, slots=True)
class SpeakerCheck:
    """The result for n clips."""

    cosine: NDArray[np.float32]
    """(n,) likeness to the main speaker; a member is compared with the others of its group."""
    outlier: NDArray[np.bool_]
    """(n,) sounds like somebody else."""
    doubtful: NDArray[np.bool_]
    """(n,) may be somebody else."""
    note: str | None
    """A sentence about the whole where it is not one speaker."""


def check_speakers(embeddings: NDArray[np.float32], speech_s: NDArray[np.float64]) -> SpeakerCheck:
    """Find the main speaker and those who are not.

    The centre is not the mean of all clips, which strangers would pull to themselves: it starts at the clip
    with the most company above the threshold and grows over that company only.

    Args:
        embeddings: (n, d) unit rows.
        speech_s: (n,) seconds of speech in each clip; longer ones count more.
    """
    count = len(embeddings)
    if count < 2:  # noqa: PLR2004 - one clip agrees with itself
        return SpeakerCheck(np.ones(count, np.float32), np.zeros(count, bool), np.zeros(count, bool), None)
    allowance = _SHORT_CLIP_SLOPE * np.clip(_LONG_S - speech_s, 0.0, _LONG_S)
    member = _company(embeddings, speech_s, allowance)
    weights = np.clip(speech_s, 0.1, 15.0)
    cosine = _likeness(embeddings, weights, member)
    for _ in range(_ROUNDS):
        now = cosine >= OUTLIER_COSINE - allowance
        if not now.any() or (now == member).all():
            break
        member = now
        cosine = _likeness(embeddings, weights, member)
    judged = speech_s >= _SHORTEST_S
    outlier = judged & (cosine < OUTLIER_COSINE - allowance)
    doubtful = judged & ~outlier & (cosine < DOUBT_COSINE - allowance)
    return SpeakerCheck(cosine, outlier, doubtful, _note(outlier, speech_s))


def _company(
    embeddings: NDArray[np.float32], speech_s: NDArray[np.float64], allowance: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """The clips around the one that has the most speech near itself."""
    longest = np.argsort(-speech_s, kind="stable")[:_SEEDS]
    likeness = embeddings[longest] @ embeddings[longest].T
    # Clip to clip is about .04 lower than clip to centroid.
    near = likeness >= OUTLIER_COSINE - 0.04 - np.minimum.outer(allowance[longest], allowance[longest])
    company = near @ speech_s[longest]
    # Among equals the one in the thick of it.
    seed = int(np.argmax(company + 1e-3 * likeness.mean(axis=1)))
    member = np.zeros(len(embeddings), bool)
    member[longest[near[seed]]] = True
    return member


def _likeness(
    embeddings: NDArray[np.float32], weights: NDArray[np.float64], member: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Cosine of every clip to the centre of the members; for a member, of the other members."""
    weighted = embeddings * weights[:, None]
    centre = weighted[member].sum(axis=0)
    centres = np.where(member[:, None] & (member.sum() > 1), centre - weighted, centre)
    lengths = np.linalg.norm(centres, axis=1) * np.linalg.norm(embeddings, axis=1)
    cosine: NDArray[np.float32] = (
        np.einsum("ij,ij->i", centres, embeddings) / np.maximum(lengths, 1e-9)
    ).astype(np.float32)
    return cosine


def _note(outlier: NDArray[np.bool_], speech_s: NDArray[np.float64]) -> str | None:
    if not outlier.any():
        return None
    share = float(speech_s[outlier].sum() / max(speech_s.sum(), 1e-9))
    number = int(outlier.sum())
    clips = "1 clip sounds" if number == 1 else f"{number} clips sound"
    if share < _MINORITY:
        return f"{clips} like a different speaker and will not be used."
    return (
        f"These recordings are of more than one person: {clips} like somebody else than the rest"
        f" ({share:.0%} of the speech). The speaker with the most speech was kept; to be sure of the"
        " right one, put the recordings of one person into a folder of their own."
    )
