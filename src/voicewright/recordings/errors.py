"""The errors of recordings; what is wrong with one file among others is a refusal in the report instead."""

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


class DatasetNotFound(AppError):
    """The owner has no dataset of that name."""

    code = "DATASET_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND


class DatasetNameInvalid(AppError):
    """A dataset can't be called that; the message says what to change."""

    code = "DATASET_NAME_INVALID"
    kind = ErrorKind.INVALID


class LanguageInvalid(AppError):
    """The language of a dataset is not written as a tag, such as `en-us`."""

    code = "LANGUAGE_INVALID"
    kind = ErrorKind.INVALID


class DatasetMismatch(AppError):
    """The dataset is of another speaker or in another language than the upload says."""

    code = "DATASET_MISMATCH"
    kind = ErrorKind.CONFLICT


class SampleNotFound(AppError):
    """There is no such sample, or it is somebody else's."""

    code = "SAMPLE_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND


class SampleRefused(AppError):
    """No uploaded recording can be used; the message says why, and the answer why each."""

    code = "SAMPLE_REFUSED"
    kind = ErrorKind.INVALID


class TranscriptInvalid(AppError):
    """A transcript can't be kept as it is."""

    code = "TRANSCRIPT_INVALID"
    kind = ErrorKind.INVALID


class ArchiveUnreadable(AppError):
    """A zip or tar archive is damaged, encrypted, or compressed in a way that is not read here."""

    code = "ARCHIVE_UNREADABLE"
    kind = ErrorKind.INVALID


class ArchiveUnsafe(AppError):
    """An archive holds what must not be unpacked: a path that leads outside, a link, a device, an archive."""

    code = "ARCHIVE_UNSAFE"
    kind = ErrorKind.INVALID


class ArchiveTooLarge(AppError):
    """An archive holds more files or bytes than are unpacked here."""

    code = "ARCHIVE_TOO_LARGE"
    kind = ErrorKind.TOO_LARGE
