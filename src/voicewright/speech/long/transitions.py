"""How the state of a long text changes, whoever changes it: its owner, its worker, one that takes it over.

Each function works on a row that the caller has locked, in the caller's transaction.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from voicewright.jobs.queue import enqueue, withdraw
from voicewright.speech.long.entering import enter_in_history

if TYPE_CHECKING:
    from typing import Literal

    from sqlalchemy.orm import Session

    from voicewright.speech.long.models import LongSpeech

TASK: Final = "speak"
"""The task of the queue's entries that start an attempt; their argument is `speech_id`."""
QUEUE: Final = "speak.long"
"""A queue of its own: texts don't wait behind trainings."""


def issue_ticket(session: Session, speech: LongSpeech) -> None:
    """Put it into the queue; tickets that it had before are void."""
    session.flush()
    speech.state, speech.finished_at = "queued", None
    speech.ticket = enqueue(session, TASK, {"speech_id": str(speech.id)}, queue=QUEUE)


def halt(session: Session, speech: LongSpeech) -> None:
    """Have nobody speak it: its ticket is void, and so is a run that goes on."""
    if speech.ticket is not None:
        withdraw(session, speech.ticket)
    speech.ticket = None
    speech.attempt += 1  # the run that may be going on holds the number before


def end(
    session: Session,
    speech: LongSpeech,
    state: Literal["completed", "failed", "cancelled"],
    code: str | None = None,
    reason: str | None = None,
) -> None:
    """End it, and enter it in the history."""
    speech.state, speech.finished_at = state, datetime.now(UTC)
    speech.error_code, speech.error = code, reason
    enter_in_history(session, speech)
