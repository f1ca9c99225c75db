"""Stores for tests: the blobs of somebody in a directory, with a key that is no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from voicewright.storage.blobs import BlobStore
from voicewright.storage.objects import ObjectStore
from voicewright.storage.sealing import Cipher

if TYPE_CHECKING:
    from pathlib import Path

_KNOWN_KEY: Final = bytes.fromhex(
    "08b2ae9f8007127b0a6f0a3d747970652e676f6f676c65617069732e636f6d2f676f6f676c652e6372797074"
    "6f2e74696e6b2e41657347636d486b646653747265616d696e674b6579122c120808808040102018031a20ed"
    "f162d043c7a3ba7d2ee752ca394136ae0017c80578d912a8b363866174163c1801100118b2ae9f80072003"
)


def open_blobs(directory: Path, owner: str = "somebody", objects: ObjectStore | None = None) -> BlobStore:
    """The blobs of an owner in a directory, or in another store; every process opens the same ones.

    Args:
        directory: it is made; the notes lie in `pending` in it.
        owner: whose.
        objects: where the blobs are, if not in the directory.
    """
    cipher = Cipher(_KNOWN_KEY)
    where = objects or ObjectStore.in_directory(directory)
    return BlobStore(where, lambda: cipher, folder=owner, notes_dir=directory / "pending" / owner)
