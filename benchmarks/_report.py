"""Prints what a benchmark ran on, and its table, in a form that can be pasted into a page."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def machine() -> str:
    """Processors, interpreter and load of this machine, in one line."""
    return (
        f"{os.cpu_count()} processors ({_processor()}), {platform.system()}, "
        f"Python {platform.python_version()}, load {load():.1f}"
    )


def load() -> float:
    """Processes that wanted a processor, mean of the last minute."""
    return os.getloadavg()[0]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table in markdown, its columns aligned for reading: the first left, figures right."""
    widths = [max(len(row[place]) for row in (header, *rows)) for place in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        texts = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]
        return f"| {' | '.join(texts)} |"

    rule = ["-" * width if place == 0 else "-" * (width - 1) + ":" for place, width in enumerate(widths)]
    return "\n".join((line(header), line(rule), *map(line, rows)))


def megabytes(size_bytes: float | None) -> str:
    """Write a size; a question mark where the system does not tell."""
    return "?" if size_bytes is None else f"{size_bytes / 1e6:.1f} MB"


def _processor() -> str:
    """The processor's name where the system tells it, else its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
