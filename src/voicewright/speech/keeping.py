"""The files of what was spoken: sealed with the key of whoever had it spoken, one for each entry.

They lie at `{user}/history/{synthesis}`. A file goes before the row that names it, and comes before the row
says so: what a kill leaves is found by the sweep, as the entry is not ended then.
"""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from voicewright.storage.blobs import StoredBlob
from voicewright.storage.errors import BlobCorrupt
from voicewright.storage.faults import clear_errors
from voicewright.storage.objects import CHUNK_BYTES

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from voicewright.speech.models import Synthesis
    from voicewright.storage.vault import Vault

_SCRATCH: Final = "speech-"


class KeptFiles:
    """The files of everybody's speeches.

    Args:
        vault: the store of what was spoken.

    Every method raises the errors of `storage.errors`.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def put(self, user_id: uuid.UUID, synthesis_id: uuid.UUID, source: Path) -> StoredBlob:
        """Keep a file."""
        with clear_errors(f"read {source.name}", str(source.parent)), source.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size_bytes = stream.tell()
            stream.seek(0)
            chunks = iter(lambda: stream.read(CHUNK_BYTES), b"")
            self._vault.of(user_id).put_named(_path(user_id, synthesis_id), chunks)
        return StoredBlob(digest, size_bytes)

    def fetch(self, entry: Synthesis, target: Path) -> None:
        """Write a file out, checked; half of one stays nowhere.

        Raises:
            ObjectNotFound: it is gone.
            SealBroken, BlobCorrupt: it was changed.
        """
        try:
            with clear_errors(f"write {target.name}", str(target.parent)), target.open("xb") as file:
                for chunk in self.stream(entry):
                    file.write(chunk)
        except BlobCorrupt:
            target.unlink()
            raise

    def stream(self, entry: Synthesis) -> Iterator[bytes]:
        """A file in chunks; a wrong one is known after the last of them.

        Raises:
            ObjectNotFound: it is gone.
            SealBroken, BlobCorrupt: it was changed.
        """
        seen = hashlib.sha256()
        for chunk in self._vault.of(entry.user_id).stream_named(_path(entry.user_id, entry.id)):
            seen.update(chunk)
            yield chunk
        if seen.hexdigest() != entry.file_digest:
            raise BlobCorrupt(f"The file of the synthesis {entry.id} is damaged. Have it spoken again.")

    def delete(self, user_id: uuid.UUID, synthesis_id: uuid.UUID) -> bool:
        """Remove a file, where there is one; answers whether there was."""
        return self._vault.objects.delete(_path(user_id, synthesis_id))


@contextmanager
def scratch(work_dir: Path) -> Iterator[Path]:
    """A folder of a speech's own; what a kill leaves of it goes with other unfinished work.

    Raises:
        StorageFull, StorageReadOnly: it can't be made.
    """
    with clear_errors("make a work folder", str(work_dir)):
        work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=work_dir, ignore_cleanup_errors=True)
    with made as folder:
        yield Path(folder)


def _path(user_id: uuid.UUID, synthesis_id: uuid.UUID) -> str:
    return f"{user_id}/history/{synthesis_id}"
