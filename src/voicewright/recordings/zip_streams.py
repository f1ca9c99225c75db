"""Writes a zip while it is sent: nothing is kept, and what is cut off is no zip, as its directory ends it."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PIECE_BYTES: Final = 256 << 10
_OLDEST_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""Equal contents make equal files."""


class ZipStream:
    """A zip whose pieces are fetched as it grows; with `end` it is whole.

        stream = ZipStream()
        yield from stream.add("a.txt", [b"..."])
        yield from stream.end()

    What the contents raise leaves an archive that is none.
    """

    def __init__(self) -> None:
        self._sent = _Sent()
        self._archive = _Archive(self._sent, "w", zipfile.ZIP_STORED)

    def add(
        self, name: str, content: Iterable[bytes], *, size_bytes: int = 0, packed: bool = False
    ) -> Iterator[bytes]:
        """Add a file.

        Args:
            name: its path in the zip.
            content: in chunks.
            size_bytes: how much that is, where it may be more than 2 GB.
            packed: whether it is compressed.
        """
        entry = zipfile.ZipInfo(name, _OLDEST_TIME)
        entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        entry.external_attr = 0o644 << 16
        entry.file_size = size_bytes
        with self._archive.open(entry, "w") as file:
            for chunk in content:
                file.write(chunk)
                yield from self._sent.fetch(_PIECE_BYTES)
        yield from self._sent.fetch(_PIECE_BYTES)

    def end(self) -> Iterator[bytes]:
        """The directory, without which it is no zip."""
        self._archive.close()
        yield from self._sent.fetch()


class _Archive(zipfile.ZipFile):
    def __del__(self) -> None:
        """Write no end where the stream was cut off: nobody fetches it."""


class _Sent(io.RawIOBase):
    """Holds what the zip's writer writes until it is fetched; nobody can seek in it, so nothing is kept."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        view = memoryview(data)  # type: ignore[arg-type]  # any buffer
        self._held += view
        return view.nbytes

    def fetch(self, at_least: int = 1) -> Iterator[bytes]:
        """What was written, if it is worth a piece."""
        if len(self._held) >= at_least:
            yield bytes(self._held)
            self._held.clear()
