"""Keeps what the MP3 decoder writes to standard error by itself away from whoever reads there.

It notes every header that it stumbles over, past Python, and has no switch that could be reached from here.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDERR: Final = 2
"""The descriptor, which is all that a library in C knows of."""
_CHATTER: Final = re.compile(rb"\[[^\]]*libmpg123[^\]]*\]|(Note|Warning): |\s*$")
"""How its lines begin."""


@contextmanager
def quiet_decoders() -> Iterator[None]:
    """Hold back what is written to standard error, and pass it on at the end without the decoder's lines."""
    with ExitStack() as undo:
        with suppress(OSError):  # the program was started without
            kept = os.dup(_STDERR)
            undo.callback(os.close, kept)
            held = undo.enter_context(tempfile.TemporaryFile())
            _flush()
            os.dup2(held.fileno(), _STDERR)
            undo.callback(_let_go, held, kept)
        yield


def _let_go(held: IO[bytes], kept: int) -> None:
    _flush()
    os.dup2(kept, _STDERR)
    held.seek(0)
    for line in held:
        if not _CHATTER.match(line):
            os.write(_STDERR, line)


def _flush() -> None:
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
