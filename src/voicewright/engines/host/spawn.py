"""How a host process is started: command, environment, and the one thread that all of them come from."""

from __future__ import annotations

import atexit
import concurrent.futures
import functools
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import voicewright

_PACKAGE_DIR = Path(voicewright.__file__).resolve().parent
_OWN_PYTHON_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
"""They describe this interpreter's environment and would lead another one astray."""

_SECRET_WORDS = {"CREDENTIALS", "KEY", "KEYS", "PASSWORD", "PGPASSWORD", "SECRET", "TOKEN"}
_SECRET_VARIABLES = {
    "DATABASE_URL",
    "VOICEWRIGHT_BACKUP_OPTIONS",
    "VOICEWRIGHT_SMTP_URL",
    "VOICEWRIGHT_STORE_OPTIONS",
}
"""An engine is somebody's plugin: the database is no business of its, and of keys it gets its own only."""

_Start = Callable[[], subprocess.Popen[bytes]]
_Started = concurrent.futures.Future[subprocess.Popen[bytes]]


def spawn(factory: str, python: str, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start the child program for `factory` with the interpreter `python`; `env` is added to ours.

    The child gets a process group of its own, so that it is killed together with what it starts.

    Raises:
        OSError: when the interpreter can't be run.
    """
    command = [python, "-P", "-m", "voicewright.engines.host.child", factory]
    group: dict[str, Any] = {} if sys.platform == "win32" else {"process_group": 0}
    environment = environment_for(python, env)

    def start() -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, **group)

    return _spawner().start(start)


def is_secret(variable: str) -> bool:
    """Whether a variable of the environment is kept from what is started here, by its name."""
    return variable in _SECRET_VARIABLES or not _SECRET_WORDS.isdisjoint(variable.upper().split("_"))


def environment_for(python: str, extra: Mapping[str, str]) -> dict[str, str]:
    """What a program with the interpreter `python` is started with: no secrets, no paths of this one's."""
    environment = dict(os.environ)  # noqa: TID251 - handed on to the child, not read as settings
    for variable in list(filter(is_secret, environment)):
        del environment[variable]
    if python != sys.executable:
        for variable in _OWN_PYTHON_VARIABLES:
            environment.pop(variable, None)
        environment["PYTHONPATH"] = str(_directory_with_voicewright_only())
    own_path = environment.get("PYTHONPATH")
    environment.update(extra)
    if own_path and "PYTHONPATH" in extra:
        environment["PYTHONPATH"] = os.pathsep.join((own_path, extra["PYTHONPATH"]))
    return environment


@functools.cache
def _directory_with_voicewright_only() -> Path:
    """Return a directory that carries this package and no other.

    The directory that we are installed in holds every other package of our environment too, and these must
    not shadow those of the engine's own.
    """
    directory = Path(tempfile.mkdtemp(prefix="voicewright-path-"))
    atexit.register(_remove, directory, os.getpid())
    try:
        (directory / _PACKAGE_DIR.name).symlink_to(_PACKAGE_DIR, target_is_directory=True)
    except OSError:  # Windows allows links to administrators only
        shutil.copytree(_PACKAGE_DIR, directory / _PACKAGE_DIR.name)
    return directory


def _remove(directory: Path, owner_pid: int) -> None:
    if os.getpid() == owner_pid:  # a forked copy must not take it away from its parent
        shutil.rmtree(directory, ignore_errors=True)


class _Spawner:
    """Starts processes from one thread that lives as long as this process.

    Linux sends PR_SET_PDEATHSIG when the *thread* that started the child ends. A host started by a
    short-lived thread (a web request, a job) would be killed in the middle of somebody else's request.
    """

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._orders: queue.SimpleQueue[tuple[_Start, _Started]] = queue.SimpleQueue()
        # A daemon: it must outlast every other thread that may still be using a host.
        threading.Thread(target=self._run, name="host-spawner", daemon=True).start()

    def start(self, start: _Start) -> subprocess.Popen[bytes]:
        started: _Started = concurrent.futures.Future()
        self._orders.put((start, started))
        return started.result()

    def _run(self) -> None:
        while True:
            start, started = self._orders.get()
            try:
                started.set_result(start())
            except BaseException as error:  # noqa: BLE001 - handed to whoever ordered it
                started.set_exception(error)
            del start, started


_spawner_lock = threading.Lock()
_spawners: list[_Spawner] = []


def _spawner() -> _Spawner:
    with _spawner_lock:
        # A forked process has none of its parent's threads and needs a spawner of its own.
        if not _spawners or _spawners[0].pid != os.getpid():
            _spawners[:] = [_Spawner()]
        return _spawners[0]
