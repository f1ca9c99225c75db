"""What ties the host process to its parent: it never outlives it, and leaves Ctrl-C to it.

Two ways lead to the end, because each has a gap: `PR_SET_PDEATHSIG` (Linux) works while a C function holds
the interpreter, but exists nowhere else and does not reach grandchildren; the end of standard input works on
every system, as soon as the interpreter runs.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def bind_to_parent() -> None:
    """Have the kernel kill this process when its parent ends; ignore the terminal's Ctrl-C.

    Also lets the parent ask for the stacks of all threads (SIGUSR1, written to standard error even while
    the interpreter is stuck) before it removes a hung process.
    """
    faulthandler.enable(file=sys.stderr)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        faulthandler.register(signal.SIGUSR1, file=sys.stderr, all_threads=True)
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - 2 ms that other systems need not pay

        # A parent that ended before this line is noticed by the end of standard input.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def end_at_once() -> None:
    """End this process and its children without another word: nobody is left to hear one."""
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        with contextlib.suppress(OSError):
            os.killpg(0, signal.SIGKILL)
    os._exit(1)
