"""Another way to say the same: what a seed changes in a sentence, beside the noise in the voice.

Seed 0 says it as the speaker's models have it. A sentence in which a word went wrong is said again with
another seed: a little slower or faster, with another rhythm and melody, out of other frames of the speaker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

TEMPO: Final = 0.04
RHYTHM: Final = 0.06
MELODY: Final = 0.1
CHOICE: Final = 0.5
"""Spread of: the logarithm of all durations, that of each, the stretch of the melody, the cost of a frame."""


@dataclass(frozen=True, slots=True)
class Take:
    """One way; the same seed is the same way, and 0 changes nothing."""

    seed: int

    def durations(self, sounds: int) -> NDArray[np.float64]:
        """(sounds,) what each lasts, in parts of what it would."""
        if not self.seed:
            return np.ones(sounds)
        chance = self._chance(0)
        whole = TEMPO * chance.uniform(-1, 1)
        return np.exp(whole + RHYTHM * np.clip(chance.standard_normal(sounds), -2, 2))

    @property
    def melody(self) -> float:
        """How much wider than usual the melody is."""
        return 1.0 if not self.seed else float(np.exp(MELODY * self._chance(1).uniform(-1, 1)))

    def costs(self, frames: int) -> Floats | None:
        """(frames,) what taking each frame of the bank costs more; None: nothing."""
        if not self.seed:
            return None
        return (CHOICE * self._chance(2).random(frames, np.float32)).astype(np.float32)

    def _chance(self, matter: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, matter])


USUAL: Final = Take(0)
"""The speaker's own way."""
