"""Installs an engine: its environment and its weights, so that it counts as installed when it is whole.

Each thing counts by itself: a file of the weights once it lies under its own name, the environment once
`installed.json` names its pins, which is written last. What a killed installation leaves is made anew, or
gone on with. A later release with other pins makes the environment again and keeps the weights.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from voicewright import __version__
from voicewright.engines.builds import Build, find_accelerator, torch_sources
from voicewright.engines.environments import (
    make_environment,
    remove_environment,
    require_python,
    size_of_folder,
)
from voicewright.engines.errors import EngineBusy, LicenceNotAccepted
from voicewright.engines.fetching import Patience
from voicewright.engines.installed import (
    ENVIRONMENT,
    RECORD,
    WEIGHTS,
    digest_of,
    python_of,
    read_record,
    requirements_of,
    weights_of,
)
from voicewright.engines.weights import KeptFile, check_own, find_in
from voicewright.home.locks import read_note, try_lock
from voicewright.storage.faults import clear_errors
from voicewright.storage.space import require_space

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from voicewright.engines.port import EngineEnvironment, EngineInfo, WeightsFile
    from voicewright.home.layout import Home

_PACKAGES_BYTES: Final = 500_000_000
_TORCH_BYTES: Final = {"cpu": 1_000_000_000, "cuda": 8_000_000_000, "rocm": 16_000_000_000}
"""With pip's own copies, roughly."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far an installation is."""

    what: str
    done: int
    total: int | None
    """None: nobody knows."""
    is_bytes: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for.

    Attributes:
        weights: a directory that has them already; None: they are fetched.
        accepted: how the licence of the weights was accepted: `--accept-licence`, `asked`; None: it was not.
        torch: which build; None: as the machine tells.
        torch_index: where pip finds it; None: pip's own places, and PyTorch's.
    """

    weights: Path | None = None
    accepted: str | None = None
    torch: Build | None = None
    torch_index: str | None = None


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installation did.

    Attributes:
        made_environment: whether it was made now.
        weights: the files that came now.
        record: all of `installed.json`.
    """

    made_environment: bool
    weights: tuple[str, ...]
    record: dict[str, Any] = field(repr=False)

    @property
    def changed(self) -> bool:
        """Whether anything was done."""
        return self.made_environment or bool(self.weights)


@dataclass(frozen=True, slots=True)
class Installer:
    """Installs and removes the engines of one data directory.

    Args:
        home: the data directory.
        reserve_mb: MiB that must stay free on its disk.
        patience: how long to try to fetch a file.
    """

    home: Home
    reserve_mb: int = 0
    patience: Patience = Patience()  # noqa: RUF009 - frozen

    def licence_to_accept(self, info: EngineInfo) -> str | None:
        """The licence that nobody has accepted here so far; None: there is none."""
        licence = "" if info.environment is None else info.environment.weights_licence
        accepted = (read_record(self._folder(info)) or {}).get("licence") or {}
        return licence if licence and accepted.get("text") != licence else None

    def install(
        self, info: EngineInfo, order: Order, on_step: Callable[[Step], None] = lambda _step: None
    ) -> Installed:
        """Install what is not there yet of an engine that has an environment of its own.

        Raises:
            LicenceNotAccepted: its weights have one; nothing was changed.
            PythonUnsuitable: its packages do not exist for this Python.
            EngineBusy: another process is at it.
            InstallFailed: pip could not do it.
            DownloadFailed, WeightsDamaged, WeightsMissing: of its weights.
            StorageFull, StorageReadOnly, StorageUnavailable: of the disk.
        """
        environment = info.environment
        if environment is None:
            raise ValueError(f"the engine {info.id} has nothing to install")
        licence = self.licence_to_accept(info)
        if licence is not None and order.accepted is None:
            raise LicenceNotAccepted(
                f"The weights of the engine {info.title} have a licence: {licence} Nothing was installed. "
                "Accept it with --accept-licence."
            )
        require_python(info)
        with self._alone(info):
            return _Installation(self, info, environment, order, on_step).run(licence)

    def remove(self, info: EngineInfo, *, keep_weights: bool = False) -> int:
        """Remove what was installed of an engine; its voices stay.

        Returns:
            Bytes that were freed.

        Raises:
            EngineBusy: another process is at it.
            StorageReadOnly, StorageUnavailable: it can't be removed.
        """
        folder = self._folder(info)
        with self._alone(info):
            before = size_of_folder(folder)
            record = read_record(folder) or {}
            # first, so that what is left of an interrupted removal does not count
            if keep_weights and folder.is_dir():
                kept: dict[str, Any] = {
                    name: record[name] for name in ("licence", "weights") if name in record
                }
                write_record(folder, kept)
                remove_environment(folder / ENVIRONMENT)
            else:
                with clear_errors("remove the engine", str(folder)):
                    (folder / RECORD).unlink(missing_ok=True)
                remove_environment(folder)
            return before - size_of_folder(folder)

    def note_damage(self, info: EngineInfo, names: list[str]) -> None:
        """Write down which files of the weights were found damaged: the next installation replaces them."""
        folder = self._folder(info)
        with self._alone(info):
            record = read_record(folder) or {}
            weights = record.setdefault("weights", {})
            for name in names:
                known = KeptFile.read(weights.get(name)) or KeptFile("", 0)
                weights[name] = KeptFile(known.sha256, known.size_bytes, damaged=True).to_json()
            write_record(folder, record)

    def _folder(self, info: EngineInfo) -> Path:
        return self.home.engines_dir / info.id

    @contextmanager
    def _alone(self, info: EngineInfo) -> Iterator[None]:
        path = self.home.locks_dir / f"engine-{info.id}.lock"
        held = try_lock(path)
        if held is None:
            note = read_note(path)
            who = f"Another process ({note})" if note else "Another process"
            raise EngineBusy(
                f"{who} installs or removes the engine {info.title}. Wait for it, then try again."
            )
        with held:
            held.write_note(f"pid {os.getpid()}")
            yield
            held.write_note("")


@dataclass(frozen=True, slots=True)
class _Installation:
    """One run, by whoever holds the lock."""

    installer: Installer
    info: EngineInfo
    environment: EngineEnvironment
    order: Order
    on_step: Callable[[Step], None]

    @property
    def folder(self) -> Path:
        return self.installer.home.engines_dir / self.info.id

    def run(self, licence: str | None) -> Installed:
        """Do it.

        Args:
            licence: of the weights, that is accepted now; None: there is none, or it was accepted before.
        """
        with clear_errors("make the folder of the engine", str(self.folder)):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        record = read_record(self.folder) or {}
        if licence is not None:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            record["licence"] = {"text": licence, "accepted_at": now, "how": self.order.accepted}
            write_record(self.folder, record)
        wanted = self._adopt(record)
        own = None if self.order.weights is None else self._look_at_own(self.order.weights, wanted)
        made = not self._is_made(record)
        self._require_space(wanted if own is None else [], makes=made)
        if made:
            self._make(record)
        self._bring(record, wanted, own)
        return Installed(made, tuple(file.name for file in wanted), record)

    def _is_made(self, record: dict[str, Any]) -> bool:
        """Whether the environment is there, with these pins and the build of torch that is asked for."""
        if record.get("requirements") != digest_of(self.environment):
            return False
        wanted = self.order.torch
        if self.environment.torch and wanted is not None and record.get("build") != wanted:
            return False
        return python_of(self.folder / ENVIRONMENT).exists()

    def _make(self, record: dict[str, Any]) -> None:
        build, driver = self._build()
        if record.pop("requirements", None) is not None:
            write_record(self.folder, record)  # what is replaced does not count any more
        sources = (
            torch_sources(self.environment.torch, build, driver=driver, index=self.order.torch_index)
            if self.environment.torch
            else ()
        )
        made = make_environment(
            self.folder / ENVIRONMENT,
            self.environment,
            requirements_of(self.environment),
            sources,
            lambda what, done, total: self.on_step(Step(what, done, total or None)),
        )
        record |= {
            "engine": self.info.id,
            "engine_version": self.info.version,
            "voicewright": __version__,
            "installed_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": made.python,
            "packages": made.packages,
            "torch": made.torch,
            "build": build if self.environment.torch else "",
            "environment_bytes": made.size_bytes,
            "requirements": digest_of(self.environment),
        }
        write_record(self.folder, record)

    def _build(self) -> tuple[Build, int | None]:
        found = find_accelerator()
        if self.order.torch is not None:
            return self.order.torch, None if found is None else found.driver
        return ("cpu", None) if found is None else (found.build, found.driver)

    def _adopt(self, record: dict[str, Any]) -> list[WeightsFile]:
        """The files that have to come, without those that somebody put there and that are right."""
        weights, wanted = weights_of(self.info, self.folder, record), []
        for file in weights.wanted():
            kept = weights.adopt(file, self._teller(f"checking {file.name}", 0, 0))
            if kept is None:
                wanted.append(file)
            else:
                self._note(record, file, kept)
        return wanted

    def _look_at_own(self, folder: Path, wanted: list[WeightsFile]) -> dict[str, tuple[Path, str]]:
        """Where a folder has the files that have to come, with their checksums; changes nothing."""
        found = find_in(folder, wanted)
        return {
            file.name: (
                found[file.name],
                check_own(file, found[file.name], self._teller(f"checking {file.name}", 0, 0)),
            )
            for file in wanted
        }

    def _bring(
        self,
        record: dict[str, Any],
        wanted: list[WeightsFile],
        own: dict[str, tuple[Path, str]] | None,
    ) -> None:
        weights = weights_of(self.info, self.folder, record)
        expected = sum(file.size_bytes for file in wanted)
        before = 0
        for file in wanted:
            if own is not None:
                kept = weights.take(file, *own[file.name])
            else:
                tell = self._teller(f"fetching {file.name}", before, expected)
                tell(0, file.size_bytes or None)  # before the first byte, which may take a while
                kept = weights.download(
                    file,
                    on_bytes=tell,
                    make_room=self._make_room,
                    on_trouble=functools.partial(self._tell_trouble, file.name),
                    patience=self.installer.patience,
                )
            self._note(record, file, kept)
            before += kept.size_bytes

    def _tell_trouble(self, name: str, why: str) -> None:
        self.on_step(Step(f"trying again to fetch {name}, as {why}", 0, None))

    def _note(self, record: dict[str, Any], file: WeightsFile, kept: KeptFile) -> None:
        record.setdefault("weights", {})[file.name] = kept.to_json()
        write_record(self.folder, record)

    def _teller(self, what: str, before: int, expected: int) -> Callable[[int, int | None], None]:
        """Tells of the bytes of one file as a part of those of all."""

        def tell(done: int, total: int | None) -> None:
            whole = max(expected, before + (total or 0)) or None
            self.on_step(Step(what, before + done, whole, is_bytes=True))

        return tell

    def _require_space(self, weights: list[WeightsFile], *, makes: bool) -> None:
        needed = sum(file.size_bytes for file in weights)
        if makes:
            needed += _PACKAGES_BYTES
            needed += _TORCH_BYTES[self._build()[0]] if self.environment.torch else 0
        if needed:
            self._make_room(needed)

    def _make_room(self, needed_bytes: int) -> None:
        require_space(
            self.folder / WEIGHTS,
            needed_bytes=needed_bytes,
            reserve_mb=self.installer.reserve_mb,
            purpose=f"Installing the engine {self.info.title}",
        )


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write `installed.json`, whole or not at all.

    Raises:
        StorageFull, StorageReadOnly, StorageUnavailable: it can't be written.
    """
    aside = folder / f".{RECORD}.part"
    with clear_errors("write down what is installed", str(folder)):
        with aside.open("w", encoding="utf-8") as stream:
            stream.write(json.dumps(record, indent=2, sort_keys=True) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(folder / RECORD)
