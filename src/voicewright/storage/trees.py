"""Folders as blobs: each file is a blob, and a manifest blob lists them; its digest names the whole.

The manifest is canonical JSON (sorted paths, no spaces), so that equal folders have equal digests wherever
and whenever they were stored. Only regular files count: times, modes and empty folders are not part of an
artefact.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import uuid
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from voicewright.storage.blobs import is_digest
from voicewright.storage.errors import BlobCorrupt, TreeInvalid
from voicewright.storage.faults import clear_errors
from voicewright.storage.objects import sync_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voicewright.storage.blobs import BlobStore

_FORMAT = "voicewright-tree/1"
_MANIFEST_MAX_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file of a tree: its path with forward slashes, relative to the root, and its content."""

    path: str
    sha256: str
    size_bytes: int


class StoredTree:
    """A tree in a store, read file by file; nothing of it is kept unpacked.

    Args:
        blobs: where it is.
        digest: of its manifest; None: a tree without files.

    Every method raises `BlobNotFound`, `BlobCorrupt` and `TreeInvalid`.
    """

    def __init__(self, blobs: BlobStore, digest: str | None) -> None:
        self._blobs = blobs
        self.digest = digest

    def files(self) -> tuple[TreeFile, ...]:
        """What is in it, by path."""
        return () if self.digest is None else read_tree(self._blobs, self.digest)

    def names(self) -> list[str]:
        """The paths of its files."""
        return [file.path for file in self.files()]

    def read(self, name: str, *, max_bytes: int | None = None) -> bytes | None:
        """The content of a file, checked; None: the tree has none of that name."""
        for file in self.files():
            if file.path == name:
                return self._blobs.read(file.sha256, max_bytes=max_bytes)
        return None

    def unpack(self, into: Path) -> list[Path]:
        """Write all to the new folder `into`, see `fetch_tree`; the files in the order of their paths."""
        if self.digest is None:
            return []
        return [into / file.path for file in fetch_tree(self._blobs, self.digest, into)]


@dataclass(frozen=True, slots=True)
class TreeRef:
    """A stored tree: the digest of its manifest, the bytes and the number of its files."""

    digest: str
    bytes: int
    files: int


def put_tree(store: BlobStore, folder: Path) -> TreeRef:
    """Store a folder; errors as in `put_files`, and `TreeInvalid` for links and special files."""
    return put_files(store, files_in(folder), what=str(folder))


def files_in(folder: Path) -> dict[str, Path]:
    """The files of a folder by their paths in its tree.

    Raises:
        TreeInvalid: it is no folder, or holds links or special files.
    """
    return dict(_walk(folder))


def put_files(store: BlobStore, files: Mapping[str, Path], *, what: str) -> TreeRef:
    """Store some files as one tree.

    Args:
        store: where to.
        files: path in the tree (relative, with forward slashes) -> file on disk.
        what: what this is, for messages.

    Raises:
        TreeInvalid: there are none, or a path can't be one.
        StorageFull, StorageReadOnly, StorageUnavailable: nothing that was stored before changed; files of
            this tree that were already written stay, see `storage.pending`.
    """
    if not files:
        raise TreeInvalid(f"{what} holds no files: there is nothing to store.")
    for relative in files:
        _check_path(relative)
    stored = tuple(TreeFile(relative, *store.put_file(path)) for relative, path in sorted(files.items()))
    manifest = store.put_bytes(_encode(stored))
    return TreeRef(manifest.digest, sum(file.size_bytes for file in stored), len(stored))


def tree_digests(files: Mapping[str, Path]) -> set[str]:
    """The names of all blobs that `put_files` makes of these files, the manifest's among them."""
    with clear_errors("read what is to be stored", ", ".join({str(path.parent) for path in files.values()})):
        stored = tuple(
            TreeFile(relative, _digest_of(path), path.stat().st_size)
            for relative, path in sorted(files.items())
        )
    return {file.sha256 for file in stored} | {hashlib.sha256(_encode(stored)).hexdigest()}


def read_tree(store: BlobStore, digest: str) -> tuple[TreeFile, ...]:
    """The files of a tree, from its manifest.

    Raises:
        BlobNotFound: there is no such manifest.
        BlobCorrupt: the blob is damaged, or is no manifest.
        TreeInvalid: the manifest names paths that lead outside of a folder.
    """
    try:
        content = json.loads(store.read(digest, max_bytes=_MANIFEST_MAX_BYTES))
        if content["format"] != _FORMAT:
            raise ValueError(f"format {content['format']!r}")  # noqa: TRY301 - one place answers for all damage
        files = tuple(TreeFile(str(e["path"]), str(e["sha256"]), int(e["size"])) for e in content["files"])
    except (ValueError, TypeError, KeyError) as error:
        raise BlobCorrupt(
            f"Blob {digest} is not the manifest of a folder that this release knows: {error}."
        ) from error
    for file in files:
        _check_path(file.path)
        if not is_digest(file.sha256):
            raise BlobCorrupt(f"The manifest {digest} names {file.sha256!r}, which is no digest.")
    return files


def fetch_tree(store: BlobStore, digest: str, into: Path) -> tuple[TreeFile, ...]:
    """Write a tree to the new folder `into`, verified; the folder appears whole or not at all.

    Returns:
        Its files, in the order of their paths.

    Raises:
        TreeInvalid: `into` exists already, or the manifest is dangerous.
        BlobNotFound, BlobCorrupt, StorageFull, StorageReadOnly, StorageUnavailable: as their names say.
    """
    files = read_tree(store, digest)
    aside = into.with_name(f".{into.name}-{uuid.uuid4().hex[:8]}")
    try:
        with clear_errors(f"unpack {into.name}", str(into.parent)):
            aside.mkdir(mode=0o700, parents=True)
            for file in files:
                target = aside / file.path
                target.parent.mkdir(parents=True, exist_ok=True)
                store.fetch_file(file.sha256, target)
            for folder in {(aside / file.path).parent for file in files} | {aside}:
                sync_folder(folder)
            if into.exists():  # rename would replace an empty folder without a word
                raise TreeInvalid(f"{into} exists already; unpack to a new folder.")
            aside.rename(into)
            sync_folder(into.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return files


def verify_tree(files: tuple[TreeFile, ...], folder: Path) -> bool:
    """Whether a folder holds exactly these files with exactly this content; every byte is read."""
    try:
        present = dict(_walk(folder))
        if present.keys() != {file.path for file in files}:
            return False
        return all(_digest_of(present[file.path]) == file.sha256 for file in files)
    except (OSError, TreeInvalid):
        return False


def _digest_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _encode(files: tuple[TreeFile, ...]) -> bytes:
    entries = [{"path": file.path, "sha256": file.sha256, "size": file.size_bytes} for file in files]
    return json.dumps(
        {"files": entries, "format": _FORMAT}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()


def _walk(folder: Path) -> list[tuple[str, Path]]:
    """The regular files below a folder as (path for the manifest, path on disk), sorted."""
    if not folder.is_dir():
        raise TreeInvalid(f"{folder} is not a folder.")

    def refuse(error: OSError) -> None:
        raise error

    found = []
    with clear_errors(f"read {folder}", str(folder)):
        for base, folders, names in os.walk(folder, onerror=refuse):
            for name in (*folders, *names):
                path = Path(base, name)
                mode = path.lstat().st_mode
                if stat.S_ISDIR(mode):
                    continue
                if not stat.S_ISREG(mode):
                    raise TreeInvalid(
                        f"{path} is not a regular file; an artefact holds nothing else (no links)."
                    )
                relative = path.relative_to(folder).as_posix()
                found.append((relative, path))
    return sorted(found)


def _check_path(relative: str) -> None:
    """Refuse what would lead outside of the folder, or mean something else on another system."""
    path = PurePosixPath(relative)
    if (
        not relative
        or path.is_absolute()
        or ".." in path.parts
        or path.as_posix() != relative
        or relative == "."
        or any(character in relative for character in "\\\0:")
        or not relative.isprintable()
    ):
        raise TreeInvalid(
            f"{relative!r} can't be the path of a file in an artefact; use plain relative paths."
        )
