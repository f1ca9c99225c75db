"""Turns Ctrl-C, a termination signal and a closed terminal into one orderly end of the work, once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_IMPATIENCE = 3
"""After so many signals the process ends at once; its host processes end with it."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Whether the user asked to stop, for threads (`cancel`) and for the exit status (`status`)."""

    def __init__(self) -> None:
        self.cancel = threading.Event()
        self.status = 128 + signal.SIGINT
        self._heard = 0

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal: the first stops the main thread's work, later ones leave the tidying alone."""
        self._heard += 1
        if self._heard >= _IMPATIENCE:
            os._exit(128 + number)
        if self._heard == 1:
            self.status = 128 + number
            self.cancel.set()
            raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Listen to SIGINT, SIGTERM and SIGHUP inside the block; to be entered in the main thread."""
    interruption = Interruption()
    before = {number: signal.signal(number, interruption.hear) for number in _SIGNALS if _is_meant(number)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_meant(number: int) -> bool:
    """Whether the signal is to end this process: `nohup` has it go on when the terminal is closed."""
    return number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
