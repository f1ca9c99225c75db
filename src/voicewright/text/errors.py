"""What can be wrong with a text that is to be spoken."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class TextEmpty(AppError):
    """There is no letter and no digit in the text, so nothing can be said."""

    code: ClassVar[str] = "TEXT_EMPTY"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
