"""One text that is being spoken: iterate over its sound, then read how it went."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from voicewright.engines.port import SpokenWord
    from voicewright.errors import AppError
    from voicewright.speech.choice import Fallback
    from voicewright.speech.order import SpeechOrder
    from voicewright.text.script import Script
    from voicewright.voices.models import VoiceModel

Outcome = Literal["completed", "failed", "cancelled"]
CheckVerdict = Literal["good", "repaired", "poor", "skipped"]


@dataclass(frozen=True, slots=True)
class PieceCheck:
    """What the listener said of one piece."""

    piece: int
    """Its number in the script, from 0."""
    verdict: CheckVerdict
    """`repaired`: wrong at first, right when it was spoken again; `poor`: the best that there was;
    `skipped`: nobody listened, `reason` says why."""
    attempts: int = 1
    reason: str = ""
    """What was wrong, or why nobody listened, in words."""


@dataclass(slots=True)
class SpeechFigures:
    """How a speech went; complete once it has ended."""

    characters: int = 0
    """Of the text as it was ordered."""
    pieces: int = 0
    cached_pieces: int = 0
    retried_pieces: int = 0
    """Spoken again because the engine broke, or because the listener was not content."""
    first_audio_s: float | None = None
    """From the order to the first sound that left; None where none did."""
    output_s: float = 0.0
    """Length of what left, with its pauses."""
    speech_s: float = 0.0
    """Length of what was spoken, without pauses."""
    synthesis_s: float = 0.0
    """What the engine needed for what was not in the cache."""
    waiting_s: float = 0.0
    """Spent waiting for a free place and a free engine."""
    cost_usd: float = 0.0
    checks: list[PieceCheck] = field(default_factory=list)

    @property
    def real_time_factor(self) -> float:
        """Seconds of synthesis per second of speech."""
        return self.synthesis_s / self.speech_s if self.speech_s else 0.0


@dataclass(slots=True)
class Plan:
    """What was settled before the first sound."""

    user_id: uuid.UUID
    order: SpeechOrder
    voice: VoiceModel
    fallback: Fallback | None
    language: str
    script: Script
    sample_rate_hz: int


class Speech:
    """Made by `SpeechService.begin`; a context manager, to be left whatever happens. Iterate once.

    with speeches.begin(user_id, order) as speech:
        for block in speech:  # float32 (n,) in +-1, marked, as soon as it is made
            ...
    """

    def __init__(self, plan: Plan, source: Callable[[Speech], Iterator[NDArray[np.float32]]]) -> None:
        self.id = uuid.uuid4()
        """Of its entry in the history."""
        self.begun_at = datetime.now(UTC)
        self.user_id = plan.user_id
        self.order = plan.order
        self.voice = plan.voice
        """The one that speaks."""
        self.fallback = plan.fallback
        """Where another one speaks than was asked for."""
        self.language = plan.language
        """One of the engine's."""
        self.script = plan.script
        self.sample_rate_hz = plan.sample_rate_hz
        self.figures = SpeechFigures(characters=len(plan.order.text), pieces=len(plan.script.pieces))
        self.words: list[SpokenWord] = []
        """When each word is said in the sound that left."""
        self.words_estimated = False
        self.outcome: Outcome | None = None
        """None while it goes on."""
        self.error: AppError | None = None
        """Why it failed, or was cancelled by something else than its listener."""
        self.cancelling = threading.Event()
        self._source = source
        self._on_end: list[Callable[[Speech], None]] = []

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """The sound.

        Raises:
            AppError: as the engine, or the permit to speak with the voice; what came before stands.
        """
        return self._source(self)

    def cancel(self) -> None:
        """Stop, from any thread; the engine stops within a second."""
        self.cancelling.set()

    def on_end(self, call: Callable[[Speech], None]) -> None:
        """Have something done when it has ended, in the order of asking."""
        self._on_end.append(call)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it: what still runs stops. Once is enough; more does no harm."""
        self.cancelling.set()
        if self.outcome is None:
            self.outcome = "cancelled"
        on_end, self._on_end = self._on_end, []
        for call in on_end:
            call(self)
