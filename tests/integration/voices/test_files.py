"""The files of voices: unpacked for engines, shared, deleted, swept."""

from __future__ import annotations

import os
import time
import uuid

import pytest
from sqlalchemy import update

from voicewright.storage.pending import pending
from voicewright.storage.trees import files_in, put_tree, tree_digests
from voicewright.voices import collecting, service
from voicewright.voices.artefacts import hold_files
from voicewright.voices.cache import IN_USE_S, VoiceCache
from voicewright.voices.errors import VoiceFilesDamaged, VoiceNotFound
from voicewright.voices.models import VoiceModel
from voicewright.voices.schemas import LOCAL_USER_ID, Collected
from voicewright.voices.service import VoiceService


@pytest.fixture
def blobs(voices):
    return voices.vault.of(LOCAL_USER_ID)


@pytest.fixture
def path_of(blobs):
    """Where a blob lies on the disk."""

    def find(digest):
        return blobs.objects.directory / blobs.folder / "sha256" / digest[:2] / digest[2:]

    return find


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_engine_gets_the_files_that_an_engine_wrote(voices, new_voice, settings, database):
    new = new_voice()
    voice = voices.register(new)
    folder = voices.materialise(voice)
    assert content(folder) == content(new.artefact_dir)
    before = (folder / "voice.json").stat()
    assert voices.materialise(voice) == folder
    assert VoiceService.open(settings, database).materialise(voice) == folder  # another process
    assert (folder / "voice.json").stat().st_ino == before.st_ino


def test_references_come_back_in_their_order_whatever_their_names(voices, new_voice, tmp_path):
    recordings = []
    for number, name in enumerate(["b/clip.wav", "a/clip.wav", "c/other.flac"]):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_bytes(b"%d" % number)
        recordings.append(path)
    voice = voices.register(new_voice(references=recordings))
    found = voices.references(voices.get(voice.id)).unpack(tmp_path / "found")
    assert [path.read_bytes() for path in found] == [b"0", b"1", b"2"]
    assert [path.suffix for path in found] == [".wav", ".wav", ".flac"]
    assert voices.references(voices.register(new_voice("none"))).unpack(tmp_path / "nothing") == []


@pytest.mark.parametrize("change", ["edit", "truncate", "remove", "add"])
def test_a_changed_copy_is_noticed_and_replaced(voices, new_voice, change):
    new = new_voice()
    voice = voices.register(new)
    folder = voices.materialise(voice)
    model = folder / "model.safetensors"
    match change:
        case "edit":
            model.write_bytes(b"E" + model.read_bytes()[1:])
        case "truncate":
            model.write_bytes(b"")
        case "remove":
            model.unlink()
        case "add":
            (folder / "more").write_text("x")
    assert content(voices.materialise(voice)) == content(new.artefact_dir)


def test_damage_in_the_store_is_an_error_and_never_reaches_an_engine(voices, new_voice, blobs, path_of):
    voice = voices.register(new_voice())
    for digest in blobs.digests():
        if digest != voice.artefact_digest:
            path_of(digest).write_bytes(b"rot")
    with pytest.raises(VoiceFilesDamaged):
        voices.materialise(voice)
    blobs.delete(voice.artefact_digest)
    with pytest.raises(VoiceFilesDamaged):
        voices.materialise(voice)


def test_the_cache_stays_within_its_bound_and_keeps_what_is_in_use(blobs, new_voice, tmp_path):
    cache = VoiceCache(tmp_path / "cache", limit_bytes=25_000)
    trees = [put_tree(blobs, new_voice().artefact_dir) for _ in range(4)]
    paths = [cache.path_of(blobs, tree.digest) for tree in trees[:3]]
    assert all(path.is_dir() for path in paths)  # over the bound, and all just used
    for age, path in zip((3, 1, 2), paths, strict=True):
        os.utime(path, (time.time() - IN_USE_S * (1 + age),) * 2)
    cache.path_of(blobs, trees[3].digest)
    assert [path.is_dir() for path in paths] == [False, True, False]
    assert not list((tmp_path / "cache").glob(".gone-*"))


def test_a_deleted_voice_is_gone_with_its_files(voices, new_voice, blobs, tmp_path):
    (tmp_path / "clip.wav").write_bytes(b"sound")
    (tmp_path / "sentence.flac").write_bytes(b"speech")
    voice = voices.register(
        new_voice(references=[tmp_path / "clip.wav"], spoken=[tmp_path / "sentence.flac"])
    )
    folder = voices.materialise(voice)
    voices.delete("My voice", purge=True)
    assert list(blobs.digests()) == []
    assert not folder.exists()
    assert voices.list_voices() == []
    for reference in ("My voice", voice.id):
        with pytest.raises(VoiceNotFound):
            voices.get(reference)


def test_a_new_evaluation_takes_the_place_of_the_old_one_and_its_audio(voices, new_voice, blobs, tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sentence.flac").write_bytes(name.encode())
    before = set(blobs.digests())
    voice = voices.register(new_voice(spoken=[tmp_path / "old" / "sentence.flac"]))
    kept = len(set(blobs.digests()))
    judged = voices.save_evaluation(voice.id, {"overall": 0.5}, [tmp_path / "new" / "sentence.flac"])
    assert voices.spoken(judged).read("sentence.flac") == b"new"
    assert voices.spoken(judged).read("another.flac") is None
    assert len(set(blobs.digests()) - before) == kept
    assert content(voices.materialise(judged))


def test_files_that_another_voice_shares_stay(voices, new_voice, blobs):
    one = voices.register(new_voice("One", content="same"))
    two = voices.register(new_voice("Two", content="same"))
    three = voices.register(new_voice("Three"))  # shares voice.json
    assert one.artefact_digest == two.artefact_digest
    voices.delete("One", purge=True)
    assert content(voices.materialise(two)) == content(voices.materialise(voices.get("Two")))
    voices.delete("Two", purge=True)
    assert sorted(content(voices.materialise(three))) == ["model.safetensors", "voice.json"]
    assert len(list(blobs.digests())) == 3


def test_a_deleted_version_never_gives_its_number_away(voices, new_voice):
    voices.register(new_voice())
    second = voices.register(new_voice())
    assert voices.delete("My voice").id == second.id
    assert voices.get("My voice").version == 1
    assert voices.register(new_voice()).version == 3


def test_the_best_of_the_rest_takes_over_from_a_deleted_active_voice(voices, new_voice):
    voices.register(new_voice("Poor", evaluation={"overall": 0.3}))
    voices.register(new_voice("Good", evaluation={"overall": 0.7}))
    voices.delete("Poor")
    assert voices.get_active().name == "Good"
    voices.delete("Good")
    assert voices.get_active() is None
    assert voices.register(new_voice("Good", evaluation={"overall": 0.1})).is_active


KILLED = """
import os, signal, sys
from pathlib import Path
from voicewright.db.server import Database
from voicewright.settings import Settings
from voicewright.voices import service
from voicewright.voices.service import NewVoice, VoiceService
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
settings = Settings(home=sys.argv[1], database_url=sys.argv[2])
with Database.open(settings) as database:
    service.lock_owner = die  # the files are stored by then, the row is not
    VoiceService.open(settings, database).register(NewVoice(name="Lost", engine="tone", engine_version="1",
        language="en", artefact_dir=Path(sys.argv[3]), speech_s=1, train_s=1))
"""


def test_a_sweep_removes_what_killed_registrations_left_and_nothing_else(
    voices, new_voice, blobs, settings, start_python
):
    voice = voices.register(new_voice("Kept"))
    foreign = put_tree(blobs, new_voice("Of another database").artefact_dir)
    before = set(blobs.digests())
    url = settings.database_url.get_secret_value()
    assert start_python(KILLED, settings.home, url, new_voice("Lost").artefact_dir).wait(60) < 0
    (blobs.objects.directory / "staging" / "half").write_bytes(b"x")
    # its manifest, its model (voice.json is shared), and the half-written one
    assert voices.sweep().blobs == 3
    assert set(blobs.digests()) == before
    assert blobs.has(foreign.digest)
    assert content(voices.materialise(voice))
    assert voices.sweep().blobs == 0
    assert not blobs.notes_dir.exists()


def test_what_a_failed_registration_stored_goes_with_the_next_sweep(voices, new_voice, blobs, monkeypatch):
    def fail(*_):
        raise VoiceNotFound("in the middle")

    monkeypatch.setattr(service, "lock_owner", fail)
    with pytest.raises(VoiceNotFound):
        voices.register(new_voice())
    assert len(list(blobs.digests())) == 3
    monkeypatch.undo()
    voices.tidy()
    assert list(blobs.digests()) == []


def test_what_is_being_stored_now_is_no_garbage(voices, new_voice, blobs):
    new = new_voice()
    with pending(blobs, tree_digests(files_in(new.artefact_dir))):
        put_tree(blobs, new.artefact_dir)
        (blobs.objects.directory / "staging" / "half").write_bytes(b"x")
        assert voices.sweep().blobs == 0
    assert voices.sweep().blobs == 1  # the half-written one, now that nobody writes


def test_a_sweep_that_can_not_tell_what_somebody_needs_removes_nothing_of_theirs(  # noqa: PLR0917 - fixtures
    voices, new_voice, blobs, path_of, caplog, database
):
    voice = voices.register(new_voice("Damaged"))
    before = set(blobs.digests())
    path_of(voice.artefact_digest).write_bytes(b"rot")
    voices.register(new_voice("Other"))
    voices.delete("Other", purge=True)  # stands, although its files have to wait
    others = voices.of(uuid.UUID(int=LOCAL_USER_ID.int + 1))  # after the one whose files are damaged
    others.register(new_voice("Theirs"))
    others.delete("Theirs", purge=True)
    assert list(others.vault.of(others.owner_id).digests()) == []
    destroyed = voices.of(uuid.uuid4())
    destroyed.register(new_voice("Gone"))
    with database.session() as session:
        voices.vault.keys.destroy(session, destroyed.owner_id)
    destroyed.delete("Gone", purge=True)
    assert voices.sweep().skipped == {LOCAL_USER_ID, destroyed.owner_id}
    assert f"of {LOCAL_USER_ID} stay for now: Blob {voice.artefact_digest}" in caplog.text
    assert before <= set(blobs.digests())
    assert [found.name for found in voices.list_voices()] == ["Damaged"]


def test_a_sweep_goes_by_a_few_voices_at_a_time(voices, new_voice, blobs, monkeypatch, database):
    """Whoever registers a voice waits for moments only, however many are to go."""
    kept = voices.register(new_voice("Kept", content="shared"))
    before = set(blobs.digests())
    for number in range(5):
        voices.register(new_voice(f"Voice {number}", content="shared" if number == 1 else None))
        voices.delete(f"Voice {number}")
    with database.session() as session:
        session.execute(update(VoiceModel).values(purge_at=VoiceModel.deleted_at))
    monkeypatch.setattr(collecting, "VOICES_AT_ONCE", 2)
    taken = []
    take = collecting.take_files
    monkeypatch.setattr(
        collecting, "take_files", lambda *given, **more: taken.append(1) or take(*given, **more)
    )
    assert voices.sweep().blobs == 8
    assert len(taken) == 3
    assert set(blobs.digests()) == before
    assert content(voices.materialise(kept))
    assert voices.sweep() == Collected()
    assert len(taken) == 3


def test_a_sweep_waits_for_those_who_store_something_and_gives_up_in_time(voices, new_voice, database, blobs):
    voices.register(new_voice())
    with database.session() as session:
        hold_files(session)
        voices.delete("My voice")
        with database.session() as other:
            other.execute(update(VoiceModel).values(purge_at=VoiceModel.deleted_at))
        assert voices.sweep(wait_s=0.01) == Collected(postponed=True)
    assert voices.sweep().blobs == 3
    assert list(blobs.digests()) == []
