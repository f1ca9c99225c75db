"""The errors of reading and writing audio files; each message names the file and says what to do.

AppError
└── AudioError                  (never raised itself)
    ├── AudioFileMissing        nothing lies at the path
    ├── AudioFileUnreadable     no permission, or the disk refuses
    ├── NotARegularFile         a folder, a pipe, a device
    ├── EmptyAudioFile          zero bytes, or a header without sound
    ├── NotAudio                the content is something else
    ├── DamagedAudio            audio once, but nothing of it can be decoded
    ├── AudioFormatUnknown      asked to write a format that is not offered
    ├── AudioNotWritten         the target can't be written
    └── AudioDiskFull           no space is left; nothing was changed
"""

from __future__ import annotations

from voicewright.errors import AppError, ErrorKind


class AudioError(AppError):
    """The root of the errors of this package."""

    code = "AUDIO_ERROR"
    kind = ErrorKind.INVALID


class AudioFileMissing(AudioError):
    """Nothing lies at the path."""

    code = "AUDIO_FILE_MISSING"
    kind = ErrorKind.NOT_FOUND


class AudioFileUnreadable(AudioError):
    """The operating system does not let us read the file."""

    code = "AUDIO_FILE_UNREADABLE"


class NotARegularFile(AudioError):
    """A folder, a pipe or a device where a file was expected."""

    code = "NOT_A_REGULAR_FILE"


class EmptyAudioFile(AudioError):
    """The file has no bytes, or a header and no sound."""

    code = "EMPTY_AUDIO_FILE"


class NotAudio(AudioError):
    """The content is not audio, whatever the name says."""

    code = "NOT_AUDIO"


class DamagedAudio(AudioError):
    """The file is audio by its first bytes, but nothing of it can be decoded."""

    code = "DAMAGED_AUDIO"


class AudioFormatUnknown(AudioError):
    """A format that `encode` does not write."""

    code = "AUDIO_FORMAT_UNKNOWN"


class AudioNotWritten(AudioError):
    """The target can't be written (permission, missing folder, read-only disk)."""

    code = "AUDIO_NOT_WRITTEN"


class AudioDiskFull(AudioError):
    """The disk is full; the target is as it was before."""

    code = "AUDIO_DISK_FULL"
    kind = ErrorKind.NO_SPACE
