"""An account goes with all that it has: rows, files, keys; and what its receipt says of that."""

from __future__ import annotations

import importlib
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text, update

import voicewright
from voicewright.accounts.models import UserSession
from voicewright.accounts.rate_limits import per_window
from voicewright.audit.acts import Act
from voicewright.audit.trail import note
from voicewright.db.base import Base
from voicewright.db.server import AT_MOST
from voicewright.erasure import service as erasure_service
from voicewright.erasure.receipts import digest_of
from voicewright.erasure.rows import NO_VOICE, NOBODY
from voicewright.listening.models import ListeningSide, ListeningTest
from voicewright.monitoring.models import Alert
from voicewright.notifications.models import OutgoingMail
from voicewright.notifications.notices import Notice
from voicewright.onboarding.models import OnboardingJob
from voicewright.provenance.models import SpeechFingerprint
from voicewright.speech.long.models import LongChunk, LongPart, LongSpeech
from voicewright.speech.models import CachedPiece, SpeechPreferences, Synthesis
from voicewright.storage.errors import KeyDestroyed, StorageUnavailable
from voicewright.storage.pending import let_go
from voicewright.training.models import TrainingJob
from voicewright.voices.caching import ANALYTICS, STATISTICS, changed
from voicewright.voices.cleanup.models import CleanupNotice, CleanupRun
from voicewright.voices.copies import backups
from voicewright.voices.copies.backup_store import lock_backups
from voicewright.voices.figures import ratings
from voicewright.voices.figures.models import VoiceRating, VoiceUse
from voicewright.voices.models import KeptTree, VoiceModel, VoiceUpload
from voicewright.voices.sharing.models import VoiceShare

PASSWORD = "correct horse battery"  # noqa: S105
NAMES_SOMEBODY = {
    "owner_id", "user_id", "target_user_id", "actor_id", "subject_id", "subject", "requested_by",
    "asserted_by", "started_by", "to_address",
}  # fmt: skip
"""The columns that say whose a row is."""
STAYS = {
    "user_keys": "the key is gone, and no other one is made",
    "erasures": "the receipt",
    "audit_events": "what nobody may change: ids, addresses",
    "audit_heads": "the ends of the chains",
    "cleanup_runs": "ids of voices that were cleaned up",
}


@pytest.fixture
def api_settings(settings, short_dir):
    """Backups lie in a store of their own."""
    return settings.model_copy(update={"backup_url": f"file://{short_dir}/backups"})


@pytest.fixture
def erasures(services):
    return services.erasures


@pytest.fixture
def fill(database, services, make_person, enter_sample, enter_dataset, add_voice):  # noqa: PLR0917 - fixtures
    """Give somebody at least one row in every table that can have one."""

    def fill(person):
        other = make_person(f"{uuid.uuid4()}@example.com")
        now = datetime.now(UTC)
        voice, theirs = add_voice(person), add_voice(other)
        dataset = enter_dataset(person.id)
        sample = enter_sample(person.id, dataset=dataset)
        services.samples.vault.of(person.id).put_bytes(b"a recording")
        services.consents.assert_consent(person.id, "Ann", asserted_by=person.id)
        services.accounts.users.link(person.id)
        services.notifications.change(person.id, {Notice.TRAINING_ENDED: True})
        person.key("training:read")
        services.accounts.rate_limits.hit(per_window("things", 5, 3600), str(person.id), what="things")
        caller = services.accounts.authenticate(person.access_token)
        body = {"voiceSampleIds": [str(sample.id)], "provider": "tone"}
        from voicewright.training.schemas import TrainingRequestBody

        job = services.training.start(caller, TrainingRequestBody.model_validate(body))
        services.accounts.onboarding_tokens.make(caller, "user_1", lifetime_s=60, max_clones=1)
        long_texts = {uuid.uuid4(): person, uuid.uuid4(): other}
        rows = [
            KeptTree(training_job_id=uuid.uuid4(), kind="spoken", owner_id=person.id, digest="0" * 64),
            VoiceUpload(owner_id=person.id, digest="1" * 64, bytes=1),
            VoiceShare(model_id=voice.id, owner_id=person.id, target_user_id=other.id, permission="use"),
            VoiceShare(model_id=theirs.id, owner_id=other.id, target_user_id=person.id, permission="use"),
            VoiceRating(model_id=theirs.id, user_id=person.id, stars=4),
            VoiceRating(model_id=voice.id, user_id=other.id, stars=5),
            CleanupNotice(model_id=voice.id, owner_id=person.id, due_at=now, noticed_at=now),
            CleanupRun(started_by=person.id, dry_run=True, started_at=now, report=[]),
            Alert(
                kind="storage", subject=str(person.id), severity="warning", message="much", details={},
                raised_at=now,
            ),
            OutgoingMail(
                to_address=person.email, subject="s", body="b", attempts=0, created_at=now,
                next_attempt_at=now,
            ),
            *(
                VoiceUse(
                    model_id=model.id, owner_id=model.owner_id, user_id=user.id, outcome="spoken",
                    characters=5, audio_s=1.0, latency_ms=50.0, cost_usd=Decimal(1),
                )
                for model, user in ((voice, person), (voice, other), (theirs, person))
            ),
            *(
                Synthesis(
                    id=uuid.uuid4(), user_id=user.id, voice_model_id=model.id, voice_owner_id=model.owner_id,
                    voice_name=person.email, voice_version=1, engine="tone", engine_version="1",
                    language="en-us", source="voice", text="Hello.", text_digest="3" * 64, markup="text",
                    characters=6, parameters={}, pieces=1,
                    voices=[{"model_id": str(one.id), "owner_id": str(one.owner_id), "name": one.name,
                             "version": 1, "engine": "tone"} for one in (voice, theirs)],
                )
                for model, user in ((voice, person), (voice, other), (theirs, person))
            ),
            *(
                SpeechFingerprint(
                    synthesis_id=uuid.uuid4(), user_id=user.id, owner_id=model.owner_id, model_id=model.id,
                    model_version=1, engine="tone", made_at=now, duration_s=1.0, prints=[1, 2],
                )
                for model, user in ((voice, person), (voice, other), (theirs, person))
            ),
            *(
                LongSpeech(
                    id=long_id, owner_id=user.id, kind="text", title="Chapter", text_digest="6" * 64,
                    markup="text", characters=1, parameters={}, output_format="mp3", paragraphs=False,
                )
                for long_id, user in long_texts.items()
            ),
            SpeechPreferences(user_id=person.id, keep_text="hash"),
            *(
                ListeningTest(
                    user_id=user.id, name="Blind", language="en-us", sentences=["Hello."],
                    sides=[
                        ListeningSide(
                            number=0, kind="voice", model_id=voice.id, owner_id=person.id, label=person.email
                        )
                    ],
                )
                for user in (person, other)
            ),
            *(
                CachedPiece(user_id=user.id, key=key * 64, voice_model_id=voice.id, bytes=1)
                for user, key in ((person, "4"), (other, "5"))
            ),
        ]  # fmt: skip
        rows.append(
            OnboardingJob(
                job_id=job.job_id, owner_id=person.id, end_user="user_1", voice_name="Ann",
                sample_id=sample.id, recording_digest="7" * 64, sample_text="Hello.",
                environment="development", created_at=now,
            )
        )  # fmt: skip
        with database.session() as session:
            session.add_all(rows)
            session.flush()
            session.add_all(
                LongPart(
                    speech_id=long_id, number=1, name="", speed=1.0, voice_model_id=voice.id,
                    voice_owner_id=person.id, voice_name=voice.name,
                )
                for long_id in long_texts
            )  # fmt: skip
            session.flush()
            session.add_all(
                LongChunk(speech_id=long_id, number=1, part=1, pieces=[], characters=1)
                for long_id in long_texts
            )
            changed(session, person.id, voice.id)
            note(session, Act("voice_model.read", person.id, person.id, model_id=voice.id))
        with database.session() as session:
            for cache, subject in ((ANALYTICS, person.id), (STATISTICS, voice.id)):
                cache.answers(session, {subject: f"of:{subject}"}, lambda found: {one: {} for one in found})
        services.copies.backups.make(caller, person.id)
        services.history.vault.of(person.id).put_named(f"{person.id}/history/{uuid.uuid4()}", b"speech")
        let_go(services.voices.vault.of(person.id), ["2" * 64])
        services.long.vault.of(person.id).put_bytes(b"a chapter")
        return other, voice, job.job_id

    return fill


def tables_with(database, *needles):
    """The tables that have one of the texts anywhere in a row."""
    for path in Path(voicewright.__file__).parent.glob("*/*models.py"):
        importlib.import_module(f"voicewright.{path.parent.name}.{path.stem}")
    found = set()
    with database.session() as session:
        for table in Base.metadata.sorted_tables:
            for needle in needles:
                looked = text(f'SELECT 1 FROM "{table.name}" t WHERE t::text ILIKE :needle LIMIT 1')  # noqa: S608
                if session.scalar(looked, {"needle": f"%{needle}%"}) is not None:
                    found.add(table.name)
    return found


def naming_tables():
    return {table.name for table in Base.metadata.sorted_tables if NAMES_SOMEBODY & set(table.c.keys())}


def test_nothing_of_a_deleted_account_is_left_anywhere(  # noqa: PLR0917 - fixtures
    client, database, person, admin, fill, services, short_dir
):
    other, voice, _ = fill(person)
    assert list(short_dir.glob(f"backups/backups/{person.id}/*.json"))
    before = tables_with(database, person.id, person.email, voice.id)
    forgotten = naming_tables() - before - {"erasures"}
    assert not forgotten, f"enter a row of theirs in `fill`: {forgotten}"

    answer = client.request("DELETE", "/account", headers=person.headers)
    assert answer.status_code == 200, answer.text
    receipt = answer.json()
    assert tables_with(database, person.id, person.email, voice.id) == set(STAYS)
    assert receipt["sha256"] == digest_of(receipt)
    assert receipt["state"] == "complete"
    assert (receipt["user_id"], receipt["requested_by"]) == (str(person.id), str(person.id))
    kinds = {
        "accounts", "alerts", "api_keys", "blind_tests", "cleanup_notices", "clips", "consents", "datasets",
        "fingerprints", "kept_voices", "long_texts", "mails", "notification_choices", "onboarding_jobs",
        "onboarding_tokens",
        "rate_limits", "samples", "sessions",
        "sign_in_links", "speech_cache", "speech_preferences", "syntheses", "training_events",
        "training_jobs", "voice_models", "voice_ratings", "voice_shares", "voice_uploads", "voice_uses",
    }  # fmt: skip
    assert receipt["deleted"].keys() == kinds
    assert (receipt["deleted"]["voice_shares"], receipt["deleted"]["voice_uses"]) == (2, 2)
    assert receipt["bytes"] == 1_000_000 + voice.stored_bytes
    assert receipt["objects"] > 3
    with database.session() as session:  # what was spoken for them goes on counting for the voice's owner
        of_other = session.query(VoiceUse).where(VoiceUse.owner_id == other.id).one()
        print_of_other = session.query(SpeechFingerprint).one()
        of_others = session.query(Synthesis).one()  # and stays in theirs, without saying whose voice it was
        kept = session.query(CachedPiece).one()
        compared = session.query(ListeningSide).one()
        spoken_with_it = session.query(LongPart).one()
        assert session.query(LongSpeech).one().owner_id == other.id
    assert of_other.user_id == NOBODY
    assert (of_others.user_id, of_others.voice_owner_id) == (other.id, NOBODY)
    assert (print_of_other.user_id, print_of_other.owner_id, print_of_other.model_id) == (
        other.id,
        NOBODY,
        NOBODY,
    )
    assert (of_others.voice_model_id, of_others.voice_name) == (NOBODY, NO_VOICE)
    assert [(one["owner_id"], one["name"] == NO_VOICE) for one in of_others.voices] == [
        (str(NOBODY), True),
        (str(other.id), False),
    ]
    assert (spoken_with_it.voice_owner_id, spoken_with_it.voice_name) == (NOBODY, NO_VOICE)
    assert (kept.user_id, kept.voice_model_id) == (other.id, NOBODY)
    assert (compared.owner_id, compared.model_id, compared.label) == (NOBODY, NOBODY, NO_VOICE)

    shown = client.get(f"/admin/erasures/{receipt['id']}", headers=admin.headers)
    assert (shown.status_code, shown.json()) == (200, receipt)
    assert client.get("/auth/me", headers=person.headers).status_code == 401
    assert client.request("DELETE", "/account", headers=person.headers).status_code == 401
    for vault in (services.voices.vault, services.samples.vault, services.history.vault):
        with pytest.raises(KeyDestroyed):
            vault.of(person.id).put_bytes(b"late work")
    files = short_dir.rglob("*")
    assert [path for path in files if str(person.id) in str(path)] == []
    other_voice = services.voices.of(other.id).get("Ann")
    assert services.voices.materialise(other_voice).is_dir()
    with database.session() as session:
        action = text("SELECT action FROM audit_events WHERE owner_id = :id ORDER BY sequence DESC LIMIT 1")
        assert session.scalar(action, {"id": person.id}) == "account.delete"


def test_a_deletion_asks_for_the_password_or_for_a_new_sign_in(client, make_person, database, services):
    ann = make_person("ann@example.com", password=PASSWORD)
    bob = make_person("bob@example.com")

    def delete(headers, body=None):
        answer = client.request("DELETE", "/account", headers=headers, json=body)
        return answer.status_code, answer.json().get("code")

    assert delete(ann.headers) == (401, "SIGN_IN_FAILED")
    assert delete(ann.headers, {"password": "wrong horse"}) == (401, "SIGN_IN_FAILED")
    assert delete(ann.key("account"), {"password": PASSWORD}) == (403, "NOT_ALLOWED")
    assert delete(ann.headers, {"pass": PASSWORD}) == (422, "VALIDATION_FAILED")
    assert delete(ann.headers, {"password": PASSWORD}) == (200, None)
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    with database.session() as session:
        session.execute(update(UserSession).where(UserSession.user_id == bob.id).values(created_at=hour_ago))
    assert delete(bob.headers) == (403, "SIGN_IN_TOO_OLD")
    caller = services.accounts.authenticate(bob.access_token)
    from_provider = replace(caller, session_id=None, issued_at=datetime.now(UTC))
    services.accounts.confirm(from_provider, password=None, origin=None)


def test_administrators_delete_accounts_and_the_last_one_stays(client, admin, make_person, person):
    path = f"/admin/users/{person.id}"
    assert client.delete(path, headers=person.headers).status_code == 403
    receipt = client.delete(path, headers=admin.headers).json()
    assert (receipt["user_id"], receipt["requested_by"]) == (str(person.id), str(admin.id))
    later = client.delete(f"/admin/users/{make_person('gone@example.com').id}", headers=admin.headers).json()
    for query, page in (("", [later, receipt]), ("?limit=1", [later]), ("?limit=1&offset=1", [receipt])):
        listed = client.get(f"/admin/erasures{query}", headers=admin.headers).json()
        assert listed == {"erasures": page, "total": 2}
    assert client.delete(path, headers=admin.headers).json()["code"] == "USER_NOT_FOUND"
    assert (
        client.delete(f"/admin/users/{admin.id}", headers=admin.headers).json()["code"]
        == "LAST_ADMINISTRATOR"
    )
    answer = client.request("DELETE", "/account", headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "LAST_ADMINISTRATOR")
    unknown = client.get(f"/admin/erasures/{uuid.uuid4()}", headers=admin.headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "ERASURE_NOT_FOUND")
    make_person("second@example.com", admin=True)
    assert client.request("DELETE", "/account", headers=admin.headers).status_code == 200


def test_what_was_cut_off_is_completed_by_the_sweep(  # noqa: PLR0917 - fixtures
    client, erasures, person, admin, fill, monkeypatch
):
    fill(person)
    vault = erasures._parts.voices.vault

    def away(_):
        raise StorageUnavailable("The store is away.")

    monkeypatch.setattr(vault.objects, "delete", away)
    answer = client.delete(f"/admin/users/{person.id}", headers=admin.headers)
    receipt = answer.json()
    assert (answer.status_code, receipt["state"], receipt["completed_at"]) == (202, "erasing", None)
    assert list(vault.objects.paths(str(person.id)))
    with pytest.raises(StorageUnavailable):
        erasures.sweep()
    monkeypatch.undo()

    assert erasures.sweep() == 1
    complete = client.get(f"/admin/erasures/{receipt['id']}", headers=admin.headers).json()
    assert (complete["state"], complete["deleted"]) == ("complete", receipt["deleted"])
    assert complete["objects"] > 3
    assert list(vault.objects.paths(str(person.id))) == []
    assert erasures.finish(uuid.UUID(receipt["id"])).completed_at is not None
    again = client.get(f"/admin/erasures/{receipt['id']}", headers=admin.headers).json()
    assert again == complete


def test_what_late_work_brings_back_goes_with_the_next_sweep(  # noqa: PLR0917 - fixtures
    database, erasures, person, admin, fill, enter_sample
):
    _, _, job_id = fill(person)
    vault = erasures._parts.samples
    late = vault.of(person.id)
    cipher = vault.keys.cipher(person.id)  # another process may remember it for a while
    work = erasures._parts.work_dir / f"{job_id.hex}-2"
    erasures.erase(person.id, requested_by=admin.id)
    enter_sample(person.id)
    late._cipher = lambda: cipher
    late.put_bytes(b"late upload")
    work.mkdir()
    (work / "checkpoint").write_bytes(b"plain")

    assert erasures.sweep() == 1
    assert tables_with(database, person.id) == set(STAYS)
    assert list(vault.objects.paths(str(person.id))) == []
    assert not work.exists()
    later = datetime.now(UTC) - timedelta(days=30)
    with database.session() as session:
        session.execute(text("UPDATE erasures SET requested_at = :then"), {"then": later})
    assert erasures.sweep() == 0
    with database.session() as session:
        assert session.scalar(text("SELECT traces::text FROM erasures")) == "{}"


def test_trainings_are_cancelled_and_their_cost_stays_with_the_day(database, erasures, person, fill, admin):
    _, _, job_id = fill(person)
    with database.session() as session:
        job = session.get_one(TrainingJob, job_id)
        ticket = job.ticket
        assert session.scalar(text("SELECT count(*) FROM queue.procrastinate_jobs")) == 1
    erasures.erase(person.id, requested_by=admin.id)
    with database.session() as session:
        assert session.scalar(text("SELECT count(*) FROM queue.procrastinate_jobs")) == 0, ticket
        assert session.query(VoiceModel).where(VoiceModel.owner_id == person.id).count() == 0
        assert session.scalar(text("SELECT sum(reserved) FROM training_budget_days")) in {None, Decimal(0)}


def test_of_two_deletions_at_once_one_finds_nothing_any_more(client, person, admin, fill, run_together):
    fill(person)
    path = f"/admin/users/{person.id}"
    answers = run_together(lambda _: client.delete(path, headers=admin.headers).status_code, 4)
    assert sorted(answers) == [200, 404, 404, 404]


def test_a_backup_under_way_writes_nothing_after_the_receipt(  # noqa: PLR0917 - fixtures
    client, person, add_voice, services, monkeypatch, short_dir
):
    add_voice(person)
    caller, copy = services.accounts.authenticate(person.access_token), backups._copy
    begun, go_on = threading.Event(), threading.Event()

    def slowly(*arguments, **more):
        begun.set()
        assert go_on.wait(30)
        return copy(*arguments, **more)

    monkeypatch.setattr(backups, "_copy", slowly)
    with ThreadPoolExecutor(2) as pool:
        backup = pool.submit(services.copies.backups.make, caller, person.id)
        assert begun.wait(30)
        monkeypatch.setattr(erasure_service, "_BACKUP_WAIT_S", 0.1)
        busy = client.request("DELETE", "/account", headers=person.headers)
        assert (busy.status_code, busy.json()["code"]) == (409, "BACKUP_BUSY")
        monkeypatch.undo()
        deletion = pool.submit(client.request, "DELETE", "/account", headers=person.headers)
        go_on.set()
        assert backup.result().header.models == 1
        receipt = deletion.result().json()
    assert (receipt["state"], receipt["deleted"]["voice_models"]) == ("complete", 1)
    assert [path for path in short_dir.rglob("*") if str(person.id) in str(path)] == []
    with pytest.raises(KeyDestroyed):
        services.copies.backups.make(caller, person.id)


def test_a_deletion_lets_the_lock_of_its_backups_go(client, person, admin, database):
    assert client.delete(f"/admin/users/{person.id}", headers=admin.headers).status_code == 200
    with database.session() as session:
        lock_backups(session, person.id, wait_s=0.1)


def test_a_deletion_needs_one_connection(client, person, admin, database):
    """Otherwise a crowd of them would wait for each other."""
    with ExitStack() as held:
        for _ in range(AT_MOST - 1):
            held.enter_context(database.session()).connection()
        assert client.delete(f"/admin/users/{person.id}", headers=admin.headers).status_code == 200


def test_a_rating_and_a_deletion_at_once_do_not_wait_in_a_circle(  # noqa: PLR0917 - fixtures
    client, person, fill, database, admin, monkeypatch
):
    other, voice, _ = fill(person)
    with ThreadPoolExecutor(1) as pool:
        deletion = []

        def after_the_deletion_waits(session, *subjects):
            deletion.append(pool.submit(client.delete, f"/admin/users/{person.id}", headers=admin.headers))
            while not session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                assert not deletion[0].done()
            changed(session, *subjects)

        monkeypatch.setattr(ratings, "changed", after_the_deletion_waits)
        with database.session() as session:
            ratings.put_rating(session, voice, user_id=other.id, stars=1)
        assert deletion[0].result().json()["deleted"]["voice_ratings"] == 2
    assert voice.id not in {row[0] for row in _marks(database)}


def _marks(database):
    with database.session() as session:
        return session.execute(text("SELECT subject_id FROM voice_marks")).all()
