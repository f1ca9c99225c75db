"""Whatever ends a command in the middle: nothing half-made stays, and nothing keeps running."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from voicewright.home.layout import Home
from voicewright.storage.work import work_slot

if TYPE_CHECKING:
    from conftest import CommandLine

TRAINING = "stage training"
PATIENCE_S = 60
"""For what takes about a second where nothing else runs."""
LONG_TEXT = "A sentence of some seven words. " * 3000
"""To be spoken for minutes."""


@pytest.fixture
def one_recording(sample_recordings: Path, tmp_path: Path) -> Path:
    """Too little to hold any of it out, so that the voice is not judged: that saves the time."""
    return Path(shutil.copy(sample_recordings / "sample-01.flac", tmp_path))


def clone(program: CommandLine, recordings: Path, *more: str, fault: str = "none"):
    arguments = ["clone", str(recordings), "--name", "Half", "--engine", "tone", *more]
    if fault != "none":
        arguments += ["--option", f"training_fault={fault}"]
    return program.start(*arguments, VOICEWRIGHT_LOG_LEVEL="info")


@pytest.mark.parametrize(
    ("number", "status", "fault"),
    [
        pytest.param(signal.SIGINT, 130, "endless", marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, 129, "endless", marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, 143, "deaf", marks=pytest.mark.slow),
    ],
)
def test_a_signal_leaves_no_voice_and_no_process(
    command_line: CommandLine, few_recordings: Path, number: int, status: int, fault: str
) -> None:
    with clone(command_line, few_recordings, fault=fault) as process:
        command_line.wait_for(process, TRAINING)
        os.kill(process.pid, number)
        _, err = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == status
    assert "error: Stopped. Nothing was registered." in err
    assert "Traceback" not in err
    assert command_line.processes() == []
    assert list((command_line.home / "work").glob("[!.]*")) == []
    assert command_line.json("voices", "list") == {"voices": []}


@pytest.mark.slow
def test_stopping_while_the_new_voice_speaks_leaves_the_voice_and_names_it(
    command_line: CommandLine, one_recording: Path, tmp_path: Path
) -> None:
    out = tmp_path / "long.wav"
    say = ["--say", LONG_TEXT, "--out", str(out), "--json"]
    with clone(command_line, one_recording, *say) as process:
        command_line.wait_for(process, "stage speaking")
        os.kill(process.pid, signal.SIGINT)
        answer, err = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 130
    assert "error: Stopped. The voice 'Half', version 1, is registered; only speaking was stopped." in err
    told = json.loads(answer)
    (voice,) = command_line.json("voices", "list")["voices"]
    assert (told["voice_id"], told["version"]) == (voice["voice_id"], 1)
    assert not out.exists()


@pytest.mark.slow
def test_stopping_say_claims_nothing(command_line: CommandLine, one_recording: Path, tmp_path: Path) -> None:
    with clone(command_line, one_recording) as process:
        process.communicate(timeout=1200)
    arguments = ["say", LONG_TEXT, "--out", str(tmp_path / "long.wav")]
    with command_line.start(*arguments, VOICEWRIGHT_LOG_LEVEL="info") as process:
        command_line.wait_for(process, "stage speaking")
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_S)

    assert err.splitlines()[-1] == "error: Stopped."


@pytest.mark.slow
def test_waiting_for_another_training_is_said_and_can_be_stopped(
    command_line: CommandLine, one_recording: Path
) -> None:
    work_dir = Home.open(command_line.home).work_dir
    with (
        work_slot(work_dir, slots=2),
        work_slot(work_dir, slots=2),
        clone(command_line, one_recording) as process,
    ):
        command_line.wait_for(process, "Waiting for another training to end (TRAINING_CONCURRENCY=2).")
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 130


@pytest.mark.slow
def test_a_kill_leaves_no_voice_and_the_next_command_tidies_up(
    command_line: CommandLine, few_recordings: Path
) -> None:
    with clone(command_line, few_recordings, fault="endless") as process:
        command_line.wait_for(process, TRAINING)
        process.kill()
        process.wait(timeout=PATIENCE_S)
    _wait_until_hosts_are_gone(command_line)

    assert command_line.json("voices", "list") == {"voices": []}
    with clone(command_line, few_recordings) as process:
        assert process.wait(timeout=1200) == 0
    assert [voice["version"] for voice in command_line.json("voices", "list")["voices"]] == [1]
    assert list((command_line.home / "work").glob("[!.]*")) == []


@pytest.mark.slow
def test_two_at_once_make_two_versions(command_line: CommandLine, few_recordings: Path) -> None:
    with clone(command_line, few_recordings) as first, clone(command_line, few_recordings) as second:
        statuses = [process.wait(timeout=1800) for process in (first, second)]

    assert statuses == [0, 0]
    versions = [voice["version"] for voice in command_line.json("voices", "list")["voices"]]
    assert sorted(versions) == [1, 2]


@pytest.mark.slow
def test_an_engine_that_dies_is_told_and_leaves_no_voice(
    command_line: CommandLine, few_recordings: Path
) -> None:
    with clone(command_line, few_recordings, fault="die") as process:
        _, err = process.communicate(timeout=1200)

    assert process.returncode == 8
    assert "about to die" in err
    assert command_line.json("voices", "list") == {"voices": []}


def _wait_until_hosts_are_gone(command_line: CommandLine) -> None:
    """The kernel ends the hosts with their parent; the database goes on until the next command leaves it."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        hosts = [one for one in command_line.processes() if "engines.host.child" in _command_of(one)]
        if not hosts:
            return
        time.sleep(0.2)
    pytest.fail(f"hosts outlived their parent: {hosts}")


def _command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
