"""Watches the memory of a running program and of everything that it starts (Linux).

The shares of memory (PSS: a page that n processes share counts 1/n for each) are added up over all processes,
so that libraries and the database's buffers count once. They are read every fifth of a second: a peak shorter
than that may be missed. What has let go of its parent, as a database server does, still belongs to it.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Self

INTERVAL_S = 0.2
_PROC = Path("/proc")
_PARENT, _STARTED = 1, 19
"""Fields of /proc/<pid>/stat after the name."""


class TreeMemory:
    """Measures from entering to leaving the `with` block; then read `peak_bytes`.

    Args:
        pid: the program, started by this process.
    """

    def __init__(self, pid: int) -> None:
        self.peak_bytes: int | None = None
        """Of all processes together at the worst moment; None where the system does not tell."""
        self._root = pid
        self._known: dict[int, str] = {}
        """When each process of the tree was started: its number may be given to a stranger later."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="tree-memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(INTERVAL_S):
            total = sum(_share_bytes(pid) for pid in self._processes())
            if total:
                self.peak_bytes = max(self.peak_bytes or 0, total)

    def _processes(self) -> list[int]:
        """The program, its children, theirs, and what was seen among them before."""
        running = _running()
        if not self._known and self._root in running:
            self._known[self._root] = running[self._root][1]
        found = {pid for pid, began in self._known.items() if running.get(pid, (0, ""))[1] == began}
        added = found
        while added:
            added = {pid for pid, (parent, _) in running.items() if parent in found and pid not in found}
            found |= added
        self._known = {pid: running[pid][1] for pid in found}
        return sorted(found)


def _running() -> dict[int, tuple[int, str]]:
    """The parent and the time of start of every process."""
    found: dict[int, tuple[int, str]] = {}
    if not _PROC.is_dir():
        return found
    for name in os.listdir(_PROC):  # noqa: PTH208 - five times a second, beside what is being measured
        if name.isdigit():
            try:
                fields = (_PROC / name / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue  # it ended just now
            found[int(name)] = (int(fields[_PARENT]), fields[_STARTED])
    return found


def _share_bytes(pid: int) -> int:
    try:
        text = (_PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return 0  # it ended just now, or belongs to another user
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
