"""Makes the virtual environment that the Makefile works in: a venv with the pinned packages.

Written for Python 3.7 and up, standard library only, so that an old interpreter gets a clear word instead of
a syntax error.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST = (3, 11)
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TORCH_NAME = "torch=="


def main() -> int:
    """Build or refresh the environment; the exit status is 0 when it is ready."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("venv", type=Path)
    parser.add_argument("--dev", action="store_true", help="also what tests and linters need")
    arguments = parser.parse_args()
    problem = _interpreter_problem()
    if problem:
        return _fail(problem)

    python = arguments.venv / "bin" / "python"
    locks = [HERE / "lock.txt"] + ([HERE / "dev.txt"] if arguments.dev else [])
    started = time.monotonic()
    if _is_other(arguments.venv, python):
        print(f"Making {arguments.venv} with Python {_version(2)} ...", flush=True)
        shutil.rmtree(str(arguments.venv), ignore_errors=True)
        command = [sys.executable, "-m", "venv", str(arguments.venv)]
        made = subprocess.run(command, check=False, capture_output=True, text=True)
        if made.returncode:
            return _fail(
                f"python -m venv failed:\n{made.stderr or made.stdout}\n"
                "On Debian and Ubuntu: apt install python3-venv"
            )
    if not _install(python, locks):
        return 1
    if not _complete_torch(python, HERE / "lock.txt"):
        return 1
    project = ["install", "-q", "--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    if _pip(python, project).returncode:
        return 1
    (arguments.venv / "lock.sha256").write_text(_lock_digest())
    print(f"Environment ready after {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def _interpreter_problem() -> str | None:
    if sys.version_info < OLDEST:
        return (
            f"Voicewright needs Python {OLDEST[0]}.{OLDEST[1]} or newer; {sys.executable} is Python "
            f"{_version(2)}. Install a newer one and name it, for example: make demo PYTHON=python3.12"
        )
    if sys.maxsize <= 2**32:
        return "Voicewright needs a 64-bit Python: torch and the embedded PostgreSQL exist for nothing else."
    return None


def _version(parts: int) -> str:
    return ".".join(str(part) for part in sys.version_info[:parts])


def _is_other(venv: Path, python: Path) -> bool:
    """Whether the environment is absent, was made from another lock, or with another Python."""
    stamp = venv / "lock.sha256"
    if not stamp.is_file() or stamp.read_text() != _lock_digest():
        return True
    said = subprocess.run([str(python), "--version"], check=False, capture_output=True, text=True)
    return said.stdout.split()[-1:] != [_version(3)]


def _lock_digest() -> str:
    return hashlib.sha256((HERE / "lock.txt").read_bytes()).hexdigest()


def _install(python: Path, locks: list[Path]) -> bool:
    """Install the pins, counting them; on failure pip's own last words are shown."""
    total = sum(1 for lock in locks for line in lock.read_text().splitlines() if "==" in line.split("#")[0])
    command = [str(python), "-m", "pip", "install", "--no-deps", "--progress-bar", "off"]
    command += ["--disable-pip-version-check", "--no-input"]
    for lock in locks:
        command += ["-r", str(lock)]
    print(f"Fetching up to {total} packages (torch is the largest) ...", flush=True)
    tail: list[str] = []
    fetched = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            tail = [*tail[-40:], line]
            if line.startswith(("Collecting ", "Processing ", "Requirement already")):
                fetched += 1
                if not line.startswith("Requirement"):
                    _show(fetched, total, line.split()[1])
            elif line.startswith("Installing collected"):
                _clear()
                print("Installing them ...", flush=True)
    _clear()
    if pip.returncode:
        sys.stderr.write("".join(tail))
        _fail("pip could not install the pinned packages; its last lines are above.")
    return pip.returncode == 0


def _complete_torch(python: Path, lock: Path) -> bool:
    """Fetch what this build of torch needs besides the lock: the CUDA libraries, or nothing for the CPU."""
    pin = next(line for line in lock.read_text().splitlines() if line.startswith(TORCH_NAME))
    needs = (
        "import importlib.metadata as m, sys;"
        "wanted = [r for r in m.requires('torch') or () if r.startswith(('nvidia-', 'cuda-'))];"
        "sys.exit(any('extra ==' not in r for r in wanted))"
    )
    if subprocess.run([str(python), "-c", needs], check=False).returncode == 0:
        return True
    print("This torch is the CUDA build: fetching its libraries (2 GB and more) ...", flush=True)
    print("  The CPU build is far smaller; README.md, 'Installing', says how to get it.", flush=True)
    return _pip(python, ["install", "-q", "-c", str(lock), pin]).returncode == 0


def _pip(python: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=False, text=True)


def _show(done: int, total: int, name: str) -> None:
    if sys.stdout.isatty():
        print(f"\r\033[K  {done} of {total}  {name.rsplit('/', 1)[-1][:60]}", end="", flush=True)
    elif done % 20 == 0:
        print(f"  {done} of {total}", flush=True)


def _clear() -> None:
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)


def _fail(message: str) -> int:
    sys.stderr.write(f"error: {message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
