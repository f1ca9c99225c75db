"""What sealing costs: files in and out of the store, beside a plain copy that is as durable, in one run.

python benchmarks/storage.py [--mib 64] [--repeats 5]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from voicewright.storage.objects import sync_folder
from voicewright.storage.testing import open_blobs

MIB = 1 << 20


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mib", type=int, default=64, help="size of the large file")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        print("| file | plain copy, fsync | in, sealed | out, opened | in / copy | size kept |")
        print("| --- | --- | --- | --- | --- | --- |")
        for what, content in _contents(arguments.mib).items():
            print(_row(what, content, here, arguments.repeats))


def _contents(mib: int) -> dict[str, Callable[[], bytes]]:
    """Each call gives another content of the same kind, as equal ones are stored once."""
    words = b"the birch canoe slid on the smooth planks, and the morning smelled of rain; "
    return {
        f"{mib} MiB of noise": lambda: os.urandom(mib * MIB),
        f"{mib} MiB of words": lambda: os.urandom(8) + words * (mib * MIB // len(words)),
        "100 KiB of noise": lambda: os.urandom(100 << 10),
        "1 KiB of noise": lambda: os.urandom(1 << 10),
    }


def _row(what: str, content: Callable[[], bytes], here: Path, repeats: int) -> str:
    store = open_blobs(here / "blobs")
    copies, ins, outs = [], [], []
    source, target, kept = here / "source", here / "target", 1.0
    for _ in range(repeats):
        source.write_bytes(content())
        size = source.stat().st_size
        copies.append(_timed(lambda: _copy(source, target)))
        ins.append(_timed(lambda: store.put_file(source)))
        digest = next(store.digests())
        target.unlink()
        outs.append(_timed(partial(store.fetch_file, digest, target)))
        kept = sum(store.objects.size_bytes(path) or 0 for path in store.objects.paths("somebody")) / size
        target.unlink()
        store.delete(digest)
    copy, put, fetch = map(statistics.median, (copies, ins, outs))
    figures = [f"{1e3 * seconds:.1f} ms" for seconds in (copy, put, fetch)]
    return f"| {what} | {' | '.join(figures)} | {put / copy:.1f} x | {100 * kept:.1f} % |"


def _copy(source: Path, target: Path) -> None:
    """As durable as the store's: written aside, flushed, renamed."""
    aside = target.with_suffix(".aside")
    shutil.copyfile(source, aside)
    with aside.open("rb+") as stream:
        os.fsync(stream.fileno())
    aside.rename(target)
    sync_folder(target.parent)


def _timed(what: Callable[[], object]) -> float:
    begun = time.perf_counter()
    what()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
