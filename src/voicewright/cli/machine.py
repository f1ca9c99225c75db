"""The checks of `doctor` on the machine itself: interpreter, processors, memory, disk, GPU."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Final

from voicewright.cli.findings import Finding, missing, note, ok
from voicewright.cli.report import megabytes

OLDEST_PYTHON: Final = (3, 11)
TRAINING_MEMORY_BYTES: Final = 1_000_000_000
"""Of the built-in engine at its peak."""
GOOD_CORES: Final = 2
ROOM_BYTES: Final = 2_000_000_000
"""For the database, some dozens of voices and unfinished work."""


def check_python(version: tuple[int, int, int] = sys.version_info[:3]) -> Finding:
    """Whether the interpreter is new enough."""
    told = ".".join(map(str, version))
    if version < OLDEST_PYTHON:
        return missing("python", f"{told} is too old", "Install Python 3.11 or newer.")
    return ok("python", f"{told}, {platform.machine()}, {sys.executable}")


def check_cores(cores: int | None = None) -> Finding:
    """How many processors this process may use."""
    count = cores or len(os.sched_getaffinity(0))
    if count < GOOD_CORES:
        return note("processors", f"{count}", "Training works, and takes about twice as long as on two.")
    return ok("processors", f"{count}")


def check_memory(available_bytes: int | None = None) -> Finding:
    """Whether a training fits into the memory that is free now."""
    free = _available_memory_bytes() if available_bytes is None else available_bytes
    if free is None:
        return note("memory", "this system does not tell", "Have 1 GB free for training.")
    told = f"{megabytes(free)} available"
    if free < TRAINING_MEMORY_BYTES:
        return note("memory", told, "Close other programs before training: it takes up to 1 GB.")
    return ok("memory", told)


def check_disk(folder: Path, free_bytes: int | None = None) -> Finding:
    """Whether there is room where the data directory is, or would be."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free if free_bytes is None else free_bytes
    told = f"{megabytes(free)} free at {existing}"
    if free < ROOM_BYTES:
        return note("disk", told, "Free some space, or set VOICEWRIGHT_HOME to a larger disk.")
    return ok("disk", told)


def check_gpu(driver: Path = Path("/proc/driver/nvidia/version")) -> Finding:
    """Say what a GPU would be used for: nothing here needs one."""
    if driver.exists() or shutil.which("nvidia-smi"):
        return ok("gpu", "NVIDIA driver found; the built-in engine trains on the processor all the same")
    return ok("gpu", "none, and none is needed: the built-in engine trains on the processor")


def _available_memory_bytes() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return None
    return None
