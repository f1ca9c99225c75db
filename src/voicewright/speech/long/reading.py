"""Reads a text aloud in this process, as the command line does: the same rows and files as over HTTP.

Where a worker has it already, its progress is watched. One that was stopped or killed in the middle is found
again by what is to be heard, and goes on.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from voicewright.engines.errors import GpuUnavailable
from voicewright.engines.installed import Engines
from voicewright.speech.long.errors import LongSpeechFailed, LongSpeechNotFound, LongSpeechState
from voicewright.speech.long.running import speak_long
from voicewright.speech.long.runs import LongRun
from voicewright.speech.long.takeover import LOST_AFTER_S, take_over

if TYPE_CHECKING:
    import threading
    import uuid
    from collections.abc import Callable

    from voicewright.speech.long.bodies import LongTextBody
    from voicewright.speech.long.service import LongSpeechService
    from voicewright.speech.long.showing import Shown
    from voicewright.speech.long.tools import LongTools

_LOOK_S: Final = 0.25
_NODE: Final = "command line"


class Reader:
    """Has texts spoken here.

    Args:
        service: keeps them.
        tools: speak them.
        engines: which there are.
        lost_after_s: so long one that another process speaks may give no sign of life.

    Attributes:
        service: the same.
    """

    def __init__(
        self,
        service: LongSpeechService,
        tools: LongTools,
        *,
        engines: Engines = Engines(),  # noqa: B008 - frozen
        lost_after_s: float = LOST_AFTER_S,
    ) -> None:
        self.service = service
        self._tools = tools
        self._engines = engines
        self._lost_after_s = lost_after_s

    def take_up(self, user_id: uuid.UUID, body: LongTextBody) -> Shown:
        """Have a text queued: one that was begun before, or a new one.

        Raises:
            EngineNotFound, EngineNotInstalled, GpuUnavailable: it can't be spoken here; it waits, paused.
            AppError: as `LongSpeechService.start_text`.
        """
        shown = self.service.take_up_text(user_id, body)
        engine = shown.parts[0].engine or ""
        if shown.speech.state != "completed" and engine not in self._tools.engines:
            self.pause(user_id, shown.speech.id)
            self._engines.require(self._engines.find(engine))
            raise GpuUnavailable(f"The engine '{engine}' needs a GPU, and this machine has none.")
        return shown

    def speak(
        self,
        user_id: uuid.UUID,
        speech_id: uuid.UUID,
        *,
        on_progress: Callable[[Shown], object],
        cancel: threading.Event,
    ) -> Shown:
        """Speak it to its end, or watch whoever does; whatever stops this pauses it.

        Args:
            user_id: whose it is.
            speech_id: which.
            on_progress: told now and then.
            cancel: set by another thread to stop.

        Raises:
            LongSpeechFailed: says why.
            LongSpeechState: somebody else paused or cancelled it, or `cancel` was set.
            LongSpeechNotFound: somebody deleted it.
        """
        try:
            while True:
                shown = self.service.get(user_id, speech_id)
                on_progress(shown)
                if self._has_ended(shown, cancel):
                    return shown
                run = self._begin(shown)
                if run is not None:
                    self._run(run, cancel, lambda: on_progress(self.service.get(user_id, speech_id)))
                elif not take_over(self._tools.database, lost_after_s=self._lost_after_s):
                    cancel.wait(_LOOK_S)
        except BaseException:
            self.pause(user_id, speech_id)
            raise

    def pause(self, user_id: uuid.UUID, speech_id: uuid.UUID) -> None:
        """Have it wait, where it has not ended."""
        with suppress(LongSpeechState, LongSpeechNotFound):
            self.service.pause(user_id, speech_id)

    def _begin(self, shown: Shown) -> LongRun | None:
        speech = shown.speech
        if speech.state != "queued" or speech.ticket is None:
            return None
        return LongRun.begin(self._tools.database, speech.id, speech.ticket, node=_NODE)

    def _run(self, run: LongRun, cancel: threading.Event, look: Callable[[], object]) -> None:
        with ThreadPoolExecutor(1, "reading") as pool, run:
            speaking = pool.submit(speak_long, run, self._tools)
            try:
                while not cancel.is_set() and not wait([speaking], _LOOK_S).done:
                    look()
            finally:
                run.stop()
                speaking.result()

    @staticmethod
    def _has_ended(shown: Shown, cancel: threading.Event) -> bool:
        speech = shown.speech
        if speech.state == "failed":
            raise LongSpeechFailed(speech.error or "It failed.")
        if speech.state in {"paused", "cancelled"}:
            raise LongSpeechState(f"It was {speech.state} by somebody else.")
        if speech.state != "completed" and cancel.is_set():
            raise LongSpeechState("It was stopped.")
        return speech.state == "completed"
