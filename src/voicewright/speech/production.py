"""The making of one speech, in a thread of its own: as far ahead of its listener as is useful, no further."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Final

from voicewright.errors import AppError
from voicewright.speech.errors import SpeechBroken

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicewright.speech.ahead import ReadAhead
    from voicewright.speech.pool import PooledEngine
    from voicewright.speech.speaking import SpeechFigures
    from voicewright.speech.stream import SpeechStream

_LOG = logging.getLogger(__name__)
_END_S: Final = 5.0
"""An engine that is told to stop does so within a second, or is killed; this is for a machine that crawls."""


class Production:
    """Takes a stream as it comes and puts it where its listener finds it.

    Args:
        stream: of the speech.
        ahead: between this and the listener.
        engine: that speaks.
        figures: of the speech; they are kept up to date.
        stop: set by whoever wants it to stop.
        waited_s: for a place, before.
    """

    def __init__(
        self,
        stream: SpeechStream,
        ahead: ReadAhead,
        *,
        engine: PooledEngine,
        figures: SpeechFigures,
        stop: threading.Event,
        waited_s: float = 0.0,
    ) -> None:
        self._stream = stream
        self._ahead = ahead
        self._engine = engine
        self._figures = figures
        self._stop = stop
        self._waited_s = waited_s
        self._thread = threading.Thread(target=self._run, name="speech", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def end(self) -> None:
        """Stop, and wait until the engine is free."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(_END_S)

    def _run(self) -> None:
        try:
            for block in self._stream:
                self._note()
                self._ahead.put(block)
        except AppError as error:
            self._end(error)
        except BaseException as error:  # noqa: BLE001 - the listener is told, whatever it was
            _LOG.exception("a speech broke off")
            self._end(SpeechBroken(f"The speech broke off, which is a bug ({type(error).__name__})."))
        else:
            self._end(None)

    def _end(self, error: AppError | None) -> None:
        self._note()
        self._ahead.end(error)

    def _note(self) -> None:
        self._figures.speech_s = self._stream.speech_s
        self._figures.waiting_s = self._waited_s + self._engine.waiting_s
        self._figures.synthesis_s = max(
            0.0, self._stream.synthesis_s - self._engine.waiting_s - self._figures.listening_s
        )


class Occasionally:
    """Does something again when some time has passed since the last time.

    Args:
        act: what.
        every_s: how long the last time is good for; it counts from now.
    """

    def __init__(self, act: Callable[[], object], *, every_s: float) -> None:
        self._act = act
        self._every_s = every_s
        self._last_s = time.monotonic()

    def __call__(self) -> None:
        """Do it, if it is time."""
        if time.monotonic() - self._last_s > self._every_s:
            self._act()
            self._last_s = time.monotonic()
