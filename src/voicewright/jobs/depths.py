"""How much waits in the durable queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from voicewright.jobs.schema import QUEUE_SCHEMA

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Depth:
    """How many entries of a queue are in a state: `todo`, or `doing` by a worker that was given it."""

    queue: str
    state: str
    entries: int


def queue_depths(session: Session) -> list[Depth]:
    """Of every queue that has entries; ended ones are taken out, so there are never many."""
    rows = session.execute(
        text(
            f"SELECT queue_name, status::text, count(*) FROM {QUEUE_SCHEMA}.procrastinate_jobs"  # noqa: S608 - a constant
            " GROUP BY 1, 2 ORDER BY 1, 2"
        )
    )
    return [Depth(*row) for row in rows]
