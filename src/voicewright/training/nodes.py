"""Which machines can do something now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from voicewright.training.models import Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from voicewright.engines.port import EngineInfo

ALIVE_S: Final = 30.0
"""A node that gave no sign for so long is gone."""


def live_nodes(session: Session) -> Sequence[Node]:
    """The nodes that were heard of lately."""
    seen = Node.seen_at > func.now() - timedelta(seconds=ALIVE_S)
    return session.scalars(select(Node).where(seen).order_by(Node.name, Node.id)).all()


def engines_that_speak(session: Session) -> set[str]:
    """The engines with which some node speaks long texts now."""
    return {engine_id for node in live_nodes(session) for engine_id in node.speaks}


def can_run(node: Node, engine: EngineInfo, *, clones: bool) -> bool:
    """Whether a node serves an engine and has the GPU memory that it needs to clone, or to train."""
    needed_mb = engine.gpu_memory_to_make_mb(clones=clones)
    return engine.id in node.engines and needed_mb <= (node.gpu_memory_mb or 0)
