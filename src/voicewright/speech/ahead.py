"""What was spoken and not yet heard: between the thread that speaks and the one that listens.

Whoever speaks asks for room before each piece and never in the middle of one, so that an engine is not kept
waiting by a slow listener. What waits here is therefore bounded by the limit and one piece.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from voicewright.engines.errors import Cancelled
from voicewright.speech.errors import SpeechUnheard

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

_TICK_S: Final = 0.05
UNHEARD_S: Final = 300.0
"""So long a listener may pause."""


class ReadAhead:
    """Blocks of sound on their way to one listener.

    Args:
        sample_rate_hz: of the blocks.
        limit_s: no further piece is begun while more than this waits.
        unheard_s: a listener who takes nothing for so long has gone.
    """

    def __init__(self, sample_rate_hz: int, *, limit_s: float, unheard_s: float = UNHEARD_S) -> None:
        self._rate_hz = sample_rate_hz
        self._limit_s = limit_s
        self._unheard_s = unheard_s
        self._begun = threading.Event()
        self._changed = threading.Condition()
        self._blocks: deque[NDArray[np.float32]] = deque()
        self._waiting = self._made = self._taken = 0
        self._began_s: float | None = None
        self._ended = False
        self._error: BaseException | None = None

    @property
    def waiting_s(self) -> float:
        """Length of what was not taken yet."""
        return self._waiting / self._rate_hz

    def lead_s(self) -> float:
        """How much the listener still has to hear, if they listen as fast as people do.

        Many take what comes at once and play it slowly: what was taken counts until it can have been heard.
        """
        if self._began_s is None:
            return 0.0
        unplayed_s = self._made / self._rate_hz - (time.monotonic() - self._began_s)
        return max(self.waiting_s, unplayed_s)

    def put(self, block: NDArray[np.float32]) -> None:
        """Add a block."""
        self._begun.set()
        with self._changed:
            self._blocks.append(block)
            self._waiting += len(block)
            self._made += len(block)
            self._began_s = self._began_s or time.monotonic()
            self._changed.notify_all()

    def end(self, error: BaseException | None = None) -> None:
        """No more comes; an error is raised to the listener after what was spoken before it."""
        with self._changed:
            self._ended, self._error = True, error
            self._begun.set()
            self._changed.notify_all()

    def await_room(self, stop: threading.Event) -> None:
        """Wait until the next piece may be begun.

        Raises:
            Cancelled: `stop` was set.
            SpeechUnheard: nobody listens any more.
        """
        with self._changed:
            taken, since_s = self._taken, time.monotonic()
            while True:
                if stop.is_set():
                    raise Cancelled("The speech was stopped.")
                if self.waiting_s <= self._limit_s:
                    return
                self._changed.wait(_TICK_S)
                if taken != self._taken:
                    taken, since_s = self._taken, time.monotonic()
                elif time.monotonic() - since_s > self._unheard_s:
                    raise SpeechUnheard(
                        f"Nobody took what was spoken for {self._unheard_s:g} s, so the rest was not spoken."
                    )

    def begin(self) -> None:
        """An engine is at work."""
        self._begun.set()

    def await_begin(self) -> None:
        """Wait until an engine is at work, or a sound is there, or all is over."""
        self._begun.wait()

    def await_first(self) -> None:
        """Wait for the first sound, or the end; raises what ended it without any."""
        with self._changed:
            self._changed.wait_for(lambda: self._made or self._ended)
            if not self._made and self._error is not None:
                raise self._error

    def has_more(self) -> bool:
        """Whether the next block, or the end, is there already."""
        return bool(self._blocks) or self._ended

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """The blocks as they come; once."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._blocks or self._ended)
                if not self._blocks:
                    if self._error is not None:
                        raise self._error
                    return
                block = self._blocks.popleft()
                self._waiting -= len(block)
                self._taken += 1
                self._changed.notify_all()
            yield block
