"""The part of a worker that speaks long texts and batches, beside its trainings."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from voicewright.audit.origin import SCHEDULE, coming_from
from voicewright.jobs.queue import put_back
from voicewright.jobs.runner import JobRunner
from voicewright.speech.long.running import speak_long
from voicewright.speech.long.runs import LongRun
from voicewright.speech.long.takeover import take_over
from voicewright.speech.long.transitions import TASK, queue_of

if TYPE_CHECKING:
    from voicewright.speech.long.tools import LongTools

_LOG = logging.getLogger(__name__)


class LongSpeaker:
    """Takes long texts whose engines are here until it is stopped; what it speaks is then given to others.

    Args:
        tools: what it speaks with.
        node: what this machine is called.
    """

    def __init__(self, tools: LongTools, node: str) -> None:
        self._tools = tools
        self._node = node
        self._stopping = threading.Event()
        self._running: set[LongRun] = set()
        self._lock = threading.Lock()
        self._runner = JobRunner(
            tools.database.conninfo,
            queues=[queue_of(engine_id) for engine_id in tools.engines],
            handlers={TASK: self._do},
            concurrency=max(1, tools.settings.long_concurrency),
        )
        self._thread = threading.Thread(target=self._run, name="long-speaker")

    def start(self) -> None:
        """Begin to take texts; returns at once."""
        if self._tools.settings.long_concurrency and self._tools.engines:
            self._thread.start()

    def stop(self) -> None:
        """Take no more, and give back what is being spoken; from any thread."""
        self._stopping.set()
        self._runner.stop()
        with self._lock:
            for run in self._running:
                run.stop()

    def join(self) -> None:
        """Wait for its end, after `stop`."""
        if self._thread.ident is not None:
            self._thread.join()

    def take_over(self) -> None:
        """Queue what lost workers spoke.

        Raises:
            DatabaseUnavailable: the next look finds it.
        """
        take_over(self._tools.database)

    def _run(self) -> None:
        try:
            self._runner.run()
        except Exception:  # noqa: BLE001 - the trainings go on
            _LOG.exception("this worker speaks no more long texts")

    def _do(self, ticket: int, arguments: Mapping[str, Any]) -> None:
        with coming_from(SCHEDULE):
            if self._stopping.is_set():
                with self._tools.database.session() as session:
                    put_back(session, ticket)
                return
            database = self._tools.database
            run = LongRun.begin(database, UUID(arguments["speech_id"]), ticket, node=self._node)
            if run is not None:
                self._speak(run)

    def _speak(self, run: LongRun) -> None:
        with self._lock:
            self._running.add(run)
        if self._stopping.is_set():
            run.stop()
        try:
            with run:
                speak_long(run, self._tools)
        finally:
            with self._lock:
                self._running.discard(run)
