from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from voicewright.cli.terminal import CLOSED_PIPE_STATUS, print_table

ROWS = [("ann@a-very-long-domain-of-somebody.example.com", "voice training", "recorded", "x" * 36)]
TITLES = ("who", "to", "recorded", "id")


def test_on_a_pipe_nothing_is_wrapped_or_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(TITLES, ROWS * 2, may_be_cut={"who"})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["who", ROWS[0][0], ROWS[0][0]]
    assert all(cell in lines[1] for cell in ROWS[0])


def test_on_a_terminal_long_cells_end_in_an_ellipsis(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    monkeypatch.setenv("COLUMNS", "80")
    with os.fdopen(theirs, "w") as terminal, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", terminal)
        print_table(TITLES, ROWS, may_be_cut={"who"})
        terminal.flush()
        seen = os.read(ours, 10_000).decode().splitlines()
    os.close(ours)
    assert len(seen) == 2
    assert "recorded" in seen[0]
    assert "…  voice training  recorded  " + "x" * 36 in seen[1]


@pytest.mark.parametrize("reader", ["true", "head -1"])
@pytest.mark.parametrize("writer", ["rich", "print", "typer"])
def test_a_pipe_that_nobody_reads_ends_a_command_quietly(reader: str, writer: str) -> None:
    program = f"""
import sys
import typer
from voicewright.bootstrap import LocalApplication
from voicewright.cli import app as commands
from voicewright.cli.application import command
from voicewright.cli.terminal import open_console

class Nothing(LocalApplication):
    def open(self, command): pass

@commands.app.command("flood")
@command
def flood(*, ctx: typer.Context):
    "Write more than a pipe holds."
    for _ in range(100):
        dict(rich=open_console().print, print=print, typer=typer.echo)["{writer}"]("many words " * 200)

sys.exit(commands.run(Nothing(), ["flood"]))
"""
    script = f'"$0" -c "$1" | {reader} > /dev/null; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", script, sys.executable, program], capture_output=True, text=True, check=True
    )
    assert (done.stderr, done.stdout) == ("", f"{CLOSED_PIPE_STATUS}\n")


@pytest.mark.parametrize(
    ("target", "status", "words"), [("> /dev/full", 7, "error: The disk is full"), (">&-", 0, "")]
)
def test_a_full_disk_and_no_output_at_all_end_in_good_order(target: str, status: int, words: str) -> None:
    script = f'"$0" -m voicewright --version {target}'
    done = subprocess.run(["bash", "-c", script, sys.executable], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr[: len(words)], "Traceback" in done.stderr) == (status, words, False)


def test_so_does_one_that_is_closed_before_the_last_words() -> None:
    script = '"$0" -m voicewright --help | true; echo "${PIPESTATUS[0]}"'
    done = subprocess.run(["bash", "-c", script, sys.executable], capture_output=True, text=True, check=True)
    assert (done.stderr, done.stdout) == ("", f"{CLOSED_PIPE_STATUS}\n")
