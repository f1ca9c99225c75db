"""One request and what comes back for it: the bounded mailbox between the reading thread and the caller."""

from __future__ import annotations

import collections
import threading
import time
from typing import TYPE_CHECKING

from voicewright.engines.host.frames import Header
from voicewright.errors import AppError

if TYPE_CHECKING:
    from collections.abc import Callable

Arrival = tuple[Header, bytes] | AppError
"""A frame, or the error that ends the exchange on this side."""

_FRAME_OVERHEAD_BYTES = 200
"""What one waiting frame counts at least, so that a million tiny ones are bounded too."""


class Exchange:
    """Collects the frames of one request until the caller takes them.

    At most `window_bytes` wait here. When they are full, `put` blocks the reading thread, the pipe fills up
    and the child stops in its next write: that is the whole backpressure.
    """

    def __init__(self, request_id: int, *, window_bytes: int, on_end: Callable[[], None]) -> None:
        self.id = request_id
        self.ended = threading.Event()
        """Set when the child has finished with this request, or is gone: the host is free again."""
        self._window_bytes = window_bytes
        self._on_end = on_end
        self._changed = threading.Condition()
        self._waiting: collections.deque[tuple[Arrival, int]] = collections.deque()
        self._waiting_bytes = 0
        self._discarding = False

    def put(self, header: Header, payload: bytes, *, patience_s: float) -> bool:
        """Add a frame; block while the window is full. False: nobody took anything for `patience_s`."""
        cost = len(payload) + _FRAME_OVERHEAD_BYTES
        with self._changed:
            seen = -1
            while not self._has_room(cost):
                if seen == self._waiting_bytes:
                    return False
                seen = self._waiting_bytes
                self._changed.wait(patience_s)
            self._append((header, payload), cost)
        return True

    def offer(self, header: Header) -> None:
        """Add a frame if there is room: for what may be lost, as a line of a flood on standard error."""
        with self._changed:
            if self._has_room(_FRAME_OVERHEAD_BYTES):
                self._append((header, b""), _FRAME_OVERHEAD_BYTES)

    def take(self, timeout_s: float) -> Arrival | None:
        """Return the next arrival, or None after `timeout_s`."""
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            while not self._waiting:
                left_s = deadline_s - time.monotonic()
                if left_s <= 0 or not self._changed.wait(left_s):
                    return None
            arrival, cost = self._waiting.popleft()
            self._waiting_bytes -= cost
            self._changed.notify_all()
            return arrival

    def discard(self, error: AppError | None = None) -> None:
        """Drop what waits and whatever still comes; leave `error` for a caller who returns later."""
        with self._changed:
            self._waiting.clear()
            self._waiting_bytes = 0
            if error is not None:
                self._append(error, 0)
            self._discarding = True
            self._changed.notify_all()

    def end(self, arrival: Arrival) -> None:
        """Add the last arrival, which always finds room, and say that the host is free."""
        with self._changed:
            if self.ended.is_set():
                return
            self._append(arrival, 0)
            self.ended.set()
        self._on_end()

    def _has_room(self, cost: int) -> bool:
        fits = self._waiting_bytes + cost <= self._window_bytes
        return self._discarding or self._waiting_bytes == 0 or fits

    def _append(self, arrival: Arrival, cost: int) -> None:
        if not self._discarding:
            self._waiting.append((arrival, cost))
            self._waiting_bytes += cost
            self._changed.notify_all()
