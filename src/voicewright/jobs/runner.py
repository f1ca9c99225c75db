"""Takes entries out of the queue and has them worked on in threads, so many at a time.

procrastinate's own worker stops when the database goes away, and takes nothing new before its running jobs
have ended, which may be hours. This one goes on: only the loop that takes entries is begun again, the work in
the threads is not touched.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import procrastinate
import psycopg
import psycopg_pool
from procrastinate.exceptions import ConnectorException

from voicewright.jobs.schema import QUEUE_SCHEMA

if TYPE_CHECKING:
    from procrastinate.jobs import Job

Handler = Callable[[int, Mapping[str, Any]], None]
"""Does the work of an entry: called with its number and its arguments, in a thread. It takes the entry out of
the queue (`jobs.queue.take_out`) in the transaction that begins the work."""

HEARTBEAT_S: Final = 5.0
_POLL_S: Final = 1.0
"""Entries whose time comes are found by looking; new ones are told of."""
_AGAIN_AFTER_S: Final = 1.0
_CONNECT_TIMEOUT_S: Final = 10.0

_LOG = logging.getLogger(__name__)


class JobRunner:
    """Works for some queues of one database until it is stopped.

    Args:
        conninfo: of the database, in libpq's form.
        queues: which ones.
        handlers: task name -> what does it.
        concurrency: how many entries are worked on at once.
    """

    def __init__(
        self, conninfo: str, *, queues: Sequence[str], handlers: Mapping[str, Handler], concurrency: int
    ) -> None:
        self._conninfo = conninfo
        self._queues = list(queues)
        self._handlers = dict(handlers)
        self._concurrency = concurrency
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._is_told_to_stop = False
        self._loop_lock = threading.Lock()
        self._news = asyncio.Event()

    def run(self) -> None:
        """Work until `stop`; the handlers that run then are waited for."""
        asyncio.run(self._run())

    def stop(self) -> None:
        """Take no more entries; may be called from any thread, also before `run`."""
        with self._loop_lock:
            self._is_told_to_stop = True
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._stopping.set)

    async def _run(self) -> None:
        with self._loop_lock:
            if self._is_told_to_stop:
                return
            self._loop = asyncio.get_running_loop()
        try:
            await self._serve_until_stopped()
        finally:
            with self._loop_lock:
                self._loop = None

    async def _serve_until_stopped(self) -> None:
        slots = asyncio.Semaphore(self._concurrency)
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="job") as pool:
            while not self._stopping.is_set():
                try:
                    await self._serve(pool, slots)
                except* (ConnectorException, psycopg.Error, psycopg_pool.PoolTimeout, OSError) as errors:
                    _LOG.warning("the queue can't be reached and is tried again: %s", errors.exceptions[0])
                    await _first_of(self._stopping.wait(), asyncio.sleep(_AGAIN_AFTER_S))
            # leaving the block waits for the handlers

    async def _serve(self, pool: ThreadPoolExecutor, slots: asyncio.Semaphore) -> None:
        app = procrastinate.App(connector=self._connector())
        async with app.open_async():
            manager = app.job_manager
            worker_id = await manager.register_worker()
            _LOG.info("serving the queues %s", ", ".join(self._queues))
            async with asyncio.TaskGroup() as tasks:
                beating = tasks.create_task(self._beat(manager, worker_id))
                listening = tasks.create_task(
                    manager.listen_for_jobs(on_notification=self._hear, queues=self._queues)
                )
                await self._take(manager, worker_id, pool, slots)
                beating.cancel()
                listening.cancel()
            await manager.unregister_worker(worker_id)

    async def _take(
        self, manager: Any, worker_id: int, pool: ThreadPoolExecutor, slots: asyncio.Semaphore
    ) -> None:
        while True:
            if not await self._slot(slots):
                return
            job = None
            try:
                self._news.clear()
                job = await manager.fetch_job(queues=self._queues, worker_id=worker_id)
            finally:
                if job is None:
                    slots.release()
            if job is not None:
                work = asyncio.get_running_loop().run_in_executor(pool, self._work, job)
                work.add_done_callback(lambda _: slots.release())
                continue
            await _first_of(self._news.wait(), self._stopping.wait(), asyncio.sleep(_POLL_S))
            if self._stopping.is_set():
                return

    async def _slot(self, slots: asyncio.Semaphore) -> bool:
        """Wait for a free place; False where the end comes first."""
        acquiring = asyncio.ensure_future(slots.acquire())
        try:
            await _first_of(acquiring, self._stopping.wait())
        except asyncio.CancelledError:
            _release(slots, acquiring)
            raise
        if not self._stopping.is_set():
            return True
        _release(slots, acquiring)
        return False

    def _work(self, job: Job) -> None:
        handler = self._handlers.get(job.task_name)
        if handler is None:
            _LOG.error("nothing here does the task %s of entry %s", job.task_name, job.id)
            return
        try:
            handler(job.id or 0, job.task_kwargs)
        except Exception:  # noqa: BLE001 - whatever it is, it must not end the runner
            _LOG.exception("the handler of %s failed on entry %s", job.task_name, job.id)

    async def _beat(self, manager: Any, worker_id: int) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await manager.update_heartbeat(worker_id)

    async def _hear(self, **_: Any) -> None:
        self._news.set()

    def _connector(self) -> procrastinate.PsycopgConnector:
        return procrastinate.PsycopgConnector(
            conninfo=self._conninfo,
            kwargs={
                "options": f"-c search_path={QUEUE_SCHEMA}",
                "connect_timeout": round(_CONNECT_TIMEOUT_S),
                "application_name": "voicewright queue",
            },
            min_size=1,
            max_size=3,
            timeout=_CONNECT_TIMEOUT_S,
            reconnect_timeout=_CONNECT_TIMEOUT_S,
        )


def _release(slots: asyncio.Semaphore, acquiring: asyncio.Future[Any]) -> None:
    """Give a place back that was acquired after nobody wanted it any more."""
    if acquiring.done() and not acquiring.cancelled():
        slots.release()


async def _first_of(*waits: Awaitable[Any]) -> None:
    """Wait until one of these happens; the others are given up."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
