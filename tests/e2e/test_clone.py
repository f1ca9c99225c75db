"""From a folder to a voice that speaks, through the program, with the engine that hums."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import soundfile

if TYPE_CHECKING:
    from conftest import CommandLine

pytestmark = pytest.mark.slow  # a whole training, judged; `make demo` is the short way to see one

PROMISED = {
    "voice_id",
    "engine",
    "speech_seconds",
    "train_seconds",
    "evaluation",
    "output",
    "output_seconds",
    "synthesis_rtf",
    "first_audio_seconds",
}


@pytest.fixture(scope="module")
def program(make_command_line, tmp_path_factory) -> Iterator[CommandLine]:
    command_line = make_command_line(tmp_path_factory.mktemp("data") / "home")
    yield command_line
    assert command_line.processes() == []


@pytest.fixture(scope="module")
def recordings(few_recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six good files and three broken ones."""
    folder = tmp_path_factory.mktemp("mixed") / "recordings"
    shutil.copytree(few_recordings, folder)
    (folder / "text.wav").write_text("this is no sound")
    (folder / "empty.mp3").write_bytes(b"")
    (folder / "cut.flac").write_bytes((folder / "sample-01.flac").read_bytes()[:60])
    return folder


@pytest.fixture(scope="module")
def cloned(program: CommandLine, recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    out = tmp_path_factory.mktemp("out") / "hello.wav"
    arguments = ["--name", "Hummer", "--engine", "tone", "--say", "Hello there. How are you?"]
    return program.json("clone", str(recordings), *arguments, "--out", str(out), timeout_s=1200)


def test_answers_with_what_was_promised(cloned: Any) -> None:
    assert set(cloned) >= PROMISED
    assert cloned["engine"] == "tone"
    assert cloned["version"] == 1
    assert cloned["speech_seconds"] > 15
    evaluation = cloned["evaluation"]
    assert set(evaluation) == {"similarity", "naturalness", "clarity", "consistency", "overall", "raw"}
    assert set(evaluation["raw"]) == {"speaker_cosine", "dnsmos_ovrl", "dnsmos_sig", "wer"}
    assert cloned["reasons"]


def test_broken_files_are_named_and_the_rest_is_trained_on(cloned: Any) -> None:
    assert cloned["clips"] == {"accepted": 6, "seen": 6}
    refused = {Path(one["path"]).name: one["reason"] for one in cloned["refused"]}
    assert set(refused) == {"text.wav", "empty.mp3", "cut.flac"}
    assert all(name in reason for name, reason in refused.items())


def test_says_the_sentence(cloned: Any) -> None:
    info = soundfile.info(cloned["output"])

    assert info.duration == pytest.approx(cloned["output_seconds"], abs=0.01)
    assert cloned["synthesis_rtf"] > 0
    assert cloned["first_audio_seconds"] > 0


@pytest.mark.parametrize("extension", ["flac", "mp3", "opus", "m4a"])
def test_speaks_into_files_of_every_kind(
    program: CommandLine, cloned: Any, tmp_path: Path, extension: str
) -> None:
    out = tmp_path / f"speech.{extension}"
    answer = program.json("say", "One sentence.", "--voice", "hummer", "--out", str(out))

    assert answer["voice_id"] == cloned["voice_id"]
    assert out.stat().st_size > 500


def test_reads_the_text_from_standard_input(program: CommandLine, tmp_path: Path) -> None:
    done = program.run("say", "-", "--out", str(tmp_path / "a.wav"), "--json")

    # Standard input is empty here.
    assert json.loads(done.stdout)["code"] == "TEXT_EMPTY"


def test_shows_the_voice(program: CommandLine, cloned: Any) -> None:
    shown = program.json("voices", "show", cloned["voice_id"])

    assert shown["evaluation"] == cloned["evaluation"]
    assert shown["active"]
    text = program.run("voices", "show", "Hummer").stdout
    assert "speaker cosine" in text
    assert cloned["reasons"][0][:30] in text.replace("\n", " ")
    listed = program.run("voices", "list").stdout
    assert "*  Hummer" in listed


def test_inspects_clip_by_clip(program: CommandLine, recordings: Path) -> None:
    done = program.run("inspect", str(recordings), "--no-measures")

    assert done.returncode == 0
    for name in ("sample-01", "sample-06", "text.wav", "empty.mp3", "cut.flac"):
        assert name in done.stdout
    assert "6 of 9 can be used" in done.stdout


@pytest.mark.usefixtures("cloned")
def test_a_name_that_is_nearly_right_is_suggested(program: CommandLine) -> None:
    done = program.run("voices", "show", "Humer")

    assert done.returncode == 4
    assert "Hummer" in done.stderr


@pytest.mark.slow
def test_evaluates_again(program: CommandLine, cloned: Any) -> None:
    again = program.json("voices", "evaluate", "Hummer", timeout_s=1200)

    assert again["evaluation"] == cloned["evaluation"]


@pytest.mark.slow
@pytest.mark.usefixtures("cloned")
def test_the_same_name_makes_the_next_version_and_deleting_one_leaves_the_other(
    program: CommandLine, few_recordings: Path
) -> None:
    arguments = ["--name", "hummer", "--engine", "tone", "--seed", "3"]
    second = program.json("clone", str(few_recordings), *arguments, timeout_s=1200)

    assert second["version"] == 2
    deleted = program.json("voices", "delete", "Hummer", "--yes")
    assert deleted == {"deleted": second["voice_id"]}
    voices = program.json("voices", "list")["voices"]
    assert [voice["version"] for voice in voices] == [1]
