"""What standard output is to commands: a terminal of some width, a pipe, or one that nobody reads."""

from __future__ import annotations

import os
import select
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NoReturn, TextIO

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from rich.console import Console

CLOSED_PIPE_STATUS: Final = 141
"""As of a program that SIGPIPE ended, which is what shells expect: `voicewright voices list | head -1`."""

_NO_LIMIT: Final = 1_000_000
"""Characters to a line where nobody's window limits them."""


def is_unread() -> bool:
    """Whether whoever read standard output or standard error has gone: what a BrokenPipeError may mean."""
    return not all(_has_reader(stream) for stream in (sys.stdout, sys.stderr))


def drop_unread() -> bool:
    """Flush both, so that the interpreter has nothing to complain of when it ends.

    Returns:
        Whether some of standard output was left, and nobody there to read it.

    Raises:
        OSError: what was left can't be written for another reason, such as a full disk.
    """
    unread = _drop_if_closed(sys.stdout)
    _drop_if_closed(sys.stderr)
    return unread


def open_console() -> Console:
    """Standard output; on a pipe, lines are as long as they are.

    A pipe that nobody reads raises BrokenPipeError, as it does for `print`.
    """
    from rich.console import Console

    class Output(Console):
        def on_broken_pipe(self) -> NoReturn:
            raise BrokenPipeError

    return Output(highlight=False, width=None if sys.stdout and sys.stdout.isatty() else _NO_LIMIT)


def print_table(
    titles: Sequence[str], rows: Iterable[Sequence[str]], *, may_be_cut: Collection[str] = ()
) -> None:
    """Print a table, each row on one line.

    Args:
        titles: of the columns.
        rows: their cells.
        may_be_cut: titles of the columns that give way, ending in an ellipsis, where a terminal is too
            narrow. On a pipe nothing is ever cut.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in titles:
        heading = Text(title, no_wrap=True, overflow="ellipsis")
        table.add_column(heading, no_wrap=title not in may_be_cut, overflow="ellipsis")
    for row in rows:
        table.add_row(*(Text(cell, no_wrap=True, overflow="ellipsis") for cell in row))
    open_console().print(table)


def utc(at: datetime | None) -> str:
    """A moment as tables show it, in UTC, as their headings say; nothing where there is none."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def _drop_if_closed(stream: TextIO | None) -> bool:
    if stream is None:
        return False
    try:
        stream.flush()
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            raise
        return True
    return False


def _has_reader(stream: TextIO | None) -> bool:
    if stream is None:  # the program was started without
        return True
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # it is no file, or was closed on our side
        return True
    look = select.poll()
    look.register(number, 0)
    return not any(event & select.POLLERR for _, event in look.poll(0))
