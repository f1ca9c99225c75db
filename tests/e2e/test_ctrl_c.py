"""Ctrl-C in each long stage of a clone, training aside: it ends soon, and nothing half-made stays."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import CommandLine


@pytest.mark.parametrize(
    "stage",
    [
        "Reading recordings",
        pytest.param("Judging sound quality", marks=pytest.mark.slow),
        pytest.param("speaking test sentences", marks=pytest.mark.slow),
        pytest.param("judging the voice", marks=pytest.mark.slow),
    ],
)
def test_stopping_leaves_no_voice_and_no_process(
    command_line: CommandLine, few_recordings: Path, stage: str
) -> None:
    arguments = ["clone", str(few_recordings), "--name", "Half", "--engine", "tone"]
    with command_line.start(*arguments, VOICEWRIGHT_LOG_LEVEL="info") as process:
        command_line.wait_for(process, f"stage {stage}")
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)  # about one second where nothing else runs

    assert process.returncode == 130, err
    assert "error: Stopped." in err
    assert "Traceback" not in err
    assert command_line.processes() == []
    assert list((command_line.home / "work").glob("[!.]*")) == []
    assert command_line.json("voices", "list") == {"voices": []}
