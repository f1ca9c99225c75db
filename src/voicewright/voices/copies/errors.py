"""What can go wrong with copies of voices: exported archives, and backups."""

from __future__ import annotations

from voicewright.errors import AppError, ErrorKind


class VoiceArchiveInvalid(AppError):
    """The archive is no exported voice, or was changed since it was exported; nothing of it was kept."""

    code = "VOICE_ARCHIVE_INVALID"
    kind = ErrorKind.INVALID


class VoiceArchiveNotFound(AppError):
    """There is no file where the archive was said to be."""

    code = "VOICE_ARCHIVE_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND


class VoiceArchiveNotWritten(AppError):
    """No archive can be written to the place that was named."""

    code = "VOICE_ARCHIVE_NOT_WRITTEN"
    kind = ErrorKind.INVALID


class BackupPathRefused(AppError):
    """The path is no backup of this user in the configured store."""

    code = "BACKUP_PATH_REFUSED"
    kind = ErrorKind.INVALID


class BackupNotFound(AppError):
    """There is no such backup, or no longer."""

    code = "BACKUP_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND


class BackupDamaged(AppError):
    """The backup was changed, cut off, or lacks files; nothing was restored."""

    code = "BACKUP_DAMAGED"
    kind = ErrorKind.CONFLICT


class BackupKeyDiffers(AppError):
    """The backup can't be opened with the keys that are here: the master key, or the owner's, is another."""

    code = "BACKUP_KEY_DIFFERS"
    kind = ErrorKind.CONFLICT


class BackupBusy(AppError):
    """The user's voices are being backed up or restored at this moment."""

    code = "BACKUP_BUSY"
    kind = ErrorKind.CONFLICT
    default_retryable = True
