"""Has what was spoken listened to: one recogniser, in a process of its own that gives way to everything else.

What is held back waits for its verdict; what left at once is listened to beside, and only reported. Either is
left out where there is too much to listen to, and is told so: speaking comes before listening.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import wave
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from voicewright.errors import AppError
from voicewright.speech.afterwards import Afterwards
from voicewright.speech.keeping import scratch
from voicewright.speech.speaking import PieceCheck
from voicewright.speech.truth import Pace, Verdict, judge, loudest_rms

if TYPE_CHECKING:
    from pathlib import Path

    from voicewright.engines.port import AudioChunk, SynthesisRequest
    from voicewright.quality.measurer import Measurer
    from voicewright.speech.speaking import CheckVerdict, Speech

_LOG = logging.getLogger(__name__)

_MOST_BESIDE: Final = 4
"""Pieces that wait to be listened to beside, all speeches together."""
_MOST_BEFORE: Final = 3
"""Speeches that wait for the recogniser with a piece that is held back."""
_VOICES: Final = 500
_NICENESS: Final = 15
_WARM_HZ: Final = 16_000
"""A second of silence at this rate is listened to before anything else."""


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

    def note(self, check: PieceCheck) -> None:
        """Add a check to those of the speech."""

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


class Ears:
    """Listens for all speeches of a process; safe for threads. Close it.

    Args:
        measurer: makes what recognises words; it is started with the first question.
        work_dir: where a piece lies while it is listened to.
        busy: whether engines are wanted by more than there are.
    """

    def __init__(self, measurer: Callable[[], Measurer], *, work_dir: Path, busy: Callable[[], bool]) -> None:
        self._make_measurer = measurer
        self._work_dir = work_dir
        self._busy = busy
        self._lock = threading.Lock()
        self._measurer: Measurer | None = None
        self._before = threading.BoundedSemaphore(_MOST_BEFORE)
        self._paces: OrderedDict[str, Pace] = OrderedDict()
        self._polite: set[int] = set()
        self.beside = Afterwards("speech-listener", most=_MOST_BESIDE)

    def close(self) -> None:
        """End the recogniser."""
        with self._lock:
            measurer = self._measurer
        if measurer is not None:
            measurer.close()
        self.beside.close()

    def warm(self, language: str) -> None:
        """Start the recogniser of a language now instead of with the first question.

        Raises:
            AppError: it does not start.
        """
        if self.knows(language):
            self._recognise(Sound(bytes(2 * _WARM_HZ), _WARM_HZ, None), language)

    def knows(self, language: str) -> bool:
        """Whether words of a language are recognised here."""
        return self._ask().supports_recognition(language)

    @property
    def busy(self) -> bool:
        """Whether listening beside has to wait for better times."""
        return self._busy()

    def hear_held_back(self, request: SynthesisRequest, piece: Sound) -> Heard:
        """Listen now, unless many want that."""
        if not self._before.acquire(blocking=False):
            return Heard(good=True, reason="too much is listened to now", skipped=True)
        try:
            return self.hear(request, piece)
        finally:
            self._before.release()

    def hear(self, request: SynthesisRequest, piece: Sound) -> Heard:
        """Listen to a piece; what can't be listened to is taken as it is."""
        language = request.language or ""
        try:
            heard = self._recognise(piece, language) if self.knows(language) else None
        except AppError as error:
            return Heard(good=True, reason=f"the recogniser failed ({error.code})", skipped=True)
        pace = self._pace_of(request)
        duration_s = piece.duration_s * request.speed
        verdict: Verdict = judge(
            request.text,
            duration_s=duration_s,
            loudest=loudest_rms(piece.pcm, piece.rate_hz),
            language=language,
            heard=heard,
            usual_s=pace.usual_s,
        )
        if not verdict.good:
            return Heard(good=False, score=verdict.score, reason=verdict.reason)
        pace.note(request.text, duration_s, language)
        if heard is None:
            return Heard(good=True, score=1.0, reason=f"nothing here knows {language}", skipped=True)
        return Heard(good=True, score=verdict.score)

    def _recognise(self, piece: Sound, language: str) -> str:
        measurer = self._ask()
        with scratch(self._work_dir) as folder:
            path = folder / "piece.wav"
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(piece.rate_hz)
                file.writeframes(piece.pcm)
            [recognition] = measurer.recognise([path], language, cancel=piece.stop)
        self._give_way(measurer)
        return recognition.text

    def _ask(self) -> Measurer:
        with self._lock:
            if self._measurer is None:
                self._measurer = self._make_measurer()
            return self._measurer

    def _give_way(self, measurer: Measurer) -> None:
        """Let the recogniser run when nothing else wants to, where the system knows such a thing."""
        if sys.platform == "win32":
            return
        for pid in set(measurer.pids) - self._polite:
            self._polite.add(pid)
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, pid, _NICENESS)

    def _pace_of(self, request: SynthesisRequest) -> Pace:
        """Of a voice in a language; the folder of an unpacked voice is named by its content."""
        key = f"{request.voice_dir.name}/{request.language}"
        with self._lock:
            pace = self._paces.setdefault(key, Pace())
            self._paces.move_to_end(key)
            while len(self._paces) > _VOICES:
                self._paces.popitem(last=False)
        return pace


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece, to be listened to."""

    pcm: bytes
    rate_hz: int
    stop: threading.Event | None

    @property
    def duration_s(self) -> float:
        """Its length."""
        return len(self.pcm) / 2 / self.rate_hz


class SpeechListener:
    """Listens to the pieces of one speech (`PieceListener`).

    Args:
        ears: of the process.
        speech: whose.
        attempts: how often a piece is spoken at most.
        stop: set when nobody wants to know any more, for what is held back.
        count: called with each verdict.
        tell: called with the speech when something was heard after its end, and nothing is left to hear.
    """

    def __init__(
        self,
        ears: Ears,
        speech: Speech,
        *,
        attempts: int,
        stop: threading.Event,
        count: Callable[[str], None],
        tell: Callable[[Speech], None],
    ) -> None:
        self.attempts = attempts
        self.holds_back = speech.order.check == "before"
        self._ears = ears
        self._speech = speech
        self._stop = stop
        self._count = count
        self._tell = tell
        self._lock = threading.Lock()
        self._pending = 0
        self._ended = False
        self._told = 0
        speech.on_end(self._before_end)
        speech.on_end(self._note_end, late=True)

    def hear(self, request: SynthesisRequest, chunks: Sequence[AudioChunk]) -> Heard:
        """Listen to a piece now."""
        return self._ears.hear_held_back(request, self._sound(chunks, self._stop))

    def hear_later(
        self,
        place: int,
        request: SynthesisRequest,
        chunks: Sequence[AudioChunk],
        *,
        when_good: Callable[[], None],
    ) -> None:
        """Listen to a piece when there is time; returns at once."""
        piece = self._sound(chunks, None)

        def listen() -> None:
            if self._ears.busy:
                self.note(PieceCheck(place, "skipped", reason="the engines are busy"))
                when_good()
            else:
                heard = self._ears.hear(request, piece)
                verdict: CheckVerdict = "skipped" if heard.skipped else "good" if heard.good else "poor"
                self.note(PieceCheck(place, verdict, reason=heard.reason))
                if heard.good:
                    when_good()
            self._done()

        with self._lock:
            self._pending += 1
        if not self._ears.beside.submit(listen):
            self.note(PieceCheck(place, "skipped", reason="too much is listened to now"))
            when_good()
            self._done()

    def _sound(self, chunks: Sequence[AudioChunk], stop: threading.Event | None) -> Sound:
        return Sound(b"".join(chunk.pcm for chunk in chunks), self._speech.sample_rate_hz, stop)

    def note(self, check: PieceCheck) -> None:
        """Add a check to those of the speech."""
        self._count(check.verdict)
        with self._lock:
            checks = self._speech.figures.checks
            checks.append(check)
            checks.sort(key=lambda one: one.piece)

    def _done(self) -> None:
        with self._lock:
            self._pending -= 1
            late = self._ended and not self._pending
        if late:
            self._tell(self._speech)

    def _before_end(self, speech: Speech) -> None:
        """What is noted from here on, the history may not have when it ends the entry."""
        self._told = len(speech.figures.checks)

    def _note_end(self, speech: Speech) -> None:
        with self._lock:
            self._ended = True
            missing = not self._pending and len(speech.figures.checks) != self._told
        if missing:
            self._tell(speech)
