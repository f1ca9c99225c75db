from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from voicewright.bootstrap import LocalApplication
from voicewright.cli.app import run


class Quiet(LocalApplication):
    """Without log files."""

    def open(self, command: str) -> None:
        """Nothing."""


@pytest.fixture
def say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, str]]:
    """Run `voicewright voices ...` in a folder with one file in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()

    def say(*arguments: str, status: int) -> dict[str, str]:
        assert run(Quiet(), ["voices", *arguments, "--json"]) == status
        answer: dict[str, str] = json.loads(capsys.readouterr().out)
        return answer

    return say


@pytest.mark.parametrize(
    ("arguments", "status", "code", "words"),
    [
        (["import", "nope.zip"], 4, "VOICE_ARCHIVE_NOT_FOUND", "no such file"),
        (["import", "file/nope.zip"], 4, "VOICE_ARCHIVE_NOT_FOUND", "no such file"),
        (["import", "."], 3, "VOICE_ARCHIVE_INVALID", "is a folder"),
        (["export", "Song", "--out", "no/where.zip"], 3, "VOICE_ARCHIVE_NOT_WRITTEN", "there is no folder"),
        (["export", "Song", "--out", "."], 3, "VOICE_ARCHIVE_NOT_WRITTEN", "is a folder"),
    ],
)
def test_an_archive_that_can_not_be_read_or_written_is_refused_at_once(
    say: Callable[..., dict[str, str]], arguments: list[str], status: int, code: str, words: str
) -> None:
    error = say(*arguments, status=status)
    assert (error["code"], words in error["error"]) == (code, True)
