"""The form of a rule: what it looks for, and what is said instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

Say = Callable[[re.Match[str]], str]


class Rule(NamedTuple):
    """One kind of writing that is no word.

    The pattern has to run in linear time whatever it is given: what repeats is possessive or bounded, and it
    begins where a look behind says that something can begin.
    """

    pattern: re.Pattern[str]
    say: Say

    def apply(self, text: str) -> str:
        """Say whatever the pattern finds."""
        return self.pattern.sub(self.say, text)


def before(match: re.Match[str]) -> str:
    """The word before a match, with its punctuation."""
    words = match.string[max(0, match.start() - 40) : match.start()].rsplit(None, 1)
    return words[-1] if words else ""


def after(match: re.Match[str]) -> str:
    """The word after a match, with its punctuation."""
    words = match.string[match.end() : match.end() + 40].split(None, 1)
    return words[0] if words else ""


def alternatives(words: object) -> str:
    """A piece of a regular expression that finds any of the words, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))  # type: ignore[call-overload]
