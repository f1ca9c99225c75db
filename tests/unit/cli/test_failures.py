from __future__ import annotations

import contextlib
import errno
import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from voicewright.cli.failures import EXIT_STATUS, describe, show
from voicewright.errors import AppError, ErrorKind

if TYPE_CHECKING:
    import pytest


class Lost(AppError):
    code = "LOST"
    kind = ErrorKind.NOT_FOUND


def test_every_kind_has_an_exit_status_of_its_own() -> None:
    assert set(EXIT_STATUS) == set(ErrorKind)
    assert len(set(EXIT_STATUS.values())) == len(EXIT_STATUS)
    assert not {0, 2} & set(EXIT_STATUS.values())


def test_an_error_of_ours_keeps_its_words_and_gets_the_status_of_its_kind() -> None:
    failure = describe(Lost("There is no voice 'Ann'.", retryable=True))

    assert (failure.message, failure.status) == ("There is no voice 'Ann'.", 4)
    assert failure.to_json() == {
        "error": "There is no voice 'Ann'.",
        "code": "LOST",
        "kind": "not_found",
        "retryable": True,
    }


def test_a_full_disk_is_told_wherever_it_is_met() -> None:
    failure = describe(OSError(errno.ENOSPC, "No space left on device", "/data/x"))

    assert failure.kind is ErrorKind.NO_SPACE
    assert "/data/x" in failure.message


def test_a_forbidden_file_is_named_with_advice_for_that_file() -> None:
    error = PermissionError(errno.EACCES, "Permission denied", "/recordings/x.wav")
    failure = describe(error, data_dir=Path("/data"))

    assert failure.kind is ErrorKind.INVALID
    assert "/recordings/x.wav" in failure.message
    assert "permissions" in failure.message
    assert "VOICEWRIGHT_HOME" not in failure.message


def test_what_is_forbidden_in_the_data_directory_can_be_helped_by_another_one() -> None:
    failure = describe(PermissionError(errno.EACCES, "Permission denied", "/data/x"), data_dir=Path("/data"))

    assert "/data/x" in failure.message
    assert "VOICEWRIGHT_HOME" in failure.message


def test_a_read_only_disk_is_no_matter_of_permissions() -> None:
    message = describe(OSError(errno.EROFS, "Read-only file system", "/cd/x"), data_dir=Path("/data")).message

    assert "/cd/x: Read-only file system" in message
    assert "permissions" not in message


def test_a_forbidden_file_that_the_system_does_not_name_is_told_all_the_same() -> None:
    assert "Permission denied" in describe(PermissionError(errno.EACCES, "Permission denied")).message


def test_a_bug_says_where_its_traceback_is(caplog: pytest.LogCaptureFixture) -> None:
    failure = describe(ZeroDivisionError("division by zero"), log_path=Path("/logs/run.log"))

    assert failure.status == 1
    assert "/logs/run.log" in failure.message
    assert "ZeroDivisionError" in failure.message
    assert caplog.records[0].exc_info is not None


def test_an_interruption_is_no_bug(caplog: pytest.LogCaptureFixture) -> None:
    failure = describe(KeyboardInterrupt())

    assert (failure.status, failure.message) == (130, "Stopped.")
    assert not caplog.records


def test_shows_words_on_stderr_and_the_object_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    status = show(describe(Lost("Gone.")), as_json=True)

    captured = capsys.readouterr()
    assert status == 4
    assert captured.err == "error: Gone.\n"
    assert json.loads(captured.out)["code"] == "LOST"


def test_without_json_stdout_stays_empty(capsys: pytest.CaptureFixture[str]) -> None:
    show(describe(Lost("Gone.")), as_json=False)

    assert capsys.readouterr().out == ""


def test_a_closed_terminal_does_not_change_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with io.TextIOWrapper(io.FileIO(writing, "w"), write_through=True) as closed:
        monkeypatch.setattr("sys.stderr", closed)
        assert show(describe(Lost("Gone.")), as_json=False) == 4
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            closed.close()
