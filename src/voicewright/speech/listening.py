"""Has a recogniser listen to what was spoken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voicewright.engines.port import AudioChunk, SynthesisRequest


@dataclass(frozen=True, slots=True)
class Heard:
    """What a listener says of one attempt at a piece."""

    good: bool
    score: float = 0.0
    """The higher the better, to choose the best of several attempts."""
    reason: str = ""
    skipped: bool = False
    """Nobody listened; `reason` says why."""


class PieceListener(Protocol):
    """Listens to the pieces of one speech."""

    attempts: int
    """How often a piece is spoken at most."""
    holds_back: bool
    """A piece leaves when it was listened to; otherwise it is listened to beside."""

    def hear(self, request: SynthesisRequest, chunks: Sequence[AudioChunk]) -> Heard:
        """Listen to a piece now."""

    def hear_later(
        self,
        place: int,
        request: SynthesisRequest,
        chunks: Sequence[AudioChunk],
        *,
        when_good: Callable[[], None],
    ) -> None:
        """Listen to a piece when there is time; returns at once.

        Args:
            place: the number of the piece.
            request: what was asked for.
            chunks: what came.
            when_good: called if it is good, or if nobody listens.
        """
