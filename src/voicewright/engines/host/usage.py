"""What a process has used so far: measured inside the host process, sent along with its answers."""

from __future__ import annotations

import sys
import time
from typing import Any

_STATUS = "/proc/self/status"


def measure() -> dict[str, Any]:
    """Return `peak_rss_bytes` (None where the system does not tell) and `cpu_s` of this process.

    CPU time includes finished child processes. On Linux the peak is VmHWM, because `ru_maxrss` there
    survives `exec` and would report the parent's memory as the child's.
    """
    if sys.platform == "win32":
        return {"peak_rss_bytes": None, "cpu_s": time.process_time()}
    import resource  # noqa: PLC0415 - does not exist on Windows

    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = _linux_peak_bytes() if sys.platform == "linux" else int(own.ru_maxrss)
    return {
        "peak_rss_bytes": peak,
        "cpu_s": own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime,
    }


def _linux_peak_bytes() -> int | None:
    with open(_STATUS, "rb") as status:  # noqa: PTH123 - pathlib would cost the child 5 ms of its start
        for line in status:
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
    return None
