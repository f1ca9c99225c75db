"""The cleanup finds what the rules say, deletes it voice by voice, and can be cut off at any moment."""

from __future__ import annotations

import itertools
import signal
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from voicewright.accounts.caller import Caller, Role
from voicewright.accounts.errors import NotAllowed
from voicewright.accounts.policies import scopes_of
from voicewright.audit.models import AuditEvent
from voicewright.db.advisory import take_lock
from voicewright.voices.cleanup import run as run_module
from voicewright.voices.cleanup import service as cleanup_module
from voicewright.voices.cleanup.errors import CleanupRunning
from voicewright.voices.cleanup.models import CleanupNotice, CleanupRun
from voicewright.voices.cleanup.policies import CleanupRules
from voicewright.voices.cleanup.search import eligible, in_order
from voicewright.voices.cleanup.service import CleanupService
from voicewright.voices.entering import Entry, enter_voice
from voicewright.voices.figures.usage import Use, record_use
from voicewright.voices.lifecycle import LifecycleService
from voicewright.voices.models import VoiceModel
from voicewright.voices.schemas import StoredTrees, VoiceFacts

DAY = timedelta(days=1)
ADMIN = Caller(uuid.uuid4(), Role.ADMIN, scopes_of(Role.ADMIN))
USED = Use("spoken", 5, 1.0, 100.0)


@pytest.fixture
def mails():
    return []


@pytest.fixture
def make_cleanup(database, settings, voices, mails):
    """Make the service, with settings of one's own."""

    def make(**changed):
        def tell(_session, user_id, subject, body):
            mails.append((user_id, subject, body))

        return CleanupService(database, settings.model_copy(update=changed), voices, tell=tell)

    return make


@pytest.fixture
def cleanup(make_cleanup):
    return make_cleanup()


@pytest.fixture
def enter(database):
    """Enter a voice without files: `enter(owner_id, age_days=200, score=0.4, active=False, ...)`."""
    numbers = itertools.count()

    def enter(
        owner_id=None, *, age_days=200, score=0.4, active=False, used_days=None, undeleted_days=None, size=10
    ):
        now = datetime.now(UTC)
        facts = VoiceFacts(
            name=f"Voice {next(numbers)}", engine="tone", engine_version="1", language="en",
            speech_s=1.0, train_s=1.0, quality_score=score,
        )  # fmt: skip
        trees = StoredTrees(artefact="0" * 64, artefact_bytes=size, stored_bytes=size)
        with database.session() as session:
            voice = enter_voice(session, owner_id or uuid.uuid4(), Entry.of(facts), trees)
            voice.is_active, voice.created_at = active, now - age_days * DAY
            if undeleted_days is not None:
                voice.undeleted_at = now - undeleted_days * DAY
            if used_days is not None:
                record_use(session, voice, user_id=uuid.uuid4(), use=USED)
                session.execute(
                    text("UPDATE voice_usage SET at = :at WHERE model_id = :id"),
                    {"at": now - used_days * DAY, "id": voice.id},
                )
        return voice

    return enter


@pytest.fixture
def deleted(database):
    """The ids of the voices that are deleted."""

    def deleted():
        with database.session() as session:
            return set(session.scalars(select(VoiceModel.id).where(VoiceModel.deleted_at.is_not(None))))

    return deleted


def test_the_database_finds_what_the_rules_say(enter, database, settings):
    rules, now = CleanupRules.of(settings), datetime.now(UTC)
    choices = itertools.product(
        (183, 185), (None, 0.0, 0.499, 0.5), (False, True), (None, 29, 31), (None, 29, 31)
    )
    expected = set()
    for age, score, active, used, undeleted in choices:
        voice = enter(age_days=age, score=score, active=active, used_days=used, undeleted_days=undeleted)
        last = None if used is None else now - used * DAY
        if rules.is_eligible(voice, last, now):
            expected.add(voice.id)
    with database.session() as session:
        found = list(session.scalars(in_order(select(VoiceModel).where(eligible(rules, now)))))
    assert {voice.id for voice in found} == expected
    assert len(expected) == 8
    order = [(voice.quality_score, voice.created_at, voice.id) for voice in found]
    assert order == sorted(order)


def test_a_dry_run_tells_and_a_run_does(cleanup, enter, deleted, database):
    poor, poorer, good = enter(score=0.3, size=7), enter(score=0.2, size=5), enter(score=0.9)
    told = cleanup.run(ADMIN, dry_run=True)
    assert (told.eligible, told.cleaned, told.bytes, told.dry_run) == (2, 0, 0, True)
    assert [(each["id"], each["outcome"]) for each in told.report] == [
        (str(poorer.id), "eligible"),
        (str(poor.id), "eligible"),
    ]
    assert "quality 0.20, below 0.5" in told.report[0]["reasons"]
    assert deleted() == set()

    first = cleanup.run(ADMIN, limit=1)
    assert (first.eligible, first.cleaned, first.failed, first.bytes) == (2, 1, 0, 5)
    assert deleted() == {poorer.id}
    assert cleanup.run(ADMIN).cleaned == 1
    assert deleted() == {poor.id, poorer.id}
    assert cleanup.run(ADMIN).eligible == 0
    with database.session() as session:
        found = select(AuditEvent).where(AuditEvent.action == "voice_model.cleanup").order_by(AuditEvent.id)
        looked, *events = session.scalars(found)
        assert session.get_one(VoiceModel, good.id).deleted_at is None
    assert (looked.owner_id, looked.actor_id, looked.model_id) == (ADMIN.user_id, ADMIN.user_id, None)
    assert looked.details == {"dry_run": True, "run": str(told.id), "counts": {"eligible": 2, "told": 2}}
    assert [(event.model_id, event.actor_id, event.owner_id) for event in events] == [
        (poorer.id, ADMIN.user_id, poorer.owner_id),
        (poor.id, ADMIN.user_id, poor.owner_id),
    ]
    runs, total = cleanup.runs(ADMIN, limit=2, offset=0)
    assert ([run.eligible for run in runs], total) == ([0, 1], 4)
    assert all(run.finished_at and run.error is None for run in runs)


def test_what_was_cleaned_up_comes_back_and_stays(cleanup, enter, database, voices, deleted):
    voice = enter()
    cleanup.run(ADMIN)
    LifecycleService(database, voices).undelete(ADMIN, voice.id)
    assert cleanup.run(ADMIN).eligible == 0
    assert deleted() == set()


def test_a_voice_that_is_used_at_the_last_moment_stays(cleanup, enter, deleted, database, monkeypatch):
    first, second = enter(score=0.1), enter(score=0.2)
    put_away = cleanup._voices.put_away

    def use_the_second(_self, voice):
        with database.session() as session:
            record_use(session, second, user_id=ADMIN.user_id, use=USED)
        put_away(voice)

    monkeypatch.setattr(type(cleanup._voices), "put_away", use_the_second)
    run = cleanup.run(ADMIN)
    assert (run.eligible, run.cleaned, deleted()) == (2, 1, {first.id})


def test_one_that_can_not_be_deleted_keeps_no_other_from_it(cleanup, enter, deleted, database):
    bad, good = enter(score=0.1), enter(score=0.2)
    with database.session() as session:
        session.execute(text("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS "
                             "'BEGIN RAISE EXCEPTION ''no''; END'"))  # fmt: skip
        session.execute(text("CREATE TRIGGER no BEFORE UPDATE ON voice_models FOR EACH ROW "
                             f"WHEN (OLD.id = '{bad.id}') EXECUTE FUNCTION no()"))  # fmt: skip
    run = cleanup.run(ADMIN)
    assert (run.cleaned, run.failed, run.error, deleted()) == (1, 1, None, {good.id})
    assert [(each["outcome"], each["code"]) for each in run.report] == [
        ("failed", "INTERNAL_ERROR"),
        ("cleaned", None),
    ]


def test_there_is_one_run_at_a_time(cleanup, database, enter, deleted):
    enter()
    with database.session() as session:
        assert take_lock(session, cleanup_module._LOCK, wait_s=0)
        with pytest.raises(CleanupRunning):
            cleanup.run(ADMIN)
        assert cleanup.run_if_due() == 0
    assert deleted() == set()
    assert cleanup.run(ADMIN).cleaned == 1


KILLED = """
import os, signal, sys
from voicewright.db.server import Database
from voicewright.settings import Settings
from voicewright.voices.cleanup.service import CleanupService
from voicewright.voices.service import VoiceService
class Dies(VoiceService):
    def of(self, owner_id):
        os.kill(os.getpid(), signal.SIGKILL)
settings = Settings(home=sys.argv[1], database_url=sys.argv[2], cleanup_notice_days=0)
with Database.open(settings) as database:
    voices = Dies.open(settings, database)
    CleanupService(database, settings, voices).run_if_due()
"""


def test_a_run_that_is_killed_has_done_what_it_counted(  # noqa: PLR0917 - fixtures
    make_cleanup, enter, deleted, settings, database, start_python, until_unlocked
):
    voices = [enter(score=score, size=3) for score in (0.1, 0.2)]
    url = settings.database_url.get_secret_value()
    assert start_python(KILLED, settings.home, url).wait(60) == -signal.SIGKILL
    until_unlocked(database)
    assert deleted() == {voices[0].id}
    cleanup = make_cleanup(cleanup_notice_days=0)
    (cut_off,), _ = cleanup.runs(ADMIN, limit=1, offset=0)
    assert (cut_off.cleaned, cut_off.bytes, cut_off.finished_at) == (1, 3, None)
    assert cleanup.run_if_due() == 1  # as that one did not end well
    assert deleted() == {voice.id for voice in voices}
    (_, cut_off), _ = cleanup.runs(ADMIN, limit=2, offset=0)
    assert (cut_off.cleaned, cut_off.error) == (1, "The run was cut off.")


def test_the_schedule_runs_once_in_its_hours_over_all_workers(make_cleanup, enter, database, deleted):
    cleanup = make_cleanup(cleanup_notice_days=0)
    enter()
    counts = []
    workers = [threading.Thread(target=lambda: counts.append(cleanup.run_if_due())) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (sorted(counts), len(deleted())) == ([0, 0, 0, 1], 1)
    enter()
    assert cleanup.run_if_due() == 0
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(CleanupRun)) == 1
        session.execute(update(CleanupRun).values(finished_at=datetime.now(UTC) - timedelta(hours=25)))
    assert cleanup.run_if_due() == 1
    assert make_cleanup(cleanup_every_hours=0).run_if_due() == 0


def test_the_schedule_takes_all_in_one_run(make_cleanup, enter, deleted, monkeypatch):
    monkeypatch.setattr(run_module, "_BATCH", 2)
    monkeypatch.setattr(run_module, "MOST_TOLD", 3)
    voices = [enter(size=2) for _ in range(5)]
    cleanup = make_cleanup(cleanup_notice_days=0)
    assert cleanup.run_if_due() == 5
    assert deleted() == {voice.id for voice in voices}
    (run,), total = cleanup.runs(ADMIN, limit=10, offset=0)
    report = cleanup.get_run(ADMIN, run.id).report
    assert (total, run.eligible, run.cleaned, run.bytes, len(report)) == (1, 5, 5, 10, 3)


def test_owners_are_told_a_week_before_the_schedule_takes_a_voice(cleanup, enter, database, deleted, mails):
    owner = uuid.uuid4()
    soon, now, later = enter(owner, age_days=180), enter(owner), enter(owner, age_days=100)

    def pass_days(days):
        with database.session() as session:
            session.execute(update(CleanupRun).values(finished_at=datetime.now(UTC) - days * DAY))
            earlier = CleanupNotice.noticed_at - days * DAY
            session.execute(update(CleanupNotice).values(noticed_at=earlier))

    assert cleanup.run_if_due() == 0
    ((told, subject, body),) = mails
    assert (told, subject) == (owner, "2 voices of yours will be deleted in 7 days")
    assert all(str(voice.id) in body for voice in (soon, now))
    assert str(later.id) not in body
    pass_days(3)
    assert cleanup.run_if_due() == 0
    assert len(mails) == 1
    pass_days(5)
    assert cleanup.run_if_due() == 1
    assert deleted() == {now.id}
    with database.session() as session:
        record_use(session, soon, user_id=owner, use=USED)
    pass_days(5)
    assert cleanup.run_if_due() == 0
    with database.session() as session:  # what was told of it is void
        assert session.scalars(select(CleanupNotice.model_id)).all() == []


def test_owners_see_what_is_going_to_be_eligible_and_why(cleanup, enter):
    owner, now = uuid.uuid4(), datetime.now(UTC)
    due, soon = enter(owner, score=0.1), enter(owner, score=0.2, age_days=160)
    used = enter(owner, score=0.3, used_days=10)
    enter(owner, score=0.3, age_days=100)
    enter(owner, score=0.6)
    enter(owner, active=True)
    caller = Caller(owner, Role.USER, scopes_of(Role.USER))
    found, total = cleanup.expiring(caller, owner, limit=10, offset=0)
    assert ([each.voice.id for each in found], total) == ([due.id, soon.id, used.id], 3)
    assert [round((each.due_at - now) / DAY) for each in found] == [-16, 24, 20]
    assert "quality 0.10, below 0.5" in found[0].reasons
    assert [each.voice.id for each in cleanup.expiring(caller, owner, limit=1, offset=2)[0]] == [used.id]
    with pytest.raises(NotAllowed):
        cleanup.expiring(Caller(uuid.uuid4(), Role.USER, frozenset()), owner, limit=1, offset=0)


def test_the_search_reads_an_index_and_no_more_than_it_needs(database, settings):
    many = """
        INSERT INTO voice_models (id, owner_id, name, name_key, version, lineage_id, engine, engine_version,
            language, artefact_digest, artefact_bytes, speech_s, train_s, options, quality_score, is_active,
            created_at, updated_at)
        SELECT gen_random_uuid(), gen_random_uuid(), 'v', 'v', 1, gen_random_uuid(), 'tone', '1', 'en',
            repeat('0', 64), 1, 1, 1, '{}', 0.4 + (n % 600) / 1000.0, n % 3 = 0,
            now() - (n % 400) * interval '1 day', now() FROM generate_series(1, 20000) AS n
    """
    rules = CleanupRules.of(settings)
    with database.session() as session:
        session.execute(text(many))
        session.execute(text("ANALYZE voice_models"))
    page = in_order(select(VoiceModel.id).where(eligible(rules, datetime.now(UTC)))).limit(50)
    counted = select(func.count()).select_from(VoiceModel).where(eligible(rules, datetime.now(UTC)))
    with database.session() as session:
        for query in (page, counted):
            words = query.compile(database.engine, compile_kwargs={"literal_binds": True})
            plan = "\n".join(session.scalars(text(f"EXPLAIN {words}")))
            assert "ix_voice_models_cleanup" in plan, plan
            assert "Seq Scan on voice_models" not in plan, plan
