"""Asks the measurer, another process, for embeddings while files are still being decoded, and for DNSMOS."""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from voicewright.errors import AppError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_LOG = logging.getLogger(__name__)

_BATCH: Final = 8
"""Paths per request: enough to be worth a message, few enough for the clock to move."""


class DnsmosScore(Protocol):
    """The three figures of DNSMOS P.835, each 1..5."""

    @property
    def ovrl(self) -> float:
        """Overall."""

    @property
    def sig(self) -> float:
        """The voice alone."""


class Measurer(Protocol):
    """What intake needs of `quality.measurer.Measurer`; sound passes as paths of files."""

    def speaker_embeddings(
        self, paths: Sequence[Path], *, cancel: threading.Event | None = None
    ) -> NDArray[np.float32]:
        """Give one unit vector per file, as rows; a row of NaN where there is too little speech."""

    def dnsmos(
        self, paths: Sequence[Path], max_windows: int = 1, *, cancel: threading.Event | None = None
    ) -> Sequence[DnsmosScore]:
        """Score each file on at most so many windows of 9 s; NaN where nothing can be heard."""


class ClipMeasuring:
    """A thread that measures clips in the order in which they become ready.

    A measurer that fails costs its measures, not the intake: the reason is kept in `failure`.

    Attributes:
        embeddings: path -> unit vector.
        failure: why there are no (more) measures, or None.
    """

    def __init__(self, measurer: Measurer) -> None:
        self._measurer = measurer
        self._ready: queue.SimpleQueue[Path | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="clip-measuring", daemon=True)
        self._stop = threading.Event()
        self.embeddings: dict[Path, NDArray[np.float32]] = {}
        self.failure: str | None = None
        self._thread.start()

    @property
    def done(self) -> int:
        """How many clips have their embedding."""
        return len(self.embeddings)

    def add(self, path: Path) -> None:
        """Hand over a working copy that will not move any more."""
        self._ready.put(path)

    def close_input(self) -> None:
        """Say that nothing more will come."""
        self._ready.put(None)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the thread; give whether it has finished."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Give up: the request that is under way is cancelled."""
        self._stop.set()
        self._ready.put(None)

    def _run(self) -> None:
        open_ = True
        while open_ and not self._stop.is_set() and self.failure is None:
            batch: list[Path] = []
            while len(batch) < _BATCH and (not batch or not self._ready.empty()):
                path = self._ready.get()
                if path is None:
                    open_ = False
                    break
                batch.append(path)
            if not batch:
                continue
            try:
                rows = np.asarray(self._measurer.speaker_embeddings(batch, cancel=self._stop), np.float32)
                self.embeddings.update(zip(batch, rows, strict=True))
            except Exception as error:  # noqa: BLE001 - a thread has nobody to raise it to
                self.failure = _failure(error)


class ClipScoring:
    """The DNSMOS of a few clips, in a thread of its own so that the caller can be told to stop.

    Attributes:
        scores: path -> score, once `wait` has given true.
        failure: why there are none, or None.
    """

    def __init__(self, measurer: Measurer, paths: Sequence[Path]) -> None:
        self._measurer = measurer
        self._paths = paths
        self._thread = threading.Thread(target=self._run, name="clip-scoring", daemon=True)
        self._stop = threading.Event()
        self.scores: dict[Path, DnsmosScore] = {}
        self.failure: str | None = None
        self._thread.start()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the thread; give whether it has finished."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Give up: the request that is under way is cancelled."""
        self._stop.set()

    def _run(self) -> None:
        try:
            scores = self._measurer.dnsmos(self._paths, 1, cancel=self._stop)
            self.scores.update(zip(self._paths, scores, strict=True))
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise it to
            self.failure = _failure(error)


def _failure(error: Exception) -> str:
    """Say why there are no measures."""
    if isinstance(error, AppError):
        return error.message
    _LOG.error("the measurer failed", exc_info=error)
    return f"the measurer failed ({type(error).__name__}: {error}); the log has the details."
