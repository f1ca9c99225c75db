"""How much the files of one upload may hold together, once its archives are unpacked.

One budget counts all archives of a request and the files beside them, so that many small archives may hold no
more than a large one. It also keeps the disk's reserve: nothing is written that the disk has no room for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from voicewright.recordings.errors import ArchiveTooLarge
from voicewright.storage.space import require_space

if TYPE_CHECKING:
    from pathlib import Path

_TAR_HEADERS_BYTES: Final = 32 << 20
"""What tar archives may have besides the files' contents."""


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What one upload may have, its archives unpacked."""

    max_files: int
    max_bytes: int
    """Of all files together, as they lie on the disk afterwards."""
    max_file_bytes: int
    max_ratio: float = 100.0
    """Bytes unpacked per byte of the archives, once that is more than `lenient_bytes`."""
    lenient_bytes: int = 64 << 20
    reserve_mb: int = 0
    """MiB of disk that must stay free (`Settings.min_free_disk_mb`)."""
    keeps_archives: bool = False
    """Whether archives in the archive are kept as the files that they are; they are unpacked never."""


class ArchiveBudget:
    """What is left of the limits of one upload; for one thread.

    Every method raises `ArchiveTooLarge` when a limit is passed; those that are called before something is
    written also `StorageFull`, where the disk has no room for it.

    Args:
        limits: see `ArchiveLimits`.
        folder: what is unpacked lies on its disk.
    """

    def __init__(self, limits: ArchiveLimits, folder: Path) -> None:
        self.limits = limits
        self._folder = folder
        self._files = 0
        self._plain_bytes = 0
        self._packed_bytes = 0
        self._unpacked_bytes = 0
        self._decompressed_bytes = 0

    def take_plain(self, size_bytes: int) -> None:
        """Count a file that came as it is."""
        self.take_entry()
        self._plain_bytes += size_bytes
        self._check(self._unpacked_bytes, self._most_bytes)

    def take_archive(self, packed_bytes: int) -> None:
        """Count the archive that is unpacked next."""
        self._packed_bytes += packed_bytes

    def take_entry(self) -> None:
        """Count a file of an archive."""
        self._files += 1
        if self._files > self.limits.max_files:
            raise ArchiveTooLarge(
                f"The upload has more than {self.limits.max_files:,} files, those in archives included. Send"
                " several smaller ones."
            )

    def unpack(self, size_bytes: int) -> None:
        """Count what is about to be written of a file of an archive."""
        self._unpacked_bytes += size_bytes
        self._check(self._unpacked_bytes, self._most_bytes)
        self._require_space(size_bytes)

    def decompress(self, size_bytes: int, *, before_bytes: int) -> None:
        """Count what is about to be written of an archive that is decompressed before it is unpacked.

        All of it will be written twice, so the disk must have room for that from the first.

        Args:
            size_bytes: of this piece.
            before_bytes: of all pieces before it.
        """
        self._decompressed_bytes += size_bytes
        self._check(self._decompressed_bytes, self._most_bytes + _TAR_HEADERS_BYTES)
        self._require_space(before_bytes + 2 * size_bytes)

    @property
    def _most_bytes(self) -> int:
        """What the archives so far may hold."""
        limits = self.limits
        by_ratio = max(limits.lenient_bytes, round(self._packed_bytes * limits.max_ratio))
        return min(limits.max_bytes - self._plain_bytes, by_ratio)

    def _check(self, size_bytes: int, most_bytes: int) -> None:
        if size_bytes > most_bytes:
            most_mib = max(0, most_bytes) / (1 << 20)
            raise ArchiveTooLarge(
                f"Unpacked, the archives of the upload have more than {most_mib:,.0f} MiB. Send several"
                " smaller ones."
            )

    def _require_space(self, size_bytes: int) -> None:
        reserve_mb = self.limits.reserve_mb
        require_space(self._folder, needed_bytes=size_bytes, reserve_mb=reserve_mb, purpose="Unpacking")
