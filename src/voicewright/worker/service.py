"""The worker of one machine: takes jobs that it can do, does them, and takes over those of lost workers."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from voicewright.audit.origin import SCHEDULE, coming_from
from voicewright.engines.installed import Engines
from voicewright.errors import AppError
from voicewright.home.layout import Home
from voicewright.jobs.queue import put_back, take_out
from voicewright.jobs.runner import JobRunner
from voicewright.quality.measurer import Measurer
from voicewright.training.announcing import Announcer
from voicewright.training.bill import cost_of_job
from voicewright.training.models import TrainingJob
from voicewright.training.runs import Run
from voicewright.training.takeover import take_over, tidy_queue
from voicewright.training.transitions import TASK, queue_of
from voicewright.training.workflow import WorkTools, run_job
from voicewright.worker.chores import do_chores
from voicewright.worker.gpu import GpuMemory
from voicewright.worker.node import ways_to_run
from voicewright.worker.speaking import LongSpeaker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal

    from voicewright.db.server import Database
    from voicewright.engines.port import EngineInfo
    from voicewright.privacy.service import ConsentService
    from voicewright.provenance.service import ProvenanceService
    from voicewright.settings import Settings
    from voicewright.speech.long.tools import LongTools
    from voicewright.storage.vault import Vault
    from voicewright.voices.service import VoiceService
    from voicewright.worker.chores import Chore
    from voicewright.worker.node import Abilities

LOOK_EVERY_S: Final = 2.0
"""How often a worker gives a sign of life and looks for jobs of lost ones."""
_TIDY_EVERY_S: Final = 16.0
_GPU_WAIT_S: Final = 15.0
"""How long a job waits in the worker's hands for the memory of the GPU, before it is put back."""
_CHORE_WAIT_S: Final = 5.0
"""A chore that is still going on when the worker ends is done again by the next one."""
_CANCEL_GRACE_S: Final = 0.5
"""A cancelled engine is to stop within this time; with the beat of the run it makes less than two seconds."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What a worker works with; whoever made them closes them."""

    settings: Settings
    database: Database
    voices: VoiceService
    samples: Vault
    consents: ConsentService
    chores: Sequence[Chore] = ()
    """What is due every few seconds, as mails and alerts, and may hang."""
    sweeps: Sequence[Chore] = ()
    """What may take minutes, as removing the files of many voices from a bucket."""
    long: LongTools | None = None
    """What long texts are spoken with; None: they are left to other workers."""
    provenance: ProvenanceService | None = None
    """Marks what new voices say to be judged by; None: nobody does."""
    engines: Engines = field(default_factory=Engines)
    """How the engines are started."""
    announcer: Announcer = field(default_factory=Announcer)
    """Tells owners how their trainings ended."""


class Worker:
    """Runs until it is stopped; its running jobs are then given to other workers.

    Args:
        parts: what it works with.
        node: what it can run.

    Attributes:
        node: the same.
    """

    def __init__(self, parts: WorkerParts, node: Abilities) -> None:
        self._parts = parts
        self.node = node
        self._work_dir = Home.open(parts.settings.home).work_dir
        self._gpu = GpuMemory(node.gpu_memory_mb)
        self._stopping = threading.Event()
        self._running: set[Run] = set()
        self._running_lock = threading.Lock()
        self._speaker = None if parts.long is None else LongSpeaker(parts.long, node.name)
        self._runner = JobRunner(
            parts.database.conninfo,
            queues=[
                queue_of(info.id, clones=clones)
                for info in node.engines.values()
                for clones in ways_to_run(info, gpu_memory_mb=node.gpu_memory_mb or 0)
            ],
            handlers={TASK: self._do},
            concurrency=node.concurrency,
        )

    def run(self) -> None:
        """Work until `stop`; returns when nothing of it runs any more."""
        housekeeping = threading.Thread(target=self._keep_house, name="housekeeping")
        housekeeping.start()
        beside = [
            threading.Thread(target=do_chores, args=(chores, self._stopping), name=name, daemon=True)
            for name, chores in (("chores", self._parts.chores), ("sweeps", self._parts.sweeps))
        ]
        for thread in beside:
            thread.start()
        if self._speaker is not None:
            self._speaker.start()
        try:
            self._runner.run()
        finally:
            self.stop()
            housekeeping.join()
            if self._speaker is not None:
                self._speaker.join()
            give_up_at = time.monotonic() + _CHORE_WAIT_S
            for thread in beside:
                thread.join(max(0.0, give_up_at - time.monotonic()))

    def stop(self) -> None:
        """End soon: take no more jobs, give back those that run. From any thread."""
        self._stopping.set()
        self._runner.stop()
        if self._speaker is not None:
            self._speaker.stop()
        with self._running_lock:
            for run in self._running:
                run.stop()

    def _do(self, ticket: int, arguments: Mapping[str, Any]) -> None:
        """The work of an entry of the queue."""
        with coming_from(SCHEDULE):
            self._train(ticket, arguments)

    def _train(self, ticket: int, arguments: Mapping[str, Any]) -> None:
        job_id = UUID(arguments["job_id"])
        info = self._engine_of(job_id)
        if info is None:
            self._drop(ticket)
            return
        # all of it, where there is less: only what can do with less was queued for here
        needed_mb = min(info.forecast.gpu_memory_mb, self.node.gpu_memory_mb or 0)
        with self._gpu.lend(needed_mb, wait_s=_GPU_WAIT_S, give_up=self._stopping) as granted:
            if not granted or self._stopping.is_set():
                with self._parts.database.session() as session:
                    put_back(session, ticket)
                return
            database, node = self._parts.database, self.node
            run = Run.begin(
                database,
                job_id,
                ticket,
                node=node.name,
                gpu_type=node.gpu_type,
                announcer=self._parts.announcer,
            )
            if run is not None:
                self._run(run, info)

    def _run(self, run: Run, info: EngineInfo) -> None:
        with self._running_lock:
            self._running.add(run)
        if self._stopping.is_set():
            run.stop()
        settings = self._parts.settings
        client = self._parts.engines.client(
            info, env=self._engine_environment(), cancel_grace_s=_CANCEL_GRACE_S
        )
        try:
            with run, client as engine, Measurer(whisper_dir=settings.whisper_dir) as measurer:
                run_job(
                    run,
                    WorkTools(
                        settings=settings,
                        database=self._parts.database,
                        engine=engine,
                        measurer=measurer,
                        voices=self._parts.voices,
                        samples=self._parts.samples,
                        consents=self._parts.consents,
                        work_dir=self._work_dir,
                        provenance=self._parts.provenance,
                    ),
                )
        finally:
            with self._running_lock:
                self._running.discard(run)

    def _engine_of(self, job_id: UUID) -> EngineInfo | None:
        with self._parts.database.session() as session:
            job = session.get(TrainingJob, job_id)
            return None if job is None else self.node.engines.get(job.provider)

    def _drop(self, ticket: int) -> None:
        with self._parts.database.session() as session:
            take_out(session, ticket)

    @coming_from(SCHEDULE)
    def _keep_house(self) -> None:
        looks = 0
        while True:
            self._try("announce the node", lambda: self.node.announce(self._parts.database))
            self._try("take over lost jobs", self._take_over)
            if self._speaker is not None:
                self._try("take over lost long texts", self._speaker.take_over)
            if looks % round(_TIDY_EVERY_S / LOOK_EVERY_S) == 0:
                self._try("tidy the queue", lambda: tidy_queue(self._parts.database))
            looks += 1
            if self._stopping.wait(LOOK_EVERY_S):
                break
        self._try("leave", lambda: self.node.leave(self._parts.database))

    def _engine_environment(self) -> dict[str, str]:
        """The engine sees the GPU whose memory is lent here, and no other."""
        return {} if self.node.gpu is None else {"CUDA_VISIBLE_DEVICES": self.node.gpu.uuid}

    def _price(self, job: TrainingJob, time_ms: int) -> Decimal:
        return cost_of_job(job, self._parts.engines.find(job.provider), self._parts.settings, time_ms=time_ms)

    def _take_over(self) -> None:
        take_over(self._parts.database, self._price, announcer=self._parts.announcer)

    @staticmethod
    def _try(what: str, work: Callable[[], object]) -> None:
        try:
            work()
        except AppError as error:
            _LOG.warning("could not %s now, and tries again: %s", what, error.message)
        except Exception:  # noqa: BLE001 - housekeeping goes on whatever happens
            _LOG.exception("could not %s now, and tries again", what)
