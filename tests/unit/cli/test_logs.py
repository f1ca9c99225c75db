"""The log files of commands: made with the first line, removed when old, never while they are written."""

from __future__ import annotations

import logging
import os

import pytest

from voicewright.cli.logs import KEPT, log_to_file


@pytest.fixture(autouse=True)
def root():
    """The root logger, as it was before when the test is over."""
    logger = logging.getLogger()
    handlers, level = list(logger.handlers), logger.level
    yield
    for handler in set(logger.handlers) - set(handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)


def test_old_ones_go_but_for_those_of_programs_that_still_run(tmp_path):
    running = tmp_path / f"20000101T000000Z-serve-{os.getpid()}.log"
    ended = [tmp_path / f"2000010{day}T000000Z-say-{2**22 + day}.log" for day in range(2, 8)]
    newest = [tmp_path / f"20200101T0000{number:02}Z-say-{2**22 + number}.log" for number in range(KEPT)]
    for path in (running, *ended, *newest):
        path.touch()
    log_to_file(tmp_path, "say")
    assert set(tmp_path.iterdir()) == {running, *newest[1:]}


def test_a_folder_that_is_gone_stops_nothing(tmp_path):
    logs = tmp_path / "logs"
    log_to_file(logs, "say")
    logs.rmdir()
    logging.getLogger("voicewright.test").warning("nobody will read this")
    assert not logs.exists()


def test_a_command_that_has_nothing_to_say_leaves_no_file(tmp_path):
    path = log_to_file(tmp_path, "say")
    assert not any(tmp_path.iterdir())
    logging.getLogger("voicewright.test").warning("now it has")
    assert '"event": "now it has"' in path.read_text()
