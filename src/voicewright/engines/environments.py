"""Makes the virtual environment of an engine: this interpreter, its complete pins, and its build of torch.

pip is this environment's own where it has one, told to work in the other; nothing of ours is visible there.
It dies with this process, and so does nothing behind anybody's back.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import signal
import subprocess
import sys
import venv
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from voicewright.engines.errors import InstallFailed, PythonUnsuitable
from voicewright.engines.host.spawn import environment_for
from voicewright.engines.installed import python_of
from voicewright.storage.faults import clear_errors

if TYPE_CHECKING:
    from voicewright.engines.builds import TorchSource
    from voicewright.engines.port import EngineEnvironment, EngineInfo

OnPackage = Callable[[str, int, int], None]
"""Told what is done, how many packages are there, and of how many."""

_DIE_WITH_PARENT: Final = (
    "import ctypes, os, sys\n"
    "if sys.platform == 'linux': ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)\n"
    "os.execv(sys.executable, [sys.executable, '-I', *sys.argv[1:]])"
)
"""A killed installation leaves no pip that goes on writing."""
_TAIL_LINES: Final = 12
_VERSION_OF_TORCH: Final = "import importlib.metadata as m; print(m.version('torch'))"


@dataclass(frozen=True, slots=True)
class MadeEnvironment:
    """What was made.

    Attributes:
        python: version of the interpreter.
        packages: how many the pins name.
        torch: version and build; empty where the engine needs none.
        size_bytes: of all files.
    """

    python: str
    packages: int
    torch: str
    size_bytes: int


def require_python(info: EngineInfo, version: tuple[int, int] = sys.version_info[:2]) -> None:
    """Check that an engine's packages exist for this interpreter.

    Raises:
        PythonUnsuitable: names those that they exist for.
    """
    environment = info.environment
    if environment is None or environment.oldest_python <= version <= environment.newest_python:
        return
    limits = (environment.oldest_python, environment.newest_python)
    oldest, newest = (".".join(map(str, limit)) for limit in limits)
    raise PythonUnsuitable(
        f"The packages of the engine {info.title} exist for Python {oldest} to {newest}, and this is Python "
        f"{'.'.join(map(str, version))}. Run Voicewright with one of those to use it."
    )


def make_environment(
    folder: Path,
    environment: EngineEnvironment,
    pins: str,
    torch: Sequence[TorchSource],
    on_package: OnPackage,
) -> MadeEnvironment:
    """Make an environment in place of what is there.

    Args:
        folder: of the environment.
        environment: what the engine says of it.
        pins: the text of its requirements.
        torch: the ways to get torch, the best first; none where it needs none.
        on_package: told how far it is.

    Raises:
        InstallFailed: with pip's last words.
        StorageFull, StorageReadOnly, StorageUnavailable: it can't be written.
    """
    remove_environment(folder)
    has_pip = importlib.util.find_spec("pip") is not None
    on_package("making the environment", 0, 0)
    try:
        with clear_errors("make the environment", str(folder)):
            venv.EnvBuilder(with_pip=not has_pip, symlinks=True).create(folder)
    except subprocess.CalledProcessError as error:
        raise InstallFailed(
            "Python can't make a virtual environment here: it has no pip. Install it for the Python that "
            "runs Voicewright (on Debian and Ubuntu: apt install python3-venv)."
        ) from error
    pip = _Pip(python_of(folder), has_pip=has_pip)
    requirements = folder / "requirements.txt"
    requirements.write_text(pins, encoding="utf-8")
    packages = count_pins(pins)
    failed = pip.install(["--no-deps", "-r", str(requirements)], packages, on_package)
    if failed:
        raise InstallFailed(f"pip could not install the packages. Its last words: {failed}")
    if torch:
        _install_torch(pip, torch, requirements, packages, on_package)
    return MadeEnvironment(
        python=platform.python_version(),
        packages=packages,
        torch=pip.run_python(_VERSION_OF_TORCH) if environment.torch else "",
        size_bytes=size_of_folder(folder),
    )


def remove_environment(folder: Path) -> None:
    """Remove one, whole or not.

    Raises:
        StorageReadOnly, StorageUnavailable: it can't be removed.
    """
    with clear_errors("remove the environment", str(folder)):
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
        else:
            folder.unlink(missing_ok=True)


def count_pins(pins: str) -> int:
    """How many packages a list of pins names."""
    return sum("==" in line.split("#")[0] or " @ " in line for line in pins.splitlines())


def size_of_folder(folder: Path) -> int:
    """Bytes of all files below it, each counted once."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - ten thousand of them
    return total


def _install_torch(
    pip: _Pip, sources: Sequence[TorchSource], requirements: Path, packages: int, on_package: OnPackage
) -> None:
    failed = ""
    for source in sources:
        arguments = ["--extra-index-url", source.index] if source.index else []
        arguments += ["--no-deps"] if source.complete else ["-c", str(requirements)]
        on_package(f"fetching {source.requirement}", packages, packages)
        failed = pip.install([*arguments, source.requirement], packages, on_package, what="fetching torch")
        if not failed:
            return
    asked = " and ".join(source.index or "the indexes that pip is set to" for source in sources)
    raise InstallFailed(
        f"pip could not install {sources[-1].requirement.partition('+')[0]} for this machine; asked were "
        f"{asked}. Name another build with --torch, or an index that has it with --torch-index. pip's last "
        f"words: {failed}"
    )


@dataclass(frozen=True, slots=True)
class _Pip:
    python: Path
    has_pip: bool
    """Whether this process's environment has one; else the new one has."""

    def install(
        self, arguments: Sequence[str], total: int, on_package: OnPackage, *, what: str = "fetching packages"
    ) -> str:
        """Install; answers pip's last words where it failed, else nothing."""
        command = [
            *self._command(),
            "install",
            "--progress-bar",
            "off",
            "--no-input",
            "--no-warn-script-location",
        ]
        process = subprocess.Popen(
            [*command, "--disable-pip-version-check", *arguments],
            env=environment_for(str(self.python), {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
        )
        tail: deque[str] = deque(maxlen=_TAIL_LINES)
        done = 0
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            for line in process.stdout:
                tail.append(line.strip())
                if line.startswith(("Collecting ", "Processing ", "Requirement already")):
                    done += 1
                    on_package(what, min(done, total), total)
                elif line.startswith("Installing collected"):
                    on_package("installing packages", total, total)
            return _told(tail) if process.wait() else ""
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def run_python(self, code: str) -> str:
        """What a line of Python prints there."""
        command = [str(self.python), "-I", "-c", code]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        return said.stdout.strip()

    def _command(self) -> list[str]:
        start = [str(self.python), "-I", "-c", _DIE_WITH_PARENT]
        if not self.has_pip:
            return [*start, "-m", "pip"]
        found = importlib.util.find_spec("pip")
        assert found is not None  # noqa: S101 - it was there
        assert found.origin is not None  # noqa: S101 - it is a package
        return [*start, str(Path(found.origin).with_name("__pip-runner__.py"))]


def _told(tail: Sequence[str]) -> str:
    """The last lines that say what is wrong; all of the last ones where none does."""
    faults = [line for line in tail if line.startswith("ERROR")]
    return " ".join((faults or list(tail))[-4:]) or "none"
