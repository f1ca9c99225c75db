"""The errors of intake as a whole; what is wrong with a single file is a refusal in the report instead."""

from __future__ import annotations

from voicewright.errors import AppError, ErrorKind


class RecordingsNotFound(AppError):
    """The folder or file that was named does not exist or can't be opened."""

    code = "RECORDINGS_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND


class NoRecordings(AppError):
    """The folder exists and holds nothing that looks like audio."""

    code = "NO_RECORDINGS"
    kind = ErrorKind.INVALID


class IntakeCancelled(AppError):
    """The caller asked to stop; working copies that were already written are the caller's to remove."""

    code = "INTAKE_CANCELLED"
    kind = ErrorKind.CANCELLED
