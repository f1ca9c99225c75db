"""The wish to stop, which may come from several sides."""

from __future__ import annotations

import threading


class Stop(threading.Event):
    """Set by whoever has it, or with any event that it listens to; asked with `is_set`, never waited for."""

    def __init__(self, *others: threading.Event | None) -> None:
        super().__init__()
        self._others = [other for other in others if other is not None]

    def is_set(self) -> bool:
        """Whether anybody wants to stop."""
        return super().is_set() or any(other.is_set() for other in self._others)
