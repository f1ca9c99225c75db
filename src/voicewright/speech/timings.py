"""When each word is said: laid over the text as it was written, estimated where an engine does not tell."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

from voicewright.engines.port import SpokenWord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voicewright.text.script import Piece

_UNSPACED: Final = re.compile(r"[^\w]+")
_DIGIT_LETTERS: Final = 4
"""A digit takes as long as a word of so many letters."""
_WORD_LETTERS: Final = 1.5
"""What each word takes beside its letters."""
_PAUSES: Final = {
    ",": 3.0, ";": 4.0, ":": 4.0, "—": 4.0, "–": 3.0, ".": 5.0, "!": 5.0, "?": 5.0, "…": 5.0,
    "，": 3.0, "、": 3.0, "。": 5.0, "！": 5.0, "？": 5.0,  # noqa: RUF001
}  # fmt: skip
"""Silence after a sign, in letters."""


def words_of_piece(
    piece: Piece, told: Sequence[SpokenWord], start_s: float, end_s: float
) -> list[SpokenWord]:
    """Time the words of a piece in the audio of the whole, as they stand in the text that was written.

    Args:
        piece: that was spoken.
        told: what the engine said of it, from the beginning of the piece; where it is empty the times are
            estimates, by the letters of what was said.
        start_s: where the piece begins in the whole.
        end_s: and ends.
    """
    said = [_moved(word, start_s) for word in told] or list(_estimated(piece.spoken, start_s, end_s))
    written = piece.text.split()
    if "".join(written) == "".join(word.text.replace(" ", "") for word in said):
        return said
    return list(_as_written(written, said, start_s))


def _moved(word: SpokenWord, by_s: float) -> SpokenWord:
    return SpokenWord(word.text, word.start_s + by_s, word.end_s + by_s)


def _estimated(spoken: str, start_s: float, end_s: float) -> Iterator[SpokenWord]:
    """Share the time by letters; the silence that a sign stands for is nobody's."""
    words = [word for word in spoken.split() if any(map(str.isalnum, word))]
    lengths = [_letters(word) for word in words]
    pauses = [_PAUSES.get(word[-1], 0.0) for word in words[:-1]] + [0.0] if words else []
    total = sum(lengths) + sum(pauses)
    at = start_s
    for word, length, pause in zip(words, lengths, pauses, strict=True):
        until = at + (end_s - start_s) * length / total
        yield SpokenWord(word, at, until)
        at = until + (end_s - start_s) * pause / total


def _letters(word: str) -> float:
    return _WORD_LETTERS + sum(_DIGIT_LETTERS if sign.isdigit() else sign.isalnum() for sign in word)


def _as_written(written: Sequence[str], said: Sequence[SpokenWord], start_s: float) -> Iterator[SpokenWord]:
    """`$5` for `five dollars`: what stands between words that are the same takes the time between them."""
    same = SequenceMatcher(
        None, [_folded(word) for word in written], [_folded(word.text) for word in said], autojunk=False
    )
    found: list[SpokenWord] = []
    for kind, first, last, begin, end in same.get_opcodes():
        words, times = written[first:last], said[begin:end]
        if kind == "equal":
            found += (
                SpokenWord(word, time.start_s, time.end_s) for word, time in zip(words, times, strict=True)
            )
        elif words and times:
            found += _spread(words, times[0].start_s, times[-1].end_s)
        elif times and found:
            found[-1] = SpokenWord(found[-1].text, found[-1].start_s, times[-1].end_s)
        elif words and found:
            found[-1] = SpokenWord(" ".join((found[-1].text, *words)), found[-1].start_s, found[-1].end_s)
        elif words:
            # a picture before the first word: it is there when the piece begins
            at_s = said[0].start_s if said else start_s
            found += _spread(words, at_s, at_s)
        else:
            found += times[:0]
    yield from found


def _folded(word: str) -> str:
    return _UNSPACED.sub("", word).casefold()


def _spread(words: Sequence[str], start_s: float, end_s: float) -> Iterator[SpokenWord]:
    ends = list(accumulate(_letters(word) for word in words))
    marks = [start_s + (end_s - start_s) * end / ends[-1] for end in (0.0, *ends)]
    for word, (begin, end) in zip(words, pairwise(marks), strict=True):
        yield SpokenWord(word, begin, end)
