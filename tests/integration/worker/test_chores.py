"""Chores are done beside the jobs, and none keeps another from its turn."""

from __future__ import annotations

import logging
import threading
from contextvars import copy_context
from typing import TYPE_CHECKING

from voicewright.audit.origin import SCHEDULE, current_origin
from voicewright.bootstrap import LocalApplication
from voicewright.errors import AppError
from voicewright.worker.chores import Chore, do_chores

if TYPE_CHECKING:
    import pytest

    from voicewright.db.server import Database
    from voicewright.settings import Settings


def test_chores_are_done_in_turns_until_it_is_to_stop(caplog: pytest.LogCaptureFixture) -> None:
    stopping, done = threading.Event(), []

    def fail() -> None:
        done.append("failed")
        raise ZeroDivisionError

    def complain() -> None:
        raise AppError("not now")

    def often() -> None:
        assert current_origin() is SCHEDULE
        done.append("often")
        if done.count("often") == 3:
            stopping.set()

    chores = [Chore("count", 3600, fail), Chore("wait", 3600, complain), Chore("go on", 0.001, often)]
    with caplog.at_level(logging.WARNING):
        copy_context().run(do_chores, chores, stopping)

    assert done == ["failed", "often", "often", "often"]
    assert "could not count now, and tries again" in caplog.text
    assert "could not wait now, and tries again: not now" in caplog.text


def test_without_chores_there_is_nothing_to_wait_for() -> None:
    copy_context().run(do_chores, [], threading.Event())


def test_all_that_a_worker_does_beside_its_jobs_can_be_done(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    application = LocalApplication()
    application.__dict__.update(settings=settings, database=database)
    parts = application.worker._parts
    stopping = threading.Event()
    last = Chore("stop", 3600, stopping.set)
    with caplog.at_level(logging.WARNING):
        copy_context().run(do_chores, [*parts.chores, *parts.sweeps, last], stopping)
    assert caplog.records == []
