"""How far an amount of speech goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LEAST_S: Final = 10
"""With less usable speech no voice is made."""
GOOD_S: Final = 180
"""So much usable speech makes a good voice."""
_GOOD: Final = f"{GOOD_S // 60} minutes"


@dataclass(frozen=True, slots=True)
class Enough:
    """What an amount of speech is enough for."""

    words: str
    tone: str


def how_far(speech_s: float) -> Enough:
    """What a voice can be made of so much usable speech."""
    return next(enough for most_s, enough in _STEPS if speech_s < most_s)


_STEPS: Final = (
    (
        LEAST_S,
        Enough(f"Too little to train a voice: {LEAST_S} seconds are the least, {_GOOD} are good.", "bad"),
    ),
    (40, Enough(f"Enough for a first likeness. A minute makes it clear, {_GOOD} make it good.", "warn")),
    (GOOD_S, Enough(f"Enough for a clear likeness. {_GOOD} and more make a good voice.", "info")),
    (1800, Enough("Enough for a good voice.", "good")),
    (float("inf"), Enough("All that a voice can use: more than half an hour hardly helps.", "good")),
)
