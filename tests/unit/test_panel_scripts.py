"""The unit tests of the panel's scripts, in the Node that Playwright's package carries."""

from __future__ import annotations

import subprocess
from pathlib import Path

import playwright


def test_the_scripts_pass_their_tests(repository: Path) -> None:
    node = Path(playwright.__file__).with_name("driver") / "node"
    tests = sorted((repository / "tests" / "panel_scripts").glob("*.test.js"))
    assert tests
    command = [str(node), "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--test", *map(str, tests)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
