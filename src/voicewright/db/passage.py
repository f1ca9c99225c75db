"""Lets another OS user walk through folders to a file, and gives it no more than that.

PostgreSQL refuses to run as root, so that root's embedded server runs as a user of its own, which must be
able to reach its data directory and its programs. Where a folder above them is closed (`/root` is, on most
machines), that one user is allowed to pass through it by an access control list: it may not list the folder,
and nobody else gains anything. Where the file system has no such lists, everybody may pass, but not list.

The extended attribute has the layout of Linux' `posix_acl_xattr.h`: a version, then (tag, permissions, id)
entries ordered by tag and id.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LOG = logging.getLogger(__name__)

_ATTRIBUTE = "system.posix_acl_access"
_VERSION = 2
_HEADER = struct.Struct("<I")
_ENTRY = struct.Struct("<HHI")
_NO_ID = 0xFFFFFFFF
_USER_OBJ, _USER, _GROUP_OBJ, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_SEARCH = 1


@dataclass(frozen=True, slots=True, order=True)
class _Entry:
    tag: int
    id: int
    permissions: int


def let_pass(target: Path, user_id: int, group_id: int) -> list[Path]:
    """Make sure that a user can reach `target`; answers the folders that had to be opened.

    Args:
        target: what is to be reached; its own permissions are left alone.
        user_id: who is to reach it.
        group_id: that user's only group.

    Raises:
        OSError: a folder can't be changed.
    """
    opened = []
    for folder in reversed(target.absolute().parents):
        if not _can_pass(folder, user_id, group_id):
            _open_for(folder, user_id)
            opened.append(folder)
    return opened


def _can_pass(folder: Path, user_id: int, group_id: int) -> bool:
    """The access check of `acl(5)`, for the search permission alone."""
    found = folder.stat()
    entries = _read(folder)
    by_tag = {entry.tag: entry.permissions for entry in entries}
    if found.st_uid == user_id:
        return bool(by_tag[_USER_OBJ] & _SEARCH)
    masked = by_tag.get(_MASK, 7)
    for entry in entries:
        if entry.tag == _USER and entry.id == user_id:
            return bool(entry.permissions & masked & _SEARCH)
    groups = [
        entry.permissions & masked
        for entry in entries
        if (entry.tag == _GROUP_OBJ and found.st_gid == group_id)
        or (entry.tag == _GROUP and entry.id == group_id)
    ]
    if groups:
        return any(permissions & _SEARCH for permissions in groups)
    return bool(by_tag[_OTHER] & _SEARCH)


def _open_for(folder: Path, user_id: int) -> None:
    entries = [entry for entry in _read(folder) if not (entry.tag == _USER and entry.id == user_id)]
    entries = [entry for entry in entries if entry.tag != _MASK]
    entries.append(_Entry(_USER, user_id, _SEARCH))
    limited = (_USER, _GROUP_OBJ, _GROUP)
    mask = 0
    for entry in entries:
        mask |= entry.permissions if entry.tag in limited else 0
    entries.append(_Entry(_MASK, _NO_ID, mask))
    try:
        _write(folder, entries)
    except OSError as error:
        if error.errno not in {errno.ENOTSUP, errno.ENOSYS}:
            raise
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXGRP | stat.S_IXOTH)
        _LOG.warning(
            "everybody may now pass through %s (not list it): its file system knows no finer permission",
            folder,
        )
    else:
        _LOG.info("the OS user %d may now pass through %s", user_id, folder)


def _read(folder: Path) -> list[_Entry]:
    """The access control list; that of the plain permission bits when there is none."""
    if sys.platform == "linux":
        try:
            raw = os.getxattr(folder, _ATTRIBUTE)
        except OSError as error:
            if error.errno not in {errno.ENODATA, errno.ENOTSUP, errno.ENOSYS}:
                raise
        else:
            if _HEADER.unpack_from(raw)[0] == _VERSION:
                fields = _ENTRY.iter_unpack(raw[_HEADER.size :])
                return [_Entry(tag, identity, permissions) for tag, permissions, identity in fields]
    mode = stat.S_IMODE(folder.stat().st_mode)
    return [
        _Entry(_USER_OBJ, _NO_ID, mode >> 6 & 7),
        _Entry(_GROUP_OBJ, _NO_ID, mode >> 3 & 7),
        _Entry(_OTHER, _NO_ID, mode & 7),
    ]


def _write(folder: Path, entries: list[_Entry]) -> None:
    if sys.platform != "linux":
        raise OSError(errno.ENOTSUP, "access control lists are set on Linux only")
    packed = b"".join(_ENTRY.pack(entry.tag, entry.permissions, entry.id) for entry in sorted(entries))
    os.setxattr(folder, _ATTRIBUTE, _HEADER.pack(_VERSION) + packed)
