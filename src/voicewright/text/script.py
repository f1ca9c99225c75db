"""What is to be spoken: pieces of one breath each, with the manner in which each is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Markup = Literal["text", "ssml"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a piece is said, beside the manner that the whole is asked for."""

    speed: float = 1.0
    """Times the speed of the whole."""
    pitch_semitones: float = 0.0
    """Added to the pitch of the whole."""


USUAL: Final = Manner()


@dataclass(frozen=True, slots=True)
class Piece:
    """What is said in one breath; an engine is asked for one at a time."""

    text: str
    """As it was written, without leading or trailing white space and what can't be seen."""
    spoken: str
    """What the engine is given: numbers, dates and the like in words. At least one letter or digit."""
    manner: Manner = USUAL
    pause_after_s: float | None = None
    """Silence that follows; None: the usual one of a sentence or paragraph."""
    paragraph: int = 0
    """Its number, from 0."""
    ends_paragraph: bool = False
    """A longer pause follows."""


@dataclass(frozen=True, slots=True)
class Script:
    """A whole text, ready to be spoken."""

    pieces: tuple[Piece, ...]
    """At least one."""
    lead_in_s: float = 0.0
    """Silence before the first piece."""
