"""What every command does before there is any voice: quick, with a clear word for whatever is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from voicewright.engines.testing import write_plugin

if TYPE_CHECKING:
    from conftest import CommandLine

HEAVY = {"numpy", "sqlalchemy", "torch", "pydantic", "scipy", "av", "rich", "structlog"}


@pytest.fixture(scope="module")
def program(make_command_line, tmp_path_factory) -> Iterator[CommandLine]:
    command_line = make_command_line(tmp_path_factory.mktemp("data") / "home")
    yield command_line
    assert command_line.processes() == []


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from voicewright.bootstrap import LocalApplication\n"
        "from voicewright.cli.app import run\n"
        "run(LocalApplication(), ['--help'])\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "clone" in done.stdout
    assert not HEAVY & set(done.stderr.split())


def test_tells_its_version(program: CommandLine) -> None:
    assert program.run("--version").stdout.strip() == "0.1.0"


REFUSED = [
    (["clone"], 2, "USAGE", "folder"),
    (["clone", ".", "--say", "Hello."], 2, "USAGE", "--out"),
    (["voices", "list", "--colour"], 2, "USAGE", "--colour"),
    (["clone", "absent"], 4, "RECORDINGS_NOT_FOUND", "absent"),
    (["clone", ".", "--engine", "tone", "--learning-rate", "4"], 3, "OPTIONS_INVALID", "--learning-rate"),
    (["clone", ".", "--engine", "tone", "--language", "tlh"], 3, "LANGUAGE_UNSUPPORTED", "tlh"),
    (["voices", "use", "Ann"], 4, "VOICE_MODEL_NOT_FOUND", "Ann"),
]
ALSO_REFUSED = [
    (["clone", ".", "--engine", "tones"], 4, "ENGINE_NOT_FOUND", "tone"),
    (["clone", ".", "--engine", "tone", "--option", "epochs=no"], 3, "OPTIONS_INVALID", "epochs"),
    (["clone", ".", "--language", "english"], 3, "LANGUAGE_UNSUPPORTED", "doctor --json"),
    (["clone", ".", "--max-time", "inf"], 3, "OPTIONS_INVALID", "max_time_s"),
    (["clone", ".", "--option", "max_time_s=1e999"], 3, "OPTIONS_INVALID", "max_time_s"),
    (["clone", ".", "--say", "Hi.", "--out", "a.xyz"], 3, "AUDIO_FORMAT_UNKNOWN", ".wav"),
    (["clone", ".", "--say", "...", "--out", "a.wav"], 3, "TEXT_EMPTY", "nothing to say"),
    (["say", "Hello.", "--out", "no/such/a.wav"], 3, "AUDIO_NOT_WRITTEN", "no/such"),
    (["say", "Hello.", "--out", "a.wav"], 4, "VOICE_MODEL_NOT_FOUND", "clone"),
    (["say", "Hello.", "--voice", "Ann", "--out", "a.wav"], 4, "VOICE_MODEL_NOT_FOUND", "Ann"),
    (["voices", "show", "Ann"], 4, "VOICE_MODEL_NOT_FOUND", "Ann"),
    (["inspect", "absent"], 4, "RECORDINGS_NOT_FOUND", "absent"),
]


@pytest.mark.parametrize(
    ("arguments", "status", "code", "words"),
    [*REFUSED, *(pytest.param(*each, marks=pytest.mark.slow) for each in ALSO_REFUSED)],
)
def test_what_can_not_be_done_is_said_clearly(
    program: CommandLine, arguments: list[str], status: int, code: str, words: str
) -> None:
    done = program.run(*arguments, "--json")

    answer = json.loads(done.stdout)
    assert (done.returncode, answer["code"]) == (status, code), done.stderr
    assert words in answer["error"]
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_a_folder_without_recordings_is_refused(program: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no sound")
    done = program.run("clone", str(tmp_path), "--engine", "tone")

    assert done.returncode == 3
    assert "no recordings" in done.stderr


def test_lists_no_voices(program: CommandLine) -> None:
    assert program.json("voices", "list") == {"voices": []}
    assert "No voices yet" in program.run("voices", "list").stdout


def test_a_setting_that_can_not_be_used_is_named(program: CommandLine) -> None:
    done = program.run("voices", "list", TRAINING_CONCURRENCY="many")

    assert done.returncode == 3
    assert "TRAINING_CONCURRENCY" in done.stderr


def test_a_data_directory_that_is_a_file_is_told(program: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = program.run("voices", "list", VOICEWRIGHT_HOME=str(tmp_path / "file"))

    assert done.returncode == 3
    assert str(tmp_path / "file") in done.stderr


def test_the_doctor_finds_what_there_is(program: CommandLine) -> None:
    answer = program.json("doctor")

    states = {finding["name"]: finding["state"] for finding in answer["findings"]}
    assert answer["ok"], answer
    assert {
        "python",
        "memory",
        "disk",
        "data directory",
        "database",
        "engine tone",
        "judges",
        "watermark",
    } <= set(states)


def test_the_doctor_says_why_the_weights_that_were_named_are_not_used(
    program: CommandLine, tmp_path: Path
) -> None:
    package = tmp_path / "packages" / "faster_whisper"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (tmp_path / "model.bin").touch()
    (tmp_path / "vocabulary.json").write_text("{broken")
    path = f"{package.parent}:{program.environment['PYTHONPATH']}"
    done = program.run("doctor", "--json", VOICEWRIGHT_WHISPER_DIR=str(tmp_path), PYTHONPATH=path)

    assert done.returncode == 6, done.stderr
    found = {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert "damaged" in found["faster-whisper"]["detail"]
    assert "or unset VOICEWRIGHT_WHISPER_DIR" in found["faster-whisper"]["fix"]
    assert found["recogniser"]["fix"] == ""


def test_the_doctor_lists_all_languages_of_an_engine(program: CommandLine) -> None:
    findings = {finding["name"]: finding for finding in program.json("doctor")["findings"]}

    assert findings["engine tone"]["languages"] == ["en-us", "de"]
    assert len(findings["engine builtin"]["languages"]) > 100


def test_the_doctor_says_why_a_plugin_is_broken_and_what_to_do(program: CommandLine, tmp_path: Path) -> None:
    write_plugin(tmp_path, "torn", "no_such_module:ENGINE")
    done = program.run("doctor", "--json", PYTHONPATH=str(tmp_path))

    findings = {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 6
    assert "ModuleNotFoundError" in findings["engine torn"]["detail"]
    assert findings["engine torn"]["fix"] == "Reinstall or remove the plugin that has no_such_module:ENGINE."


def test_the_doctor_names_what_is_missing_and_the_fix(program: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = program.run("doctor", VOICEWRIGHT_HOME=str(tmp_path / "file"))

    assert done.returncode == 6
    assert "MISSING" in done.stdout
    assert "VOICEWRIGHT_HOME" in done.stdout


@pytest.mark.slow
def test_nobody_is_asked_where_nobody_can_answer(command_line: CommandLine, few_recordings: Path) -> None:
    made = command_line.run("clone", str(few_recordings), "--name", "Kept", "--engine", "tone", timeout_s=600)
    assert made.returncode == 0, made.stderr

    done = command_line.run("voices", "delete", "Kept")

    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert [voice["name"] for voice in command_line.json("voices", "list")["voices"]] == ["Kept"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("say", "Hi.", "--version", "3", "--out", "a.wav"), "--voice"),
        (("clone", ".", "--name", ""), "name"),
    ],
)
def test_what_would_be_ignored_is_refused(
    command_line: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    done = command_line.run(*arguments)

    assert done.returncode in {2, 3}
    assert words in done.stderr


def test_an_inspection_that_fails_leaves_nothing(command_line: CommandLine, tmp_path: Path) -> None:
    assert command_line.run("inspect", str(tmp_path / "nosuchfolder")).returncode != 0

    assert list((command_line.home / "work").iterdir()) == []
