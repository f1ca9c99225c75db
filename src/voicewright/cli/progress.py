"""Shows how far long work is: a bar with the stage and the time left on a terminal, nothing elsewhere."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicewright.training.progress import Progress

_LOG = logging.getLogger(__name__)


@contextmanager
def progress_bar(*, told_in_lines: bool = False) -> Iterator[Callable[[Progress], None]]:
    """Give a sink for progress that draws on standard error while the block runs.

    Where standard error is not a terminal nothing is drawn. Each new stage also goes to the log.

    Args:
        told_in_lines: whether each new stage is a line where nothing is drawn: for work of minutes.
    """
    if not sys.stderr.isatty():
        yield _StageLog(_print_stage if told_in_lines else lambda _progress: None)
        return

    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    log = _StageLog()
    bar = Bar(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}"),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("starting", total=1.0, left="")

        def draw(progress: Progress) -> None:
            log(progress)
            left = "" if progress.left_s is None else f"{_in_words(progress.left_s)} left"
            bar.update(
                task,
                description=progress.stage[:1].upper() + progress.stage[1:],
                completed=progress.fraction,
                left=left,
            )

        yield draw


class _StageLog:
    """Logs every stage once, when it begins."""

    def __init__(self, tell: Callable[[Progress], None] = lambda _progress: None) -> None:
        self._stage = ""
        self._tell = tell

    def __call__(self, progress: Progress) -> None:
        if progress.stage != self._stage:
            self._stage = progress.stage
            _LOG.info("stage %s (%.0f %%)", progress.stage, 100 * progress.fraction)
            self._tell(progress)


def _print_stage(progress: Progress) -> None:
    line = f"{100 * progress.fraction:3.0f} %  {progress.stage}"
    print(line, file=sys.stderr, flush=True)


def _in_words(seconds: float) -> str:
    """Round a duration to what a person wants to know."""
    whole = max(1, round(seconds))
    minutes, rest = divmod(whole, 60)
    if minutes >= 60:  # noqa: PLR2004 - minutes of an hour
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
