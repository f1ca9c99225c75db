"""Unpacked voices on local disk: verified before use, bounded in size, the least recently used go first.

An entry is a folder named by its owner and the digest of its tree, so that it can't be out of date. It is
made aside and renamed, and its content is read and compared before a process first uses it, and again when a
file's size or time has changed. An entry that was used in the last quarter of an hour stays, even if the
cache is over its bound: an engine may be about to load it. So a path is good for that long; ask again before
each load, it costs little.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voicewright.home.locks import lock, try_lock
from voicewright.storage.blobs import is_digest
from voicewright.storage.faults import clear_errors
from voicewright.storage.trees import fetch_tree, read_tree, verify_tree

if TYPE_CHECKING:
    from voicewright.storage.blobs import BlobStore

_LOG = logging.getLogger(__name__)

IN_USE_S = 15 * 60.0
"""For how long after its last use an entry is left alone."""
KEPT_S = 3600.0
"""How long after its last use it is kept at most: what is unpacked here is not sealed."""
_LOCK_TIMEOUT_S = 600.0

_Signature = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    used_s: float
    size_bytes: int


class VoiceCache:
    """The unpacked trees in one folder, shared by all processes of a data directory.

    Args:
        folder: `Home.voice_cache_dir`.
        limit_bytes: what the cache may hold once nobody uses it.
    """

    def __init__(self, folder: Path, *, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._verified: dict[str, _Signature] = {}
        self._guard = threading.Lock()

    def path_of(self, blobs: BlobStore, digest: str) -> Path:
        """The folder with the files of an owner's tree, unpacked if need be.

        Raises:
            BlobNotFound, BlobCorrupt, TreeInvalid: the stored files are not what they should be.
            StorageFull, StorageReadOnly: it can't be unpacked.
            LockTimeout: another process has been unpacking it for ten minutes.
        """
        name = _name_of(blobs, digest)
        entry = self._folder / name
        with clear_errors("use the cache of voices", str(self._folder)):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with lock(self._lock_path(name), timeout_s=_LOCK_TIMEOUT_S, purpose=f"unpacking {digest[:12]}"):
                if not self._is_good(blobs, digest, entry):
                    _remove(entry)
                    needed_bytes = sum(file.size_bytes for file in read_tree(blobs, digest))
                    self._evict(keep=name, needed_bytes=needed_bytes)
                    fetch_tree(blobs, digest, entry)
                    self._remember(entry)
                os.utime(entry)
        return entry

    def forget(self, blobs: BlobStore, digest: str) -> None:
        """Remove the entry of a deleted voice."""
        name = _name_of(blobs, digest)
        with clear_errors("clean the cache of voices", str(self._folder)):
            if (self._folder / name).exists():
                purpose = f"unpacking {digest[:12]}"
                with lock(self._lock_path(name), timeout_s=_LOCK_TIMEOUT_S, purpose=purpose) as held:
                    _remove(self._folder / name)
                    held.release_and_remove()

    def drop_idle(self) -> None:
        """Remove what nobody has used for an hour: what is unpacked here is not sealed."""
        with clear_errors("clean the cache of voices", str(self._folder)):
            if self._folder.is_dir():
                self._evict(keep="", needed_bytes=0)

    def _is_good(self, blobs: BlobStore, digest: str, entry: Path) -> bool:
        if not entry.is_dir():
            return False
        with self._guard:
            known = self._verified.get(entry.name)
        if known is not None and known == _signature(entry):
            return True
        if not verify_tree(read_tree(blobs, digest), entry):
            _LOG.warning("the unpacked voice %s was changed; unpacking it again", entry)
            return False
        self._remember(entry)
        return True

    def _remember(self, entry: Path) -> None:
        with self._guard:
            self._verified[entry.name] = _signature(entry)

    def _evict(self, *, keep: str, needed_bytes: int) -> None:
        """Remove what is idle, and the least recently used entries until the new one fits."""
        entries = sorted(self._entries(), key=lambda entry: entry.used_s)
        total = needed_bytes + sum(entry.size_bytes for entry in entries)
        in_use_since, idle_since = time.time() - IN_USE_S, time.time() - KEPT_S
        for entry in entries:
            fits = total <= self._limit_bytes
            if entry.used_s > in_use_since or (fits and entry.used_s > idle_since):
                return
            if entry.path.name == keep:
                continue
            held = try_lock(self._lock_path(entry.path.name))
            if held is None:
                continue
            _remove(entry.path)
            held.release_and_remove()
            total -= entry.size_bytes

    def _entries(self) -> list[_Entry]:
        found = []
        for path in self._folder.iterdir():
            if is_digest(path.name):
                size = sum(size for _, size, _ in _signature(path))
                found.append(_Entry(path, path.stat().st_mtime, size))
            elif path.is_dir() and path.stat().st_mtime < time.time() - _LOCK_TIMEOUT_S:
                shutil.rmtree(path, ignore_errors=True)  # what a killed process was unpacking or removing
        return found

    def _lock_path(self, name: str) -> Path:
        return self._folder / f".{name}.lock"


def _name_of(blobs: BlobStore, digest: str) -> str:
    return hashlib.sha256(f"{blobs.folder}/{digest}".encode()).hexdigest()


def _signature(entry: Path) -> _Signature:
    """What changes when a file is written, without reading it."""
    found = []
    for base, _, names in os.walk(entry):
        for name in names:
            status = Path(base, name).lstat()
            found.append((str(Path(base, name).relative_to(entry)), status.st_size, status.st_mtime_ns))
    return tuple(sorted(found))


def _remove(entry: Path) -> None:
    """Rename first: an entry is there whole or not at all."""
    if entry.exists():
        doomed = entry.with_name(f".gone-{uuid.uuid4().hex[:8]}")
        entry.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
