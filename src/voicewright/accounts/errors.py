"""Why somebody is not let in, or may not do what they ask for."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class NotAuthenticated(AppError):
    """No credentials, or none that are valid (any more)."""

    code: ClassVar[str] = "NOT_AUTHENTICATED"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAUTHENTICATED


class NotAllowed(AppError):
    """The caller is known and may not do this."""

    code: ClassVar[str] = "NOT_ALLOWED"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN
