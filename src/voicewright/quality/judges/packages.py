"""Owns where a judge's model lies: inside the package that carries it, found without importing it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from voicewright.errors import INSTALL_PACKAGES
from voicewright.quality.errors import JudgeMissing


def is_installed(package: str) -> bool:
    """Whether a package can be imported, without importing it."""
    return find_spec(package) is not None


def directory_of(package: str) -> Path:
    """Return the directory of an installed package.

    Raises:
        JudgeMissing: when it is not installed.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise JudgeMissing(
            f"This can't be measured: the package {package!r} is not installed. "
            f"Install the judges, in the project's folder: {INSTALL_PACKAGES}"
        )
    return Path(spec.submodule_search_locations[0])
