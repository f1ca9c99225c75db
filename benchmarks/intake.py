"""Times intake against ffmpeg on a folder of short recordings, and prints one table.

    python benchmarks/intake.py [--recordings FOLDER] [--repeats 3] [--measures] [--json]

Both sides do the same work: decode, resample to 22,050 Hz, mix to mono, write a 16-bit WAV. ffmpeg runs once
per file, one after another and two at a time; intake runs in this process on as many threads as there are
cores. Then the whole intake is timed with the measures that need no judges, and with `--measures` with all of
them (speaker likeness and DNSMOS, in the host process), first cold (the process has to start), then warm.
The best of the repeats counts; CPU seconds are of this process and its children.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile

from voicewright.audio.mono import WORKING_RATE_HZ, convert
from voicewright.recordings.intake import take_in
from voicewright.recordings.listing import list_recordings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voicewright.recordings.measuring import Measurer

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ROOT / ".." / "shared" / "speech" / "ljspeech" / "mp3"
FALLBACK = ROOT / "examples" / "recordings"


@dataclass(frozen=True, slots=True)
class Timing:
    """One row of the table."""

    name: str
    wall_s: float
    cpu_s: float
    times_real_time: float
    times_ffmpeg: float | None = None
    """Wall time of ffmpeg once per file, one after another, over this one's."""


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recordings", type=Path, default=DEFAULT if DEFAULT.is_dir() else FALLBACK)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--measures", action="store_true", help="also with speaker likeness and DNSMOS (torch)"
    )
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    timings = run(arguments.recordings.resolve(), repeats=arguments.repeats, measures=arguments.measures)
    if arguments.json:
        print(json.dumps([asdict(timing) for timing in timings]))
        return
    cores = os.cpu_count() or 1
    print(f"{arguments.recordings.resolve().name}: {cores} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'':46} {'wall s':>8} {'CPU s':>8} {'x real time':>12} {'x ffmpeg':>9}")
    for row in timings:
        against = f"{row.times_ffmpeg:9.1f}" if row.times_ffmpeg else f"{'':9}"
        print(f"{row.name:46} {row.wall_s:8.2f} {row.cpu_s:8.2f} {row.times_real_time:12.1f} {against}")


def run(folder: Path, *, repeats: int = 3, measures: bool = False) -> list[Timing]:
    """Time everything on the recordings of one folder."""
    paths = [file.path for file in list_recordings(folder).files]
    audio_s = sum(soundfile.info(path).duration for path in paths)
    timings: list[Timing] = []
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        reference = _ffmpeg(paths, out, audio_s, repeats)
        timings += reference
        base = reference[0].wall_s if reference else None
        for threads in sorted({1, os.cpu_count() or 1}):
            wall_s, cpu_s = _best(lambda n=threads: _convert_all(paths, out, n), repeats)  # type: ignore[misc]
            label = f"decode, resample, mono, write: {threads} thread{'s'[: threads - 1]}"
            timings.append(Timing(label, wall_s, cpu_s, audio_s / wall_s, base / wall_s if base else None))
        if reference:
            _compare(paths, out)

        def whole(label: str, measurer: Measurer | None, times: int) -> None:
            wall_s, cpu_s = _best(lambda: take_in(folder, out / "work", measurer=measurer), times)
            timings.append(Timing(label, wall_s, cpu_s, audio_s / wall_s))

        whole("whole intake without judges", None, repeats)
        if measures:
            from voicewright.quality.measurer import Measurer as Judges  # noqa: PLC0415 - optional extra

            with Judges() as measurer:
                whole("whole intake, judges starting", measurer, 1)
                whole("whole intake, judges warm", measurer, repeats)
    return timings


def _ffmpeg(paths: Sequence[Path], out: Path, audio_s: float, repeats: int) -> list[Timing]:
    if shutil.which("ffmpeg") is None:
        print("ffmpeg is not on this machine (apt-get install ffmpeg): the comparison is left out")
        return []
    timings: list[Timing] = []
    for at_once in (1, 2):

        def all_files(at_once: int = at_once) -> None:
            with ThreadPoolExecutor(at_once) as pool:
                list(pool.map(lambda path: _ffmpeg_once(path, out / f"{path.stem}.ffmpeg.wav"), paths))

        wall_s, cpu_s = _best(all_files, repeats)
        base = timings[0].wall_s if timings else wall_s
        name = f"ffmpeg once per file, {at_once} at a time"
        timings.append(Timing(name, wall_s, cpu_s, audio_s / wall_s, base / wall_s))
    return timings


def _ffmpeg_once(source: Path, target: Path) -> None:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(source)]
    subprocess.run([*command, "-ar", str(WORKING_RATE_HZ), "-ac", "1", str(target)], check=True)


def _convert_all(paths: Sequence[Path], out: Path, threads: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda path: convert(path, out / f"{path.stem}.wav"), paths))


def _compare(paths: Sequence[Path], out: Path) -> None:
    """Refuse to print figures for different work: both outputs have one form and about one length."""
    for path in paths:
        ours, theirs = (soundfile.info(out / f"{path.stem}{end}") for end in (".wav", ".ffmpeg.wav"))
        form = (ours.samplerate, ours.channels, ours.subtype)
        if (
            form != (theirs.samplerate, theirs.channels, theirs.subtype)
            or abs(ours.frames - theirs.frames) > 0.1 * WORKING_RATE_HZ
        ):
            raise SystemExit(f"{path.name}: ffmpeg made {theirs}, intake {ours}")


def _best(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Wall and CPU seconds of the fastest repeat; a running judge's CPU shows only once it has ended."""
    runs = []
    for _ in range(max(1, repeats)):
        start, cpu = time.perf_counter(), _cpu_s()
        work()
        runs.append((time.perf_counter() - start, _cpu_s() - cpu))
    return min(runs)


def _cpu_s() -> float:
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, who))


if __name__ == "__main__":
    main()
