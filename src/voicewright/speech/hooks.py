"""What others do with a speech: they enter it, keep its pieces, mark it. Each is a small protocol."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from voicewright.engines.port import SpokenWord
    from voicewright.provenance.tally import Tally
    from voicewright.speech.speaking import Speech


class History(Protocol):
    """Keeps what was spoken (`speech.history`)."""

    def begin(self, speech: Speech) -> None:
        """Enter a speech before its first sound, under `speech.id`; what this raises refuses it."""

    def end(self, speech: Speech) -> None:
        """Note how it ended: `speech.outcome`, `speech.error`, `speech.figures`. Raises nothing.

        `speech.voice` may be another one than at the beginning (`speech.fallback`).
        """

    def checked(self, speech: Speech) -> None:
        """What was listened to after the end is complete: `speech.figures.checks`. Raises nothing."""


@dataclass(frozen=True, slots=True)
class SpokenPiece:
    """What an engine made of one piece, before pauses, fades and marks."""

    pcm: bytes
    """Signed 16-bit little-endian mono samples."""
    sample_rate_hz: int
    words: tuple[SpokenWord, ...] = ()
    """Times from the beginning of the piece; empty where the engine tells none."""


class PieceCache(Protocol):
    """Keeps pieces, so that the same is not computed twice (`speech.cache`); safe for threads.

    A key says voice version, engine, words and manner (`speech.cache.piece_key`); pieces of one user are
    never another's.
    """

    def get(self, user_id: uuid.UUID, key: str) -> SpokenPiece | None:
        """What was kept under a key; None where nothing is, or where it can't be read."""

    def among(self, user_id: uuid.UUID, keys: Collection[str]) -> frozenset[str]:
        """Those keys under which something was kept."""

    def put(self, user_id: uuid.UUID, model_id: uuid.UUID, key: str, piece: SpokenPiece) -> None:
        """Keep a piece of a voice, with which it goes; called after the speech has ended. Raises nothing."""


class Marker(Protocol):
    """Puts the watermark into what leaves (`provenance`)."""

    def require(self) -> None:
        """Look before anything is spoken whether it may be; raises where it must be marked and can't."""

    def warm(self) -> None:
        """Start now what would start with the first speech; raises nothing."""

    def mark(
        self,
        blocks: Iterable[NDArray[np.float32]],
        rate_hz: int,
        tally: Tally,
        *,
        has_more: Callable[[], bool],
    ) -> Iterator[NDArray[np.float32]]:
        """The same sound, marked, as it comes, and counted; what `has_more` says is there, at once."""


class Memory(Protocol):
    """Has what left known again (`speech.remembering`)."""

    def follow(
        self, speech: Speech, blocks: Iterator[NDArray[np.float32]], rate_hz: int
    ) -> Iterator[NDArray[np.float32]]:
        """The same blocks; what is remembered of them is entered when the speech has ended."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """Those that there are."""

    history: History | None = None
    cache: PieceCache | None = None
    marker: Marker | None = None
    memory: Memory | None = None
