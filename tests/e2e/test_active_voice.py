"""Which voice speaks where none is named, and what is left when only the speaking fails."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from voicewright.engines.testing import write_plugin

if TYPE_CHECKING:
    from conftest import CommandLine

SECOND = """
import dataclasses
from voicewright.engines.testing import TONE_ENGINE

ENGINE = dataclasses.replace(TONE_ENGINE, id="second", title="Second", dollars_per_1000_characters=0.3)
"""


@pytest.fixture
def recordings(sample_recordings: Path, tmp_path: Path) -> Path:
    """A folder with one recording and a dot in its name; nothing is held out, so nothing is judged."""
    folder = tmp_path / "voice.v2"
    folder.mkdir()
    shutil.copy(sample_recordings / "sample-01.flac", folder)
    return folder


@pytest.mark.slow
def test_a_new_voice_says_why_it_is_not_active_and_can_be_made_so(
    command_line: CommandLine, recordings: Path, tmp_path: Path
) -> None:
    first = command_line.json("clone", str(recordings), "--engine", "tone")
    second = command_line.run("clone", str(recordings), "--engine", "tone", "--name", "Other")

    assert (first["name"], first["active"]) == ("voice.v2", True)
    words = " ".join(second.stdout.split())
    assert "stays 'voice.v2', version 1" in words
    assert "this one was not judged" in words
    assert 'voicewright voices use "Other" --version 1' in words

    used = command_line.json("voices", "use", "other")
    assert (used["name"], used["version"], used["active"]) == ("Other", 1, True)
    said = command_line.json("say", "Hello.", "--out", str(tmp_path / "a.wav"))
    assert said["voice_id"] == used["voice_id"]

    back = command_line.run("voices", "use", "voice.v2", "--version", "1")
    assert back.stdout == "'voice.v2', version 1, is the active voice now.\n"


@pytest.mark.slow
def test_a_voice_that_can_not_speak_is_registered_and_named_with_the_error(
    command_line: CommandLine, recordings: Path, tmp_path: Path
) -> None:
    arguments = ["--name", "Mute", "--engine", "tone", "--option", "speaking_fault=refuse", "--json"]
    done = command_line.run(
        "clone", str(recordings), *arguments, "--say", "Hello there.", "--out", str(tmp_path / "a.wav")
    )

    told = json.loads(done.stdout)
    assert (done.returncode, told["code"]) == (3, "ENGINE_ERROR")
    assert "The voice 'Mute', version 1, is registered; only speaking failed" in told["error"]
    (voice,) = command_line.json("voices", "list")["voices"]
    assert {key: told[key] for key in ("voice_id", "name", "version")} == {
        key: voice[key] for key in ("voice_id", "name", "version")
    }


@pytest.mark.slow
def test_several_engines_make_versions_of_one_voice_of_the_same_recordings(
    command_line: CommandLine, recordings: Path, tmp_path: Path
) -> None:
    write_plugin(tmp_path / "plugin", "second", "second:ENGINE")
    (tmp_path / "plugin" / "second.py").write_text(SECOND)
    command_line.environment["PYTHONPATH"] += os.pathsep + str(tmp_path / "plugin")
    out = tmp_path / "a.wav"
    both = ["--engine", "tone", "--engine", "second", "--method", "clone", "--name", "Ann"]
    done = command_line.run("clone", str(recordings), *both, "--say", "Hello.", "--out", str(out), "--json")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    made = [(one["name"], one["version"], one["engine"]) for one in told["voices"]]
    assert made == [("Ann", 1, "tone"), ("Ann", 2, "second")]
    assert (told["output"], out.exists()) == (str(out), True)
    assert done.stderr.count(" %  registering\n") == 2
    say = ["say", "Hi.", "--voice", "Ann", "--out", str(out)]
    assert command_line.json(*say)["engine"] == "second"
    assert command_line.json(*say, "--choose", "cost")["engine"] == "tone"
