"""The built-in engine through the program, on the sample recordings: what `make demo` shows."""

from __future__ import annotations

import shutil
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


@pytest.mark.speech
def test_three_broken_files_of_thirty_two_are_named_and_the_rest_is_trained_on(
    program: CommandLine, speech_dir: Path, tmp_path: Path
) -> None:
    recordings = sorted((speech_dir / "ljspeech" / "mp3").glob("*.mp3"))
    assert len(recordings) == 32
    folder = tmp_path / "recordings"
    shutil.copytree(speech_dir / "ljspeech" / "mp3", folder)
    shutil.copyfile(speech_dir / "ljspeech" / "metadata.csv", folder / "metadata.csv")
    broken = {recordings[3].name: b"", recordings[9].name: b"Dear reader", recordings[20].name: bytes(5000)}
    for name, content in broken.items():
        (folder / name).write_bytes(content)

    answer = program.json("clone", str(folder), "--name", "Rest", "--epochs", "1", timeout_s=1500)

    assert answer["clips"] == {"accepted": 29, "seen": 29}
    refused = {Path(one["path"]).name: one["reason"] for one in answer["refused"]}
    assert set(refused) == set(broken)
    assert all(name in reason for name, reason in refused.items())


def test_a_killed_training_is_gone_on_with(program: CommandLine, sample_recordings: Path) -> None:
    arguments = ["clone", str(sample_recordings), "--name", "Killed", "--epochs", "4"]
    with program.start(*arguments, VOICEWRIGHT_LOG_LEVEL="info") as process:
        program.wait_for(process, "stage learning")
        deadline = time.monotonic() + 600
        while not list((program.home / "work").glob("*/checkpoint/*.safetensors")):
            assert time.monotonic() < deadline, "no checkpoint was written"
            assert process.poll() is None, "it was done before it was killed"
            time.sleep(0.05)
        process.kill()
        process.wait(timeout=30)

    assert "Killed" not in program.run("voices", "list").stdout
    assert program.json(*arguments, timeout_s=1500)["resumed"]
