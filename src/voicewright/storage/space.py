"""Whether a disk has room for what is about to be done, asked before hours of work rather than after."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from voicewright.storage.errors import StorageFull
from voicewright.storage.faults import clear_errors

if TYPE_CHECKING:
    from pathlib import Path

_MIB = 1 << 20


def require_space(folder: Path, *, needed_bytes: int, reserve_mb: int, purpose: str) -> None:
    """Refuse work that the disk has no room for.

    Args:
        folder: where the work will write; it need not exist yet.
        needed_bytes: what the work is going to write.
        reserve_mb: MiB that must be left free afterwards (`Settings.min_free_disk_mb`).
        purpose: what it is for, for the message: "training My voice".

    Raises:
        StorageFull: with the figures.
    """
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    with clear_errors("measure the free space", str(existing)):
        free = shutil.disk_usage(existing).free
    if free < needed_bytes + reserve_mb * _MIB:
        raise StorageFull(
            f"{purpose} needs {needed_bytes / _MIB:.0f} MiB in {folder} and {reserve_mb} MiB to spare "
            f"(VOICEWRIGHT_MIN_FREE_DISK_MB), and {free / _MIB:.0f} MiB are free. Nothing was changed; free "
            "some space, or set VOICEWRIGHT_HOME to a larger disk."
        )
