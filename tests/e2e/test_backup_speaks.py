"""A voice speaks after its database and its files were lost, and on another machine: by commands alone."""

from __future__ import annotations

import shutil
import wave
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import CommandLine


@pytest.mark.slow
def test_a_voice_speaks_after_total_loss_and_elsewhere(
    command_line: CommandLine,
    make_command_line: Callable[[Path], CommandLine],
    sample_recordings: Path,
    tmp_path: Path,
) -> None:
    recordings, home = tmp_path / "recordings", command_line.home
    recordings.mkdir()
    shutil.copy(sample_recordings / "sample-01.flac", recordings)

    def said(by: CommandLine, name: str) -> bytes:
        out = tmp_path / name
        # where the mark of one stretch goes over into that of the next is a question of time
        by.json("say", "One two three. Four.", "--out", str(out), VOICEWRIGHT_WATERMARK="off")
        with wave.open(str(out)) as file:  # the file is signed besides, and each signature is a new one
            return file.readframes(file.getnframes())

    made = command_line.json("clone", str(recordings), "--engine", "tone", "--name", "Ann")
    archive = tmp_path / "ann.zip"
    assert command_line.json("voices", "export", "Ann", "--out", str(archive))["bytes"] > 0
    backup = command_line.json("voices", "backup")
    assert (backup["models"], backup["left_out"]) == (1, [])
    before = said(command_line, "before.wav")

    shutil.rmtree(home / "db")
    shutil.rmtree(home / "cache")
    for path in (home / "blobs").iterdir():
        if path.name != "backups":
            shutil.rmtree(path)
    assert command_line.json("voices", "list")["voices"] == []
    restored = command_line.json("voices", "restore", "--activate")
    assert (restored["path"], restored["active"]) == (backup["path"], made["voice_id"])
    assert said(command_line, "after.wav") == before
    assert [each["path"] for each in command_line.json("voices", "backups")["backups"]] == [backup["path"]]

    elsewhere = make_command_line(tmp_path / "elsewhere")
    taken = elsewhere.json("voices", "import", str(archive))
    assert (taken["name"], taken["active"]) == ("Ann", True)
    assert said(elsewhere, "elsewhere.wav") == before
    refused = elsewhere.run("voices", "import", str(recordings / "sample-01.flac"))
    assert "This is no zip, tar or tar.gz archive" in refused.stderr
    assert command_line.json("voices", "backups", "--delete", backup["path"]) == {"deleted": backup["path"]}
