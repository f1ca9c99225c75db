"""The content-addressed blobs of one owner: bytes go in, their SHA-256 is their name.

A blob lies at `{owner}/sha256/<2 hex>/<62 hex>` in its sealed form (`storage.sealing`), bound to its owner
and name. A blob that is already there is not written again, unless it turns out damaged: then storing its
content repairs it. Every read checks the digest.

Beside the blobs an owner has objects with paths of their own, sealed in the same way.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from voicewright.storage.errors import BlobCorrupt, BlobNotFound, ObjectNotFound, SealBroken
from voicewright.storage.faults import clear_errors
from voicewright.storage.objects import CHUNK_BYTES, read_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from voicewright.storage.objects import ObjectStore
    from voicewright.storage.sealing import Cipher

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_BLOBS: Final = "sha256"


class StoredBlob(NamedTuple):
    """The name of a blob and the bytes that were stored under it."""

    digest: str
    size_bytes: int


def is_digest(text: str) -> bool:
    """Whether the text is a SHA-256 in lower-case hexadecimal."""
    return _DIGEST.fullmatch(text) is not None


class BlobStore:
    """The blobs of one owner.

    Args:
        objects: where they are.
        cipher: gives the cipher of the owner; asked when something is read or stored.
        folder: the owner's, in the store.
        notes_dir: where this machine notes what it is storing, see `storage.pending`.
        sealed_as: the folder that the seals name, where these are copies of the blobs of another folder.

    Any number of processes and threads may use it at once. Every method raises the errors of
    `storage.errors`; after an error the store is as it was before.
    """

    def __init__(
        self,
        objects: ObjectStore,
        cipher: Callable[[], Cipher],
        *,
        folder: str,
        notes_dir: Path,
        sealed_as: str | None = None,
    ) -> None:
        self.objects = objects
        self.folder = folder
        self.notes_dir = notes_dir
        self._sealed_as = sealed_as or folder
        self._cipher = cipher

    def put_bytes(self, data: bytes) -> StoredBlob:
        """Store some bytes."""
        digest = hashlib.sha256(data).hexdigest()
        self._put(digest, [data], f"{len(data)} bytes")
        return StoredBlob(digest, len(data))

    def put_file(self, path: Path) -> StoredBlob:
        """Store the content of a file, streaming: memory stays bounded however large it is."""
        with clear_errors(f"read {path}", str(path.parent)), path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size_bytes = stream.tell()
            stream.seek(0)
            self._put(digest, iter(lambda: stream.read(CHUNK_BYTES), b""), path.name)
        return StoredBlob(digest, size_bytes)

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
                    f"Blob {digest} in {self.objects.place} is larger than the {max_bytes} bytes it may have."
                )
        return bytes(collected)

    def stream(self, digest: str) -> Iterator[bytes]:
        """The content in chunks; a wrong digest is known after the last one, so use nothing before the end.

        Raises:
            BlobNotFound: there is none.
            BlobCorrupt: the content has another digest.
        """
        seen = hashlib.sha256()
        try:
            for chunk in self._cipher().open(self.objects.stream(self._path(digest)), self._name(digest)):
                seen.update(chunk)
                yield chunk
        except ObjectNotFound:
            raise BlobNotFound(
                f"Blob {digest} is not in {self.objects.place}. If the data directory was copied, copy all "
                "of it."
            ) from None
        except SealBroken as error:
            raise BlobCorrupt(f"Blob {digest} in {self.objects.place} is damaged: {error.message}") from error
        if seen.hexdigest() != digest:
            raise BlobCorrupt(
                f"Blob {digest} in {self.objects.place} is damaged: its content has the digest "
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
        return self.objects.size_bytes(self._path(digest)) is not None

    def delete(self, digest: str) -> bool:
        """Remove a blob; answers whether it was there."""
        return self.objects.delete(self._path(digest))

    def digests(self) -> Iterator[str]:
        """The names of all blobs, in no order; files that don't belong here are passed over."""
        prefix = f"{self.folder}/{_BLOBS}"
        for path in self.objects.paths(prefix):
            digest = path.removeprefix(f"{prefix}/").replace("/", "")
            if is_digest(digest):
                yield digest

    def sealed_bytes(self, digest: str) -> int | None:
        """How large a blob is as it lies there; None: there is none."""
        return self.objects.size_bytes(self._path(digest))

    def sealed(self, digest: str) -> Iterator[bytes]:
        """A blob as it lies there, for a copy that needs no key: it opens only in this owner's folder."""
        return self.objects.stream(self._path(digest))

    def put_sealed(self, digest: str, chunks: Iterable[bytes]) -> None:
        """Store a blob as it came from `sealed`, in place of a damaged one too; `read` it before use."""
        self.objects.put(self._path(digest), read_in_thread(chunks))

    def put_named(self, path: str, data: bytes | Iterable[bytes]) -> None:
        """Store an object under a path of the whole store, in place of any that is there."""
        chunks = [data] if isinstance(data, bytes) else data
        self.objects.put(path, self._cipher().seal(chunks, self._name("named")))

    def get_named(self, path: str) -> bytes:
        """A small object of this owner; errors as `stream_named`."""
        return b"".join(self.stream_named(path))

    def stream_named(self, path: str) -> Iterator[bytes]:
        """An object of this owner in chunks.

        Raises:
            ObjectNotFound: there is none of that path.
            SealBroken: it is another owner's, or was changed.
        """
        return self._cipher().open(self.objects.stream(path), self._name("named"))

    def _put(self, digest: str, chunks: Iterable[bytes], what: str) -> None:
        path = self._path(digest)
        if self._is_sound(digest):
            self.objects.make_durable(path)
            return
        seen = hashlib.sha256()

        def checked() -> Iterator[bytes]:
            for chunk in chunks:
                seen.update(chunk)
                yield chunk
            if seen.hexdigest() != digest:
                raise BlobCorrupt(f"{what} was changed while it was stored. Store it again.")

        # overwrites what another writer of the same content, or a damaged disk, put there meanwhile
        self.objects.put(path, self._cipher().seal(checked(), self._name(digest)), what=what)

    def _is_sound(self, digest: str) -> bool:
        if not self.has(digest):
            return False
        try:
            for _ in self.stream(digest):
                pass
        except (BlobNotFound, BlobCorrupt):
            return False
        return True

    def _path(self, digest: str) -> str:
        if not is_digest(digest):
            raise BlobNotFound(
                f"{digest!r} is not the name of a blob: a name is a SHA-256, 64 hexadecimal digits."
            )
        return f"{self.folder}/{_BLOBS}/{digest[:2]}/{digest[2:]}"

    def _name(self, what: str) -> str:
        return f"{self._sealed_as}/{what}"
