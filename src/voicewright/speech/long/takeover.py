"""Finds long texts that nobody speaks any more, and gives them to the workers that are there.

Every worker looks now and then, and an advisory lock lets one of them at a time; see `training.takeover`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from voicewright.jobs.queue import dead_tickets
from voicewright.speech.long.models import LongSpeech
from voicewright.speech.long.transitions import end, issue_ticket

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.db.server import Database

LOST_AFTER_S: Final = 10.0
"""A run that gave no sign of life for so long is given to another worker; see `runs.BEAT_S`."""
MOST_TAKEOVERS: Final = 10
_LOCK: Final = 0x6C6F6E67_74616B65
"""The key of the advisory lock: "long", "take"."""


def take_over(database: Database, *, lost_after_s: float = LOST_AFTER_S) -> int:
    """Queue what lost workers spoke, and what lost its place in the queue; answers how many.

    Raises:
        DatabaseUnavailable: the next look finds them.
    """
    with database.session() as session:
        if not session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
            return 0
        # nobody could give a sign of life before the database began to serve
        sign = func.greatest(LongSpeech.heartbeat_at, func.pg_postmaster_start_time())
        lost = session.scalars(
            select(LongSpeech)
            .where(LongSpeech.state == "running", sign < func.now() - timedelta(seconds=lost_after_s))
            .with_for_update(skip_locked=True)
        ).all()
        for speech in lost:
            speech.takeovers += 1
            if speech.takeovers > MOST_TAKEOVERS:
                why = f"{MOST_TAKEOVERS} workers did not survive it. Their machines may be short of memory."
                end(session, speech, "failed", "WORKER_LOST", why)
            else:
                issue_ticket(session, speech)
        return len(lost) + _reissue_lost_tickets(session)


def _reissue_lost_tickets(session: Session) -> int:
    """Those whose ticket nobody holds: its worker died between taking it and beginning the run."""
    waits = LongSpeech.state == "queued"
    tickets = dict(session.execute(select(LongSpeech.id, LongSpeech.ticket).where(waits)).all())
    dead = dead_tickets(session, [ticket for ticket in tickets.values() if ticket is not None])
    ids = [speech_id for speech_id, ticket in tickets.items() if ticket is None or ticket in dead]
    candidates = session.scalars(
        select(LongSpeech).where(LongSpeech.id.in_(ids), waits).with_for_update(skip_locked=True)
    )
    found = [speech for speech in candidates if speech.ticket == tickets[speech.id]]
    for speech in found:
        issue_ticket(session, speech)
    return len(found)
