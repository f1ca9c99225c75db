"""Wakes those of this process who watch a training or a long text whenever PostgreSQL says that it changed.

One connection of the process listens for all of its watchers; a watcher then reads what is new itself. While
the database is away nobody is woken; once it is back, everybody is, so that nothing is missed. Nothing is
kept for anybody: a watcher that is slow is woken once for many changes.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final
from uuid import UUID

import psycopg

from voicewright.speech.long.transitions import CHANNEL as LONG_TEXTS
from voicewright.training.events import CHANNEL as TRAININGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicewright.db.server import Database

_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 5.0

_LOG = logging.getLogger(__name__)


class JobWatch:
    """The watchers of one process; used in one event loop, and closed in it.

    Args:
        database: whose server is listened to.

    Attributes:
        ending: whether the process ends, so that nobody should go on watching.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watchers: dict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._listener: asyncio.Task[None] | None = None
        self.ending = False

    @contextmanager
    def watching(self, job_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever the job may have changed, as long as the block lasts."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen(), name="job-watch")
        changed = asyncio.Event()
        self._watchers[job_id].add(changed)
        try:
            yield changed
        finally:
            self._watchers[job_id].discard(changed)
            if not self._watchers[job_id]:
                del self._watchers[job_id]

    @property
    def watchers(self) -> int:
        """How many there are."""
        return sum(map(len, self._watchers.values()))

    def end(self) -> None:
        """Have every watcher stop soon; to be called in the event loop when the process is to end."""
        self.ending = True
        self._wake_all()

    async def close(self) -> None:
        """End the watchers and the connection; the second call does nothing."""
        self.end()
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
            self._listener = None

    async def _listen(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                async with await self._connect() as connection:
                    for channel in (TRAININGS, LONG_TEXTS):
                        await connection.execute(f"LISTEN {channel}")
                    pause_s = _FIRST_PAUSE_S
                    self._wake_all()  # for what happened before
                    async for notice in connection.notifies():
                        self._wake(notice.payload)
            except (psycopg.Error, OSError) as error:
                _LOG.warning("changes of jobs can't be heard now: %s", str(error).strip())
            self._wake_all()  # whoever reads now starts a server that is this program's own
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        return await psycopg.AsyncConnection.connect(
            self._database.conninfo, autocommit=True, connect_timeout=10, keepalives_idle=30
        )

    def _wake(self, payload: str) -> None:
        with suppress(ValueError):
            for changed in self._watchers.get(UUID(payload), ()):
                changed.set()

    def _wake_all(self) -> None:
        for watchers in self._watchers.values():
            for changed in watchers:
                changed.set()
