"""Whether what was spoken is what was written: pure rules.

A recogniser errs: a quarter of its words are wrong on a good voice, so the plain share of wrong words says
nothing about one sentence. But its errors are spread over a sentence and sound like what was said, while what
goes wrong in speaking goes wrong in a row: half of a sentence is missing, a clause is said twice, there is
silence or noise. So the words that were surely heard are taken as fixed points, and what lies between two of
them is only measured: many more letters written than heard are missing, many more heard than written were
said twice. The length is a witness of its own, in every language, against what the same voice usually needs.

docs/adr/0008-speaking.md says how many good and bad sentences these figures tell apart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, NamedTuple

import numpy as np

from voicewright.quality.wer import words_of

SAME: Final = 0.6
"""Two words that are so alike are taken as one that was heard a little wrong."""
MISSING: Final = 0.25
REPEATED: Final = 0.25
"""Share of the letters of a text, in one place."""
LEAST_LETTERS: Final = 8
"""Fewer letters in one place are a word that was heard wrong."""
LEAST_TWICE: Final = 7
"""Letters of a phrase that was said twice."""
HEARD: Final = 0.25
"""Share of the letters that has to be heard at all, where there are `ENOUGH_LETTERS`."""
ENOUGH_LETTERS: Final = 16
SILENT: Final = 10 ** (-50 / 20)
"""Of full scale: where the loudest tenth of a second is below, nobody hears anything."""
FASTEST_S: Final = 0.025
SLOWEST_S: Final = 0.35
"""Seconds for a letter, in any language and by any voice: beyond, it is not this text."""
HURRIED: Final = 0.62
DRAWN_OUT: Final = 1.6
"""Of what the voice usually needs."""
BREATH_S: Final = 0.35
"""What a piece takes beside its letters: silence at both ends, and how the last word is drawn out."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is thought of one piece."""

    good: bool
    score: float
    """1: nothing is wrong; the lower, the more is."""
    reason: str = ""


class Gap(NamedTuple):
    """What lies between two words that were surely heard."""

    written: int
    """Letters."""
    heard: int


def judge(
    text: str,
    *,
    duration_s: float,
    loudest: float,
    language: str,
    heard: str | None = None,
    usual_s: float | None = None,
) -> Verdict:
    """Judge one piece.

    Args:
        text: what the engine was given.
        duration_s: how long it spoke, at speed 1: the length times the speed.
        loudest: the root mean square of the loudest tenth of a second, 0..1.
        language: of the text.
        heard: what a recogniser heard; None: nobody knows the language.
        usual_s: seconds that the voice usually needs for a letter; None: it has spoken too little.
    """
    if loudest < SILENT:
        return Verdict(good=False, score=-1.0, reason="there is nothing but silence")
    letters = _letters(words_of(text, language))
    if not letters:
        return Verdict(good=True, score=1.0)
    fault = _length_fault(letters, duration_s, usual_s)
    if heard is None:
        return Verdict(good=not fault, score=0.0 if fault else 1.0, reason=fault)
    spoken = judge_words(words_of(text, language), words_of(heard, language))
    if fault and spoken.good:
        return Verdict(good=False, score=spoken.score - 0.5, reason=fault)
    return spoken


def judge_words(written: Sequence[str], heard: Sequence[str]) -> Verdict:
    """Judge by the words alone."""
    letters = _letters(written)
    gaps = list(_gaps(written, heard))
    missing = max((gap.written - gap.heard for gap in gaps), default=0)
    more = max((gap.heard - gap.written for gap in gaps), default=0)
    found = letters - sum(gap.written for gap in gaps)
    score = (found - max(missing, 0) - max(more, 0)) / max(letters, 1)
    if letters < ENOUGH_LETTERS:
        return Verdict(good=True, score=score)  # of so little, a recogniser often makes something else
    twice = said_twice(heard)
    faults = {
        "no words were heard": not heard,
        "hardly a word of the text was heard": found < HEARD * letters,
        f"{missing} letters in a row were not heard": missing >= max(LEAST_LETTERS, MISSING * letters),
        f"{more} letters more were heard than are written": more >= max(LEAST_LETTERS, REPEATED * letters),
        f"“{twice}” was heard twice": bool(twice) and not said_twice(written),
    }
    reason = next((fault for fault, is_there in faults.items() if is_there), "")
    return Verdict(good=not reason, score=score, reason=reason)


def said_twice(words: Sequence[str]) -> str:
    """The first phrase that is said again right after it, or after one more word; empty where there is none.

    Two words at least, and not the shortest: "and the, and the" is how a recogniser stumbles.
    """
    for begin in range(len(words)):
        for length in range(2, (len(words) - begin) // 2 + 1):
            phrase = words[begin : begin + length]
            if _letters(phrase) < LEAST_TWICE:
                continue
            for after in (begin + length, begin + length + 1):
                again = words[after : after + length]
                if len(again) == length and all(map(_alike, phrase, again)):
                    return " ".join(phrase)
    return ""


def loudest_rms(pcm: bytes, rate_hz: int) -> float:
    """The root mean square of the loudest tenth of a second of 16-bit samples, 0..1."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768.0)
    size = max(1, rate_hz // 10)
    if len(samples) < size:
        return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    whole = samples[: len(samples) // size * size].reshape(-1, size)
    return float(np.sqrt(np.mean(whole**2, axis=1).max()))


class Pace:
    """How fast a voice usually speaks: the median over what it spoke last."""

    def __init__(self, *, least: int = 8, most: int = 200) -> None:
        self._least = least
        self._seen: deque[float] = deque(maxlen=most)

    def note(self, text: str, duration_s: float, language: str) -> None:
        """Remember a piece that was good."""
        letters = _letters(words_of(text, language))
        if letters >= ENOUGH_LETTERS:
            self._seen.append(_per_letter_s(letters, duration_s))

    @property
    def usual_s(self) -> float | None:
        """Seconds for a letter; None: too little was heard to tell."""
        if len(self._seen) < self._least:
            return None
        return sorted(self._seen)[len(self._seen) // 2]


def _letters(words: Sequence[str]) -> int:
    return sum(len(word) for word in words)


def _per_letter_s(letters: int, duration_s: float) -> float:
    return max(0.0, duration_s - BREATH_S) / letters


def _length_fault(letters: int, duration_s: float, usual_s: float | None) -> str:
    needed_s = _per_letter_s(letters, duration_s)
    if letters < ENOUGH_LETTERS:
        too_long = duration_s > BREATH_S + 1.0 + SLOWEST_S * letters
        return f"{duration_s:.1f} s are too long for {letters} letters" if too_long else ""
    fastest_s = FASTEST_S if usual_s is None else max(FASTEST_S, HURRIED * usual_s)
    slowest_s = SLOWEST_S if usual_s is None else min(SLOWEST_S, DRAWN_OUT * usual_s)
    if needed_s < fastest_s:
        return f"{duration_s:.1f} s are too short for {letters} letters"
    if needed_s > slowest_s:
        return f"{duration_s:.1f} s are too long for {letters} letters"
    return ""


def _gaps(written: Sequence[str], heard: Sequence[str]) -> Iterator[Gap]:
    """What lies between the words that were heard, in order, each of them once."""
    at, on = 0, 0
    for i, j in [*_fixed_points(written, heard), (len(written), len(heard))]:
        gap = Gap(_letters(written[at:i]), _letters(heard[on:j]))
        if gap.written or gap.heard:
            yield gap
        at, on = i + 1, j + 1


def _fixed_points(written: Sequence[str], heard: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of words that are alike, in order: those whose letters together are most."""
    rows, columns = len(written), len(heard)
    best = np.zeros((rows + 1, columns + 1))
    alike = np.zeros((rows, columns))
    for i, word in enumerate(written):
        for j, other in enumerate(heard):
            likeness = _likeness(word, other)
            alike[i, j] = likeness * len(word) if likeness >= SAME else 0.0
            best[i + 1, j + 1] = max(best[i, j + 1], best[i + 1, j], best[i, j] + alike[i, j])
    points = []
    i, j = rows, columns
    while i and j:
        if alike[i - 1, j - 1] and best[i, j] == best[i - 1, j - 1] + alike[i - 1, j - 1]:
            i, j = i - 1, j - 1
            points.append((i, j))
        elif best[i, j] == best[i - 1, j]:
            i -= 1
        else:
            j -= 1
    return points[::-1]


def _alike(word: str, other: str) -> bool:
    return _likeness(word, other) >= SAME


def _likeness(word: str, other: str) -> float:
    if word == other:
        return 1.0
    return SequenceMatcher(None, word, other, autojunk=False).ratio()
