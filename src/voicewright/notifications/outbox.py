"""Mails wait in a table until the server has taken them: one that is away or hangs loses and blocks nothing.

They are written in the transaction of what they tell of, and sent afterwards, by one worker at a time each. A
worker that dies between sending and writing it down sends the mail again; its `Message-ID` is the same.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, or_, select, update

from voicewright.accounts.caller import Role
from voicewright.accounts.models import User
from voicewright.notifications.choices import wants
from voicewright.notifications.errors import MailInvalid, MailRefused, MailServerUnavailable
from voicewright.notifications.mail import Mail, MailServer
from voicewright.notifications.models import OutgoingMail

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.errors import AppError
    from voicewright.notifications.mail import MailConnection
    from voicewright.notifications.notices import Notice

MOST_ATTEMPTS: Final = 10
"""With the pauses between them they take about a day."""
SENT_KEPT: Final = timedelta(days=7)
GIVEN_UP_KEPT: Final = timedelta(days=30)

_LEASE: Final = timedelta(minutes=5)
"""For so long a mail is one worker's; longer than any connection lasts."""
_AT_ONCE: Final = 20
_LONGEST_PAUSE: Final = timedelta(hours=6)
_DUE: Final = OutgoingMail.sent_at.is_(None) & OutgoingMail.given_up_at.is_(None)

_LOG = logging.getLogger(__name__)


class Outbox:
    """The mails of an installation; safe for threads and processes.

    Args:
        database: open.
        server: None: nothing is written and nothing sent.
    """

    def __init__(self, database: Database, server: MailServer | None) -> None:
        self._database = database
        self._server = server

    def tell_administrators(self, session: Session, notice: Notice, subject: str, body: str) -> None:
        """Write a mail to every administrator who wants such news, in the caller's transaction."""
        self._tell(session, User.role == Role.ADMIN, notice, subject, body)

    def tell(self, notice: Notice, session: Session, user_id: uuid.UUID, subject: str, body: str) -> None:
        """Write a mail to an account that wants such news, in the caller's transaction.

        None where it has no address. `partial(outbox.tell, notice)` is a `Tell`.
        """
        self._tell(session, User.id == user_id, notice, subject, body)

    def _tell(
        self, session: Session, whom: ColumnElement[bool], notice: Notice, subject: str, body: str
    ) -> None:
        if self._server is None:
            return
        now = session.scalar(select(func.clock_timestamp()))
        reachable = whom & wants(notice, User.id) & User.disabled_at.is_(None) & User.email.is_not(None)
        for address in session.scalars(select(User.email).where(reachable)):
            try:
                mail = Mail(str(address), subject, body)
            except MailInvalid as error:
                _LOG.warning("an account gets no mail: %s", error.message)
                continue
            session.add(
                OutgoingMail(
                    to_address=mail.to_address,
                    subject=mail.subject,
                    body=mail.body,
                    created_at=now,
                    attempts=0,
                    next_attempt_at=now,
                )
            )

    def send_due(self) -> int:
        """Send what is due over one connection, and answer how many went out.

        What can't be sent now waits longer each time, and is given up in the end, with a line in the log. As
        soon as the server is away the rest is left for later, untouched.

        Raises:
            DatabaseUnavailable, DatabaseRefused, DatabaseFull: what was sent and not written down goes again.
        """
        if self._server is None:
            return 0
        first = self._claim()
        if first is None:
            return 0
        sent, current = 0, first
        try:
            with self._server.connect() as connection:
                for current in self._claimed(first):
                    sent += self._hand_over(connection, current)
        except (MailServerUnavailable, MailRefused) as error:
            # of the connection, before the mail in hand or in its middle
            self._put_off(current, error, is_last=False)
        return sent

    def sweep(self) -> None:
        """Remove what was sent or given up a while ago."""
        now = func.now()
        old = or_(OutgoingMail.sent_at < now - SENT_KEPT, OutgoingMail.given_up_at < now - GIVEN_UP_KEPT)
        with self._database.session() as session:
            session.execute(delete(OutgoingMail).where(old))

    def _claimed(self, first: OutgoingMail) -> Iterator[OutgoingMail]:
        mail: OutgoingMail | None = first
        for _ in range(_AT_ONCE):
            if mail is None:
                return
            yield mail
            mail = self._claim()

    def _claim(self) -> OutgoingMail | None:
        """Take the mail that waits longest; nobody else has it for the time of the lease."""
        now = func.clock_timestamp()
        waiting = (
            select(OutgoingMail.id)
            .where(_DUE, OutgoingMail.next_attempt_at <= now)
            .order_by(OutgoingMail.next_attempt_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        taken = (
            update(OutgoingMail)
            .where(OutgoingMail.id == waiting.scalar_subquery())
            .values(attempts=OutgoingMail.attempts + 1, next_attempt_at=now + _LEASE)
            .returning(OutgoingMail)
        )
        with self._database.session() as session:
            return session.scalar(taken)

    def _hand_over(self, connection: MailConnection, mail: OutgoingMail) -> bool:
        try:
            content = Mail(mail.to_address, mail.subject, mail.body)
            connection.send(content, mail_id=mail.id, at=mail.created_at)
        except (MailRefused, MailInvalid) as error:
            self._put_off(mail, error, is_last=True)
        except MailServerUnavailable as error:
            self._put_off(mail, error, is_last=False)
        else:
            self._write(mail, sent_at=func.clock_timestamp(), last_error=None)
            return True
        return False

    def _put_off(self, mail: OutgoingMail, error: AppError, *, is_last: bool) -> None:
        if is_last or mail.attempts >= MOST_ATTEMPTS:
            _LOG.error("mail %s is given up after %d attempts: %s", mail.id, mail.attempts, error.message)
            self._write(mail, given_up_at=func.clock_timestamp(), last_error=error.message)
        else:
            _LOG.warning("mail %s is sent later: %s", mail.id, error.message)
            later = func.clock_timestamp() + pause_after(mail.attempts)
            self._write(mail, next_attempt_at=later, last_error=error.message)

    def _write(self, mail: OutgoingMail, **values: object) -> None:
        # not where somebody else has it: the lease was over
        own = (OutgoingMail.id == mail.id) & (OutgoingMail.attempts == mail.attempts) & _DUE
        with self._database.session() as session:
            session.execute(update(OutgoingMail).where(own).values(**values))


def pause_after(attempts: int) -> timedelta:
    """How long a mail waits after so many attempts: a minute, 4, 16, 64 minutes, then 4 and 6 hours."""
    return min(timedelta(minutes=4 ** (min(attempts, 10) - 1)), _LONGEST_PAUSE)


def waiting_mails(session: Session) -> tuple[int, int]:
    """How many wait, and how many were given up lately."""
    waiting = session.scalar(select(func.count()).select_from(OutgoingMail).where(_DUE))
    given_up = session.scalar(
        select(func.count()).select_from(OutgoingMail).where(OutgoingMail.given_up_at.is_not(None))
    )
    return waiting or 0, given_up or 0
