"""What can be wrong with a request to speak."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class NothingSpoken(AppError):
    """The engine answered without any audio."""

    code: ClassVar[str] = "NOTHING_SPOKEN"
    kind: ClassVar[ErrorKind] = ErrorKind.INTERNAL
