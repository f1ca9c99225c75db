"""When each word of a sentence is said: the guide's words, laid over the text as it is written."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

from voicewright.engines.port import SpokenWord
from voicewright.plugins.builtin.pitch import HOP_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voicewright.plugins.builtin.alignment import Segment
    from voicewright.plugins.builtin.espeak import Rendering

_TOKEN: Final = re.compile(r"\S+")
_NO_SPACES: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]"
)
"""Letters of scripts that put no space between words."""


@dataclass(slots=True)
class _Group:
    """Written words that the guide takes together, and the sounds that are said for them."""

    tokens: list[str]
    events: list[list[int]] = field(default_factory=list)
    """For each of the guide's words, the numbers of its sounds."""


def spoken_words(text: str, rendering: Rendering, segments: Iterable[Segment]) -> tuple[SpokenWord, ...]:
    """Time the words of a text.

    The guide says where in the text each of its words begins, but takes some together ("of a") and counts
    others several times ("1234"): within such a group time is shared by the length of the words.

    Args:
        text: as the guide got it.
        rendering: of the text.
        segments: the timing of its sounds.
    """
    times = {each.sound: (each.start * HOP_S, each.end * HOP_S) for each in segments if each.sound >= 0}
    words = []
    for group in _groups(text, rendering):
        for token, sounds in _shared(group):
            if sounds:
                words.append(SpokenWord(token, times[sounds[0]][0], times[sounds[-1]][1]))
    return tuple(words)


def _groups(text: str, rendering: Rendering) -> list[_Group]:
    starts, tokens = _tokens(text, rendering.word_starts)
    sounds: list[list[int]] = [[] for _ in rendering.word_starts]
    for number, sound in enumerate(rendering.sounds):
        if sound.word >= 0:
            sounds[sound.word].append(number)
    if not tokens or not sounds:
        return []
    if len(tokens) == len(sounds):
        return [_Group([token], [said]) for token, said in zip(tokens, sounds, strict=True)]
    groups: list[_Group] = []
    first = 0
    for place, said in zip(rendering.word_starts, sounds, strict=True):
        token = max(bisect_right(starts, place) - 1, 0)
        if groups and token < first:
            groups[-1].events.append(said)
            continue
        if groups:
            groups[-1].tokens += tokens[first:token]
            groups.append(_Group([tokens[token]], [said]))
        else:
            groups.append(_Group(tokens[: token + 1], [said]))
        first = token + 1
    groups[-1].tokens += tokens[first:]
    return groups


def _tokens(text: str, word_starts: Sequence[int]) -> tuple[list[int], list[str]]:
    """What is written between spaces, and where; scripts without spaces are cut where the guide does."""
    cuts = set()
    for token in _TOKEN.finditer(text):
        cuts.add(token.start())
        if _NO_SPACES.search(token[0]):
            cuts.update(start for start in word_starts if token.start() < start < token.end())
    ends = pairwise([*sorted(cuts), len(text)])
    found = [(start, text[start:end].strip()) for start, end in ends]
    said = [(start, token) for start, token in found if any(map(str.isalnum, token))]
    return [start for start, _ in said], [token for _, token in said]


def _shared(group: _Group) -> Iterable[tuple[str, list[int]]]:
    """The sounds of each word of a group."""
    if len(group.tokens) == len(group.events):
        return zip(group.tokens, group.events, strict=True)
    sounds = [sound for event in group.events for sound in event]
    ends = list(accumulate(len(token) for token in group.tokens))
    cuts = [round(end / ends[-1] * len(sounds)) for end in ends]
    return [
        (token, sounds[begin:end]) for token, begin, end in zip(group.tokens, [0, *cuts], cuts, strict=False)
    ]
