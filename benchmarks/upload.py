"""Times the upload of many recordings over HTTP, with the bare intake of the same files beside it.

    python benchmarks/upload.py [--recordings FOLDER] [--files 102] [--at-once 4] [--json]

`voicewright serve --no-worker` runs in a process of its own, with an empty data directory and the embedded
PostgreSQL. An administrator uploads the files with their transcripts into one dataset, a request for each
file, so many at once, over connections that stay open. Fewer recordings than files are used again and again;
each copy gets a tag of its own, so that no two have the same bytes. The bare intake is `take_in` on a folder
of the same files, in this process, with as many threads as there are cores.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import httpx

from _recordings import SAMPLES, find_recordings
from _report import machine, megabytes, table
from _service import running
from voicewright.recordings.intake import take_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psutil

_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Timing:
    """What the uploads took."""

    files: int
    sent_bytes: int
    wall_s: float
    median_request_s: float
    slowest_request_s: float
    server_cpu_s: float
    server_peak_bytes: int
    intake_s: float
    """The bare intake of the same files."""


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recordings", type=Path, default=SAMPLES)
    parser.add_argument("--files", type=int, default=102)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    timing = run(arguments.recordings.resolve(), arguments.files, arguments.at_once)
    if arguments.json:
        print(json.dumps(asdict(timing)))
        return
    print(f"{machine()}\n")
    requests = f"{timing.median_request_s:.2f} / {timing.slowest_request_s:.2f} s"
    rows = [
        (f"upload of {timing.files} files ({megabytes(timing.sent_bytes)})", f"{timing.wall_s:.2f} s"),
        ("one request, median / slowest", requests),
        ("CPU seconds of the server", f"{timing.server_cpu_s:.2f} s"),
        ("peak memory of the server", megabytes(timing.server_peak_bytes)),
        ("bare intake of the same files", f"{timing.intake_s:.2f} s"),
    ]
    print(table((f"{arguments.recordings.name}, {arguments.at_once} at once", "measured"), rows))


def run(recordings: Path, count: int, at_once: int) -> Timing:
    """Lay the files out, upload them, and take them in."""
    with tempfile.TemporaryDirectory(prefix="vw-upload-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # root's database runs as another user
        files = _lay_out(recordings, count, folder / "files")
        # once before, so that neither side pays for reading the code
        take_in(files[0][0], folder / "warm", measurer=None)
        start = time.perf_counter()
        take_in(folder / "files", folder / "copies", measurer=None)
        intake_s = time.perf_counter() - start
        with running(folder / "home", "--no-worker") as service:
            url, key, server = service.url, service.api_key, service.process
            cpu_s = _cpu_s(server)
            start = time.perf_counter()
            requests_s = _upload(url, key, files, at_once)
            wall_s = time.perf_counter() - start
            return Timing(
                files=count,
                sent_bytes=sum(path.stat().st_size for path, _ in files),
                wall_s=wall_s,
                median_request_s=median(requests_s),
                slowest_request_s=max(requests_s),
                server_cpu_s=_cpu_s(server) - cpu_s,
                server_peak_bytes=_peak_bytes(server),
                intake_s=intake_s,
            )


def _lay_out(recordings: Path, count: int, folder: Path) -> list[tuple[Path, str]]:
    """So many files, no two with the same bytes, with their texts; LJ Speech's form, as intake takes it."""
    folder.mkdir()
    found = find_recordings(recordings)
    files, lines = [], []
    for number, (path, text) in enumerate(islice(cycle(found.clips.items()), count), start=1):
        target = folder / f"{number:04d}-{path.name}"
        target.write_bytes(_tag(number) + path.read_bytes())
        files.append((target, text))
        lines.append(f"{target.stem}|{text}\n")
    (folder / "metadata.csv").write_text("".join(lines), encoding="utf-8")
    return files


def _tag(number: int) -> bytes:
    """An ID3 tag with a title, before the sound."""
    title = b"\0" + f"take {number:06d}".encode()
    frame = b"TIT2" + len(title).to_bytes(4) + b"\0\0" + title
    return b"ID3\x03\0\0" + len(frame).to_bytes(4) + frame


def _upload(url: str, key: str, files: Sequence[tuple[Path, str]], at_once: int) -> list[float]:
    """Upload all; gives the seconds of each request."""
    with (
        httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=_TIMEOUT_S, trust_env=False) as client,
        ThreadPoolExecutor(at_once) as pool,
    ):

        def one(file: tuple[Path, str]) -> float:
            path, text = file
            start = time.perf_counter()
            with path.open("rb") as stream:
                answer = client.post(
                    "/api/v1/admin/training/upload",
                    data={"dataset_name": "benchmark", "transcript": text},
                    files={"audio": (path.name, stream)},
                )
            if answer.status_code != httpx.codes.CREATED:
                raise SystemExit(f"{path.name}: {answer.status_code} {answer.text}")
            return time.perf_counter() - start

        return list(pool.map(one, files))


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _peak_bytes(process: psutil.Process) -> int:
    """The kernel's own high-water mark, where it tells."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.is_file():
        return int(process.memory_info().rss)
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
