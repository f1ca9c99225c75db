"""Which engines this machine can run, and how the process of each is started.

An engine runs in Voicewright's own environment where its packages are there, and otherwise in the one that
`voicewright engines install` made for it, so that engines whose packages exclude each other live on one
machine:

    engines/<id>/
      installed.json   what was installed, written last: without it there is nothing
      env/             the virtual environment
      weights/         the files of `EngineEnvironment.weights`
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from voicewright.engines.client import EngineClient
from voicewright.engines.errors import (
    EngineNotInstalled,
    ProviderKeyMissing,
    WeightsDamaged,
    WeightsMissing,
)
from voicewright.engines.port import EngineSetup
from voicewright.engines.registry import get_engine, list_engines, missing_modules
from voicewright.engines.weights import KeptFile, Weights

if TYPE_CHECKING:
    from voicewright.engines.port import EngineEnvironment, EngineInfo

RECORD: Final = "installed.json"
ENVIRONMENT: Final = "env"
WEIGHTS: Final = "weights"


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines of one machine.

    Args:
        folder: where installed ones lie, see the module; None: there are none but those of this environment.
        values: what is set of the settings that providers need, by their names. Secret.
        find: finds an engine by its id.
        known: lists all that can be described.
    """

    folder: Path | None = None
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    find: Callable[[str], EngineInfo] = get_engine
    known: Callable[[], tuple[EngineInfo, ...]] = list_engines

    def require(self, info: EngineInfo) -> None:
        """Check that an engine can run here, without starting it.

        Raises:
            EngineNotInstalled: its packages are not here.
            WeightsMissing: its packages are, its weights are not.
            ProviderKeyMissing: a setting that its provider needs is not set.
        """
        fault = self.find_fault(info)
        if fault is not None:
            raise fault

    def is_ready(self, info: EngineInfo) -> bool:
        """Whether it can run here."""
        return self.find_fault(info) is None

    def find_fault(self, info: EngineInfo) -> EngineNotInstalled | None:
        """Why an engine can't run here; None: it can."""
        lacking = () if self._record(info) is not None else missing_modules(info)
        if lacking:
            command = "" if info.environment is None else f"voicewright engines install {info.id}"
            hint = info.install_hint or command
            told = f" Install it with: {hint}" if hint else ""
            return EngineNotInstalled(f"The engine {info.title} needs {', '.join(lacking)}.{told}")
        fault = self._weights_fault(info)
        if fault is not None:
            return fault
        unset = (
            []
            if info.provider is None
            else [name for name in info.provider.needs if not self.values.get(name)]
        )
        if info.provider is not None and unset:
            return ProviderKeyMissing(
                f"The engine {info.title} asks {info.provider.name}, which needs {' and '.join(unset)}. Set "
                "it where the service and its workers run; docs/engines.md says how to get it."
            )
        return None

    def client(
        self,
        info: EngineInfo,
        kind: type[EngineClient] = EngineClient,
        *,
        env: Mapping[str, str] | None = None,
        **terms: Any,
    ) -> EngineClient:
        """What runs an engine; its process starts with the first request.

        Args:
            info: of the engine.
            kind: of the client.
            env: environment variables of its process.
            terms: further arguments of the client.
        """
        return kind(info, setup=self.setup(info), python=self.python(info), env=env, **terms)

    def setup(self, info: EngineInfo) -> EngineSetup:
        """What an engine is made with."""
        provider = info.provider
        names = () if provider is None else (*provider.needs, *provider.takes)
        weights = info.environment.weights if info.environment is not None else ()
        folder = self.place(info)
        return EngineSetup(
            weights_dir=folder / WEIGHTS if weights and folder is not None else None,
            values={name: self.values[name] for name in names if self.values.get(name)},
        )

    def python(self, info: EngineInfo) -> str:
        """The interpreter that an engine runs in: of its own environment, if it has one."""
        folder = self.place(info)
        if folder is None or self._record(info) is None:
            return sys.executable
        return str(python_of(folder / ENVIRONMENT))

    def place(self, info: EngineInfo) -> Path | None:
        """Where an engine is installed, or would be."""
        return None if self.folder is None else self.folder / info.id

    def weights(self, info: EngineInfo) -> Weights:
        """Its weights, there or not."""
        folder = self.place(info)
        if folder is None:
            return weights_of(info, Path("nowhere"), {})
        return weights_of(info, folder, read_record(folder) or {})

    def _record(self, info: EngineInfo) -> dict[str, Any] | None:
        """What is written of its own environment; None: it has none that is of use."""
        folder = self.place(info)
        if folder is None or info.environment is None:
            return None
        record = read_record(folder)
        if record is None or record.get("requirements") != digest_of(info.environment):
            return None
        return record if python_of(folder / ENVIRONMENT).exists() else None

    def _weights_fault(self, info: EngineInfo) -> WeightsMissing | WeightsDamaged | None:
        faults = self.weights(info).find_faults()
        command = f"voicewright engines install {info.id}"
        missing = [name for name, fault in faults.items() if fault == "missing"]
        if missing:
            return WeightsMissing(
                f"The engine {info.title} lacks its weights: {', '.join(missing)}. Get them with: {command}"
            )
        if faults:
            return WeightsDamaged(
                f"Files of the weights of the engine {info.title} are damaged: {', '.join(faults)}. Replace "
                f"them with: {command}"
            )
        return None


def weights_of(info: EngineInfo, folder: Path, record: Mapping[str, Any]) -> Weights:
    """The weights of an engine that is installed in a folder, with what is written of them."""
    files = info.environment.weights if info.environment is not None else ()
    told = record.get("weights")
    known = {name: KeptFile.read(wire) for name, wire in told.items()} if isinstance(told, dict) else {}
    kept = {name: file for name, file in known.items() if file is not None}
    return Weights(folder / WEIGHTS, files, kept)


def python_of(environment: Path) -> Path:
    """The interpreter of a virtual environment."""
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def read_record(folder: Path) -> dict[str, Any] | None:
    """What was installed in a folder; None: nothing, or nothing whole."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def requirements_of(environment: EngineEnvironment) -> str:
    """The text of an engine's pins."""
    package, _, name = environment.requirements.partition(":")
    return files(package).joinpath(name).read_text(encoding="utf-8")


def digest_of(environment: EngineEnvironment) -> str:
    """Name what is to be installed, so that what an earlier release installed is told from it."""
    parts = [environment.torch, requirements_of(environment)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
