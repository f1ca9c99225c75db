"""What is done when nobody waits for it: pieces are kept, and listened to, one after another."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

_LOG = logging.getLogger(__name__)


class Afterwards:
    """Works off a short list in a thread of its own; safe for threads. Close it.

    Args:
        name: of the thread.
        most: what may wait; more is refused, so that the memory is bounded.
    """

    def __init__(self, name: str, *, most: int) -> None:
        self._name = name
        self._most = most
        self._changed = threading.Condition()
        self._jobs: deque[Callable[[], None]] = deque()
        self._working = False
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """What is still to be done."""
        return len(self._jobs) + self._working

    def submit(self, job: Callable[[], None]) -> bool:
        """Have something done; False: there is too much to do already."""
        with self._changed:
            if self._closed or len(self._jobs) >= self._most:
                return False
            self._jobs.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return True

    def settle(self, timeout_s: float) -> bool:
        """Wait until all of it is done; False: it was not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._jobs and not self._working, timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Take nothing more, and wait a short time for what is there."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._working = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._jobs or self._closed)
                if not self._jobs:
                    return
                job = self._jobs.popleft()
                self._working = True
            try:
                job()
            except Exception:  # noqa: BLE001 - the next job has nothing to do with it
                _LOG.exception("something that was put off could not be done")
