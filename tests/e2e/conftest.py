"""The real command line in processes of its own, on a data directory of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

PROGRAM = Path(sys.executable).with_name("voicewright")
PATIENCE_S = 600
"""For a command, of which a clone takes half a minute where nothing else runs."""


@dataclass(frozen=True)
class CommandLine:
    """Runs `voicewright` with one data directory; the engine `tone` is there besides the installed ones."""

    environment: dict[str, str]
    home: Path

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [PROGRAM, *arguments],
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def run(
        self, *arguments: str, timeout_s: float = PATIENCE_S, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments, **environment) as process:
            out, err = process.communicate(timeout=timeout_s)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def json(self, *arguments: str, timeout_s: float = PATIENCE_S, **environment: str) -> Any:
        done = self.run(*arguments, "--json", timeout_s=timeout_s, **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def wait_for(self, process: subprocess.Popen[str], words: str) -> None:
        """Read the log on standard error until these words come; the process runs with log level info."""
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if words in line:
                return
        pytest.fail(f"{words!r} was never logged: {''.join(seen)}")

    def processes(self) -> list[psutil.Process]:
        """Every process that works on this data directory: the database, hosts, commands."""
        found = []
        for process in psutil.process_iter():
            try:
                works_here = process.environ().get("VOICEWRIGHT_HOME") == str(self.home)
                if works_here and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found


@pytest.fixture(scope="session")
def make_command_line(tone_plugin: Path) -> Callable[[Path], CommandLine]:
    def make(home: Path) -> CommandLine:
        environment = dict(os.environ)
        environment |= {"VOICEWRIGHT_HOME": str(home), "PYTHONPATH": str(tone_plugin), "COLUMNS": "120"}
        environment["VOICEWRIGHT_SPEECH_CHECK"] = "false"  # tones are no words
        environment.pop("DATABASE_URL", None)
        return CommandLine(environment, home)

    return make


@pytest.fixture
def command_line(make_command_line: Callable[[Path], CommandLine], tmp_path: Path) -> Iterator[CommandLine]:
    """A command line on an empty data directory; nothing of it may run on afterwards."""
    command_line = make_command_line(tmp_path / "home")
    yield command_line
    left = command_line.processes()
    for process in left:
        process.kill()
    assert left == [], "processes were left running"


@pytest.fixture(scope="session")
def few_recordings(sample_recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six of the sample recordings with their transcripts: half a minute of speech."""
    folder = tmp_path_factory.mktemp("recordings")
    lines = (sample_recordings / "metadata.csv").read_text(encoding="utf-8").splitlines()[:6]
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for line in lines:
        name = line.split("|")[0] + ".flac"
        (folder / name).write_bytes((sample_recordings / name).read_bytes())
    return folder
