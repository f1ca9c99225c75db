"""Backups: everything is in them, once; and what was lost comes back, all of it or nothing."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import threading
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, text

from voicewright.accounts.errors import NotAllowed, RateLimited
from voicewright.accounts.rate_limits import RateLimits
from voicewright.audit.models import AuditEvent
from voicewright.engines.port import SynthesisRequest
from voicewright.engines.testing import ToneEngine
from voicewright.errors import AppError
from voicewright.privacy.errors import ConsentRequired
from voicewright.privacy.service import ConsentService
from voicewright.privacy.speakers import OWN_VOICE
from voicewright.storage.errors import KeyDestroyed, StorageFull
from voicewright.storage.master_keys import new_master_key
from voicewright.storage.objects import ObjectStore
from voicewright.storage.vault import forget_objects
from voicewright.training.data_of_voice import data_of_voice
from voicewright.voices.cleanup.policies import CleanupRules
from voicewright.voices.cleanup.search import eligible
from voicewright.voices.copies import backups
from voicewright.voices.copies.backup_store import BackupStore
from voicewright.voices.copies.backups import BackupService
from voicewright.voices.copies.errors import (
    BackupBusy,
    BackupDamaged,
    BackupKeyDiffers,
    BackupNotFound,
    BackupPathRefused,
)
from voicewright.voices.copies.exporting import TrainingData
from voicewright.voices.described import live_path
from voicewright.voices.figures.ratings import put_rating, ratings_of
from voicewright.voices.models import VoiceModel


@dataclass
class Owner:
    """Somebody with voices in an installation."""

    installation: Any
    caller: Any

    @property
    def id(self):
        return self.caller.user_id

    @property
    def voices(self):
        return self.installation.voices.of(self.id)

    @property
    def copies(self):
        return self.installation.copies

    def backup(self):
        return self.copies.backups.make(self.caller, self.id, counted=False)

    def restore(self, backup, **options):
        path = backup if isinstance(backup, str) else backup.place.told
        return self.copies.restores.restore(self.caller, self.id, path, **{"counted": False, **options})

    def rows(self):
        """All that is known of the voices, by their labels, but for when that was entered."""
        with self.installation.database.session() as session:
            found = session.scalars(select(VoiceModel).where(VoiceModel.owner_id == self.id))
            columns = {one.key for one in VoiceModel.__mapper__.column_attrs}
            columns -= {"updated_at", "revision", "undeleted_at", "unsettled"}
            return {row.label: {name: getattr(row, name) for name in sorted(columns)} for row in found}

    def state(self):
        """Everything that a failed restore must leave as it was."""
        objects = self.installation.voices.vault.objects
        live = {path for path in objects.paths("") if "/sha256/" in path and not path.startswith("backups/")}
        return self.rows(), live

    def lose_files(self):
        """All files are lost but the backups."""
        for path in (self.installation.settings.home / "blobs").iterdir():
            if path.name != "backups":
                shutil.rmtree(path)
        shutil.rmtree(self.installation.settings.home / "cache" / "voices")

    def in_new_database(self, make_installation, **changes):
        """The same owner in an installation whose database is new."""
        home = self.installation.settings.home
        return Owner(make_installation(**{"home": home, **changes}), self.caller)

    def spoken(self, voice):
        folder = self.voices.materialise(voice)
        request = SynthesisRequest(voice_dir=folder, text="One two three. Four.", language="en-us")
        quiet = SimpleNamespace(check_cancelled=lambda: None, log=lambda _: None)
        return b"".join(chunk.pcm for chunk in ToneEngine().synthesize(request, quiet))


@pytest.fixture
def ann(installation, make_caller):
    return Owner(installation, make_caller())


@pytest.fixture
def master_key():
    return new_master_key()


@pytest.fixture
def settings(settings, master_key):
    """A master key that is told, so that other installations can have it too."""
    return settings.model_copy(update={"master_key": type(settings.database_url)(master_key)})


def test_a_backup_holds_all_voices_and_a_second_one_copies_what_is_new(ann, whole_voice, database):
    first = ann.voices.register(whole_voice("Ann"))
    ann.voices.register(whole_voice("Bob", pitch_hz=90.0))
    made = ann.backup()
    assert made.place.told.startswith(f"store://local/backups/{ann.id}/backup_2")
    assert (made.header.models, made.left_out) == (2, ())
    assert made.new_files == made.header.files > 8
    assert made.new_bytes == made.header.bytes > 0
    again = ann.backup()
    assert (again.new_files, again.new_bytes, again.header.bytes) == (0, 0, made.header.bytes)
    ann.voices.register(whole_voice("Ann", pitch_hz=90.0))
    third = ann.backup()
    assert third.new_files == 2  # weights of its own, and the list of its files
    listed, total = ann.copies.backups.list_backups(ann.caller, ann.id)
    assert sorted(one.place.id for one in listed) == sorted(one.place.id for one in (third, again, made))
    assert total == 3
    assert ann.copies.backups.list_backups(ann.caller, ann.id, limit=1, offset=2)[1] == 3
    store = ann.installation.voices.vault.objects
    everything = b"".join(b"".join(store.stream(path)) for path in store.paths("backups"))
    assert b"Trained at night" not in everything
    assert first.artefact_digest.encode() not in everything
    with database.session() as session:
        acts = select(func.count()).where(AuditEvent.action == "voice_model.backup")
        assert session.scalar(acts) == 3


def test_a_deleted_backup_takes_the_files_along_that_no_other_one_needs(ann, whole_voice, make_caller):
    ann.voices.register(whole_voice("Ann"))
    first = ann.backup()
    ann.voices.register(whole_voice("Ann", pitch_hz=90.0))
    second = ann.backup()
    service, objects = ann.copies.backups, ann.installation.voices.vault.objects
    for odd in ("", "x", "../../a", "backup_20250101T000000Z_12345678", first.place.id + ".json"):
        with pytest.raises(BackupNotFound):
            service.delete(ann.caller, ann.id, odd)
    with pytest.raises(NotAllowed):
        service.delete(make_caller(), ann.id, first.place.id)
    service.delete(ann.caller, ann.id, first.place.id)
    ann.lose_files()
    assert {voice.version for voice in ann.restore(second, overwrite=True).replaced} == {1, 2}
    service.delete(ann.caller, ann.id, second.place.id)
    assert list(objects.paths("backups")) == []
    assert ann.copies.backups.list_backups(ann.caller, ann.id) == ([], 0)


def test_all_comes_back_when_the_database_and_the_files_are_lost(
    ann, whole_voice, make_installation, master_key
):
    voices = [ann.voices.register(whole_voice(name, pitch_hz=pitch)) for name, pitch in
              (("Ann", 150.0), ("Bob", 90.0), ("Ann", 200.0))]  # fmt: skip
    ann.voices.activate("Bob")
    with ann.installation.database.session() as session:
        put_rating(session, voices[0], user_id=uuid.uuid4(), stars=4)
    backup, before, said = ann.backup(), ann.rows(), [ann.spoken(voice) for voice in voices]
    ann.lose_files()
    later = ann.in_new_database(make_installation, master_key=master_key)
    done = later.restore(backup, activate=True)

    assert [voice.label for voice in done.restored] == ["Ann, version 1", "Ann, version 2", "Bob, version 1"]
    assert (done.replaced, done.skipped, done.active.name) == ([], [], "Bob")
    assert later.rows() == before
    assert [later.spoken(later.voices.get(voice.id)) for voice in voices] == said
    with later.installation.database.session() as session:
        assert ratings_of(session, [voices[0].id])[voices[0].id].average == 4.0
        noted = select(AuditEvent).where(AuditEvent.action == "voice_model.restore")
        act, *acts = session.scalars(noted.order_by(AuditEvent.sequence))
        assert (act.model_id, act.details["counts"]) == (None, {"restored": 3, "replaced": 0})
        assert [one.model_id for one in acts] == [voice.id for voice in done.restored]
        assert acts[0].details == {"backup": backup.place.id, "how": "restored", "version": 1}
    again = later.restore(backup)
    assert (again.restored, len(again.skipped)) == ([], 3)
    later.voices.register(whole_voice("Cid"))  # the key that came back seals what is new
    assert later.backup().new_files == 2
    later.voices.sweep()
    assert later.spoken(later.voices.get(voices[1].id)) == said[1]


def test_voices_that_are_there_stay_or_become_as_they_were(ann, whole_voice, evaluation):
    first = ann.voices.register(whole_voice("Ann", overall=0.7))
    second = ann.voices.register(whole_voice("Ann", overall=0.6, pitch_hz=90.0))
    gone = ann.voices.register(whole_voice("Bob", overall=0.5, pitch_hz=60.0))
    backup, before = ann.backup(), ann.rows()
    ann.voices.save_evaluation(first.id, evaluation(0.1))
    ann.voices.activate(second.id)
    ann.voices.delete(gone.id, purge=True)
    changed = ann.voices.register(whole_voice("Cid", pitch_hz=55.0))

    kept = ann.restore(backup)
    assert ([voice.id for voice in kept.restored], kept.replaced) == ([gone.id], [])
    assert set(kept.skipped) == {first.id, second.id}
    assert (kept.active.id, ann.voices.get(first.id).quality_score) == (second.id, 0.1)
    assert ann.spoken(ann.voices.get("Bob"))
    with_spoken = ann.restore(backup, overwrite=True, activate=True)
    assert len(with_spoken.replaced) == 3
    assert with_spoken.active.id == first.id
    assert {label: row for label, row in ann.rows().items() if label != changed.label} == before
    assert ann.voices.spoken(ann.voices.get(first.id)).read("sentence-00.flac")
    active = [label for label, row in ann.rows().items() if row["is_active"]]
    assert active == ["Ann, version 1"]


def test_names_and_numbers_that_others_have_taken_are_not_given_twice(
    ann, whole_voice, make_installation, master_key
):
    versions = [ann.voices.register(whole_voice("Ann", pitch_hz=pitch)) for pitch in (150.0, 90.0)]
    backup = ann.backup()
    later = ann.in_new_database(make_installation, master_key=master_key)
    other = later.restore(backup).restored  # brings the key as well
    for voice in other:
        later.voices.delete(voice.id, purge=True)
    with later.installation.database.session() as session:
        session.execute(text("DELETE FROM voice_models"))
    mine = later.voices.register(whole_voice("ANN", pitch_hz=60.0))
    done = later.restore(backup, activate=True)
    assert [(voice.id, voice.label) for voice in done.restored] == [
        (versions[0].id, "ANN, version 2"),
        (versions[1].id, "ANN, version 3"),
    ]
    assert {voice.lineage_id for voice in done.restored} == {mine.lineage_id}
    assert len([row for row in later.rows().values() if row["is_active"]]) == 1


def test_a_voice_whose_files_are_missing_is_left_out_and_told(ann, whole_voice):
    ann.voices.register(whole_voice("Ann"))
    broken = ann.voices.register(whole_voice("Bob", pitch_hz=90.0))
    ann.installation.voices.vault.of(ann.id).delete(broken.artefact_digest)
    made = ann.backup()
    assert (made.header.models, made.left_out) == (1, (broken.id,))


def test_a_path_that_is_no_backup_of_the_user_is_refused(ann, whole_voice, make_caller, tmp_path):
    ann.voices.register(whole_voice())
    good, bob = ann.backup().place.told, Owner(ann.installation, make_caller())
    theirs = bob.backup().place.told
    for bad in (
        "", "backup.json", "/etc/passwd", f"file://{tmp_path}/x.json", theirs, good + "/", good.upper(),
        good.replace("/backup_", "/../backup_"), good.replace("store://", "gs://"), "\0", good + "\n",
        good.replace("backups/", "deleted/"), good.replace(".json", ""), good.replace("Z_", "Z_é"),
    ):  # fmt: skip
        with pytest.raises(BackupPathRefused):
            ann.restore(bad)
    with pytest.raises(BackupNotFound):
        ann.restore(good[:-9] + "0000.json")
    with pytest.raises(NotAllowed):
        bob.copies.restores.restore(bob.caller, ann.id, good)


@pytest.fixture
def tampered(ann):
    """Change the manifest of a backup: `tampered(backup, header={...}, sealed=...)`."""

    def tamper(backup, *, raw=None, sealed=None, **header):
        path = ann.installation.settings.home / "blobs" / backup.place.object_path
        manifest = json.loads(path.read_bytes())
        manifest["header"].update(header)
        manifest["sealed"] = sealed(manifest["sealed"]) if sealed else manifest["sealed"]
        whole = path.read_bytes()
        path.write_bytes(json.dumps(manifest).encode() if raw is None else raw(whole))
        return lambda: path.write_bytes(whole)

    return tamper


def test_a_manifest_that_was_changed_is_refused_and_nothing_happens(ann, whole_voice, tampered, make_caller):
    ann.voices.register(whole_voice())
    backup, bob = ann.backup(), Owner(ann.installation, make_caller())
    bob.voices.register(whole_voice("Bob"))
    theirs = b"".join(ann.installation.voices.vault.objects.stream(bob.backup().place.object_path))
    ann.voices.delete("Ann", purge=True)
    before = ann.state()

    def flipped(text, at=200):
        raw = bytearray(base64.b64decode(text))
        raw[at] ^= 1
        return base64.b64encode(raw).decode()

    changes = [
        {"userId": str(bob.id)}, {"createdAt": "2020-01-01T00:00:00Z"}, {"models": 0}, {"files": 1},
        {"bytes": 1}, {"format": "voicewright-backup/2"}, {"format": None}, {"more": 1}, {"models": "x"},
        {"ownerKey": "x"}, {"masterKeyId": "00000000"},
        {"sealed": flipped}, {"sealed": lambda text: text[:-8]},
        {"sealed": lambda text: flipped(text, -1)}, {"sealed": lambda _: ""}, {"sealed": lambda _: "é"},
        {"raw": lambda _: theirs}, {"raw": lambda whole: whole[:-2]}, {"raw": lambda _: b""},
        {"raw": lambda _: b"[" * 100_000}, {"raw": lambda _: b"\xff"}, {"raw": lambda _: b"[1]"},
    ]  # fmt: skip
    for change in changes:
        mend = tampered(backup, **change)
        with pytest.raises((BackupDamaged, BackupKeyDiffers)):
            ann.restore(backup, overwrite=True)
        assert ann.state() == before, change
        mend()
    assert len(ann.restore(backup).restored) == 1


def test_files_of_a_backup_that_are_missing_or_damaged_are_told_before_anything_is_replaced(
    ann, whole_voice, make_installation, master_key
):
    voice = ann.voices.register(whole_voice())
    backup = ann.backup()
    copies = sorted((ann.installation.settings.home / "blobs" / "backups").rglob("sha256/*/*"))
    ann.lose_files()
    later = ann.in_new_database(make_installation, master_key=master_key)
    before = later.state()
    damages = itertools.cycle(
        (lambda whole: whole[:-1] + bytes([whole[-1] ^ 1]), lambda whole: whole[:-1], lambda _: b"", None)
    )
    for path, damage in zip(copies, damages, strict=False):
        whole = path.read_bytes()
        path.unlink() if damage is None else path.write_bytes(damage(whole))
        with pytest.raises(BackupDamaged, match="missing or damaged"):
            later.restore(backup)
        assert later.state() == before
        path.write_bytes(whole)
    assert len(later.restore(backup).restored) == 1
    assert later.spoken(later.voices.get(voice.id))


def test_what_is_damaged_in_the_store_is_mended(ann, whole_voice):
    voice = ann.voices.register(whole_voice())
    backup, said = ann.backup(), ann.spoken(voice)
    ann.lose_files()
    with pytest.raises(AppError):
        ann.spoken(voice)
    assert len(ann.restore(backup, overwrite=True).replaced) == 1
    assert ann.spoken(voice) == said


def test_what_an_overwritten_voice_had_goes_with_the_next_sweep(ann, whole_voice, evaluation, tmp_path):
    voice = ann.voices.register(whole_voice())
    backup, blobs = ann.backup(), ann.installation.voices.vault.of(ann.id)
    stored = set(blobs.digests())
    (tmp_path / "again.flac").write_bytes(b"fLaC, spoken later")
    for deleted in (False, True):
        ann.voices.save_evaluation(voice.id, evaluation(0.4), spoken=[tmp_path / "again.flac"])
        newer = ann.voices.get(voice.id).spoken_digest
        if deleted:
            ann.voices.delete(voice.id)
        assert blobs.has(newer)
        done = ann.restore(backup, overwrite=True)
        assert [one.id for one in (*done.restored, *done.replaced)] == [voice.id]
        ann.voices.sweep()
        assert set(blobs.digests()) == stored
        assert ann.voices.spoken(ann.voices.get(voice.id)).read("sentence-00.flac")
    said = {path for path in blobs.objects.paths("") if path.endswith("/voice.json")}
    assert said == {live_path(voice)}


def test_a_restore_counts_as_use_for_the_cleanup(ann, whole_voice, make_installation, master_key):
    old, good = ann.voices.register(whole_voice("Old", overall=0.2)), ann.voices.register(whole_voice("New"))
    ann.voices.activate(good.id)
    with ann.installation.database.session() as session:
        session.get_one(VoiceModel, old.id).created_at = datetime.now(UTC) - timedelta(days=300)
    backup = ann.backup()
    later = ann.in_new_database(make_installation, master_key=master_key)
    rules = CleanupRules.of(later.installation.settings)
    for options in ({}, {"overwrite": True}):
        later.restore(backup, **options)
        with later.installation.database.session() as session:
            now = datetime.now(UTC)
            soon, due = (
                list(session.scalars(select(VoiceModel.id).where(eligible(rules, then))))
                for then in (now, now + rules.unused_for)
            )
            assert (soon, due) == ([], [old.id])
            session.execute(text("UPDATE voice_models SET undeleted_at = NULL"))


def test_another_master_key_or_another_key_of_the_user_is_told_clearly(
    ann, whole_voice, make_installation, master_key
):
    ann.voices.register(whole_voice())
    backup = ann.backup()
    wrong = ann.in_new_database(make_installation, master_key=new_master_key())
    with pytest.raises(BackupKeyDiffers, match=f"made with the master key {backup.header.master_key_id}"):
        wrong.restore(backup)
    assert wrong.installation.voices.vault.keys.known(ann.id) is None
    both = ann.in_new_database(make_installation, master_key=f"{new_master_key()},{master_key}")
    assert len(both.restore(backup).restored) == 1
    # the first master key is gone: what it sealed was sealed anew, and the old backup still opens
    assert both.installation.voices.vault.keys.rotate() == 0
    with both.installation.database.session() as session:
        session.execute(text("DELETE FROM voice_models; DELETE FROM user_keys"))
    both.voices.vault.keys._ciphers.clear()
    both.voices.register(whole_voice())
    with pytest.raises(BackupKeyDiffers, match="another key of this user"):
        both.restore(backup)
    with both.installation.database.session() as session:
        both.installation.voices.vault.keys.destroy(session, ann.id)
    with pytest.raises(KeyDestroyed):
        both.restore(backup)


def test_a_restore_that_the_database_ends_half_way_changes_nothing(
    ann, whole_voice, make_installation, master_key
):
    for name, pitch in (("Ann", 150.0), ("Bob", 90.0), ("Cid", 60.0)):
        ann.voices.register(whole_voice(name, pitch_hz=pitch))
    backup = ann.backup()
    ann.lose_files()
    later = ann.in_new_database(make_installation, master_key=master_key)
    before = later.state()
    with later.installation.database.session() as session:
        session.execute(text("ALTER TABLE voice_models ADD CONSTRAINT no_cid CHECK (name <> 'Cid')"))
    with pytest.raises(Exception, match="no_cid"):
        later.restore(backup)
    later.voices.sweep()
    assert later.state() == before
    assert later.installation.voices.vault.keys.known(ann.id) is None
    with later.installation.database.session() as session:
        session.execute(text("ALTER TABLE voice_models DROP CONSTRAINT no_cid"))
    assert len(later.restore(backup).restored) == 3


def test_a_restore_that_is_killed_half_way_changes_nothing(  # noqa: PLR0917 - fixtures
    ann, whole_voice, make_installation, master_key, start_python, until_unlocked
):
    for name, pitch in (("Ann", 150.0), ("Bob", 90.0)):
        ann.voices.register(whole_voice(name, pitch_hz=pitch))
    backup = ann.backup()
    ann.lose_files()
    later = ann.in_new_database(make_installation, master_key=master_key)
    before, settings = later.state(), later.installation.settings
    child = start_python(
        """
import sys, uuid
from pathlib import Path
from voicewright.accounts.caller import Caller, Role
from voicewright.accounts.rate_limits import RateLimits
from voicewright.db.server import Database
from voicewright.privacy.service import ConsentService
from voicewright.settings import Settings
from voicewright.voices.copies import restoring
from voicewright.voices.copies.backup_store import BackupStore
from voicewright.voices.service import VoiceService

home, url, key, owner, path = sys.argv[1:]
settings = Settings(home=Path(home), database_url=url, master_key=key)
database = Database.connect(url)
voices = VoiceService.open(settings, database)
describe = restoring.describe

def stop(*arguments):  # the rows are entered, and not committed
    describe(*arguments)
    print("half way", flush=True)
    sys.stdin.read()

restoring.describe = stop
store, consents = BackupStore.open(settings, voices.vault), ConsentService(database, "development")
service = restoring.RestoreService(database, voices, store, consents, RateLimits(database), settings)
service.restore(Caller(uuid.UUID(owner), Role.USER, frozenset()), uuid.UUID(owner), path)
""",
        settings.home, settings.database_url.get_secret_value(), master_key, ann.id, backup.place.told,
    )  # fmt: skip
    assert child.stdout.readline() == "half way\n", child.stderr.read()
    with pytest.raises(BackupBusy):
        later.restore(backup)
    child.kill()
    child.wait()
    until_unlocked(later.installation.database)
    later.voices.sweep()
    assert later.state() == before
    assert len(later.restore(backup).restored) == 2
    assert later.spoken(later.voices.get("Ann"))


def test_a_full_disk_ends_a_restore_and_a_backup_and_nothing_is_changed(
    ann, new_voice, make_installation, mount_disk, short_dir
):
    new, small = new_voice("Large"), short_dir / "small"
    (new.artefact_dir / "model.safetensors").write_bytes(os.urandom(4 << 20))
    ann.voices.register(new)
    backup = ann.backup()
    small.mkdir()
    mount_disk(small, "3m")
    settings = ann.installation.settings
    store = BackupStore(ObjectStore.in_directory(small / "apart"), "file://apart", ann.voices.vault)
    cramped = BackupService(
        ann.installation.database, ann.voices.vault, store, RateLimits(ann.installation.database), settings,
        training_data=data_of_voice,
    )  # fmt: skip
    with pytest.raises(StorageFull):
        cramped.make(ann.caller, ann.id)
    assert cramped.list_backups(ann.caller, ann.id) == ([], 0)
    whole = settings.home / "blobs"
    changes = {"home": small / "home", "backup_url": f"file://{whole}", "master_key": settings.master_key}
    later = ann.in_new_database(make_installation, **changes)
    before = later.state()
    with pytest.raises(StorageFull):
        later.restore(f"file://{whole}/{backup.place.object_path}")
    later.voices.sweep()
    assert later.state() == before


def test_there_are_two_backups_a_day_and_one_at_a_time(ann, whole_voice, make_caller, monkeypatch):
    ann.voices.register(whole_voice())
    service, begun, go_on = ann.copies.backups, threading.Event(), threading.Event()
    copy = backups._copy

    def slowly(*arguments):
        begun.set()
        go_on.wait(30)
        return copy(*arguments)

    monkeypatch.setattr(backups, "_copy", slowly)
    first = threading.Thread(target=lambda: service.make(ann.caller, ann.id))
    first.start()
    assert begun.wait(30)
    for copying in (
        lambda: service.make(ann.caller, ann.id),
        lambda: service.delete(ann.caller, ann.id, "backup_20250101T000000Z_00000000"),
    ):
        with pytest.raises(BackupBusy):
            copying()
    bob = make_caller()
    go_on.set()
    first.join()
    service.make(bob, bob.user_id)
    service.make(ann.caller, ann.id)
    with pytest.raises(RateLimited) as refused:
        service.make(make_caller(admin=True), ann.id)
    assert (refused.value.limit, refused.value.retry_after_s > 80_000) == (2, True)
    service.make(ann.caller, ann.id, counted=False)
    with pytest.raises(NotAllowed):
        service.make(bob, ann.id)


def test_there_are_two_restores_a_day_besides_the_backups(ann, whole_voice, make_caller):
    ann.voices.register(whole_voice())
    backup = ann.copies.backups.make(ann.caller, ann.id)
    missing = backup.place.told[:-9] + "0000.json"
    for path, refusal in ((missing, BackupNotFound), ("/etc/passwd", BackupPathRefused)):
        with pytest.raises(refusal):
            ann.restore(path, counted=True)
    for _ in range(2):
        ann.restore(backup, counted=True)
    with pytest.raises(RateLimited) as refused:
        ann.copies.restores.restore(make_caller(admin=True), ann.id, backup.place.told)
    assert (refused.value.limit, refused.value.retry_after_s > 80_000) == (2, True)
    assert len(ann.restore(backup).skipped) == 1
    ann.copies.backups.make(ann.caller, ann.id)


def test_a_restore_asks_for_the_consent_of_the_speakers(
    ann, whole_voice, make_installation, master_key, monkeypatch
):
    def data(_, voice):
        return TrainingData(speakers=("Zoë",) if voice.name == "Zoë" else ())

    monkeypatch.setattr(ann.copies.backups, "_training_data", data)
    mine, theirs = (ann.voices.register(whole_voice(name, pitch_hz=len(name))) for name in ("Ann", "Zoë"))
    backup = ann.backup()
    strict = ann.in_new_database(make_installation, master_key=master_key, environment="production")
    consents = ConsentService(strict.installation.database, "production")
    before, given = strict.state(), {}
    for speaker in ("Zoë", OWN_VOICE):
        with pytest.raises(ConsentRequired, match=speaker):
            strict.restore(backup)
        strict.voices.sweep()
        assert strict.state() == before
        given[speaker] = consents.assert_consent(ann.id, speaker, asserted_by=ann.id).id
    assert {one.id for one in strict.restore(backup).restored} == {mine.id, theirs.id}
    consents.revoke(given["Zoë"], ann.id)
    assert len(strict.restore(backup).skipped) == 2  # nothing is entered
    with pytest.raises(ConsentRequired, match="Zoë"):
        strict.restore(backup, overwrite=True)

    ann.voices.delete(theirs.id, purge=True)
    assert ann.restore(backup).restored[0].id == theirs.id
    found, _ = ConsentService(ann.installation.database, "development").list_consents(ann.id)
    assert [(one.speaker, one.asserted_by) for one in found] == [("Zoë", ann.id)]


def test_with_an_owner_go_their_backups(ann, whole_voice, make_installation, short_dir, master_key):
    ann.voices.register(whole_voice())
    ann.backup()
    vault = ann.installation.voices.vault
    assert forget_objects(vault.objects, ann.id) > 10
    assert list(vault.objects.paths("")) == []
    apart = ann.in_new_database(make_installation, backup_url=f"file://{short_dir}/b", master_key=master_key)
    apart.voices.register(whole_voice())
    assert apart.backup().place.told.startswith(f"file://{short_dir}/b/backups/{ann.id}/")
    assert forget_objects(apart.copies.backups.store.objects, ann.id) > 5
    assert not [path for path in (short_dir / "b").rglob("*") if path.is_file()]


def test_voices_and_backups_may_lie_in_buckets(ann, whole_voice, make_installation, bucket, bucket_options):
    there = {"backup_url": f"s3://{bucket}/apart", "backup_options": bucket_options}
    there["master_key"] = ann.installation.settings.master_key
    both = there | {"store_url": f"s3://{bucket}/voices", "store_options": bucket_options}
    new = whole_voice()
    (new.artefact_dir / "model.safetensors").write_bytes(os.urandom(9 << 20))  # an upload in parts
    mine = ann.in_new_database(make_installation, **both)
    voice = mine.voices.register(new)
    backup, said = mine.backup(), mine.spoken(voice)
    assert backup.place.told.startswith(f"s3://{bucket}/apart/backups/{ann.id}/backup_")
    with mine.installation.database.session() as session:
        session.execute(text("DELETE FROM voice_models; DELETE FROM user_keys"))
    later = ann.in_new_database(make_installation, home=ann.installation.settings.home.parent / "b", **there)
    assert len(later.restore(backup).restored) == 1
    assert later.spoken(later.voices.get(voice.id)) == said
