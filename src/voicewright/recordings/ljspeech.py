"""Writes clips in LJ Speech's layout, `metadata.csv` and `wavs/`, as a zip that is made while it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from voicewright.recordings.metadata import clean_text
from voicewright.recordings.zip_streams import ZipStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voicewright.storage.blobs import BlobStore

_COPY_MAX_BYTES: Final = 4 << 20
"""A clip has fifteen seconds, so its working copy a sixth of this."""


class LjClip(NamedTuple):
    """One clip: what its file is called, what is said in it, and its working copy."""

    id: str
    text: str | None
    digest: str


def write_zip(blobs: BlobStore, clips: Sequence[LjClip]) -> Iterator[bytes]:
    """The zip in pieces. Each working copy is checked before any of it is given.

    A clip without text has none in `metadata.csv` either; bars in a text become spaces, as they part columns.

    Raises:
        BlobNotFound, BlobCorrupt: a working copy is missing or damaged; what was given so far is no zip.
    """
    stream = ZipStream()
    yield from stream.add("metadata.csv", (metadata_line(clip.id, clip.text) for clip in clips), packed=True)
    for clip in clips:
        copy = blobs.read(clip.digest, max_bytes=_COPY_MAX_BYTES)
        yield from stream.add(f"wavs/{clip.id}.wav", [copy])
    yield from stream.end()


def metadata_line(name: str, text: str | None) -> bytes:
    """The line of a recording in `metadata.csv`; nothing where nobody knows what is said."""
    if text is None:
        return b""
    words = clean_text(text.replace("|", " "))
    return f"{name}|{words}|{words}\n".encode()
