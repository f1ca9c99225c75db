"""How the state of a long text changes, whoever changes it: its owner, its worker, one that takes it over.

Each function works on a row that the caller has locked, in the caller's transaction.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, text

from voicewright.jobs.queue import enqueue, withdraw
from voicewright.speech.long.counting import count_uses
from voicewright.speech.long.entering import enter_in_history
from voicewright.speech.long.models import LongPart

if TYPE_CHECKING:
    import uuid
    from typing import Literal

    from sqlalchemy.orm import Session

    from voicewright.speech.long.models import LongSpeech

TASK: Final = "speak"
"""The task of the queue's entries that start an attempt; their argument is `speech_id`."""
CHANNEL: Final = "long_speech"
"""PostgreSQL tells on it the id of every long text that changed, once its transaction is committed."""


def queue_of(engine_id: str) -> str:
    """The queue of the texts whose next part an engine speaks: a worker serves those of the engines it has.

    They don't wait behind trainings, which have queues of their own.
    """
    return f"{TASK}.{engine_id}"


def issue_ticket(session: Session, speech: LongSpeech) -> None:
    """Put it into the queue of its next engine; tickets that it had before are void."""
    session.flush()
    speech.state, speech.finished_at = "queued", None
    queue = queue_of(_next_engine(session, speech.id))
    speech.ticket = enqueue(session, TASK, {"speech_id": str(speech.id)}, queue=queue)
    touch(session, speech.id)


def halt(session: Session, speech: LongSpeech) -> None:
    """Have nobody speak it: its ticket is void, and so is a run that goes on."""
    if speech.ticket is not None:
        withdraw(session, speech.ticket)
    speech.ticket = None
    speech.attempt += 1  # the run that may be going on holds the number before
    touch(session, speech.id)


def end(
    session: Session,
    speech: LongSpeech,
    state: Literal["completed", "failed", "cancelled"],
    code: str | None = None,
    reason: str | None = None,
) -> None:
    """End it, count it, and enter it in the history."""
    speech.state, speech.finished_at = state, datetime.now(UTC)
    speech.error_code, speech.error = code, reason
    count_uses(session, speech)
    enter_in_history(session, speech)
    touch(session, speech.id)


def touch(session: Session, speech_id: uuid.UUID) -> None:
    """Wake its watchers when the session commits."""
    told = {"channel": CHANNEL, "speech_id": str(speech_id)}
    session.execute(text("SELECT pg_notify(:channel, :speech_id)"), told)


def _next_engine(session: Session, speech_id: uuid.UUID) -> str:
    """Of the first part that is not done; where all are, of the first."""
    spoken = select(LongPart.engine).where(LongPart.speech_id == speech_id, LongPart.engine.is_not(None))
    waiting_first = spoken.order_by(LongPart.state != "waiting", LongPart.number)
    engine = session.scalar(waiting_first.limit(1))
    assert engine is not None  # noqa: S101 - what has no voice at all is not queued
    return engine
