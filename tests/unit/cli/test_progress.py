from __future__ import annotations

import logging
import os
import re
import subprocess
import sys

import pytest

from voicewright.cli.progress import _in_words, progress_bar
from voicewright.training.progress import Progress


def test_nothing_is_drawn_where_nobody_looks(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with progress_bar() as draw:
        draw(Progress("training", 0.5, 10.0, 10.0))
        draw(Progress("training", 0.6, 12.0, 8.0))
        draw(Progress("judging", 0.9, 18.0, 2.0))

    assert capsys.readouterr() == ("", "")
    assert [record.getMessage() for record in caplog.records] == [
        "stage training (50 %)",
        "stage judging (90 %)",
    ]


def test_long_work_says_each_stage_in_a_line_where_nothing_is_drawn(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress_bar(told_in_lines=True) as draw:
        for stage, fraction in (("listening", 0.0), ("learning", 0.21), ("learning", 0.3), ("judging", 1.0)):
            draw(Progress(stage, fraction, 10.0, None))

    assert capsys.readouterr() == ("", "  0 %  listening\n 21 %  learning\n100 %  judging\n")


DRAWING = """
from voicewright.cli.progress import progress_bar
from voicewright.training.progress import Progress
with progress_bar() as draw:
    draw(Progress("training", 0.5, 83.0, 83.0))
"""


def test_a_terminal_sees_the_stage_and_the_time_left() -> None:
    ours, terminal = os.openpty()
    # Nothing of this process may turn the terminal into a lesser one.
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLUMNS": "120"}
    with subprocess.Popen(
        [sys.executable, "-c", DRAWING], stdout=subprocess.PIPE, stderr=terminal, env=environment
    ) as process:
        os.close(terminal)
        drawn = read_to_the_end(ours)
        out, _ = process.communicate(timeout=60)
    os.close(ours)

    assert process.returncode == 0, drawn
    assert out == b""
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn)
    assert re.search(r"Training .* 50% 1 min 23 s left", shown)


def read_to_the_end(descriptor: int) -> str:
    """What is written to a terminal until nobody has it open any more."""
    read = b""
    while True:
        try:
            block = os.read(descriptor, 65536)
        except OSError:  # how Linux says that the other end is closed
            block = b""
        if not block:
            return read.decode()
        read += block


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (59.4, "59 s"), (61, "1 min 1 s"), (7260, "2 h 1 min")]
)
def test_durations_are_told_as_people_say_them(seconds: float, words: str) -> None:
    assert _in_words(seconds) == words
