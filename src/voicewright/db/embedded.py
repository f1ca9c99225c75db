"""The life of the embedded server: started by the first process that needs it, stopped by the last to leave.

Each process that uses the server holds a shared lock on `locks/db.users` for as long; the kernel drops it
with the process, however it ends. Joining and leaving happen under the exclusive lock `locks/db.start`. Who
leaves and can then lock `db.users` exclusively was the last one, and stops the server. After `kill -9` of the
last process the server keeps running; the next command joins it, and stops it when it leaves.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from voicewright.db.cluster import Cluster, not_started
from voicewright.db.errors import ClusterUnusable, EmbeddedServerFailed
from voicewright.db.sockets import SocketRoute
from voicewright.home.locks import lock, read_note, try_lock

if TYPE_CHECKING:
    from voicewright.home.layout import Home
    from voicewright.home.locks import HeldLock

_LOG = logging.getLogger(__name__)
_POLL_S = 0.005
_STOP_TIMEOUT_S = 30.0
_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_directories": ".",
    "unix_socket_permissions": "0700",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "max_logical_replication_workers": "0",
    "max_wal_size": "256MB",
    "jit": "off",  # it pays for analytical queries only, and costs the first of each kind 100 ms
    "log_checkpoints": "off",
}
# The shell only sends the server to the background and tells its number; no path passes through it.
_IN_BACKGROUND = '"$@" </dev/null >>log 2>&1 & echo $!'


class EmbeddedServer:
    """One process's part in the embedded server of a data directory.

    Args:
        home: the data directory.
        start_timeout_s: how long the server may take to start, crash recovery included.
        options: more server settings; with `{"fsync": "off"}`, for tests, nothing waits for the disk.
    """

    def __init__(
        self, home: Home, *, start_timeout_s: float = 60.0, options: dict[str, str] | None = None
    ) -> None:
        self._cluster = Cluster(home)
        self._root = home.root
        self._start_lock = home.locks_dir / "db.start"
        self._users_lock = home.locks_dir / "db.users"
        self._start_timeout_s = start_timeout_s
        self._options = {**_OPTIONS, **(options or {})}
        self._use: HeldLock | None = None
        self._process_id = 0
        self._route: SocketRoute | None = None
        self._guard = threading.RLock()

    def join(self) -> Path:
        """Start the server unless it runs, count this process as its user, and answer its socket's folder.

        Raises:
            ClusterUnusable, DatabaseTooNew, DatabaseFull, EmbeddedServerMissing, EmbeddedServerFailed: see
                their names.
            LockTimeout: another process has been starting or stopping it for too long.
        """
        with self._guard:
            if self._route is None:
                self._route = SocketRoute(self._cluster.path)
                self._process_id = os.getpid()
                atexit.register(self.leave)
            try:
                with self._starting():
                    others = self._others_use_it()
                    if self._use is None:
                        self._use = lock(
                            self._users_lock, shared=True, timeout_s=1, purpose="stopping the database"
                        )
                    self._ensure_running(self._route, others=others)
            except BaseException:
                self.leave()
                raise
            return self._route.folder

    def ensure_running(self) -> None:
        """Start the server again if it died while this process was using it; errors as in `join`."""
        with self._guard:
            if self._route is not None and self._use is not None:
                with self._starting():
                    self._ensure_running(self._route, others=True)

    def leave(self) -> None:
        """Stop using the server, and stop it if nobody else uses it; the second call does nothing."""
        with self._guard:
            route, self._route = self._route, None
            if (
                route is None or os.getpid() != self._process_id
            ):  # a forked child inherits this object, not the use
                return
            atexit.unregister(self.leave)
            try:
                if self._use is not None:
                    with self._starting():
                        self._use.release()
                        alone = try_lock(self._users_lock)
                        if alone is not None:
                            with alone:
                                self._stop()
            finally:
                if self._use is not None:
                    self._use.release()
                    self._use = None
                route.close()

    def _starting(self) -> HeldLock:
        return lock(
            self._start_lock,
            timeout_s=self._start_timeout_s + _STOP_TIMEOUT_S,
            purpose=f"starting or stopping the database in {self._root}",
        )

    def _others_use_it(self) -> bool:
        alone = try_lock(self._users_lock)
        if alone is None:
            return True
        alone.release()
        return False

    def _ensure_running(self, route: SocketRoute, *, others: bool) -> None:
        deadline = time.monotonic() + self._start_timeout_s
        while not (route.answers() and self._cluster.status() == "ready"):
            if self._cluster.server_process() is None and not route.answers():
                if others:
                    self._refuse_other_machine()
                self._start(deadline)
            elif time.monotonic() > deadline:
                raise EmbeddedServerFailed(
                    f"The database in {self._root} has been {self._cluster.status() or 'starting'} for more "
                    f"than {self._start_timeout_s:.0f} s. Its log: {self._cluster.log_path}. Try again; a "
                    "longer wait is set with VOICEWRIGHT_DATABASE_START_TIMEOUT_S."
                )
            else:
                time.sleep(_POLL_S)

    def _start(self, deadline: float) -> None:
        binaries, user = self._cluster.prepare(durable=self._options.get("fsync") != "off")
        self._cluster.remove_foreign_locks()
        settings = [part for key, value in self._options.items() for part in ("-c", f"{key}={value}")]
        server = [binaries.program("postgres"), "-D", ".", *settings]
        while True:
            log_offset = self._cluster.rotate_log()
            done = user.run(
                ["/bin/sh", "-c", _IN_BACKGROUND, "sh", *server], self._cluster.path, new_session=True
            )
            if not done.stdout.strip().isdecimal():
                raise not_started(self._cluster.path, done.stderr.strip())
            process_id = int(done.stdout)
            if self._comes_up(process_id, deadline):
                Path(self._users_lock).write_text(json.dumps(_this_machine()))
                _LOG.info("started the database in %s", self._root)
                return
            log = self._cluster.log_since(log_offset)
            # After a kill of the server alone, its children take a moment to notice and end.
            if "shared memory block" not in log or time.monotonic() > deadline:
                raise not_started(self._cluster.path, log)
            time.sleep(0.1)

    def _comes_up(self, process_id: int, deadline: float) -> bool:
        """Wait until the server takes connections; False when it ended instead."""
        while self._cluster.status() != "ready" or self._cluster.server_process() is None:
            if not _is_alive(process_id):
                return False
            if time.monotonic() > deadline:
                raise EmbeddedServerFailed(
                    f"The database in {self._root} did not start within {self._start_timeout_s:.0f} s. It "
                    f"may be recovering from a crash; its log: {self._cluster.log_path}. Try again, or set "
                    "VOICEWRIGHT_DATABASE_START_TIMEOUT_S to a longer wait."
                )
            time.sleep(_POLL_S)
        return True

    def _stop(self) -> None:
        process = self._cluster.server_process()
        if process is None:
            return
        for how in (signal.SIGINT, signal.SIGQUIT):  # orderly; at once, with recovery at the next start
            with suppress(psutil.NoSuchProcess):
                process.send_signal(how)
            deadline = time.monotonic() + _STOP_TIMEOUT_S
            while time.monotonic() < deadline:
                if not _is_alive(process.pid):
                    return
                time.sleep(_POLL_S)
        _LOG.warning("the database in %s (process %d) does not stop", self._root, process.pid)

    def _refuse_other_machine(self) -> None:
        """Two machines must not open one set of files, however they came to share a disk."""
        with suppress(ValueError, KeyError, TypeError):  # no note, or not ours
            there = json.loads(read_note(self._users_lock))
            here = _this_machine()
            if there["boot"] != here["boot"]:
                raise ClusterUnusable(
                    f"{self._root} is in use on another machine ({there['host']}). A data directory serves "
                    "one machine; for several, run a PostgreSQL server and set DATABASE_URL on each."
                )


def _is_alive(process_id: int) -> bool:
    try:
        return bool(psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _this_machine() -> dict[str, str]:
    """The machine by name and by boot; its containers share the boot, and its locks and sockets."""
    host = socket.gethostname()
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = host
    return {"host": host, "boot": boot}
