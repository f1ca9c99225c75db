"""What the engine layer may import: the host process runs in environments that have nothing but Python."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import voicewright.engines.host

HOST = Path(voicewright.engines.host.__file__).parent
PORTABLE = [
    *sorted(HOST.glob("*.py")),
    HOST.parent / "errors.py",
    HOST.parent / "__init__.py",
    HOST.parent.parent / "errors.py",
    HOST.parent.parent / "__init__.py",
]
OWN = ("voicewright", "voicewright.errors", "voicewright.engines.errors", "voicewright.engines.host")


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where they lead"
            yield node.module


@pytest.mark.parametrize("path", PORTABLE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_host_process_uses_the_standard_library_only(path):
    for module in imported_modules(path):
        own = module in OWN or module.startswith("voicewright.engines.host.")
        assert own or module.split(".")[0] in sys.stdlib_module_names, f"{path.name} imports {module}"
