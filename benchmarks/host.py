"""What the host process costs: starting, one call, streaming; beside a bare interpreter and a bare pipe.

Run with `python benchmarks/host.py`. Each figure is the median of several runs.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from voicewright.engines.host.process import HostProcess

_SECOND_OF_AUDIO_BYTES = 44_100
_SIZES = (4_410, _SECOND_OF_AUDIO_BYTES, 1 << 20)


_SERVICE = """
class Echo:
    def echo(self, params, context):
        return params

    def flow(self, params, context):
        chunk = bytes(params["size"])
        for _ in range(params["count"]):
            yield chunk
"""
"""The least that a service can do, in a file of its own: the child would import this one whole."""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "echo_service.py").write_text(_SERVICE, encoding="utf-8")
        _measure(Path(directory))


def _measure(directory: Path) -> None:
    print(f"bare interpreter, start to end      {_median_ms(_run_bare_interpreter, 9):8.1f} ms")
    print(f"host process, start, one call, end  {_median_ms(lambda: _start_host(directory), 9):8.1f} ms")
    with _host(directory) as host:
        host.start()
        print(f"one call on a warm host             {_median_ms(lambda: host.call('echo', {}), 500):8.3f} ms")
        first_ms = _median_ms(lambda: _first_item(host), 200)
        print(f"first chunk of a stream, warm       {first_ms:8.3f} ms")
        for size in _SIZES:
            count = max(20, 40_000_000 // size)
            seconds = _median_ms(lambda s=size, n=count: _drain(host, s, n), 3) / 1000  # type: ignore[misc]
            rate = size * count / seconds
            print(
                f"stream, chunks of {size:>9,} bytes    {rate / 1e6:8.0f} MB/s"
                f"  {seconds / count * 1e6:7.0f} us/chunk  {rate / _SECOND_OF_AUDIO_BYTES:9,.0f} x real time"
            )
    for size in _SIZES:
        print(f"bare pipe, writes of {size:>9,} bytes {_pipe_rate(size) / 1e6:8.0f} MB/s")


def _host(directory: Path) -> HostProcess:
    return HostProcess("echo_service:Echo", env={"PYTHONPATH": str(directory)})


def _start_host(directory: Path) -> None:
    with _host(directory) as host:
        host.call("echo", {})


def _run_bare_interpreter() -> None:
    subprocess.run([sys.executable, "-c", "pass"], check=True)


def _first_item(host: HostProcess) -> None:
    next(host.stream("flow", {"size": 4_410, "count": 1}))


def _drain(host: HostProcess, size: int, count: int) -> None:
    for _ in host.stream("flow", {"size": size, "count": count}):
        pass


def _pipe_rate(size: int) -> float:
    count = 40_000_000 // size
    program = f"import os\ndata = bytes({size})\nfor _ in range({count}): os.write(1, data)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        if child.stdout is None:
            raise RuntimeError("no pipe")
        os.read(child.stdout.fileno(), 1)
        begun_s = time.perf_counter()
        while child.stdout.read(size):
            pass
        return size * count / (time.perf_counter() - begun_s)


def _median_ms(work: Callable[[], object], times: int) -> float:
    durations_ms = []
    for _ in range(times):
        begun_s = time.perf_counter()
        work()
        durations_ms.append((time.perf_counter() - begun_s) * 1000)
    return statistics.median(durations_ms)


if __name__ == "__main__":
    main()
