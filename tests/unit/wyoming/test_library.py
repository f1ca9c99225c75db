"""The library that the server is made with, as Python warns of it now, and as it will be there later."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import voicewright.wyoming.server

for name in [name for name in sys.modules if name.startswith(("wyoming", "voicewright.wyoming"))]:
    del sys.modules[name]
sys.modules["audioop"] = None  # as from Python 3.13 on
import voicewright.wyoming.server
"""


def test_the_server_is_made_without_a_warning_and_without_audioop() -> None:
    command = [sys.executable, "-W", "error", "-c", PROGRAM]
    made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (made.returncode, made.stderr) == (0, "")
