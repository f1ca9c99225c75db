"""What this machine can run, and the row by which the others know of it."""

from __future__ import annotations

import socket
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from voicewright.engines.installed import Engines
from voicewright.training.models import Node
from voicewright.worker import gpu

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.engines.port import EngineInfo
    from voicewright.settings import Settings
    from voicewright.worker.gpu import Gpu, GpuType


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a node offers."""

    node_id: uuid.UUID
    """Of the worker process."""
    name: str
    engines: dict[str, EngineInfo]
    """By id: those that learn, and that this machine has all for."""
    concurrency: int
    gpu: Gpu | None
    """The one that trainings may use."""
    gpu_memory_mb: int | None
    """What of its memory they may use."""
    speaks: tuple[str, ...] = ()
    """Ids of the engines that speak long texts here."""
    gpu_type: GpuType = "cpu"
    """What it computes on."""

    @classmethod
    def of_this_machine(cls, settings: Settings, installed: Engines = Engines()) -> Self:  # noqa: B008 - frozen
        """Look around."""
        largest = gpu.largest()
        gpu_memory_mb = None if largest is None else largest.memory_mb
        if gpu_memory_mb is not None and settings.gpu_memory_limit_mb is not None:
            gpu_memory_mb = min(gpu_memory_mb, settings.gpu_memory_limit_mb)
        known = [info for info in installed.known() if installed.is_ready(info)]
        engines = {info.id: info for info in known if ways_to_run(info, gpu_memory_mb=gpu_memory_mb or 0)}
        speaks = [info.id for info in known if can_speak(info, has_gpu=largest is not None)]
        name = settings.gpu_node_id or socket.gethostname()
        return cls(
            node_id=uuid.uuid4(),
            name=name,
            engines=engines,
            concurrency=settings.training_concurrency,
            gpu=largest,
            gpu_memory_mb=gpu_memory_mb,
            speaks=tuple(speaks),
            gpu_type=gpu.find_type(largest),
        )

    def announce(self, database: Database) -> None:
        """Tell the others that this node is here, now.

        Raises:
            DatabaseUnavailable: nobody hears it.
        """
        # the database's clock, as others compare it with theirs
        now = func.clock_timestamp()
        told: dict[str, Any] = {
            "name": self.name,
            "engines": sorted(self.engines),
            "speaks": sorted(self.speaks),
            "concurrency": self.concurrency,
            "gpu_type": self.gpu_type,
            "gpu_memory_mb": self.gpu_memory_mb,
            "gpu_utilization": None if self.gpu is None else gpu.utilization(self.gpu),
            "seen_at": now,
        }
        row = insert(Node).values(id=self.node_id, started_at=now, **told)
        with database.session() as session:
            session.execute(row.on_conflict_do_update(index_elements=[Node.id], set_=told))

    def leave(self, database: Database) -> None:
        """Tell the others that this node is gone; errors as `announce`."""
        with database.session() as session:
            node = session.get(Node, self.node_id)
            if node is not None:
                session.delete(node)


def ways_to_run(info: EngineInfo, *, gpu_memory_mb: int) -> tuple[bool, ...]:
    """What a machine with so much memory of a GPU (0: none) can do with an engine that is there.

    Returns:
        True: it can clone; False: it can train; both, one or none of them.
    """
    able = {True: info.capabilities.clones, False: info.capabilities.trains}
    return tuple(
        clones
        for clones, is_able in able.items()
        if is_able and info.gpu_memory_to_make_mb(clones=clones) <= gpu_memory_mb
    )


def can_speak(info: EngineInfo, *, has_gpu: bool) -> bool:
    """Whether a machine with or without a GPU can speak with an engine that is there."""
    return has_gpu or not info.capabilities.needs_gpu
