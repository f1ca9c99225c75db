"""Times `voicewright clone`, from a folder of recordings to a judged voice, and prints one table.

    python benchmarks/training.py [--quick] [--epochs N] [--repeats 1] [--recordings FOLDER]

Each row is the whole command in a process and a new data directory of its own, database included, for all
recordings with their transcripts (the 32 MP3s of LJ Speech: 222 s), and for the first clips that make 60 s
and 20 s; `--quick` takes the last alone. Of several repeats the median counts. `--epochs` is for trying the
benchmark itself: its figures are not those of a voice that anybody would want.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _memory import TreeMemory
from _recordings import find_recordings
from _report import load, machine, megabytes, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from _recordings import Recordings

LENGTHS_S = (60, 20)
"""Of the parts that are trained on besides the whole."""
HEADER = (
    "recordings",
    "clips",
    "learnt from, s",
    "clone, wall s",
    "training, s",
    "CPU s",
    "peak memory, engine",
    "peak memory, all",
    "artefact",
    "load",
)


@dataclass(frozen=True, slots=True)
class Run:
    """One `voicewright clone`."""

    report: Mapping[str, Any]
    """What it printed."""
    wall_s: float
    """Of the whole command, start of the interpreter to its end."""
    cpu_s: float
    """Of all its processes except the database server, which is nobody's child."""
    tree_peak_bytes: int | None
    """Of all its processes together."""
    load: float
    """Of the machine, when it ended."""


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="only the 20 s")
    parser.add_argument("--epochs", type=int, help="of training; by default what the engine finds fit")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--recordings", type=Path, help="a folder of clips with metadata.csv")
    arguments = parser.parse_args()
    everything = find_recordings(arguments.recordings)
    parts = [everything.first(seconds) for seconds in LENGTHS_S if seconds < everything.length_s]
    print(f"{everything.title}, {everything.length_s:.0f} s; {machine()}")
    if arguments.epochs:
        print(f"Only {arguments.epochs} epochs: a trial of the benchmark, no figures to compare with.")
    rows = []
    for recordings in parts[-1:] if arguments.quick else [everything, *parts]:
        runs = [clone(recordings, epochs=arguments.epochs) for _ in range(max(1, arguments.repeats))]
        rows.append(row_of(recordings, runs))
    print(table(HEADER, rows))


def clone(recordings: Recordings, *, epochs: int | None = None) -> Run:
    """Make a voice through the command line, in a data directory that is removed afterwards."""
    program = Path(sys.executable).with_name("voicewright")
    with tempfile.TemporaryDirectory(prefix="voicewright-bench-") as name:
        folder = recordings.lay_out(Path(name) / "recordings")
        environment = {**os.environ, "VOICEWRIGHT_HOME": f"{name}/home"}  # noqa: TID251 - handed on
        environment.pop("DATABASE_URL", None)  # a benchmark has no business in anybody's database
        command = [str(program), "clone", str(folder), "--name", "Benchmark", "--json"]
        command += [] if epochs is None else ["--epochs", str(epochs)]
        started_s, cpu_s = time.perf_counter(), children_cpu_s()
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
            with TreeMemory(process.pid) as memory:
                answer, _ = process.communicate()
            wall_s = time.perf_counter() - started_s
        if process.returncode:
            raise SystemExit(f"voicewright clone ended with status {process.returncode}:\n{answer.decode()}")
    report: dict[str, Any] = json.loads(answer)
    if report["clips"]["accepted"] < len(recordings.clips):
        raise SystemExit(f"Only {report['clips']} of {len(recordings.clips)} clips: {report['refused']}")
    return Run(report, wall_s, children_cpu_s() - cpu_s, memory.peak_bytes, load())


def children_cpu_s() -> float:
    """CPU seconds of all ended children of this process, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def row_of(recordings: Recordings, runs: Sequence[Run]) -> list[str]:
    """One line of the table: the medians of the runs, and their highest memory."""

    def median(figure: Callable[[Run], float]) -> float:
        return statistics.median(map(figure, runs))

    def highest(figures: Sequence[int | None]) -> int | None:
        return max((one for one in figures if one is not None), default=None)

    return [
        f"{recordings.length_s:.0f} s",
        str(len(recordings.clips)),
        f"{median(lambda run: run.report['speech_seconds']):.0f}",
        f"{median(lambda run: run.wall_s):.1f}",
        f"{median(lambda run: run.report['train_seconds']):.1f}",
        f"{median(lambda run: run.cpu_s):.1f}",
        megabytes(highest([run.report["peak_memory_bytes"] for run in runs])),
        megabytes(highest([run.tree_peak_bytes for run in runs])),
        megabytes(highest([run.report["artefact_bytes"] for run in runs])),
        f"{median(lambda run: run.load):.1f}",
    ]


if __name__ == "__main__":
    main()
