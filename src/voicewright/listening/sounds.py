"""The files of blind tests: sealed with the key of whoever listens, at `{user}/listening/{file}`.

A file comes before the row that names it, and goes before it. Its name and its content say nothing of who
speaks: no manifest, no tags; the watermark of speech is in the sound itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.storage.faults import clear_errors
from voicewright.storage.objects import CHUNK_BYTES

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from voicewright.storage.vault import Vault


class SoundFiles:
    """The files of everybody's blind tests; every method raises the errors of `storage.errors`.

    Args:
        vault: the store of what was spoken.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def put(self, user_id: uuid.UUID, file_id: uuid.UUID, source: Path) -> None:
        """Keep a file."""
        with clear_errors(f"read {source.name}", str(source.parent)), source.open("rb") as stream:
            chunks = iter(lambda: stream.read(CHUNK_BYTES), b"")
            self._vault.of(user_id).put_named(_path(user_id, file_id), chunks)

    def fetch(self, user_id: uuid.UUID, file_id: uuid.UUID, target: Path) -> None:
        """Write a file out.

        Raises:
            ObjectNotFound: it is gone.
            SealBroken: it was changed.
        """
        with clear_errors(f"write {target.name}", str(target.parent)), target.open("xb") as file:
            for chunk in self._vault.of(user_id).stream_named(_path(user_id, file_id)):
                file.write(chunk)

    def delete(self, user_id: uuid.UUID, file_id: uuid.UUID) -> None:
        """Remove a file, where there is one."""
        self._vault.objects.delete(_path(user_id, file_id))


def _path(user_id: uuid.UUID, file_id: uuid.UUID) -> str:
    return f"{user_id}/listening/{file_id}"
