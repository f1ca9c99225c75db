"""Takes what a library writes to a file, and gives it away piece by piece."""

from __future__ import annotations

import io
from typing import Any


class ByteSink(io.RawIOBase):
    """A file that only grows: what was written waits until it is taken, and nobody can go back in it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """As a file that is written to."""
        return True

    def write(self, data: Any) -> int:
        """Keep a copy of what came: who writes may use its buffer again."""
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> list[bytes]:
        """What came since the last time."""
        parts, self._parts = self._parts, []
        return parts
