"""Whose turn it is, and at which process: pure rules of the pool."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from voicewright.engines.client import EngineClient
    from voicewright.errors import AppError

VOICES_LOADED: Final = 4
"""That an engine is taken to keep in memory; each keeps the last few, see `engines.loaded`."""


@dataclass(slots=True, eq=False)
class Worker:
    """A running process of an engine."""

    client: EngineClient
    used_s: float
    """When it was last given back."""
    busy: bool = False
    voices: list[Path] = field(default_factory=list)
    """Those that it spoke with last, the latest at the end."""

    def speaks_with(self, voice_dir: Path) -> None:
        """Note that it loads a voice, and may forget the one that it used least recently."""
        self.voices = [*(each for each in self.voices if each != voice_dir), voice_dir][-VOICES_LOADED:]


@dataclass(slots=True, eq=False)
class Turn:
    """One piece that waits for a process."""

    engine_id: str
    user_id: uuid.UUID
    voice_dir: Path
    lead_s: Callable[[], float]
    """How much the listener still has to hear."""
    ready: threading.Event = field(default_factory=threading.Event)
    worker: Worker | None = None
    error: AppError | None = None


def next_turn(waiting: Sequence[Turn], served: Mapping[uuid.UUID, int]) -> Turn:
    """The piece that is spoken next.

    Users take turns, however many streams each has; of one user's streams, the one whose listener has least
    left to hear. Of equal ones, the one that has waited longest.

    Args:
        waiting: at least one, in the order in which they came.
        served: when each user was last served, as a growing number; those who never were are first.
    """
    return min(waiting, key=lambda turn: (served.get(turn.user_id, 0), turn.lead_s()))


def best_worker(idle: Sequence[Worker], voice_dir: Path) -> Worker:
    """The process that speaks: the last one that had the voice, else the one that was used least recently.

    The last one is warm to the caches of the processor, and the others may end when nobody needs them.
    """
    having = [worker for worker in idle if voice_dir in worker.voices]
    if having:
        return max(having, key=lambda worker: worker.used_s)
    return min(idle, key=lambda worker: worker.used_s)
