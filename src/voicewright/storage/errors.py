"""What can go wrong with stored files; in every case what was stored before is left as it was."""

from __future__ import annotations

from voicewright.errors import AppError, ErrorKind


class StorageFull(AppError):
    """No room on the disk, or the quota is used up; the half-written file was removed."""

    code = "STORAGE_FULL"
    kind = ErrorKind.NO_SPACE


class StorageReadOnly(AppError):
    """The store lies on a read-only file system or may not be written by this user."""

    code = "STORAGE_READ_ONLY"
    kind = ErrorKind.UNAVAILABLE


class StorageUnavailable(AppError):
    """The store can't be reached or answered with an error of its own."""

    code = "STORAGE_UNAVAILABLE"
    kind = ErrorKind.UNAVAILABLE
    default_retryable = True


class BlobNotFound(AppError):
    """The store has no blob of that digest."""

    code = "BLOB_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND


class BlobCorrupt(AppError):
    """What was read does not have the digest under which it was stored."""

    code = "BLOB_CORRUPT"
    kind = ErrorKind.UNAVAILABLE


class TreeInvalid(AppError):
    """A folder or a manifest holds what an artefact can't: a link, a device, a path that leads outside."""

    code = "TREE_INVALID"
    kind = ErrorKind.INVALID


class WorkBusy(AppError):
    """Another process does the very same work now."""

    code = "WORK_BUSY"
    kind = ErrorKind.CONFLICT
    default_retryable = True


class ObjectNotFound(AppError):
    """The store has nothing of that path."""

    code = "OBJECT_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND


class StoreUrlInvalid(AppError):
    """The setting does not name a store."""

    code = "STORE_URL_INVALID"
    kind = ErrorKind.INVALID


class SealBroken(AppError):
    """A stored file was changed, or its key is another one."""

    code = "SEAL_BROKEN"
    kind = ErrorKind.UNAVAILABLE


class MasterKeyInvalid(AppError):
    """The master key is none, or can't be kept where it should be."""

    code = "MASTER_KEY_INVALID"
    kind = ErrorKind.UNAVAILABLE


class MasterKeyWrong(AppError):
    """The keys of the owners were sealed with a master key that is not here."""

    code = "MASTER_KEY_WRONG"
    kind = ErrorKind.UNAVAILABLE


class KeyDestroyed(AppError):
    """The key of this owner was destroyed on purpose, and their files with it."""

    code = "KEY_DESTROYED"
    kind = ErrorKind.NOT_FOUND
