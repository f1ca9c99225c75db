"""What can go wrong with sharing a voice."""

from __future__ import annotations

from voicewright.errors import AppError, ErrorKind


class ShareTargetsInvalid(AppError):
    """A voice can't be shared with some of those who are named: no such account, or the owner's own."""

    code = "SHARE_TARGETS_INVALID"
    kind = ErrorKind.INVALID


class VoiceShareNotFound(AppError):
    """The voice is not shared with this account."""

    code = "VOICE_SHARE_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND


class VoiceNameAmbiguous(AppError):
    """Several people share a voice of this name; its id says which is meant."""

    code = "VOICE_NAME_AMBIGUOUS"
    kind = ErrorKind.CONFLICT
