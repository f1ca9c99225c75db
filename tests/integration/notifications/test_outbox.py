"""What is in the outbox goes out once, or is given up aloud; a mail server that is away blocks nothing."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, update

from voicewright.accounts.caller import Role
from voicewright.accounts.service import AccountService
from voicewright.notifications.choices import NotificationChoices
from voicewright.notifications.mail import MailServer
from voicewright.notifications.models import OutgoingMail
from voicewright.notifications.notices import Notice
from voicewright.notifications.outbox import GIVEN_UP_KEPT, MOST_ATTEMPTS, SENT_KEPT, Outbox, waiting_mails
from voicewright.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicewright.db.server import Database


@pytest.fixture
def administrators(settings: Settings, database: Database) -> list[str]:
    """Two who are told, and three who are not."""
    users = AccountService(settings, database).users
    people = [users.add(f"{name}@example.com", role=Role.ADMIN) for name in ("ann", "bob", "gone")]
    users.change(people[-1].id, disabled=True)
    users.add("someone@example.com")
    return ["ann@example.com", "bob@example.com"]


def outbox_to(database: Database, port: int) -> Outbox:
    settings = Settings(smtp_url=f"smtp://127.0.0.1:{port}", mail_from="voices@example.com")
    return Outbox(database, MailServer.of(settings))


def tell(database: Database, outbox: Outbox, subject: str = "An alert") -> None:
    with database.session() as session:
        outbox.tell_administrators(session, Notice.ALERTS, subject, "Look at it.")


def rows(database: Database) -> list[OutgoingMail]:
    with database.session() as session:
        return list(session.scalars(select(OutgoingMail).order_by(OutgoingMail.to_address)))


def make_due(database: Database) -> None:
    with database.session() as session:
        session.execute(update(OutgoingMail).values(next_attempt_at=func.now() - timedelta(seconds=1)))


def test_every_administrator_gets_one_mail(
    database: Database, administrators: list[str], mail_server: Callable[..., Any]
) -> None:
    server = mail_server()
    outbox = outbox_to(database, server.port)
    tell(database, outbox)
    assert server.commands == []  # telling sends nothing

    assert outbox.send_due() == 2
    assert outbox.send_due() == 0
    assert sorted(message["To"] for message in server.received) == administrators
    assert server.commands.count("QUIT") == 1
    assert [(row.attempts, row.sent_at is not None) for row in rows(database)] == [(1, True), (1, True)]


@pytest.mark.usefixtures("administrators")
def test_without_a_mail_server_nothing_is_written(database: Database) -> None:
    outbox = Outbox(database, None)
    tell(database, outbox)
    assert (rows(database), outbox.send_due()) == ([], 0)


@pytest.mark.usefixtures("administrators")
def test_what_is_taken_back_is_not_sent(database: Database, mail_server: Callable[..., Any]) -> None:
    outbox = outbox_to(database, mail_server().port)

    def fail() -> None:
        with database.session() as session:
            outbox.tell_administrators(session, Notice.ALERTS, "An alert", "")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert rows(database) == []


@pytest.mark.usefixtures("administrators")
def test_a_server_that_is_away_costs_one_attempt_of_one_mail_and_loses_none(
    database: Database, mail_server: Callable[..., Any]
) -> None:
    away = outbox_to(database, 1)
    tell(database, away)
    assert away.send_due() == 0
    assert sorted(row.attempts for row in rows(database)) == [0, 1]
    [tried] = [row for row in rows(database) if row.attempts]
    assert tried.next_attempt_at - tried.created_at > timedelta(seconds=59)
    assert "is away" in (tried.last_error or "")

    server = mail_server()
    back = outbox_to(database, server.port)
    assert back.send_due() == 1  # the other one waits its minute
    make_due(database)
    assert back.send_due() == 1
    assert len(server.received) == 2


@pytest.mark.usefixtures("administrators")
def test_one_address_that_is_refused_does_not_hold_up_the_others(
    database: Database, mail_server: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    server = mail_server(to={"ann@example.com": "550 no such person"})
    outbox = outbox_to(database, server.port)
    tell(database, outbox)
    with caplog.at_level(logging.ERROR):
        assert outbox.send_due() == 1
    refused, sent = rows(database)
    assert refused.given_up_at is not None
    assert "550: no such person" in (refused.last_error or "")
    assert sent.sent_at is not None
    assert "is given up after 1 attempts" in caplog.text


def test_a_mail_is_given_up_in_the_end(
    database: Database,
    administrators: list[str],
    mail_server: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = mail_server(to=dict.fromkeys(administrators, "451 later"))
    outbox = outbox_to(database, server.port)
    tell(database, outbox)
    for _ in range(MOST_ATTEMPTS + 2):
        make_due(database)
        outbox.send_due()
    assert [(row.attempts, row.given_up_at is not None) for row in rows(database)] == [
        (MOST_ATTEMPTS, True)
    ] * 2
    assert caplog.text.count("given up after 10 attempts") == 2
    with database.session() as session:
        assert waiting_mails(session) == (0, 2)


@pytest.mark.usefixtures("administrators")
def test_workers_that_send_at_once_send_each_mail_once(
    database: Database, mail_server: Callable[..., Any]
) -> None:
    server = mail_server()
    outboxes = [outbox_to(database, server.port) for _ in range(4)]
    for number in range(8):
        tell(database, outboxes[0], f"Alert {number}")
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(Outbox.send_due, outboxes)) == 16
    assert len({message["Message-ID"] for message in server.received}) == len(server.received) == 16


@pytest.mark.usefixtures("administrators")
def test_one_that_died_with_a_mail_in_hand_leaves_it_to_the_next(
    database: Database, mail_server: Callable[..., Any]
) -> None:
    server = mail_server()
    outbox = outbox_to(database, server.port)
    tell(database, outbox)
    taken = outbox._claim()
    assert taken is not None
    assert outbox.send_due() == 1
    make_due(database)  # the lease is over
    assert outbox.send_due() == 1
    outbox._write(taken, given_up_at=func.now())  # it wakes up, and has nothing to say any more
    assert [row.given_up_at for row in rows(database)] == [None, None]


@pytest.mark.usefixtures("administrators")
def test_old_mails_are_swept(database: Database, mail_server: Callable[..., Any]) -> None:
    server = mail_server(to={"ann@example.com": "550 no"})
    outbox = outbox_to(database, server.port)
    tell(database, outbox)
    outbox.send_due()
    outbox.sweep()
    assert len(rows(database)) == 2
    with database.session() as session:
        session.execute(
            update(OutgoingMail).values(
                sent_at=OutgoingMail.sent_at - SENT_KEPT, given_up_at=OutgoingMail.given_up_at - GIVEN_UP_KEPT
            )
        )
    outbox.sweep()
    assert rows(database) == []


def test_one_account_is_told(settings: Settings, database: Database, mail_server: Callable[..., Any]) -> None:
    users = AccountService(settings, database).users
    people = {name: users.add(f"{name}@example.com").id for name in ("ann", "odd,one", "bob")}
    server = mail_server()
    outbox = outbox_to(database, server.port)
    for user_id in (people["ann"], people["odd,one"]):  # nothing can be sent to the second
        with database.session() as session:
            outbox.tell(Notice.VOICES_EXPIRING, session, user_id, "Your voice", "It goes soon.")
    assert outbox.send_due() == 1
    assert server.received[0]["To"] == "ann@example.com"


def test_nobody_is_told_of_what_they_do_not_want(
    settings: Settings, database: Database, mail_server: Callable[..., Any]
) -> None:
    users, choices = AccountService(settings, database).users, NotificationChoices(database)
    ann, bob = (users.add(f"{name}@example.com", role=Role.ADMIN).id for name in ("ann", "bob"))
    unasked = {Notice.TRAINING_ENDED: False, Notice.VOICES_EXPIRING: True, Notice.ALERTS: True}
    assert choices.of(ann) == choices.change(ann, {}) == unasked
    wanted = {Notice.TRAINING_ENDED: True, Notice.ALERTS: False}
    assert choices.change(ann, {Notice.ALERTS: True}) == unasked
    assert choices.change(ann, wanted) == choices.of(ann) == unasked | wanted
    outbox = outbox_to(database, mail_server().port)
    tell(database, outbox)
    for who in (ann, bob):
        with database.session() as session:
            outbox.tell(Notice.TRAINING_ENDED, session, who, "A voice is trained", "Hear it.")
    told = [(row.to_address, row.subject) for row in rows(database)]
    assert told == [("ann@example.com", "A voice is trained"), ("bob@example.com", "An alert")]
