"""One text that is being spoken: iterate over its sound, then read how it went."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Self

from voicewright.engines.errors import Cancelled
from voicewright.errors import AppError, ErrorKind
from voicewright.provenance.tally import Tally
from voicewright.voices.errors import VoiceNotFound

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from voicewright.engines.port import SpokenWord
    from voicewright.provenance.tally import Marked
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
    spoken_pieces: int = 0
    """So far."""
    cached_pieces: int = 0
    retried_pieces: int = 0
    """Spoken again because the engine broke, or because the listener was not content."""
    first_audio_s: float | None = None
    """From the order to the first sound that left; None where none did."""
    total_s: float | None = None
    """From the order to the end."""
    output_s: float = 0.0
    """Length of what left, with its pauses."""
    speech_s: float = 0.0
    """Length of what was spoken, without pauses."""
    synthesis_s: float = 0.0
    """What the engine needed for what was not in the cache."""
    waiting_s: float = 0.0
    """Spent waiting for a free place and a free engine."""
    listening_s: float = 0.0
    """Spent listening to pieces before they left."""
    cost_usd: float = 0.0
    provider_usage: dict[str, float] = field(default_factory=dict)
    """What the engine's provider counted, by unit: characters, credits, tokens, dollars."""
    marks: Tally = field(default_factory=Tally)
    """How much of what left has the watermark; complete for what has left so far."""
    checks: list[PieceCheck] = field(default_factory=list)
    """Of what was listened to; what is listened to beside may be added after the end."""

    def note_usage(self, unit: str, amount: float) -> None:
        """Add what a provider counted."""
        self.provider_usage[unit] = self.provider_usage.get(unit, 0.0) + amount

    @property
    def watermark(self) -> Marked | None:
        """How much of what left was marked; None: nothing has left."""
        return self.marks.watermark if self.output_s else None

    @property
    def real_time_factor(self) -> float:
        """Seconds of synthesis per second of speech."""
        return self.synthesis_s / self.speech_s if self.speech_s else 0.0


@dataclass(frozen=True, slots=True)
class Role:
    """Who speaks what, at last."""

    voice: VoiceModel
    fallback: Fallback | None
    language: str
    script: Script
    sample_rate_hz: int


@dataclass(slots=True, eq=False)
class Sound:
    """What is being made of it."""

    blocks: Callable[[], Iterator[NDArray[np.float32]]]
    """As they leave, marked."""
    words: list[SpokenWord]
    end: Callable[[], None]
    """Stops it, and waits until it has stopped."""


class Speech:
    """Made by `SpeechService.begin`; a context manager, to be left whatever happens. Iterate once.

        with speeches.begin(user_id, order) as speech:
            for block in speech:  # float32 (n,) in +-1, marked, as soon as it is made
                ...

    Its first sound is there when it is made: an engine that is down was found out by then, so `voice` and
    `fallback` stay as they are.
    """

    def __init__(self, user_id: uuid.UUID, order: SpeechOrder, role: Role, *, asked_s: float) -> None:
        self.id = uuid.uuid4()
        """Of its entry in the history."""
        self.begun_at = datetime.now(UTC)
        self.user_id = user_id
        self.order = order
        self.figures = SpeechFigures(characters=len(order.text))
        self.words: list[SpokenWord] = []
        """When each word is said in the sound that left."""
        self.words_estimated = False
        self.outcome: Outcome | None = None
        """None while it goes on."""
        self.error: AppError | None = None
        """Why it failed, or was cancelled by something else than its listener."""
        self.entered = False
        """In the history."""
        self._asked_s = asked_s
        self._stop = threading.Event()
        self._closing = threading.Lock()
        self._closed = False
        self._sound: Sound | None = None
        self._blocks: Generator[NDArray[np.float32], None, None] | None = None
        self._on_end: list[Callable[[Speech], None]] = []
        self._on_end_late: list[Callable[[Speech], None]] = []
        self.take(role)

    def take(self, role: Role) -> None:
        """Let somebody speak; before the first sound, another one may have to."""
        self.voice = role.voice
        """The one that speaks."""
        self.fallback = role.fallback
        """Where another one speaks than was asked for."""
        self.language = role.language
        """One of the engine's."""
        self.script = role.script
        self.sample_rate_hz = role.sample_rate_hz
        self.figures.pieces = len(role.script.pieces)

    def sound(self, sound: Sound) -> None:
        """Let its sound be this."""
        self._sound = sound
        self.words = sound.words

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """The sound.

        Raises:
            AppError: as the engine, or the permit to speak with the voice; what came before stands.
        """
        if self._blocks is None:
            self._blocks = self._leaving()
        return self._blocks

    def _leaving(self) -> Generator[NDArray[np.float32], None, None]:
        assert self._sound is not None  # noqa: S101 - `begin` gives it
        try:
            for block in self._sound.blocks():
                if self.figures.first_audio_s is None:
                    self.figures.first_audio_s = time.perf_counter() - self._asked_s
                self.figures.output_s += len(block) / self.sample_rate_hz
                yield block
        except AppError as error:
            self.fail(error)
            raise
        self.outcome = self.outcome or "completed"

    @property
    def stopping(self) -> threading.Event:
        """Set when it is to stop."""
        return self._stop

    def cancel(self) -> None:
        """Stop, from any thread; the engine stops within a second."""
        self._stop.set()

    def silence(self) -> None:
        """Stop what is being made of it; another one may speak it."""
        if self._sound is not None:
            self._sound.end()

    def fail(self, error: BaseException) -> None:
        """Note what ended it; the first is what counts."""
        if self.outcome is not None:
            return
        if isinstance(error, AppError):
            unwanted = isinstance(error, VoiceNotFound) or error.kind is ErrorKind.CANCELLED
            self.outcome = "cancelled" if unwanted or self._stop.is_set() else "failed"
            self.error = None if isinstance(error, Cancelled) else error
        else:
            self.outcome = "cancelled"

    def on_end(self, call: Callable[[Speech], None], *, late: bool = False) -> None:
        """Have something done when it has ended, in the order of asking; it must raise nothing.

        Args:
            call: what.
            late: after all that is not late.
        """
        (self._on_end_late if late else self._on_end).append(call)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.fail(error)
        self.close()

    def close(self) -> None:
        """End it: what still runs stops. Once is enough; more does no harm."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self._stop.set()
        if self._blocks is not None:
            with contextlib.suppress(ValueError):  # another thread takes a block at this moment
                self._blocks.close()
        self.silence()
        self.outcome = self.outcome or "cancelled"
        self.figures.total_s = time.perf_counter() - self._asked_s
        for call in (*self._on_end, *self._on_end_late):
            call(self)
