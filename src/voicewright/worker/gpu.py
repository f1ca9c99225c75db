"""The GPU of this machine: what kind it is, and NVIDIA's as its own tool describes them.

Asking needs no package and changes nothing.
"""

from __future__ import annotations

import logging
import platform
import shutil
import subprocess
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOG = logging.getLogger(__name__)
_TOOL: Final = "nvidia-smi"
_TIMEOUT_S: Final = 10
_LOOK_S: Final = 0.2
_ROCM_DEVICE: Final = Path("/dev/kfd")
"""What AMD's compute driver is opened by."""

GpuType = Literal["cuda", "rocm", "mps", "cpu"]
"""What a machine computes on."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU of this machine."""

    uuid: str
    """As `CUDA_VISIBLE_DEVICES` takes it."""
    memory_mb: int


def largest() -> Gpu | None:
    """The GPU with the most memory; None: there is none, or none that answers."""
    found = [
        Gpu(uuid, round(float(memory_mb)))
        for uuid, _, memory_mb in (line.partition(",") for line in _ask("uuid,memory.total"))
        if memory_mb.strip().isdigit()
    ]
    return max(found, key=lambda one: one.memory_mb, default=None)


def find_type(nvidia: Gpu | None) -> GpuType:
    """What this machine computes on.

    Args:
        nvidia: what `largest` found.
    """
    if nvidia is not None:
        return "cuda"
    if _ROCM_DEVICE.exists():
        return "rocm"
    is_apples = platform.system() == "Darwin" and platform.machine() == "arm64"
    return "mps" if is_apples else "cpu"


def utilization(gpu: Gpu) -> float | None:
    """Per cent of the time that a GPU was busy; None where it does not tell."""
    told = [line.partition(",") for line in _ask("uuid,utilization.gpu")]
    return next((float(busy) for uuid, _, busy in told if uuid == gpu.uuid and busy.strip().isdigit()), None)


class GpuMemory:
    """Lends the memory of a GPU to trainings, so that together they never need more than there is.

    In turns: whoever needs much is not passed by those who need little.

    Args:
        total_mb: of the GPU; None: there is none.
    """

    def __init__(self, total_mb: int | None) -> None:
        self._left_mb = total_mb or 0
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()

    @contextmanager
    def lend(
        self, needed_mb: int, *, wait_s: float = 0.0, give_up: threading.Event | None = None
    ) -> Iterator[bool]:
        """Hold so much while the block runs; gives False, and holds nothing, where it is not free in time.

        Args:
            needed_mb: MiB; 0 is always granted.
            wait_s: how long to wait for it.
            give_up: set by another thread to wait no longer.
        """
        if needed_mb == 0:
            yield True
            return
        turn = object()
        with self._changed:
            self._waiting.append(turn)
            granted = self._wait(turn, needed_mb, time.monotonic() + wait_s, give_up)
            self._waiting.remove(turn)
            self._left_mb -= needed_mb if granted else 0
            self._changed.notify_all()
        try:
            yield granted
        finally:
            with self._changed:
                self._left_mb += needed_mb if granted else 0
                self._changed.notify_all()

    def _wait(self, turn: object, needed_mb: int, end_s: float, give_up: threading.Event | None) -> bool:
        while not (self._waiting[0] is turn and needed_mb <= self._left_mb):
            left_s = end_s - time.monotonic()
            if left_s <= 0 or (give_up is not None and give_up.is_set()):
                return False
            self._changed.wait(min(left_s, _LOOK_S))
        return True


def _ask(what: str) -> list[str]:
    """The tool's answer, a line for each GPU, without spaces."""
    tool = shutil.which(_TOOL)
    if tool is None:
        return []
    command = [tool, f"--query-gpu={what}", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_TIMEOUT_S).stdout
    except (OSError, subprocess.SubprocessError) as error:
        _LOG.info("%s does not tell %s: %s", _TOOL, what, error)
        return []
    return [line.replace(" ", "") for line in said.splitlines()]
