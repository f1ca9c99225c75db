"""Objects by their path in one place: a directory, or a bucket of S3, Google Cloud or Azure.

An object appears whole or not at all, whether the process is killed or the power fails. In a directory it is
written aside (`staging/<random>`), made durable and renamed: obstore's local backend does not call `fsync`,
so this module does. A bucket shows an object when its upload is complete.

obstore runs threads of its own: never use a store after `os.fork()` without `exec`.
"""

from __future__ import annotations

import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from voicewright.storage.errors import ObjectNotFound, StoreUrlInvalid
from voicewright.storage.faults import clear_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Self

CHUNK_BYTES: Final = 1 << 20
_UPLOAD_PART_BYTES: Final = 8 << 20
"""S3 takes no parts below 5 MiB."""
_STAGING: Final = "staging"


class ObjectStore:
    """Objects in one place; get one from `in_directory` or `at_url`.

    Any number of processes and threads may use one place at once. Every method raises the errors of
    `storage.errors`; after an error the place is as it was before.

    Attributes:
        place: what it is called in messages: a path or an address.
        directory: where the objects are files; None for a bucket.
    """

    def __init__(self, store: Any, place: str, directory: Path | None = None) -> None:
        self._store = store
        self.place = place
        self.directory = directory

    @classmethod
    def in_directory(cls, directory: Path) -> Self:
        """The store in a directory, which is created for its owner alone where it is not there."""
        with clear_errors("open the store", str(directory)):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            return cls(LocalStore(directory), str(directory), directory)

    @classmethod
    def at_url(cls, url: str, options: Mapping[str, str]) -> Self:
        """The store at `s3://bucket/prefix`, `gs://...` or `az://...`.

        Args:
            url: where; the provider's own variables of the environment give the credentials.
            options: obstore's settings of the provider, such as `endpoint`, `region`, `allow_http`.

        Raises:
            StoreUrlInvalid: it is no such address.
        """
        try:
            config: Any = dict(options)
            client: Any = {"allow_http": config.pop("allow_http", "").lower() == "true"}
            return cls(from_url(url, config=config, client_options=client), url.rstrip("/"))
        except (BaseError, ValueError, TypeError) as error:
            reason = str(error).partition("\n")[0]
            raise StoreUrlInvalid(
                f"{url!r} is not the address of a store: {reason}. Write s3://bucket/folder, "
                "gs://bucket/folder or az://container/folder."
            ) from error

    def put(self, path: str, chunks: Iterable[bytes], *, what: str | None = None) -> None:
        """Store an object, in place of any of that path.

        Args:
            path: with forward slashes.
            chunks: its content; what they raise ends it, and nothing was stored.
            what: what this is, for messages.
        """
        with clear_errors(f"store {what or path}", self.place):
            if self.directory is None:
                obstore.put(self._store, path, _unempty(chunks), chunk_size=_UPLOAD_PART_BYTES)
            else:
                self._put_file(self.directory, path, chunks)

    def _put_file(self, directory: Path, path: str, chunks: Iterable[bytes]) -> None:
        staged = f"{_STAGING}/{uuid.uuid4().hex}"
        target = directory / path
        try:
            obstore.put(self._store, staged, iter(chunks), chunk_size=CHUNK_BYTES)
            with (directory / staged).open("rb+") as stream:
                os.fsync(stream.fileno())
            obstore.rename(self._store, staged, path)
        finally:
            # after the rename there is nothing here
            with suppress(OSError):
                (directory / staged).unlink(missing_ok=True)
        self._sync(directory, target)

    def stream(self, path: str) -> Iterator[bytes]:
        """The content in chunks.

        Raises:
            ObjectNotFound: there is none.
        """
        with clear_errors(f"read {path}", self.place):
            try:
                result = obstore.get(self._store, path)
            except FileNotFoundError:
                raise ObjectNotFound(f"There is no {path} in {self.place}.") from None
            for chunk in result.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)

    def size_bytes(self, path: str) -> int | None:
        """How large an object is as it lies there; None: there is none."""
        with clear_errors(f"look for {path}", self.place):
            try:
                return int(obstore.head(self._store, path)["size"])
            except FileNotFoundError:
                return None

    def rename(self, old: str, new: str) -> None:
        """Move an object, in place of any of the new path.

        Raises:
            ObjectNotFound: there is none.
        """
        with clear_errors(f"move {old}", self.place):
            try:
                obstore.rename(self._store, old, new)
            except FileNotFoundError:
                raise ObjectNotFound(f"There is no {old} in {self.place}.") from None
            if self.directory is not None:
                self._sync(self.directory, self.directory / new)
                self._sync(self.directory, self.directory / old)

    def delete(self, path: str) -> bool:
        """Remove an object; answers whether it was there."""
        was_there = self.size_bytes(path) is not None
        with clear_errors(f"delete {path}", self.place), suppress(FileNotFoundError):
            obstore.delete(self._store, path)
        return was_there

    def paths(self, prefix: str) -> Iterator[str]:
        """The paths of all objects below a folder, in no order."""
        with clear_errors(f"list {prefix}", self.place):
            for page in obstore.list(self._store, prefix):
                for entry in page:
                    yield entry["path"]

    def prune(self, folder: str) -> None:
        """Remove the empty folders that deleted objects left; a bucket has none."""
        if self.directory is None:
            return
        for path, _, _ in os.walk(self.directory / folder, topdown=False):
            with suppress(OSError):  # it is not empty
                Path(path).rmdir()

    def make_durable(self, path: str) -> None:
        """Make the name of an object durable that another process may have given it a moment ago."""
        if self.directory is not None:
            with clear_errors(f"store {path}", self.place):
                self._sync(self.directory, self.directory / path)

    def has_staged(self) -> bool:
        """Whether something is being written, or was left half-written."""
        if self.directory is None:
            return False
        with clear_errors("look into the staging area", self.place):
            return any((self.directory / _STAGING).glob("*"))

    def clear_staging(self) -> int:
        """Remove what killed writers left behind; answers how many files. Only while nobody writes."""
        if self.directory is None:
            return 0
        with clear_errors("clear the staging area", self.place):
            left = [path for path in (self.directory / _STAGING).glob("*") if path.is_file()]
            for path in left:
                path.unlink(missing_ok=True)
        return len(left)

    @staticmethod
    def _sync(directory: Path, target: Path) -> None:
        folder = target.parent
        while folder != directory.parent:
            with suppress(FileNotFoundError):
                sync_folder(folder)
            folder = folder.parent


def read_in_thread(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same chunks, for `put` where a store gives them: obstore can't read in the thread that writes."""
    source = iter(chunks)
    with ThreadPoolExecutor(1) as reader:
        while (chunk := reader.submit(next, source, None).result()) is not None:
            yield chunk


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unempty(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Without empty chunks: a part of an upload can't be one."""
    return (chunk for chunk in chunks if chunk)
