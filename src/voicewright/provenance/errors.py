"""What can go wrong with marks, manifests and the verification of files."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class WatermarkUnavailable(AppError):
    """The setting asks for a watermark in every speech, and this installation can't make one."""

    code: ClassVar[str] = "WATERMARK_UNAVAILABLE"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class ManifestNotWritten(AppError):
    """A signed manifest could not be put into a file of speech; the file is as it was."""

    code: ClassVar[str] = "MANIFEST_NOT_WRITTEN"
    kind: ClassVar[ErrorKind] = ErrorKind.INTERNAL


class AudioTooLong(AppError):
    """A file has more sound than is looked at in one verification."""

    code: ClassVar[str] = "AUDIO_TOO_LONG"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
