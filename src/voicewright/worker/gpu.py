"""The GPU of this machine, as NVIDIA's own tool describes it; asking needs no package and changes nothing."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOG = logging.getLogger(__name__)
_TOOL: Final = "nvidia-smi"
_TIMEOUT_S: Final = 10


def total_memory_mb() -> int | None:
    """MiB of the largest GPU; None: there is none, or none that answers."""
    found = _ask("memory.total")
    return round(max(found)) if found else None


def utilization() -> float | None:
    """Per cent of the time that the GPUs were busy, on average; None as above."""
    found = _ask("utilization.gpu")
    return sum(found) / len(found) if found else None


class GpuMemory:
    """Lends the memory of a GPU to trainings, so that together they never need more than there is.

    Args:
        total_mb: of the GPU; None: there is none.
    """

    def __init__(self, total_mb: int | None) -> None:
        self._left_mb = total_mb or 0
        self._lock = threading.Lock()

    @contextmanager
    def lend(self, needed_mb: int) -> Iterator[bool]:
        """Hold so much while the block runs; gives False, and holds nothing, where it is not free now."""
        with self._lock:
            granted = needed_mb <= self._left_mb
            self._left_mb -= needed_mb if granted else 0
        try:
            yield granted
        finally:
            with self._lock:
                self._left_mb += needed_mb if granted else 0


def _ask(what: str) -> list[float]:
    tool = shutil.which(_TOOL)
    if tool is None:
        return []
    command = [tool, f"--query-gpu={what}", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_TIMEOUT_S).stdout
        return [float(line) for line in said.split()]
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        _LOG.info("%s does not tell %s: %s", _TOOL, what, error)
        return []
