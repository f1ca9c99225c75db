"""Writes clips in LJ Speech's layout, `metadata.csv` and `wavs/`, as a zip that is made while it is sent."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Final, NamedTuple

from voicewright.recordings.metadata import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voicewright.storage.blobs import BlobStore

_PIECE_BYTES: Final = 256 << 10
_COPY_MAX_BYTES: Final = 4 << 20
"""A clip has fifteen seconds, so its working copy a sixth of this."""
_OLDEST_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""Equal datasets make equal files."""


class LjClip(NamedTuple):
    """One clip: what its file is called, what is said in it, and its working copy."""

    id: str
    text: str | None
    digest: str


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


def write_zip(blobs: BlobStore, clips: Sequence[LjClip]) -> Iterator[bytes]:
    """The zip in pieces. Each working copy is checked before any of it is given.

    A clip without text has none in `metadata.csv` either; bars in a text become spaces, as they part columns.

    Raises:
        BlobNotFound, BlobCorrupt: a working copy is missing or damaged; what was given so far is no zip.
    """
    sent = _Sent()
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(_entry("metadata.csv", zipfile.ZIP_DEFLATED), "w") as table:
            for clip in clips:
                if clip.text is not None:
                    text = clean_text(clip.text.replace("|", " "))
                    table.write(f"{clip.id}|{text}|{text}\n".encode())
                    yield from sent.fetch(_PIECE_BYTES)
        for clip in clips:
            copy = blobs.read(clip.digest, max_bytes=_COPY_MAX_BYTES)
            with archive.open(_entry(f"wavs/{clip.id}.wav", zipfile.ZIP_STORED), "w") as file:
                file.write(copy)
            yield from sent.fetch(_PIECE_BYTES)
    yield from sent.fetch()


def _entry(name: str, method: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _OLDEST_TIME)
    entry.compress_type = method
    entry.external_attr = 0o644 << 16
    return entry
