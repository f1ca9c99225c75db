"""What a service may tell and ask while it works on one request: progress, metrics, logs, cancellation."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Any

from voicewright.engines.errors import Cancelled

if TYPE_CHECKING:
    from pathlib import Path

    from voicewright.engines.host.frames import FrameWriter

_PROGRESS_INTERVAL_S = 0.05
"""Progress within one stage is sent at most this often: an inner loop may report as it likes."""


class HostContext:
    """One request's line to the parent; safe to use from any thread of the service."""

    def __init__(self, request_id: int, writer: FrameWriter) -> None:
        self.request_id = request_id
        self._writer = writer
        self._cancelled = threading.Event()
        self._stage: str | None = None
        self._last_progress_s = -math.inf

    def progress(self, stage: str, fraction: float) -> None:
        """Say that `fraction` (0..1) of the whole work is done and what is being done now."""
        now_s = time.monotonic()
        if stage == self._stage and fraction < 1.0 and now_s - self._last_progress_s < _PROGRESS_INTERVAL_S:
            return
        self._stage, self._last_progress_s = stage, now_s
        self._send(event="progress", stage=str(stage), fraction=float(fraction))

    def metric(self, name: str, value: float, *, step: int) -> None:
        """Report one point of a curve, for example `validation_loss` at epoch 12."""
        self._send(event="metric", name=str(name), value=float(value), step=int(step))

    def log(self, message: str) -> None:
        """Say something worth keeping in the job's log."""
        self._send(event="log", text=str(message))

    def spoke(self, path: Path, text: str, *, step: int) -> None:
        """Hand over what the voice said after so many epochs."""
        self._send(event="spoken", path=str(path), text=str(text), step=int(step))

    def check_cancelled(self) -> None:
        """Raise `Cancelled` when the work should stop; to be called at least every 200 ms."""
        if self._cancelled.is_set():
            raise Cancelled("The work was cancelled.")

    def cancel(self) -> None:
        """Let the next `check_cancelled` raise; called by the host when the parent asks."""
        self._cancelled.set()

    def _send(self, **event: Any) -> None:
        self._writer.write({"type": "event", "id": self.request_id, **event})
