"""The built-in engine through the program, on the sample recordings: what `make demo` shows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile

if TYPE_CHECKING:
    from conftest import CommandLine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def program(make_command_line, tmp_path_factory) -> Iterator[CommandLine]:
    command_line = make_command_line(tmp_path_factory.mktemp("data") / "home")
    yield command_line
    assert command_line.processes() == []


def test_the_demonstration_makes_a_voice_that_is_like_its_speaker(
    program: CommandLine, sample_recordings: Path, tmp_path: Path
) -> None:
    out = tmp_path / "demo.wav"
    arguments = ["--name", "Demo", "--say", "The birch canoe slid on the smooth planks.", "--out", str(out)]
    answer = program.json("clone", str(sample_recordings), *arguments, timeout_s=1500)

    raw = answer["evaluation"]["raw"]
    assert raw["speaker_cosine"] > 0.85
    assert raw["dnsmos_ovrl"] > 2.5
    assert raw["wer"] < 0.5
    assert answer["artefact_bytes"] < 10_000_000
    assert answer["peak_memory_bytes"] < 1_000_000_000
    assert 1.0 < soundfile.info(out).duration < 10.0
    assert not answer["resumed"]


def test_a_killed_training_is_gone_on_with(program: CommandLine, sample_recordings: Path) -> None:
    arguments = ["clone", str(sample_recordings), "--name", "Killed", "--epochs", "4"]
    with program.start(*arguments, VOICEWRIGHT_LOG_LEVEL="info") as process:
        program.wait_for(process, "stage learning")
        deadline = time.monotonic() + 600
        while not list((program.home / "work").glob("*/checkpoint/*")):
            assert time.monotonic() < deadline, "no checkpoint was written"
            assert process.poll() is None, "it was done before it was killed"
            time.sleep(0.05)
        process.kill()
        process.wait(timeout=30)

    assert "Killed" not in program.run("voices", "list").stdout
    assert program.json(*arguments, timeout_s=1500)["resumed"]
