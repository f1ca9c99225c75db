"""Unpacks archives that strangers send: zip, tar and tar.gz; files are checked before they are written.

Nothing is believed. Paths must stay inside, names must be ones that any disk takes, links and devices are
refused, archives in archives too. What is written is counted before it is written (`archive_budget`),
whatever the archive says of sizes, and what is read besides the files' contents (directories, headers) is
held to a budget of its own, as the libraries read those whole into memory. One bad entry refuses the whole
archive; what was unpacked so far is the caller's to remove, with the folder.
"""

from __future__ import annotations

import errno
import gzip
import io
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from voicewright.recordings.errors import ArchiveTooLarge, ArchiveUnreadable, ArchiveUnsafe
from voicewright.storage.faults import clear_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicewright.recordings.archive_budget import ArchiveBudget

HEAD_BYTES: Final = 512
"""How much of a file `archive_kind` wants to see."""

_CHUNK_BYTES: Final = 1 << 20
_ZIP_BUDGET_BYTES: Final = 6 << 20
"""Names and places of ten thousand files; as objects they take ten times as much memory."""
_TAR_BUDGET_BYTES: Final = 32 << 20
_MAX_DEPTH: Final = 16
_MAX_NAME_BYTES: Final = 200
_UTF8_NAME: Final = 0x800
_ENCRYPTED: Final = 0x1 | 0x40
_DAMAGE: Final = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, struct.error, EOFError, ValueError, RuntimeError,
    LookupError, OverflowError,
)  # fmt: skip
"""What the libraries raise at bytes that are not what they seem; nothing about it is written down."""
_OTHER_ARCHIVES: Final = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
_UNNAMEABLE: Final = {"Cc", "Cs", "Cn", "Co"}
"""Controls, undecodable bytes, unassigned, private use."""


def archive_kind(head: bytes) -> str | None:
    """Name the kind of archive that starts with these bytes: `zip`, `tar`, `tar.gz`; None: none of them."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head.startswith(b"\x1f\x8b"):
        return "tar.gz"
    if head[257:262] == b"ustar":
        return "tar"
    return None


def unpack(archive: Path, folder: Path, budget: ArchiveBudget) -> Path:
    """Unpack an archive into an empty folder.

    Args:
        archive: a file for which `archive_kind` knows a kind.
        folder: it exists, and nobody else writes there.
        budget: of all archives that came with it.

    Returns:
        The folder that holds the files: `folder`, or a folder in it where the archive has just that.

    Raises:
        ArchiveUnreadable, ArchiveUnsafe, ArchiveTooLarge: nothing of it may be used.
        StorageFull, StorageReadOnly, StorageUnavailable: the disk can't take it.
    """
    with clear_errors("unpack the archive", str(folder.parent)):
        with archive.open("rb") as stream:
            kind = archive_kind(stream.read(HEAD_BYTES))
        budget.take_archive(archive.stat().st_size)
        writer = _Writer(folder, budget)
        if kind == "zip":
            _unpack_zip(archive, writer)
        elif kind == "tar":
            _unpack_tar(archive, writer)
        elif kind == "tar.gz":
            tar = folder.with_name(f"{folder.name}.tar")
            _decompress(archive, tar, budget)
            _unpack_tar(tar, writer)
            tar.unlink()
        else:
            raise ArchiveUnreadable("This is no zip, tar or tar.gz archive.")
        return _content_of(folder)


class _Metered(io.FileIO):
    """A file of which only so much may be read besides its `content()`; see the module's docstring."""

    def __init__(self, path: Path, budget_bytes: int) -> None:
        super().__init__(path)
        self._left = budget_bytes
        self._free = False

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = max(0, self._size() - self.tell())
        self._spend(size)
        return super().read(size) or b""

    def _size(self) -> int:
        here = self.tell()
        end = self.seek(0, io.SEEK_END)
        self.seek(here)
        return end

    def _spend(self, size: int) -> None:
        if self._free:
            return
        self._left -= size
        if self._left < 0:
            raise ArchiveTooLarge(
                "The archive's lists of files are longer than those of any recordings. Pack only the"
                " recordings and metadata.csv."
            )

    @contextmanager
    def content(self) -> Iterator[None]:
        """Read a file's content, which is counted where it is written."""
        self._free = True
        try:
            yield
        finally:
            self._free = False


class _Writer:
    """Writes what is taken out of an archive, and counts."""

    def __init__(self, folder: Path, budget: ArchiveBudget) -> None:
        self._folder = folder
        self._budget = budget
        self._seen: set[str] = set()
        self._folders: set[str] = set()

    def check(self, name: str) -> tuple[str, ...]:
        """The parts of an entry's path, if it may be written there."""
        parts = _checked_parts(name)
        if not parts:
            raise ArchiveUnsafe("The archive has a file without a name. Pack it again.")
        path, *folders = ("/".join(parts[:depth]).casefold() for depth in range(len(parts), 0, -1))
        if path in self._seen or path in self._folders or not self._seen.isdisjoint(folders):
            raise ArchiveUnsafe(f"The archive has two entries of the name {name!r}. Pack each file once.")
        self._seen.add(path)
        self._folders.update(folders)
        self._budget.take_entry()
        return parts

    def write(self, parts: tuple[str, ...], content: IO[bytes]) -> None:
        """Write one file."""
        target = self._folder.joinpath(*parts)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        size = 0
        with target.open("xb") as file:
            while chunk := content.read(_CHUNK_BYTES):
                if not size and not self._budget.limits.keeps_archives and _is_archive(chunk):
                    raise ArchiveUnsafe(f"{'/'.join(parts)!r} is an archive in the archive. Unpack it first.")
                size += len(chunk)
                if size > (most := self._budget.limits.max_file_bytes):
                    name = "/".join(parts)
                    raise ArchiveTooLarge(f"{name!r} in the archive has more than {_mib(most)}. Split it.")
                self._budget.unpack(len(chunk))
                file.write(chunk)


def _unpack_zip(archive: Path, writer: _Writer) -> None:
    with _Metered(archive, _ZIP_BUDGET_BYTES) as file, _told_as_damage(), zipfile.ZipFile(file) as opened:
        for entry in opened.infolist():
            name = _zip_name(entry)
            if _is_metadata_of_mac(name):
                continue
            mode = entry.external_attr >> 16
            if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise ArchiveUnsafe(f"{name!r} in the archive is a link or a device. Pack the file itself.")
            if entry.is_dir():
                _checked_parts(name)
                continue
            if entry.flag_bits & _ENCRYPTED:
                raise ArchiveUnreadable("The archive is encrypted. Pack it without a password.")
            if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                # other methods unpack a few bytes to gigabytes in one go
                raise ArchiveUnreadable("The archive is compressed in an unusual way. Pack it with Deflate.")
            parts = writer.check(name)
            with opened.open(entry) as content, file.content():
                writer.write(parts, content)


def _unpack_tar(archive: Path, writer: _Writer) -> None:
    with (
        _Metered(archive, _TAR_BUDGET_BYTES) as file,
        _told_as_damage(),
        tarfile.open(fileobj=file, mode="r:", encoding="utf-8") as opened,
    ):
        for entry in _entries(opened):
            if _is_metadata_of_mac(entry.name):
                continue
            if entry.isdir():
                _checked_parts(entry.name)
                continue
            if not entry.isreg() or entry.issparse():
                raise ArchiveUnsafe(f"{entry.name!r} in the archive is no plain file. Pack the file itself.")
            parts = writer.check(entry.name)
            content = opened.extractfile(entry)
            if content is not None:
                with file.content():
                    writer.write(parts, content)


def _entries(opened: Any) -> Iterator[tarfile.TarInfo]:
    """One after the other; the library would keep them all."""
    while (entry := opened.next()) is not None:
        opened.members.clear()
        yield entry


def _decompress(packed: Path, tar: Path, budget: ArchiveBudget) -> None:
    """A file of its own, so that the tar's reader may go back and forth at no cost."""
    size = 0
    with _told_as_damage(), gzip.open(packed) as content, tar.open("xb") as file:
        while chunk := content.read(_CHUNK_BYTES):
            budget.decompress(len(chunk), before_bytes=size)
            size += len(chunk)
            file.write(chunk)


@contextmanager
def _told_as_damage() -> Iterator[None]:
    try:
        yield
    except (*_DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}:
            raise  # of the disk; the other kind says that some offset is nonsense
        raise ArchiveUnreadable(
            f"The archive is damaged or not what it seems ({error or type(error).__name__}). Pack it again."
        ) from error


def _checked_parts(name: str) -> tuple[str, ...]:
    """The parts of a path that stays inside, with names that any disk takes."""
    parts = tuple(part for part in name.split("/") if part not in {"", "."})
    if name.startswith("/") or ".." in parts:
        raise ArchiveUnsafe(
            f"The path {name!r} in the archive leads out of it. Pack the folder itself, with relative paths."
        )
    if len(parts) > _MAX_DEPTH:
        raise ArchiveUnsafe(
            f"{name[:100]!r} lies more than {_MAX_DEPTH} folders deep. Pack a flatter folder."
        )
    for part in parts:
        if any(c in "\\:" or unicodedata.category(c) in _UNNAMEABLE for c in part):
            raise ArchiveUnsafe(
                f"The name {name!r} in the archive has characters that not every disk takes, or is not UTF-8."
                " Rename the file."
            )
        if len(part.encode()) > _MAX_NAME_BYTES:
            raise ArchiveUnsafe(f"The name {part[:60]!r}… in the archive is too long. Shorten it.")
    return parts


def _zip_name(entry: zipfile.ZipInfo) -> str:
    """Some systems write UTF-8 and do not say so."""
    if entry.flag_bits & _UTF8_NAME:
        return entry.filename
    raw = entry.filename.encode("cp437", errors="replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return entry.filename


def _is_metadata_of_mac(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] == ".DS_Store"


def _is_archive(head: bytes) -> bool:
    return archive_kind(head) is not None or head.startswith(_OTHER_ARCHIVES)


def _content_of(folder: Path) -> Path:
    """People pack the folder, not what is in it."""
    inside: list[Any] = list(folder.iterdir())
    while len(inside) == 1 and inside[0].is_dir():
        folder = inside[0]
        inside = list(folder.iterdir())
    return folder


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 20):,.0f} MiB"
