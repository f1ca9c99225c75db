"""What can go wrong with voices."""

from __future__ import annotations

from voicewright.errors import AppError, ErrorKind


class VoiceNotFound(AppError):
    """There is no such voice, or not in that version; the message names those that come close."""

    code = "VOICE_MODEL_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND


class VoiceNameInvalid(AppError):
    """The name is empty, too long, or has characters that a name can't have."""

    code = "VOICE_NAME_INVALID"
    kind = ErrorKind.INVALID


class VoiceDataInvalid(AppError):
    """A figure, an option or an evaluation of the voice can't be kept as it is."""

    code = "VOICE_DATA_INVALID"
    kind = ErrorKind.INVALID
