"""What can go wrong with consents."""

from __future__ import annotations

from voicewright.errors import AppError, ErrorKind


class ConsentRequired(AppError):
    """No consent of the speaker is recorded, or it ended; the message says how to record one."""

    code = "CONSENT_REQUIRED"
    kind = ErrorKind.FORBIDDEN


class ConsentNotFound(AppError):
    """There is no such consent, or it is somebody else's."""

    code = "CONSENT_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND


class ConsentInvalid(AppError):
    """A consent can't be recorded as it is: it is for nothing, has no words, or ended before it began."""

    code = "CONSENT_INVALID"
    kind = ErrorKind.INVALID


class SpeakerInvalid(AppError):
    """The name of a speaker is empty, too long, or has characters that a name can't have."""

    code = "SPEAKER_INVALID"
    kind = ErrorKind.INVALID
