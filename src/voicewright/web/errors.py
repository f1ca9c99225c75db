"""What the panel itself refuses."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class PageNotFound(AppError):
    """The panel has no page at this address."""

    code: ClassVar[str] = "PAGE_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND
