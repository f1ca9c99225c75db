"""The form of a rule: what it looks for, and what is said instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

SIGN: Final = r"(?<![\w)\]%°])[-−]"  # noqa: RUF001 - as people write it
"""A piece of a regular expression for a minus that belongs to the number after it."""

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


def constant(words: str) -> Say:
    """Say the same whatever was found."""
    return lambda _: words


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


def full_stop(match: re.Match[str]) -> str:
    """A full stop that was taken as part of an abbreviation, and ends the sentence too."""
    ends = match[0].endswith(".") and not match.string[match.end() :].strip(" \"'”’»)")  # noqa: RUF001 - quotes
    return "." if ends else ""
