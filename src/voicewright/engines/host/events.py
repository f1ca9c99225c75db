"""What the host process says while it works, as the caller gets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is."""

    stage: str
    fraction: float
    """Of the whole work, 0..1."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One point of a curve, for example a validation loss."""

    name: str
    value: float
    step: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a voice in training said after so many epochs."""

    path: Path
    """A WAV file; whoever hears of it takes it away."""
    text: str
    step: int


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line for the job's log, never for the end user: it may hold a traceback."""

    text: str
    source: Literal["service", "stderr"]
    """`service`: said on purpose. `stderr`: printed by the process, in Python or in C."""


Event = Progress | Metric | Spoken | LogLine
OnEvent = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class HostUsage:
    """What one host process has used since it was started, as of its last answer or heartbeat."""

    peak_rss_bytes: int | None
    """Peak resident memory, without child processes; None where the system does not tell."""
    cpu_s: float
    """User and system time of all its threads and finished child processes."""


def from_wire(header: dict[str, Any]) -> Event:
    """Make the event that an `event` frame describes."""
    match header["event"]:
        case "progress":
            return Progress(stage=header["stage"], fraction=header["fraction"])
        case "metric":
            return Metric(name=header["name"], value=header["value"], step=header["step"])
        case "spoken":
            return Spoken(path=Path(header["path"]), text=header["text"], step=header["step"])
        case "stderr":
            return LogLine(text=header["text"], source="stderr")
        case _:
            return LogLine(text=header["text"], source="service")
