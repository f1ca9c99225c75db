"""In what order sentences are read: the one first that brings most that was not heard yet.

The greedy choice: after each sentence the next is the one with the most new sounds and new pairs of sounds
for its length.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voicewright.recordings.prompts.catalogue import Prompt

_SOUND_WORTH: Final = 12
"""A sound that was never heard counts as so many pairs."""
_EFFORT: Final = 8
"""Beginning a sentence costs as much as so many sounds of it."""


def in_order(prompts: Sequence[Prompt], said: Iterable[Prompt] = ()) -> list[Prompt]:
    """All sentences, the most worthwhile first.

    Args:
        prompts: to choose from.
        said: what was read already.
    """
    heard: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    for prompt in said:
        heard |= prompt.heard
        pairs |= prompt.pairs

    def worth(prompt: Prompt) -> float:
        new = _SOUND_WORTH * len(prompt.heard - heard) + len(prompt.pairs - pairs)
        return new / (len(prompt.sounds) + _EFFORT)

    # worth only ever falls, so an old figure is a bound: most need not be looked at again (lazy greedy)
    waiting = [(-worth(prompt), number) for number, prompt in enumerate(prompts)]
    heapify(waiting)
    chosen: list[Prompt] = []
    while waiting:
        _, number = heappop(waiting)
        now = -worth(prompts[number])
        if waiting and (now, number) > waiting[0]:
            heappush(waiting, (now, number))
            continue
        chosen.append(prompts[number])
        heard |= prompts[number].heard
        pairs |= prompts[number].pairs
    return chosen
