"""Why nothing is told of a deleted account."""

from __future__ import annotations

from voicewright.errors import AppError, ErrorKind


class ErasureNotFound(AppError):
    """No account was deleted under this id."""

    code = "ERASURE_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND
