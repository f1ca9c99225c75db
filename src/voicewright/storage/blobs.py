"""The content-addressed blob store: bytes go in, their SHA-256 is their name.

A blob lies at `sha256/<2 hex>/<62 hex>`. It is written aside (`staging/<random>`), made durable, and only
then renamed to its name, so that a name never shows half a file, whether the process is killed or the power
fails. A blob that is already there is not written again, unless it turns out damaged: then storing its
content repairs it. Every read checks the digest.

The store is an obstore store. Its local backend does not call `fsync`, so this module does, where there are
files. obstore runs threads of its own: never use a store after `os.fork()` without `exec`.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import obstore
from obstore.store import LocalStore

from voicewright.storage.errors import BlobCorrupt, BlobNotFound
from voicewright.storage.faults import clear_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK_BYTES = 1 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")
_STAGING = "staging"
_BLOBS = "sha256"


class StoredBlob(NamedTuple):
    """The name of a blob and the bytes that were stored under it."""

    digest: str
    size_bytes: int


def is_digest(text: str) -> bool:
    """Whether the text is a SHA-256 in lower-case hexadecimal."""
    return _DIGEST.fullmatch(text) is not None


class BlobStore:
    """Blobs in one directory.

    Args:
        directory: created, for its owner alone, when it is not there.

    Any number of processes and threads may use one directory at once. Every method raises the errors of
    `storage.errors`; after an error the store is as it was before.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with clear_errors("open the blob store", str(directory)):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._store = LocalStore(directory)

    def put_bytes(self, data: bytes) -> StoredBlob:
        """Store some bytes."""
        return self._put(iter([data]), f"{len(data)} bytes")

    def put_file(self, path: Path) -> StoredBlob:
        """Store the content of a file, streaming: memory stays bounded however large it is."""
        with clear_errors(f"read {path}", str(path.parent)):
            stream = path.open("rb")
        with stream:
            return self._put(iter(lambda: stream.read(_CHUNK_BYTES), b""), path.name)

    def read(self, digest: str, *, max_bytes: int | None = None) -> bytes:
        """The content of a blob, checked.

        Args:
            digest: its name.
            max_bytes: refuse more than this, for content that is parsed in memory.

        Raises:
            BlobNotFound: there is none.
            BlobCorrupt: its content has another digest, or it is larger than `max_bytes`.
        """
        collected = bytearray()
        for chunk in self.stream(digest):
            collected += chunk
            if max_bytes is not None and len(collected) > max_bytes:
                raise BlobCorrupt(
                    f"Blob {digest} in {self.directory} is larger than the {max_bytes} bytes it may have."
                )
        return bytes(collected)

    def stream(self, digest: str) -> Iterator[bytes]:
        """The content in chunks; a wrong digest is known after the last one, so use nothing before the end.

        Raises:
            BlobNotFound: there is none.
            BlobCorrupt: the content has another digest.
        """
        seen = hashlib.sha256()
        with clear_errors(f"read blob {digest}", str(self.directory)):
            try:
                result = obstore.get(self._store, _key(digest))
            except FileNotFoundError:
                raise BlobNotFound(
                    f"Blob {digest} is not in {self.directory}. If the data directory was copied, copy all "
                    "of it."
                ) from None
            for chunk in result.stream(min_chunk_size=_CHUNK_BYTES):
                data = bytes(chunk)
                seen.update(data)
                yield data
        if seen.hexdigest() != digest:
            raise BlobCorrupt(
                f"Blob {digest} in {self.directory} is damaged: its content has the digest "
                f"{seen.hexdigest()}. Restore that file from a backup, or train the voice again."
            )

    def fetch_file(self, digest: str, target: Path) -> None:
        """Write a blob to a new file, durably; the file is removed again when anything goes wrong.

        The caller makes the file's appearance atomic, by fetching into a folder that nobody looks at yet.
        """
        with clear_errors(f"write {target.name}", str(target.parent)), target.open("xb") as stream:
            try:
                for chunk in self.stream(digest):
                    stream.write(chunk)
                stream.flush()
                os.fsync(stream.fileno())
            except BaseException:
                target.unlink(missing_ok=True)
                raise

    def has(self, digest: str) -> bool:
        """Whether there is a blob of that name (its content is not read)."""
        with clear_errors(f"look for blob {digest}", str(self.directory)):
            try:
                obstore.head(self._store, _key(digest))
            except FileNotFoundError:
                return False
        return True

    def delete(self, digest: str) -> bool:
        """Remove a blob; answers whether it was there."""
        was_there = self.has(digest)
        with clear_errors(f"delete blob {digest}", str(self.directory)), suppress(FileNotFoundError):
            obstore.delete(self._store, _key(digest))
        return was_there

    def digests(self) -> Iterator[str]:
        """The names of all blobs, in no order; files that don't belong here are passed over."""
        with clear_errors("list the blobs", str(self.directory)):
            for page in obstore.list(self._store, _BLOBS):
                for entry in page:
                    digest = entry["path"].removeprefix(f"{_BLOBS}/").replace("/", "")
                    if is_digest(digest):
                        yield digest

    def clear_staging(self) -> int:
        """Remove what killed writers left behind; answers how many files. Only while nobody writes."""
        with clear_errors("clear the staging area", str(self.directory)):
            left = [path for path in (self.directory / _STAGING).glob("*") if path.is_file()]
            for path in left:
                path.unlink(missing_ok=True)
        return len(left)

    def _put(self, chunks: Iterator[bytes], what: str) -> StoredBlob:
        staged = f"{_STAGING}/{uuid.uuid4().hex}"
        seen = hashlib.sha256()
        size_bytes = 0

        def hashed() -> Iterator[bytes]:
            nonlocal size_bytes
            for chunk in chunks:
                seen.update(chunk)
                size_bytes += len(chunk)
                yield chunk

        try:
            with clear_errors(f"store {what}", str(self.directory)):
                obstore.put(self._store, staged, hashed(), chunk_size=_CHUNK_BYTES)
                self._publish(staged, seen.hexdigest())
        finally:
            # After the rename there is nothing here; after a failure, or a blob that was there
            # already, there is.
            with suppress(OSError):
                (self.directory / staged).unlink(missing_ok=True)
        return StoredBlob(seen.hexdigest(), size_bytes)

    def _publish(self, staged: str, digest: str) -> None:
        """Give the staged file its name, unless a sound blob has it, and make the name durable either way."""
        target = self.directory / _key(digest)
        if not self._is_sound(digest):
            with (self.directory / staged).open("rb+") as stream:
                os.fsync(stream.fileno())
            # Overwrites what another writer of the same content, or a damaged disk, put there meanwhile.
            obstore.rename(self._store, staged, _key(digest))
        for folder in (target.parent, target.parent.parent, self.directory):
            sync_folder(folder)

    def _is_sound(self, digest: str) -> bool:
        try:
            for _ in self.stream(digest):
                pass
        except (BlobNotFound, BlobCorrupt):
            return False
        return True


def _key(digest: str) -> str:
    if not is_digest(digest):
        raise BlobNotFound(
            f"{digest!r} is not the name of a blob: a name is a SHA-256, 64 hexadecimal digits."
        )
    return f"{_BLOBS}/{digest[:2]}/{digest[2:]}"


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
