"""Signs of life of what is being spoken: how far it is, every few seconds, so that a kill is noticed soon."""

from __future__ import annotations

import logging
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, update

from voicewright.errors import AppError
from voicewright.speech.models import Synthesis

if TYPE_CHECKING:
    import uuid

    from voicewright.db.server import Database
    from voicewright.speech.speaking import Speech

_LOG = logging.getLogger(__name__)

BEAT_S: Final = 10.0
LOST_AFTER_S: Final = 60.0
"""An entry without a sign of life for so long is that of a process that was killed."""


class Signs:
    """Gives a sign of life of each speech of this process; safe for threads.

    Its thread is there while something is spoken, and a little longer.

    Args:
        database: open.
        beat_s: how often.
    """

    def __init__(self, database: Database, *, beat_s: float = BEAT_S) -> None:
        self._database = database
        self._beat_s = beat_s
        self._lock = threading.Lock()
        self._speeches: dict[uuid.UUID, Speech] = {}
        self._thread: threading.Thread | None = None

    def begin(self, speech: Speech) -> None:
        """It goes on from now on; its entry is there."""
        with self._lock:
            self._speeches[speech.id] = speech
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="speech-signs", daemon=True)
                self._thread.start()

    def end(self, speech: Speech) -> None:
        """It has ended, however it did."""
        with self._lock:
            self._speeches.pop(speech.id, None)

    def _work(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(self._beat_s)
            with self._lock:
                speeches = list(self._speeches.values())
                if not speeches:
                    self._thread = None
                    return
            try:
                self._write(speeches)
            except AppError as error:
                _LOG.warning("no sign of life of %d speeches: %s", len(speeches), error.message)
            except Exception:  # noqa: BLE001 - without signs all of them would be taken for dead
                _LOG.exception("no sign of life of %d speeches", len(speeches))

    def _write(self, speeches: list[Speech]) -> None:
        with self._database.session() as session:
            for speech in speeches:
                # one that ended a moment ago keeps what was entered then
                this = (Synthesis.id == speech.id) & (Synthesis.state == "speaking")
                session.execute(update(Synthesis).where(this).values(_so_far(speech)))


def _so_far(speech: Speech) -> dict[str, Any]:
    figures = speech.figures
    return {
        "heartbeat_at": func.clock_timestamp(),
        "audio_s": figures.output_s,
        "watermark": figures.watermark,
        "first_audio_ms": None if figures.first_audio_s is None else figures.first_audio_s * 1000,
        "synthesis_ms": figures.synthesis_s * 1000,
        "cost_usd": Decimal(str(figures.cost_usd)),
    }
