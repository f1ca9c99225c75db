"""Alerts are raised once and resolved once, told in the log and by mail, whoever looks."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select, text, update

from voicewright.accounts.caller import Role
from voicewright.accounts.service import AccountService
from voicewright.audit.acts import Act
from voicewright.audit.trail import note
from voicewright.monitoring import alerts as alerts_module
from voicewright.monitoring.alerts import Watch, list_alerts
from voicewright.notifications.mail import MailServer
from voicewright.notifications.models import OutgoingMail
from voicewright.notifications.outbox import Outbox
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.monitoring.models import Alert
    from voicewright.settings import Settings

MIB = 1 << 20


@pytest.fixture
def watched(settings: Settings) -> Settings:
    return settings.model_copy(update={"storage_quota_mb": 100, "user_storage_quota_mb": 50})


@pytest.fixture
def watch(database: Database, watched: Settings) -> Watch:
    AccountService(watched, database).users.add("admin@example.com", role=Role.ADMIN)
    server = MailServer("127.0.0.1", 1, "", "", is_tls=False, sender="voices@example.com")
    return Watch(database, watched, Outbox(database, server))


def alerts(database: Database, *, is_open: bool | None = True) -> list[Alert]:
    with database.session() as session:
        return list(list_alerts(session, is_open=is_open, limit=100, offset=0)[0])


def mails(database: Database) -> list[OutgoingMail]:
    with database.session() as session:
        return list(session.scalars(select(OutgoingMail).order_by(OutgoingMail.created_at)))


def test_an_alert_is_raised_once_and_resolved_when_it_is_over(
    database: Database, watch: Watch, enter_voice: Callable[..., VoiceModel], caplog: pytest.LogCaptureFixture
) -> None:
    watch.look()
    assert (alerts(database), mails(database)) == ([], [])

    voice = enter_voice(score=0.4)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            watch.look()
    [alert] = alerts(database)
    assert (alert.kind, alert.severity, alert.details) == ("quality_low", "warning", {"average_quality": 0.4})
    [mail] = mails(database)
    assert mail.subject == "Voicewright: Alert (quality_low, warning)"
    assert alert.message in mail.body
    assert caplog.text.count("Alert (quality_low, warning)") == 1

    with database.session() as session:
        session.execute(update(VoiceModel).where(VoiceModel.id == voice.id).values(quality_score=0.9))
    for _ in range(2):
        watch.look()
    assert alerts(database) == []
    [over] = alerts(database, is_open=None)
    assert over.resolved_at is not None
    assert [mail.subject for mail in mails(database)][1:] == ["Voicewright: Resolved (quality_low)"]
    assert "Resolved (quality_low)" in caplog.text

    with database.session() as session:
        session.execute(update(VoiceModel).where(VoiceModel.id == voice.id).values(quality_score=0.1))
    watch.look()
    assert [one.kind for one in alerts(database)] == ["quality_low"]  # anew


def test_storage_of_all_and_of_one_user(
    database: Database, watch: Watch, enter_voice: Callable[..., VoiceModel]
) -> None:
    ann, bob = uuid.uuid4(), uuid.uuid4()
    enter_voice(owner_id=ann, stored_bytes=45 * MIB)
    enter_voice(owner_id=bob, stored_bytes=38 * MIB)
    watch.look()
    found = {(one.kind, one.subject): one for one in alerts(database)}
    assert set(found) == {("storage_high", ""), ("user_storage_high", str(ann))}
    assert found["storage_high", ""].details == {"used_bytes": 83 * MIB, "quota_bytes": 100 * MIB}
    [mail] = mails(database)
    assert mail.subject.endswith("and 1 more")

    enter_voice(owner_id=bob, stored_bytes=20 * MIB)  # now it is full
    watch.look()
    assert {one.kind: one.severity for one in alerts(database)}["storage_high"] == "critical"
    assert "storage_high, critical" in mails(database)[1].body
    with database.session() as session:
        session.execute(delete(VoiceModel))
    watch.look()
    assert alerts(database) == []


def test_failing_operations_and_cleanups(
    database: Database, watch: Watch, enter_cleanup: Callable[..., Any]
) -> None:
    for number in range(20):
        with database.session() as session:
            result = "failed" if number < 3 else "done"
            note(session, Act("voice_model.read", uuid.uuid4(), None, result=result))  # type: ignore[arg-type]
    enter_cleanup(eligible=101, cleaned=100, failed=1)
    watch.look()
    assert {one.kind for one in alerts(database)} == {
        "operations_failing",
        "cleanup_failed",
        "cleanup_backlog",
    }
    enter_cleanup(eligible=1, cleaned=1)
    watch.look()
    assert {one.kind for one in alerts(database)} == {"operations_failing"}


def test_workers_that_look_at_once_raise_it_once(
    database: Database, watch: Watch, enter_voice: Callable[..., VoiceModel]
) -> None:
    enter_voice(score=0.1)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: watch.look(), range(8)))
    assert len(alerts(database, is_open=None)) == len(mails(database)) == 1


def test_one_looks_at_a_time(
    database: Database, watch: Watch, enter_voice: Callable[..., VoiceModel]
) -> None:
    enter_voice(score=0.1)
    with database.session() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": alerts_module._LOCK})
        watch.look()
        assert alerts(database) == []
    watch.look()
    assert len(alerts(database)) == 1
