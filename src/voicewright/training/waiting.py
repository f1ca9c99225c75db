"""Why a queued training waits, and what to do about it: nobody who is there now can run it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from voicewright.engines.errors import EngineNotInstalled, GpuUnavailable
from voicewright.training.nodes import can_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.engines.port import EngineInfo
    from voicewright.training.models import Node

NO_WORKER: Final = "NO_WORKER"
"""Where no worker is there at all."""
_MOST_NODES: Final = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """What it waits for."""

    code: str
    """Of docs/errors.md, or `NO_WORKER`."""
    message: str
    suggested_actions: tuple[str, ...]
    """The most helpful first."""


def why_it_waits(engine: EngineInfo, nodes: Sequence[Node], *, clones: bool) -> Waiting | None:
    """Why none of the nodes that are there can run a training; None: one can.

    Args:
        engine: that it is for.
        nodes: that were heard of lately.
        clones: whether it clones.
    """
    if any(can_run(node, engine, clones=clones) for node in nodes):
        return None
    needed_mb = engine.gpu_memory_to_make_mb(clones=clones)
    needed = _needed(engine, needed_mb)
    start = f"Start a worker on a machine that has the engine {engine.id}: voicewright worker."
    if not nodes:
        message = f"No node that is there now can run it: it waits for one with {needed}."
        return Waiting(NO_WORKER, message, (start,))
    if all((node.gpu_memory_mb or 0) < needed_mb for node in nodes):
        return Waiting(
            GpuUnavailable.code,
            f"The engine {engine.id} needs a GPU, and no node that is there now has one that is large "
            f"enough: it waits for one with {needed}.",
            (start, "Choose a provider that needs no GPU, such as builtin."),
        )
    there = "; ".join(
        f"{node.name} has {', '.join(sorted(node.engines)) or 'none'}" for node in nodes[:_MOST_NODES]
    )
    return Waiting(
        EngineNotInstalled.code,
        f"The engine {engine.id} is ready on none of the nodes that are there now ({there}): it waits for "
        f"one with {needed}.",
        (*_getting(engine), start, "Choose a provider that is there: GET /engines lists them."),
    )


def _needed(engine: EngineInfo, gpu_memory_mb: int) -> str:
    if not gpu_memory_mb:
        return f"the engine {engine.id}"
    return f"the engine {engine.id} and a GPU with {gpu_memory_mb} MB of memory"


def _getting(engine: EngineInfo) -> tuple[str, ...]:
    """How a node gets it."""
    advice = []
    if engine.environment is not None:
        advice.append(
            f"Install it on a node and start its worker again: voicewright engines install {engine.id}."
        )
    elif engine.install_hint:
        advice.append(f"Install it on a node and start its worker again: {engine.install_hint}.")
    if engine.provider is not None and engine.provider.needs:
        needs = " and ".join(engine.provider.needs)
        advice.append(f"Set {needs} where the service and its workers run, and start these again.")
    return tuple(advice)
