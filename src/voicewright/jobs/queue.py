"""Puts entries into the durable queue, in the transaction of the row that they are about.

An entry says "this task, with these arguments, not before then". It is handed out once, to one worker, the
highest priority first and within a priority in the order of arrival (`jobs.runner`). What became of the work
is in the application's own tables; an entry is a ticket to start it, no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import procrastinate
from sqlalchemy import text

from voicewright.jobs.schema import QUEUE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

STALE_AFTER_S: Final = 30
"""A worker of the queue that gave no sign for so long is gone."""

# Nothing is ever sent over a connection of its own: every call passes the caller's.
_APP: Final = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def enqueue(
    session: Session,
    task: str,
    arguments: Mapping[str, Any],
    *,
    queue: str,
    priority: int = 0,
    start_after: datetime | None = None,
) -> int:
    """Put an entry into the queue; it is there when the session commits, and never was when it does not.

    Args:
        session: the caller's transaction.
        task: the name under which a worker knows the function.
        arguments: what the function gets; plain JSON.
        queue: workers serve some queues and not others.
        priority: higher ones are handed out first.
        start_after: not before this moment; None: at once.

    Returns:
        The number of the entry.
    """
    _see_queue(session)
    return _APP.configure_task(
        task,
        allow_unknown=True,
        queue=queue,
        priority=priority,
        schedule_at=start_after,
        connection=_connection(session),
    ).defer(**arguments)


def withdraw(session: Session, ticket: int) -> None:
    """Take an entry out that no worker has begun; one that is gone or begun stays as it is.

    So does one that a worker is just being given, or begins: that transaction may wait for this one.
    """
    _see_queue(session)
    session.execute(
        text(
            "DELETE FROM procrastinate_jobs WHERE id = ("
            "SELECT id FROM procrastinate_jobs WHERE id = :ticket AND status = 'todo' FOR UPDATE SKIP LOCKED)"
        ),
        {"ticket": ticket},
    )


def take_out(session: Session, ticket: int) -> None:
    """Take an entry out that a worker was given, in the transaction that begins its work."""
    _see_queue(session)
    session.execute(text("DELETE FROM procrastinate_jobs WHERE id = :ticket"), {"ticket": ticket})


def put_back(session: Session, ticket: int) -> None:
    """Put an entry back that a worker was given and can't begin now; it keeps its place among the others."""
    _see_queue(session)
    entry = "WHERE id = :ticket AND status = 'doing'"
    session.execute(
        text(f"UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL {entry}"),  # noqa: S608 - constants
        {"ticket": ticket},
    )


def dead_tickets(session: Session, tickets: Collection[int]) -> set[int]:
    """Those of some entries that nobody will begin: they are gone, or were given to a worker that is gone.

    A worker begins what it was given within moments, or never.
    """
    if not tickets:
        return set()
    alive = session.scalars(
        text(
            f"SELECT job.id FROM {QUEUE_SCHEMA}.procrastinate_jobs job"  # noqa: S608 - constants
            f" LEFT JOIN {QUEUE_SCHEMA}.procrastinate_workers worker ON worker.id = job.worker_id"
            " WHERE job.id = ANY(:tickets) AND (job.status = 'todo' OR (job.status = 'doing'"
            f" AND worker.last_heartbeat > now() - interval '{STALE_AFTER_S} seconds'"
            f" AND EXISTS (SELECT FROM {QUEUE_SCHEMA}.procrastinate_events event"
            "     WHERE event.job_id = job.id AND event.type = 'started'"
            f"    AND event.at > now() - interval '{STALE_AFTER_S} seconds')))"
        ),
        {"tickets": list(tickets)},
    )
    return set(tickets) - set(alive)


def forget_dead_workers(session: Session) -> None:
    """Remove the entries of the queue that workers which are gone were given and never began."""
    _see_queue(session)
    session.execute(
        text("SELECT procrastinate_prune_stalled_workers_v1(:seconds)"), {"seconds": 10 * STALE_AFTER_S}
    )
    session.execute(text("DELETE FROM procrastinate_jobs WHERE status = 'doing' AND worker_id IS NULL"))


def _see_queue(session: Session) -> None:
    session.execute(
        text("SELECT set_config('search_path', current_setting('search_path') || :schema, true)"),
        {"schema": f", {QUEUE_SCHEMA}"},
    )


def _connection(session: Session) -> Any:
    """The driver's connection under a session."""
    return session.connection().connection.driver_connection
