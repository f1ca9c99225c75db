"""Lets the best networks speak sentences that they never learnt from, and chooses one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from voicewright.plugins.xtts_v2.network import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from voicewright.engines.port import RunContext
    from voicewright.plugins.xtts_v2.checkpoints import Epoch
    from voicewright.plugins.xtts_v2.clips import Utterance
    from voicewright.plugins.xtts_v2.network import Likeness, Network

SENTENCES: Final = 3
_SHORTEST_S: Final = 0.4
"""The network that tells speakers apart needs as much."""
_LENGTHS: Final = (0.5, 2.0)
"""A sentence this much shorter or longer than the speaker said it has something left out or invented."""
_LOST: Final = 0.1
"""What each such sentence costs."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How a network did."""

    similarity: float
    """Mean cosine between what it said and the speaker, -1 to 1."""
    astray: int
    """Sentences of quite another length than the speaker's own."""
    likeness: Likeness
    """What it is told about the speaker."""

    def score(self, loss: float) -> float:
        """What decides: as like the speaker as can be, at as little loss as can be, and nothing left out.

        A tenth of loss counts as much as a tenth of similarity. Between the best epochs of one training both
        differ by hundredths.
        """
        return self.similarity - _LOST * self.astray - loss


def choose_sentences(held_out: Sequence[Utterance], learnt: Sequence[Utterance]) -> list[Utterance]:
    """Those that are spoken: of what was held out, the nearest to five seconds; else of what was learnt."""
    return sorted(held_out or learnt, key=lambda each: (abs(each.duration_s - 5.0), each.text))[:SENTENCES]


def hear(
    network: Network,
    sentences: Sequence[Utterance],
    references: Sequence[Path],
    language: str,
    *,
    seed: int,
    context: RunContext,
) -> Heard:
    """Let a network speak, and compare with the speaker."""
    likeness = network.likeness(references, context)
    target = torch.nn.functional.normalize(likeness.speaker.flatten(), dim=0)
    similarities, astray = [], 0
    for sentence in sentences:
        said = [
            chunk
            for part in network.readable(sentence.text, language, context)
            for chunk in network.speak(part, language, likeness, speed=1.0, seed=seed, context=context)
        ]
        wave = np.concatenate([*said, np.zeros(0, np.float32)])
        length_s = len(wave) / SAMPLE_RATE_HZ
        shortest, longest = (share * sentence.duration_s for share in _LENGTHS)
        astray += not shortest <= length_s <= longest
        heard = network.speaker_of(wave, context) if length_s >= _SHORTEST_S else torch.zeros_like(target)
        similarities.append(float(heard @ target))
    return Heard(float(np.mean(similarities)), astray, likeness)


def best_of(heard: Sequence[tuple[Epoch, Heard]]) -> tuple[Epoch, Heard]:
    """The one that is kept."""
    return max(heard, key=lambda each: (each[1].score(each[0].loss), -each[0].number))
