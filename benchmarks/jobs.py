"""Times the queue of trainings over HTTP: how soon a job starts, how soon a cancelled one has stopped.

    python benchmarks/jobs.py [--jobs 30]

`voicewright serve` runs with its worker, an empty data directory, the embedded PostgreSQL, and the tone
engine of the tests, so that the trainings themselves take no time worth speaking of. How soon a job starts is
told by the job: `createdAt` and `startedAt`. Beside them stands a request that only reads one row, which is
what any request costs here.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import httpx
import psutil

from _recordings import SAMPLES
from _report import machine, table
from _service import running
from voicewright.engines.testing import write_plugin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TIMEOUT_S = 60.0
_POLL_S = 0.02


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=30)
    arguments = parser.parse_args()
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory(prefix="vw-jobs-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # root's database runs as another user
        plugin = write_plugin(folder / "plugin")
        with running(folder / "home", PYTHONPATH=str(plugin)) as service:
            headers = {"X-API-Key": service.api_key}
            with httpx.Client(
                base_url=service.url, headers=headers, timeout=_TIMEOUT_S, trust_env=False
            ) as client:
                rows = _measure(client, service.process, arguments.jobs)
    print(table(("jobs over HTTP", "median", "95 %"), rows))


def _measure(client: httpx.Client, server: psutil.Process, jobs: int) -> list[tuple[str, str, str]]:
    samples = _upload(client)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    reading = [_timed(lambda: client.get("/auth/sessions")) for _ in range(jobs)]
    later = [_start(client, samples, startAfter=tomorrow) for _ in range(jobs)]
    starting = [took_s for _, took_s in later]
    cancelling = [_timed(partial(_cancel, client, job)) for job, _ in later]
    beginning, stopping = [], []
    for _ in range(max(3, jobs // 5)):
        job, _ = _start(client, samples, engine={"training_fault": "endless"})
        seen = _wait(client, job, lambda told: told["status"] == "running")
        beginning.append(_seconds(seen["createdAt"], seen["startedAt"]))
        hosts = _hosts(server)
        while not hosts:
            time.sleep(_POLL_S)
            hosts = _hosts(server)
        stopping.append(_timed(partial(_cancel_and_wait, client, job, hosts)))
    return [
        _row("a request that reads one row", reading),
        _row("POST /training/start", starting),
        _row("POST /training/{jobId}/cancel, of a delayed job", cancelling),
        _row("from the start's transaction to the run's", beginning),
        _row("from the cancel of a running job to the end of its engine's process", stopping),
    ]


def _row(name: str, seconds: Sequence[float]) -> tuple[str, str, str]:
    ordered = sorted(seconds)
    late = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return name, f"{median(ordered) * 1000:.0f} ms", f"{late * 1000:.0f} ms"


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _upload(client: httpx.Client) -> list[str]:
    ids = []
    for path in sorted(SAMPLES.glob("*.flac"))[:5]:
        with path.open("rb") as file:
            answer = client.post(
                "/api/v1/admin/training/upload",
                data={"dataset_name": "benchmark"},
                files={"audio": (path.name, file)},
            )
        ids.append(str(answer.raise_for_status().json()["files"][0]["sample"]["id"]))
    return ids


def _start(
    client: httpx.Client, samples: Sequence[str], *, engine: dict[str, Any] | None = None, **more: Any
) -> tuple[str, float]:
    options = {"qualityThreshold": 0, "engine": engine or {}}
    body = {"voiceSampleIds": list(samples), "provider": "tone", "options": options, **more}
    start = time.perf_counter()
    answer = client.post("/training/start", json=body)
    took_s = time.perf_counter() - start
    if answer.is_error:
        raise SystemExit(answer.text)
    return str(answer.json()["jobId"]), took_s


def _cancel(client: httpx.Client, job: str) -> None:
    client.post(f"/training/{job}/cancel").raise_for_status()


def _cancel_and_wait(client: httpx.Client, job: str, hosts: Sequence[psutil.Process]) -> None:
    _cancel(client, job)
    psutil.wait_procs(hosts)


def _wait(client: httpx.Client, job: str, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    pause = threading.Event()
    while True:
        told: dict[str, Any] = client.get(f"/training/{job}").raise_for_status().json()
        if until(told):
            return told
        pause.wait(_POLL_S)


def _hosts(server: psutil.Process) -> list[psutil.Process]:
    """The engine's processes below the worker."""
    return [child for child in server.children(recursive=True) if "engines.host" in " ".join(child.cmdline())]


def _seconds(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


if __name__ == "__main__":
    main()
