"""Writes what happens during one command to a log file of its own and, where asked, to the terminal."""

from __future__ import annotations

import copy
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import Processor

KEPT = 30
"""Older log files are removed, but for those of programs that still run."""

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def log_to_terminal(level: str) -> None:
    """Send log records of this level and above to standard error, without the tracebacks that a file has."""
    handler = logging.StreamHandler()
    handler.setLevel(level.upper())
    handler.setFormatter(_OneLine(FORMAT))
    _add(handler)


def log_to_file(logs_dir: Path, command: str) -> Path | None:
    """Send what this program logs, from level INFO on, to a new file, as one JSON object per line.

    One file per run, made with its first line: commands that run at the same time never share one, so nothing
    has to be rotated.

    Returns:
        The file, or None where it can't be written: logging must not stop a command that would work.
    """
    try:
        # before the data directory was checked, as `doctor` has to say what is wrong with it
        logs_dir.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        logs_dir.mkdir(mode=0o700, exist_ok=True)
        for old in sorted(logs_dir.glob("*.log"))[: -KEPT + 1]:
            if not _is_being_written(old):
                old.unlink(missing_ok=True)
        if not os.access(logs_dir, os.W_OK):
            return None
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        path = logs_dir / f"{stamp}-{command}-{os.getpid()}.log"
        handler = _LenientHandler(path, encoding="utf-8", delay=True)
    except OSError:
        return None
    handler.setFormatter(_json_lines())
    handler.setLevel(logging.INFO)
    handler.addFilter(_is_ours_or_serious)
    _add(handler)
    return path


def _is_being_written(path: Path) -> bool:
    """Whether the program that its name ends with still runs."""
    import psutil

    number = path.stem.rpartition("-")[2]
    return number.isdecimal() and psutil.pid_exists(int(number))


def _is_ours_or_serious(record: logging.LogRecord) -> bool:
    """Leave out what libraries have to say as long as nothing is wrong."""
    return record.name.startswith("voicewright") or record.levelno >= logging.WARNING


def _add(handler: logging.Handler) -> None:
    """Add a handler to the root logger, and open that for what the handler wants to hear."""
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(min(root.level, handler.level))


class _OneLine(logging.Formatter):
    """Leaves tracebacks out."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the message and nothing below it."""
        bare = copy.copy(record)
        bare.exc_info = bare.exc_text = bare.stack_info = None
        return super().format(bare)


class _LenientHandler(logging.FileHandler):
    """Loses a record, without a word on the terminal, where the disk is full or the folder is gone."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write it; the first one makes the file, which is no matter of `handleError` in the base."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Do nothing."""


def _json_lines() -> logging.Formatter:
    import structlog

    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
