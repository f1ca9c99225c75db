"""A worker as a child process of the server: started again when it dies, ended when the server ends."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from typing import Final, Self

_LOG = logging.getLogger(__name__)

_STDERR: Final = 2
"""What the worker says of itself is no part of what the server was asked to print."""
_SHORTEST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_LONG_LIFE_S: Final = 60.0
"""A worker that lived as long was well: its end has nothing to do with the ones before."""
_GRACE_S: Final = 20.0
"""A worker that was told to end gives its jobs back first."""


class ChildWorker:
    """Runs `voicewright worker` beside this process; a context manager.

    The child ends when its standard input does, so that it never outlives this process, however that ends.
    """

    def __init__(self) -> None:
        self._ending = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._keeper = threading.Thread(target=self._keep, name="child-worker", daemon=True)

    def __enter__(self) -> Self:
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._ending.set()
            child = self._child
        if child is not None and child.stdin is not None:
            child.stdin.close()
            try:
                child.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                _LOG.warning("the worker did not end in %g s and is killed", _GRACE_S)
                child.kill()
        self._keeper.join()

    def _keep(self) -> None:
        pause_s = 0.0
        while True:
            began_s = time.monotonic()
            with self._lock:
                if self._ending.is_set():
                    return
                self._child = subprocess.Popen(
                    [sys.executable, "-m", "voicewright", "worker", "--until-eof"],
                    stdin=subprocess.PIPE,
                    stdout=_STDERR,
                )
            status = self._child.wait()
            if self._ending.is_set():
                return
            pause_s = pause_after(time.monotonic() - began_s, pause_s)
            _LOG.warning("the worker ended with status %s and is started again in %g s", status, pause_s)
            if self._ending.wait(pause_s):
                return


def pause_after(lived_s: float, last_pause_s: float) -> float:
    """How long to wait before a worker that ended is started again: the longer, the more often it ends soon.

    Args:
        lived_s: how long it lived.
        last_pause_s: before it was started; 0: it was the first.
    """
    if lived_s >= _LONG_LIFE_S:
        return _SHORTEST_PAUSE_S
    return min(max(2 * last_pause_s, _SHORTEST_PAUSE_S), _LONGEST_PAUSE_S)
