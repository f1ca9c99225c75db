"""One attempt at a long text: every write of it is void once it is not the current attempt any more.

As for trainings (`training.runs`): a worker that was cut off or frozen may come back after its work was given
to another, or after its owner paused or cancelled it. So each write names the number of its attempt.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Self

from sqlalchemy import func, select, update

from voicewright.errors import AppError
from voicewright.jobs.queue import take_out
from voicewright.speech.long.errors import LongSpeechLost
from voicewright.speech.long.models import LongSpeech
from voicewright.speech.long.transitions import issue_ticket, touch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database

BEAT_S: Final = 0.4
"""How often a run gives a sign of life; the longest that it does not know that it was paused or cancelled."""

_LOG = logging.getLogger(__name__)


class LongRun:
    """A running attempt; a context manager, in which it gives signs of life. Get one from `begin`.

    Attributes:
        speech: the row as it was when the attempt began.
        cancel: set when the work is to stop: the run was lost, or `stop` was called.
    """

    def __init__(self, database: Database, speech: LongSpeech) -> None:
        self.speech = speech
        self.cancel = threading.Event()
        self.database = database
        self._over = threading.Event()
        self._lost = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name=f"long-{speech.id}", daemon=True)

    @classmethod
    def begin(cls, database: Database, speech_id: UUID, ticket: int, *, node: str) -> Self | None:
        """Begin the attempt that a ticket is for; None: the ticket is void."""
        with database.session() as session:
            take_out(session, ticket)
            # the database's clock, as others compare it with theirs
            now = func.clock_timestamp()
            speech = session.scalar(
                update(LongSpeech)
                .where(LongSpeech.id == speech_id, LongSpeech.ticket == ticket, LongSpeech.state == "queued")
                .values(
                    state="running",
                    attempt=LongSpeech.attempt + 1,
                    ticket=None,
                    node=node,
                    heartbeat_at=now,
                    started_at=func.coalesce(LongSpeech.started_at, now),
                    error_code=None,
                    error=None,
                )
                .returning(LongSpeech)
            )
            touch(session, speech_id)
        return None if speech is None else cls(database, speech)

    def __enter__(self) -> Self:
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._keeper.join()

    @property
    def is_lost(self) -> bool:
        """Whether it is not the current attempt any more."""
        return self._lost.is_set()

    def stop(self) -> None:
        """Have the work stop soon, because this worker ends."""
        self.cancel.set()

    def require(self) -> None:
        """Go on only while that is wished.

        Raises:
            LongSpeechLost: the run is to stop.
        """
        if self.cancel.is_set():
            raise LongSpeechLost("The run was stopped.")

    @contextmanager
    def writing(self) -> Iterator[tuple[Session, LongSpeech]]:
        """A transaction of this attempt, with the row locked.

        Raises:
            LongSpeechLost: it is not the current attempt any more; nothing is written.
        """
        with self.database.session() as session:
            yield session, self.locked(session)

    def locked(self, session: Session) -> LongSpeech:
        """The row, locked in a transaction of the caller's that changes something; errors as `writing`."""
        touch(session, self.speech.id)
        return self._locked(session)

    def _locked(self, session: Session) -> LongSpeech:
        speech = session.scalar(
            select(LongSpeech)
            .where(
                LongSpeech.id == self.speech.id,
                LongSpeech.attempt == self.speech.attempt,
                LongSpeech.state == "running",
            )
            .with_for_update(key_share=True)
        )
        if speech is None:
            self._lose()
            raise LongSpeechLost("It was paused, cancelled, deleted or given to another worker.")
        return speech

    def give_back(self) -> None:
        """Put it back into the queue for another worker."""
        with self.writing() as (session, speech):
            issue_ticket(session, speech)

    def _keep(self) -> None:
        while not self._over.wait(BEAT_S):
            try:
                with self.database.session() as session:
                    self._locked(session).heartbeat_at = func.clock_timestamp()
            except LongSpeechLost:
                return
            except AppError as error:
                _LOG.warning("the long text %s can't be written to now: %s", self.speech.id, error.message)
            except Exception:  # noqa: BLE001 - a run without signs of life would be given away
                _LOG.exception("the long text %s can't be written to", self.speech.id)

    def _lose(self) -> None:
        self._lost.set()
        self.cancel.set()
