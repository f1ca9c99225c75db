"""What can go wrong with the cleanup, and with bringing a deleted voice back."""

from __future__ import annotations

from voicewright.errors import AppError, ErrorKind


class CleanupRunning(AppError):
    """A cleanup is running already; there is one at a time over all machines."""

    code = "CLEANUP_RUNNING"
    kind = ErrorKind.CONFLICT
    default_retryable = True


class CleanupRunNotFound(AppError):
    """There is no such run of the cleanup."""

    code = "CLEANUP_RUN_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND


class VoiceNotDeleted(AppError):
    """The voice that is to be brought back is not deleted."""

    code = "VOICE_MODEL_NOT_DELETED"
    kind = ErrorKind.CONFLICT
