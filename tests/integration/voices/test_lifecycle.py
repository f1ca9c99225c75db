"""What becomes of deleted voices: they rest, come back, or are purged; and so are their files."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from voicewright.accounts.caller import Caller, Role
from voicewright.accounts.errors import NotAllowed
from voicewright.accounts.policies import scopes_of
from voicewright.storage.errors import StorageUnavailable
from voicewright.voices import lifecycle as lifecycle_module
from voicewright.voices import settling
from voicewright.voices.cleanup.errors import VoiceNotDeleted
from voicewright.voices.described import deleted_path, live_path
from voicewright.voices.errors import VoiceModelExists, VoiceNotFound
from voicewright.voices.lifecycle import LifecycleService
from voicewright.voices.models import VoiceModel
from voicewright.voices.schemas import LOCAL_USER_ID
from voicewright.voices.settling import settle

OWNER = Caller(LOCAL_USER_ID, Role.USER, scopes_of(Role.USER))
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def lifecycle(database, voices):
    return LifecycleService(database, voices)


@pytest.fixture
def stranger():
    return Caller(uuid.uuid4(), Role.USER, scopes_of(Role.USER))


@pytest.fixture
def blobs(voices):
    return voices.vault.of(LOCAL_USER_ID)


@pytest.fixture
def set_of(database):
    def set_of(voice, **values):
        with database.session() as session:
            session.execute(update(VoiceModel).where(VoiceModel.id == voice.id).values(**values))

    return set_of


def where_is(blobs, voice):
    return [path.partition("/")[0] == "deleted" for path in (live_path(voice), deleted_path(voice))
            if blobs.objects.size_bytes(path) is not None]  # fmt: skip


def test_a_deleted_voice_rests_and_comes_back_with_all_its_files(voices, new_voice, lifecycle, blobs):
    voice, other = voices.register(new_voice("Ann")), voices.register(new_voice("Bob"))
    before = {path.name: path.read_bytes() for path in voices.materialise(voice).iterdir()}
    voices.delete("Ann")
    assert (where_is(blobs, voice), voices.get_active().id) == ([True], other.id)
    voices.tidy()
    found, total = lifecycle.list_deleted(OWNER, LOCAL_USER_ID, limit=10, offset=0)
    assert ([each.id for each in found], total) == ([voice.id], 1)
    assert found[0].purge_at - found[0].deleted_at == timedelta(days=30)

    back = lifecycle.undelete(OWNER, voice.id)
    assert (back.deleted_at, back.purge_at, back.is_active) == (None, None, False)
    assert back.undeleted_at is not None
    assert back.revision > voice.revision
    assert where_is(blobs, voice) == [False]
    assert {path.name: path.read_bytes() for path in voices.materialise(back).iterdir()} == before
    assert lifecycle.list_deleted(OWNER, LOCAL_USER_ID, limit=10, offset=0) == ([], 0)
    with pytest.raises(VoiceNotDeleted):
        lifecycle.undelete(OWNER, voice.id)


def test_after_the_retention_the_files_go_and_nothing_comes_back(voices, new_voice, lifecycle, blobs, set_of):
    kept = voices.register(new_voice("Kept", content="same"))
    voice = voices.register(new_voice("Ann", content="same"))
    alone = voices.register(new_voice("Alone"))
    for name in ("Ann", "Alone"):
        voices.delete(name)
    set_of(alone, purge_at=LONG_AGO)
    assert voices.sweep().blobs == 2  # its model and its manifest; voice.json is shared
    assert where_is(blobs, alone) == []
    for gone in (alone.id, alone.training_job_id or alone.id):
        with pytest.raises(VoiceNotFound, match="for good"):
            lifecycle.undelete(OWNER, gone)
    set_of(voice, purge_at=LONG_AGO)
    with pytest.raises(VoiceNotFound, match="for good"):
        lifecycle.undelete(OWNER, voice.id)  # although its files are still there
    assert voices.sweep().blobs == 0
    assert voices.materialise(kept).is_dir()


def test_who_wants_it_gone_at_once_has_it_gone(voices, new_voice, lifecycle, blobs, stranger):
    first, second = voices.register(new_voice("Ann")), voices.register(new_voice("Bob"))
    voices.delete("Ann")
    with pytest.raises(VoiceNotFound):
        lifecycle.purge(stranger, first.id)
    lifecycle.purge(OWNER, first.id)
    with pytest.raises(VoiceNotFound):
        lifecycle.purge(OWNER, first.id)
    _, heir = lifecycle.purge(OWNER, second.id, user_id=LOCAL_USER_ID)
    assert heir is None
    assert list(blobs.digests()) == []
    assert list(blobs.objects.paths("deleted")) == []


def test_others_know_nothing_of_deleted_voices(voices, new_voice, lifecycle, stranger):
    voice = voices.register(new_voice("Ann"))
    voices.delete("Ann")
    with pytest.raises(VoiceNotFound):
        lifecycle.undelete(stranger, voice.id)
    with pytest.raises(NotAllowed):
        lifecycle.list_deleted(stranger, LOCAL_USER_ID, limit=1, offset=0)
    with pytest.raises(NotAllowed):
        lifecycle.purge(stranger, voice.id, user_id=LOCAL_USER_ID)


def test_a_voice_whose_place_is_taken_does_not_come_back(voices, new_voice, lifecycle, set_of):
    job = LOCAL_USER_ID
    first = voices.register(new_voice("Ann", training_job_id=job))
    voices.delete("Ann")
    set_of(first, training_job_id=None)
    second = voices.register(new_voice("Ann", training_job_id=job))
    set_of(first, training_job_id=job)
    with pytest.raises(VoiceModelExists, match=str(second.id)):
        lifecycle.undelete(OWNER, first.id)
    voices.delete(second.id)
    assert lifecycle.undelete(OWNER, first.id).version == 1


def test_a_description_that_was_left_behind_is_moved_by_the_next_sweep_however_late(  # noqa: PLR0917
    voices, new_voice, lifecycle, blobs, set_of, database, monkeypatch
):
    voice = voices.register(new_voice("Ann"))
    voices.register(new_voice("Bob"))

    def away(*_):
        raise StorageUnavailable("The store is away.")

    with monkeypatch.context() as patch:
        patch.setattr(settling, "move", away)
        voices.delete("Ann")  # stands
        with pytest.raises(StorageUnavailable):
            settle(database, voices.vault)
    set_of(voice, deleted_at=LONG_AGO, updated_at=LONG_AGO)
    voices.tidy()  # is called in requests
    assert where_is(blobs, voice) == [False]
    assert settle(database, voices.vault) == 1
    assert where_is(blobs, voice) == [True]
    with database.session() as session:
        assert session.get_one(VoiceModel, voice.id).updated_at == LONG_AGO
    with monkeypatch.context() as patch:
        patch.setattr(settling, "move", away)
        lifecycle.undelete(OWNER, voice.id)
    set_of(voice, undeleted_at=LONG_AGO)
    assert where_is(blobs, voice) == [True]
    assert settle(database, voices.vault) == 1
    assert where_is(blobs, voice) == [False]
    assert settle(database, None) == 0  # asks the store for nothing


def test_what_was_described_anew_is_not_replaced_by_what_was_left_behind(  # noqa: PLR0917
    voices, new_voice, lifecycle, blobs, database, monkeypatch, tmp_path
):
    voice = voices.register(new_voice("Ann"))
    voices.delete("Ann")
    with monkeypatch.context() as patch:
        patch.setattr(lifecycle_module, "settle_voice", lambda *_: False)
        lifecycle.undelete(OWNER, voice.id)
    spoken = tmp_path / "spoken.wav"
    spoken.write_bytes(b"spoken")
    judged = voices.save_evaluation(voice.id, {"overall": 0.9}, [spoken])
    assert where_is(blobs, voice) == [False, True]
    settle(database, voices.vault)
    assert where_is(blobs, voice) == [False]
    assert json.loads(blobs.get_named(live_path(voice)))["spoken"] == judged.spoken_digest


def test_many_that_were_left_behind_are_found_page_by_page(voices, new_voice, blobs, database, monkeypatch):
    left = [voices.register(new_voice(name)) for name in ("Ann", "Bob", "Cem")]
    with monkeypatch.context() as patch:
        patch.setattr("voicewright.voices.files.settle_voice", lambda *_: False)
        for voice in left:
            voices.delete(voice.id)
    monkeypatch.setattr(settling, "_AT_ONCE", 2)
    assert settle(database, voices.vault) == 3
    assert [where_is(blobs, voice) for voice in left] == [[True]] * 3
