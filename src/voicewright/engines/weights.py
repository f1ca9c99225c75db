"""The weights of an engine on this machine: which are there, whether they are whole, where others come from.

A file counts once it lies under its own name: it is fetched or copied aside, its checksum is compared, and
only then it is renamed. What it was then is written down (`KeptFile`), so that a file without a published
checksum is known again, and a look at the size tells what a full reading need not.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from voicewright.engines.errors import WeightsDamaged, WeightsMissing
from voicewright.engines.fetching import Patience, discard, fetch
from voicewright.storage.faults import clear_errors

if TYPE_CHECKING:
    from pathlib import Path

    from voicewright.engines.port import WeightsFile

_BLOCK_BYTES: Final = 1 << 20
_OnBytes = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class KeptFile:
    """What a file of the weights was when it came."""

    sha256: str
    size_bytes: int
    damaged: bool = False
    """Somebody read it all later, and it was something else."""

    @classmethod
    def read(cls, wire: Any) -> Self | None:
        """From the record of an installation; None: that says nothing of use."""
        try:
            return cls(str(wire["sha256"]), int(wire["size_bytes"]), bool(wire.get("damaged")))
        except (TypeError, KeyError, ValueError, AttributeError):
            return None

    def to_json(self) -> dict[str, Any]:
        """For the record of an installation."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Weights:
    """The files of one engine.

    Args:
        folder: where they lie, or will.
        files: which there have to be.
        kept: what they were when they came, by name.
    """

    folder: Path
    files: Sequence[WeightsFile]
    kept: Mapping[str, KeptFile]

    def find_faults(self) -> dict[str, str]:
        """What is wrong at a glance, by the file's name: `missing` or `damaged`."""
        faults: dict[str, str] = {}
        for file in self.files:
            size_bytes, kept = _size_of(self.folder / file.name), self.kept.get(file.name)
            if size_bytes is None:
                faults[file.name] = "missing"
            elif kept is not None and (kept.damaged or size_bytes != kept.size_bytes):
                faults[file.name] = "damaged"
        return faults

    def read_all(self, file: WeightsFile, on_bytes: _OnBytes = lambda _done, _total: None) -> bool:
        """Whether a file is what it has to be, to the last byte; True where nobody knows what that is."""
        path, kept = self.folder / file.name, self.kept.get(file.name)
        expected = file.sha256 or (kept.sha256 if kept is not None else "")
        if not path.is_file():
            return False
        return not expected or sha256_of(path, on_bytes) == expected.lower()

    def wanted(self) -> list[WeightsFile]:
        """The files that have to come: missing, damaged, and those of which nothing is known.

        A file that somebody put there is taken where its checksum is published and right.
        """
        faults = self.find_faults()
        return [file for file in self.files if file.name in faults or file.name not in self.kept]

    def adopt(self, file: WeightsFile, on_bytes: _OnBytes) -> KeptFile | None:
        """A file that lies there already, if it is known to be right."""
        path = self.folder / file.name
        kept = self.kept.get(file.name)
        if not file.sha256 or not path.is_file() or (kept is not None and kept.damaged):
            return None
        digest = sha256_of(path, on_bytes)
        return KeptFile(digest, path.stat().st_size) if digest == file.sha256.lower() else None

    def download(
        self,
        file: WeightsFile,
        *,
        on_bytes: _OnBytes,
        make_room: Callable[[int], None],
        on_trouble: Callable[[str], None] = lambda _why: None,
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> KeptFile:
        """Fetch a file, going on with what came of it before.

        Raises:
            DownloadFailed: it can't be had.
            WeightsDamaged: what came is not what it has to be; it was dropped.
            StorageFull, StorageReadOnly, StorageUnavailable: it can't be written.
        """
        target = self._target(file)
        part = target.with_name(f"{target.name}.part")
        resumed = part.exists()
        while True:
            told = fetch(
                file.url,
                part,
                on_bytes=on_bytes,
                make_room=make_room,
                on_trouble=on_trouble,
                patience=patience,
            )
            digest = sha256_of(part, lambda _done, _total: None)
            expected = (file.sha256 or told).lower()
            if not expected or digest == expected:
                break
            discard(part)
            if not resumed:
                raise WeightsDamaged(
                    f"{file.url} sent a {file.name} with the SHA-256 {digest}, and it has to be {expected}. "
                    "It was dropped. Try again; if it stays so, the file there was changed: fetch the right "
                    "one in another way and name its folder with --weights."
                )
            resumed = False  # a disk that lost power may have spoilt the beginning: once more from there
        kept = KeptFile(digest, part.stat().st_size)
        _settle(part, target)
        discard(part)
        return kept

    def take(self, file: WeightsFile, source: Path, digest: str) -> KeptFile:
        """Take a file from a directory of somebody's own; it is linked where both lie on one disk.

        Args:
            file: which.
            source: where it lies; `check_own` has looked at it.
            digest: what that said.

        Raises:
            StorageFull, StorageReadOnly, StorageUnavailable: it can't be written.
        """
        target = self._target(file)
        aside = target.with_name(f".{target.name}.taken")
        with clear_errors(f"copy {file.name}", str(target.parent)):
            aside.unlink(missing_ok=True)
            try:
                os.link(source.resolve(), aside)
            except OSError:  # another disk, or one without links
                shutil.copyfile(source, aside)
        _settle(aside, target)
        return KeptFile(digest, target.stat().st_size)

    def _target(self, file: WeightsFile) -> Path:
        target = self.folder / file.name
        with clear_errors(f"make room for {file.name}", str(self.folder)):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return target


def find_in(directory: Path, files: Sequence[WeightsFile]) -> dict[str, Path]:
    """Where a directory has these files: under their whole names, or under the last part of them.

    Raises:
        WeightsMissing: names all that it has not.
    """
    found: dict[str, Path] = {}
    for file in files:
        for place in (directory / file.name, directory / file.name.rpartition("/")[2]):
            if place.is_file():
                found.setdefault(file.name, place)
    absent = [f"{file.name} (from {file.url})" for file in files if file.name not in found]
    if absent:
        raise WeightsMissing(f"{directory} lacks {'; '.join(absent)}. Put them there and try again.")
    return found


def check_own(file: WeightsFile, source: Path, on_bytes: _OnBytes) -> str:
    """The checksum of a file of somebody's own.

    Raises:
        WeightsDamaged: it is not what it has to be.
    """
    digest = sha256_of(source, on_bytes)
    if file.sha256 and digest != file.sha256.lower():
        raise WeightsDamaged(
            f"{source} has the SHA-256 {digest}, and {file.name} has to have {file.sha256}. Nothing was "
            f"installed. Fetch it again from {file.url}."
        )
    return digest


def sha256_of(path: Path, on_bytes: _OnBytes) -> str:
    """The checksum of a file, in hex."""
    digest, total, done = hashlib.sha256(), path.stat().st_size, 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            on_bytes(done, total)
    return digest.hexdigest()


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _settle(aside: Path, target: Path) -> None:
    """Give a file its name, on the disk and not in a cache of it."""
    with clear_errors(f"keep {target.name}", str(target.parent)):
        with aside.open("rb") as stream:
            os.fsync(stream.fileno())
        aside.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        with suppress(OSError):
            os.fsync(folder)
        os.close(folder)
