"""Shows how far an installation is: a bar on a terminal, one line for each thing elsewhere."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from voicewright.cli.report import megabytes

if TYPE_CHECKING:
    from rich.progress import Task

    from voicewright.engines.installing import Step

_LOG = logging.getLogger(__name__)


@contextmanager
def install_progress() -> Iterator[Callable[[Step], None]]:
    """Give a sink for the steps of an installation, which are told on standard error."""
    if not sys.stderr.isatty():
        yield _Lines()
        return

    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
    from rich.text import Text

    class Left(ProgressColumn):
        """What is there, how quickly it comes, and when it will be all."""

        def render(self, task: Task) -> Text:
            return Text(told(task))

    log = _Log()
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        Left(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("Starting", total=None, is_bytes=False)
        counted = False

        def draw(step: Step) -> None:
            nonlocal task, counted
            log(step)
            if step.is_bytes != counted:  # the speed of the one says nothing of the other
                bar.remove_task(task)
                task = bar.add_task("", total=step.total, is_bytes=step.is_bytes)
                counted = step.is_bytes
            words = step.what[:1].upper() + step.what[1:]
            bar.update(task, description=words, completed=step.done, total=step.total)

        yield draw


def told(task: Task) -> str:
    """What is there of something, in words."""
    if not task.fields["is_bytes"]:
        return f"{task.completed:.0f} of {task.total:.0f}" if task.total else ""
    words = megabytes(task.completed)
    if task.total:
        words = f"{words} of {megabytes(task.total)}"
    if task.speed:
        words += f", {megabytes(task.speed)}/s"
    left_s = task.time_remaining
    return f"{words}, {_clock(left_s)} left" if left_s else words


class _Log:
    """Logs every thing once, when it begins."""

    def __init__(self) -> None:
        self._what = ""

    def __call__(self, step: Step) -> None:
        if step.what != self._what:
            self._what = step.what
            self.begin(step)

    def begin(self, step: Step) -> None:
        _LOG.info("%s (%s of %s)", step.what, step.done, step.total)


class _Lines(_Log):
    """The same, for whoever reads standard error."""

    def begin(self, step: Step) -> None:
        super().begin(step)
        size = ""
        if step.total and step.is_bytes:
            size = f" ({megabytes(step.done)} of {megabytes(step.total)} are there)"
        elif step.total:
            size = f" ({step.total})"
        print(f"{step.what[:1].upper()}{step.what[1:]}{size} ...", file=sys.stderr, flush=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
