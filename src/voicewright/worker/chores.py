"""What a worker does now and then beside its jobs, and what may take a while: in threads of their own.

A mail server that hangs or a bucket with much to delete holds up no sign of life.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voicewright.audit.origin import SCHEDULE, coming_from
from voicewright.errors import AppError

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do every so many seconds, first at once."""

    what: str
    """In words, after "could not"."""
    every_s: float
    do: Callable[[], object]


def do_chores(chores: Sequence[Chore], stopping: threading.Event) -> None:
    """Do them in turns, until it is to stop; one that fails is tried again when it is due again."""
    due = [(float("-inf"), chore) for chore in chores]
    with coming_from(SCHEDULE):
        while due and not stopping.is_set():
            due = [_done(chore) if at <= time.monotonic() else (at, chore) for at, chore in due]
            stopping.wait(max(0.0, min(at for at, _ in due) - time.monotonic()))


def _done(chore: Chore) -> tuple[float, Chore]:
    try:
        chore.do()
    except AppError as error:
        _LOG.warning("could not %s now, and tries again: %s", chore.what, error.message)
    except Exception:  # noqa: BLE001 - the others go on whatever happens here
        _LOG.exception("could not %s now, and tries again", chore.what)
    return time.monotonic() + chore.every_s, chore
