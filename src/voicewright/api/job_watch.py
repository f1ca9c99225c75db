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
_MOST_IDS: Final = 1000
"""That are kept for one who looks at all jobs and is slow; with more, any may have changed."""

_LOG = logging.getLogger(__name__)


class Changes:
    """What has changed, whichever job it was, since it was last taken.

    Attributes:
        happened: set whenever there is something.
    """

    def __init__(self) -> None:
        self.happened = asyncio.Event()
        self._ids: set[UUID] = set()
        self._perhaps_all = False

    def note(self, job_id: UUID | None) -> None:
        """A job has changed; None: any may have, as nothing could be heard."""
        if job_id is None or len(self._ids) >= _MOST_IDS:
            self._perhaps_all = True
        else:
            self._ids.add(job_id)
        self.happened.set()

    def take(self) -> set[UUID] | None:
        """The ids since the last time; None: any may have changed."""
        taken = None if self._perhaps_all else self._ids
        self._ids, self._perhaps_all = set(), False
        return taken


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
        self._overseers: set[Changes] = set()
        self._listener: asyncio.Task[None] | None = None
        self.ending = False

    @contextmanager
    def watching(self, job_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever the job may have changed, as long as the block lasts."""
        self._begin_to_listen()
        changed = asyncio.Event()
        self._watchers[job_id].add(changed)
        try:
            yield changed
        finally:
            self._watchers[job_id].discard(changed)
            if not self._watchers[job_id]:
                del self._watchers[job_id]

    @contextmanager
    def watching_all(self) -> Iterator[Changes]:
        """The changes of all jobs and long texts, whoever owns them, as long as the block lasts."""
        self._begin_to_listen()
        changes = Changes()
        self._overseers.add(changes)
        try:
            yield changes
        finally:
            self._overseers.discard(changes)

    @property
    def watchers(self) -> int:
        """How many there are."""
        return sum(map(len, self._watchers.values())) + len(self._overseers)

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

    def _begin_to_listen(self) -> None:
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen(), name="job-watch")

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
            job_id = UUID(payload)
            for changed in self._watchers.get(job_id, ()):
                changed.set()
            for changes in self._overseers:
                changes.note(job_id)

    def _wake_all(self) -> None:
        for watchers in self._watchers.values():
            for changed in watchers:
                changed.set()
        for changes in self._overseers:
            changes.note(None)
