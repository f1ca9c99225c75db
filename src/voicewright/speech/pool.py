"""Warm engine processes, lent for one piece at a time.

A stream has no process of its own: it asks for one for each piece, so that many streams share few, and a
listener who is slow keeps none. Nothing of one request can get into another: a process works on one at a
time, and every answer carries the number of its question (`engines.host`).
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from voicewright.engines.client import EngineClient
from voicewright.engines.errors import Cancelled, HostClosed, HostStartFailed
from voicewright.engines.host.events import LogLine, Metric
from voicewright.engines.port import PROVIDER_USAGE
from voicewright.errors import AppError
from voicewright.speech.turns import Turn, Worker, best_worker, next_turn

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from voicewright.engines.host.events import Event
    from voicewright.engines.port import AudioChunk, EngineInfo, SynthesisRequest

_LOG = logging.getLogger(__name__)

IDLE_S = 600.0
"""For so long a process stays that nobody asks."""
SILENT_S = 120.0
_TICK_S = 0.05
"""How often a piece that waits is asked whether it is still wanted."""
_ENGINES_WARM = 2
"""So many engines may have all of their processes at once."""
_REMOTE = 4
"""So many processes of an engine whose provider does the work: they only wait for its answers."""
_USERS_REMEMBERED = 10_000


class EnginePool:
    """Lends processes; safe for threads. Close it.

    A process that died or hung is replaced by the next one that is needed; one that has had nothing to do for
    a while is ended, and so is the one that was used least recently where another engine needs its room.

    Args:
        most: processes of one engine; of one that needs a GPU there is one, of a provider's at least four. Of
            all engines together there are twice as many, and more only while all of them are at work.
        idle_s: how long one without work stays.
        silent_s: how long an engine may work before the next sound comes.
        client: makes the client of a process.
    """

    def __init__(
        self,
        *,
        most: int,
        idle_s: float = IDLE_S,
        silent_s: float = SILENT_S,
        client: Callable[[EngineInfo], EngineClient] = EngineClient,
    ) -> None:
        self.silent_s = silent_s
        self._most = most
        self._idle_s = idle_s
        self._client = client
        self._lock = threading.Lock()
        self._workers: dict[str, list[Worker]] = {}
        self._starting: Counter[str] = Counter()
        self._waiting: list[Turn] = []
        self._served: dict[uuid.UUID, int] = {}
        self._numbers = itertools.count(1)
        self._closing = threading.Event()
        self._keeper: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """Pieces that wait for a process."""
        return len(self._waiting)

    def processes(self) -> dict[str, list[int]]:
        """The numbers of the running processes, by engine."""
        with self._lock:
            found = {
                engine: [worker.client.pid for worker in workers] for engine, workers in self._workers.items()
            }
        return {engine: [pid for pid in pids if pid is not None] for engine, pids in found.items()}

    @contextlib.contextmanager
    def lease(
        self,
        info: EngineInfo,
        *,
        user_id: uuid.UUID,
        voice_dir: Path,
        lead_s: Callable[[], float] = lambda: 0.0,
        cancel: threading.Event | None = None,
    ) -> Iterator[EngineClient]:
        """A process for one piece; waits for it.

        Args:
            info: of the engine.
            user_id: whose piece; users take turns.
            voice_dir: the voice that will speak: a process that has it loaded is preferred.
            lead_s: how much the listener still has to hear; of one user's pieces the most urgent is first.
            cancel: set by another thread to leave the queue.

        Raises:
            Cancelled: `cancel` was set.
            HostStartFailed, EngineNotInstalled, EngineContractBroken: there is no process, and none starts.
            HostClosed: the pool has been closed.
        """
        turn = Turn(info.id, user_id, voice_dir, lead_s)
        worker = self._take(info, turn, cancel)
        try:
            yield worker.client
        finally:
            self._give_back(info, worker)

    def close(self) -> None:
        """End every process; pieces that wait, or are being spoken, end with `HostClosed`."""
        with self._lock:
            self._closing.set()
            workers = [worker for group in self._workers.values() for worker in group]
            self._workers.clear()
            self._fail(self._waiting, HostClosed("The service that speaks has been closed."))
        for worker in workers:
            worker.client.close()

    def _take(self, info: EngineInfo, turn: Turn, cancel: threading.Event | None) -> Worker:
        with self._lock:
            if self._closing.is_set():
                raise HostClosed("The service that speaks has been closed.")
            self._waiting.append(turn)
            self._serve(info)
        while not turn.ready.wait(_TICK_S):
            if cancel is not None and cancel.is_set():
                self._leave(info, turn)
                raise Cancelled(f"The engine {info.title} was not waited for any more.")
        if turn.error is not None:
            raise turn.error
        assert turn.worker is not None  # noqa: S101 - either of both is there once it is ready
        return turn.worker

    def _leave(self, info: EngineInfo, turn: Turn) -> None:
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
        if turn.worker is not None:  # it came in the meantime
            self._give_back(info, turn.worker)

    def _give_back(self, info: EngineInfo, worker: Worker) -> None:
        with self._lock:
            worker.busy, worker.used_s = False, time.monotonic()
            workers = self._workers.get(info.id, [])
            gone = worker.client.pid is None
            if gone and worker in workers:
                workers.remove(worker)
            self._serve(info)
        if gone:
            worker.client.close()

    def _serve(self, info: EngineInfo) -> None:
        """Give what is free to those who wait, and start more where that is not enough; with the lock."""
        workers = self._workers.setdefault(info.id, [])
        waiting = [turn for turn in self._waiting if turn.engine_id == info.id]
        idle = [worker for worker in workers if not worker.busy]
        while waiting and idle:
            turn = next_turn(waiting, self._served)
            worker = best_worker(idle, turn.voice_dir)
            waiting.remove(turn)
            idle.remove(worker)
            self._waiting.remove(turn)
            if len(self._served) > _USERS_REMEMBERED:
                self._served.clear()
            self._served[turn.user_id] = next(self._numbers)
            worker.busy = True
            worker.speaks_with(turn.voice_dir)
            turn.worker = worker
            turn.ready.set()
        most, starting = self._most_of(info), self._starting[info.id]
        for _ in range(min(len(waiting) - starting, most - len(workers) - starting)):
            self._starting[info.id] += 1
            threading.Thread(target=self._start, args=(info,), name=f"start-{info.id}", daemon=True).start()

    def _most_of(self, info: EngineInfo) -> int:
        if info.provider is not None:
            return max(self._most, _REMOTE)
        return 1 if info.capabilities.needs_gpu else self._most

    def _start(self, info: EngineInfo) -> None:
        """Start a process beside, so that who waits may get another one that becomes free first."""
        self._make_room(info)
        client = self._client(info)
        failed: AppError | None = None
        try:
            client.start(cancel=self._closing)
        except AppError as error:
            failed = error
        except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it was
            _LOG.exception("the engine %s did not start", info.id)
            failed = HostStartFailed(f"The engine {info.title} could not start: {error}.")
        with self._lock:
            self._starting[info.id] -= 1
            workers = self._workers.setdefault(info.id, [])
            if failed is None and not self._closing.is_set():
                workers.append(Worker(client, time.monotonic()))
                self._keep()
                self._serve(info)
                return
            if failed is not None and not workers and not self._starting[info.id]:
                self._fail([turn for turn in self._waiting if turn.engine_id == info.id], failed)
        client.close()

    def _make_room(self, info: EngineInfo) -> None:
        """End what other engines have idle beyond what all may have: the memory is the same for all."""
        with self._lock:
            running = sum(map(len, self._workers.values())) + self._starting.total()
            others = (workers for engine_id, workers in self._workers.items() if engine_id != info.id)
            idle = [worker for workers in others for worker in workers if not worker.busy]
            too_many = max(0, running - _ENGINES_WARM * self._most)
            ended = sorted(idle, key=lambda worker: worker.used_s)[:too_many]
            for workers in self._workers.values():
                workers[:] = [worker for worker in workers if worker not in ended]
        for worker in ended:
            worker.client.close()

    def _fail(self, turns: list[Turn], error: AppError) -> None:
        for turn in list(turns):
            self._waiting.remove(turn)
            turn.error = error
            turn.ready.set()

    def _keep(self) -> None:
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._end_idle, name="speech-pool", daemon=True)
            self._keeper.start()

    def _end_idle(self) -> None:
        while not self._closing.wait(self._idle_s / 4):
            with self._lock:
                since_s = time.monotonic() - self._idle_s
                idle = [
                    worker
                    for workers in self._workers.values()
                    for worker in workers
                    if not worker.busy and worker.used_s < since_s
                ]
                for workers in self._workers.values():
                    workers[:] = [worker for worker in workers if worker not in idle]
            for worker in idle:
                worker.client.close()


class PooledEngine:
    """Speaks as an `EngineClient` does, with whichever process of the pool is free.

    Args:
        pool: of the processes.
        info: of the engine.
        user_id: who speaks.
        lead_s: how much the listener still has to hear.
        on_lease: called whenever it has got a process.
        on_usage: told what a provider has counted for a piece: a unit, as `characters` or `dollars`, and how
            many.
    """

    def __init__(
        self,
        pool: EnginePool,
        info: EngineInfo,
        *,
        user_id: uuid.UUID,
        lead_s: Callable[[], float],
        on_lease: Callable[[], None] = lambda: None,
        on_usage: Callable[[str, float], None] = lambda _unit, _amount: None,
    ) -> None:
        self.waiting_s = 0.0
        """Spent waiting for a process, all pieces together."""
        self._pool = pool
        self._info = info
        self._user_id = user_id
        self._lead_s = lead_s
        self._on_lease = on_lease
        self._on_usage = on_usage

    def synthesize(
        self, request: SynthesisRequest, *, cancel: threading.Event | None = None
    ) -> Generator[AudioChunk, None, None]:
        """Speak one piece; errors as `EnginePool.lease` and `EngineClient.synthesize`."""
        asked_s = time.perf_counter()
        leased = self._pool.lease(
            self._info,
            user_id=self._user_id,
            voice_dir=request.voice_dir,
            lead_s=self._lead_s,
            cancel=cancel,
        )
        with leased as client:
            self.waiting_s += time.perf_counter() - asked_s
            self._on_lease()
            with contextlib.closing(
                client.synthesize(request, self._hear, cancel, timeout_s=self._pool.silent_s)
            ) as chunks:
                yield from chunks

    def _hear(self, event: Event) -> None:
        if isinstance(event, Metric) and event.name.startswith(PROVIDER_USAGE):
            self._on_usage(event.name.removeprefix(PROVIDER_USAGE), event.value)
        elif isinstance(event, LogLine) and event.source == "service":
            _LOG.info("%s: %s", self._info.id, event.text)
