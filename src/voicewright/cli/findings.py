"""What `doctor` finds on a machine: one finding per line, each with its fix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


class State(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    """Works, and could work better."""
    MISSING = "missing"
    """Part of the program can't work without it."""


_MARKS: Final = {State.OK: "ok", State.NOTE: "note", State.MISSING: "MISSING"}
"""How a state is shown."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that this machine has or lacks."""

    name: str
    state: State
    detail: str
    fix: str = ""
    """What to do; empty where nothing has to be done."""
    languages: tuple[str, ...] = ()
    """Of an engine: all that it speaks."""

    def to_json(self) -> dict[str, object]:
        """The object that `doctor --json` lists."""
        told: dict[str, object] = {
            "name": self.name,
            "state": self.state,
            "detail": self.detail,
            "fix": self.fix,
        }
        return told | ({"languages": list(self.languages)} if self.languages else {})


def ok(name: str, detail: str) -> Finding:
    """Nothing to do."""
    return Finding(name, State.OK, detail)


def note(name: str, detail: str, fix: str) -> Finding:
    """Something that could be better."""
    return Finding(name, State.NOTE, detail, fix)


def missing(name: str, detail: str, fix: str) -> Finding:
    """Something that has to be there."""
    return Finding(name, State.MISSING, detail, fix)


def tell(findings: Iterable[Finding], *, silent: bool) -> list[Finding]:
    """Print each finding as soon as it is there, unless a program reads them; answers all."""
    told = []
    for finding in findings:
        told.append(finding)
        if not silent:
            print(f"{_MARKS[finding.state]:<8} {finding.name:<14} {finding.detail}", flush=True)
            if finding.fix:
                print(f"{'':<23} -> {finding.fix}", flush=True)
    return told
