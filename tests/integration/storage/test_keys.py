"""The keys of the owners: made once, sealed anew, destroyed; and what of it can be found on the disk."""

from __future__ import annotations

import os
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from voicewright.storage import user_keys
from voicewright.storage.errors import BlobCorrupt, KeyDestroyed, MasterKeyWrong, ObjectNotFound, SealBroken
from voicewright.storage.master_keys import MasterKeys, SealedSecret, new_master_key
from voicewright.storage.models import UserKey
from voicewright.storage.user_keys import KeyRing
from voicewright.storage.vault import Vault, forget_objects

ANN, BOB = uuid.uuid4(), uuid.uuid4()
OLD, NEW = new_master_key(), new_master_key()


def ring(database, *keys):
    return KeyRing(database, MasterKeys(keys or [OLD], "VOICEWRIGHT_MASTER_KEY"))


@pytest.fixture
def open_vault(settings, database):
    return lambda *keys: Vault.of_voices(settings, ring(database, *keys))


def test_threads_and_processes_that_make_a_key_at_once_agree(database):
    rings = [ring(database) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda one: one.cipher(ANN), rings))
    sealed = b"".join(rings[0].cipher(ANN).seal([b"content"], "a"))
    assert all(b"".join(one.cipher(ANN).open([sealed], "a")) == b"content" for one in rings)
    assert ring(database).counts() == {ring(database).master.ids[0]: 1}


def test_nobodys_key_opens_anothers_files_wherever_they_are_put(open_vault):
    vault = open_vault()
    stored = vault.of(ANN).put_bytes(b"Ann's voice")
    moved = b"".join(vault.of(ANN).sealed(stored.digest))
    vault.of(BOB).put_sealed(stored.digest, [moved])
    with pytest.raises(BlobCorrupt, match="another key"):
        vault.of(BOB).read(stored.digest)
    vault.of(ANN).put_named(f"{ANN}/voice/voice.json", b"{}")
    assert vault.of(ANN).get_named(f"{ANN}/voice/voice.json") == b"{}"
    with pytest.raises(SealBroken):
        vault.of(BOB).get_named(f"{ANN}/voice/voice.json")
    with pytest.raises(ObjectNotFound):
        vault.of(ANN).get_named(f"{ANN}/none")


def test_nothing_that_was_stored_can_be_found_on_the_disk(open_vault, settings, short_dir):
    content = b"RIFF" + os.urandom(30) * 3000
    (short_dir / "clip.wav").write_bytes(content)
    vault = open_vault()
    stored = vault.of(ANN).put_file(short_dir / "clip.wav")
    files = [path for path in settings.home.rglob("*") if path.is_file()]
    assert len(files) == 1
    assert [path for path in files if content[4:34] in path.read_bytes()] == []
    assert vault.of(ANN).read(stored.digest) == content


def test_a_rotation_seals_all_keys_anew_and_what_was_stored_stays(open_vault, database):
    vault = open_vault()
    digests = {owner: vault.of(owner).put_bytes(owner.bytes).digest for owner in (ANN, BOB)}
    both = ring(database, NEW, OLD)
    assert both.rotate() == 2
    assert both.rotate() == 0
    later = open_vault(NEW)
    later.keys.check()
    assert all(later.of(owner).read(digest) == owner.bytes for owner, digest in digests.items())
    with pytest.raises(MasterKeyWrong, match="nothing else can open"):
        open_vault(OLD).of(ANN).read(digests[ANN])


def test_a_wrong_master_key_is_told_before_anything_is_begun_and_harms_nothing(open_vault):
    digest = open_vault().of(ANN).put_bytes(b"content").digest
    wrong = open_vault(NEW)
    with pytest.raises(MasterKeyWrong, match="VOICEWRIGHT_MASTER_KEY has"):
        wrong.keys.check()
    with pytest.raises(MasterKeyWrong):
        wrong.of(ANN).put_bytes(b"more")
    with pytest.raises(MasterKeyWrong):
        wrong.keys.rotate()
    assert open_vault().of(ANN).read(digest) == b"content"


def test_a_changed_row_is_told(open_vault, database):
    open_vault().of(ANN).put_bytes(b"content")
    with database.session() as session:
        session.execute(text("UPDATE user_keys SET token = token || 'x'::bytea"))
    with pytest.raises(MasterKeyWrong, match="user_keys"):
        open_vault().of(ANN).put_bytes(b"more")


def test_a_destroyed_key_is_gone_for_ever_and_no_new_one_is_made(open_vault, database):
    vault, another = open_vault(), open_vault()
    digest = vault.of(ANN).put_bytes(b"content").digest
    kept = vault.of(BOB).put_bytes(b"content").digest
    with database.session() as session:
        assert vault.keys.destroy(session, ANN)
    for one in (vault, open_vault()):
        with pytest.raises(KeyDestroyed):
            one.of(ANN).read(digest)
        with pytest.raises(KeyDestroyed):
            one.of(ANN).put_bytes(b"late work")
    assert another.of(BOB).read(kept) == b"content"
    with database.session() as session:
        row = session.scalars(select(UserKey).where(UserKey.owner_id == ANN)).one()
        assert (row.token, row.master_key_id) == (None, None)
        assert not vault.keys.destroy(session, uuid.uuid4())
    assert forget_objects(vault.objects, ANN) == 1
    assert forget_objects(vault.objects, ANN) == 0
    assert vault.of(BOB).read(kept) == b"content"


def test_a_key_from_a_backup_is_taken_where_there_is_none(open_vault, database):
    vault = open_vault()
    digest = vault.of(ANN).put_bytes(b"content").digest
    sealed = vault.keys.sealed(ANN)
    with database.session() as session:
        session.execute(text("DELETE FROM user_keys"))
    restored = open_vault(NEW, OLD)
    with database.session() as session:
        restored.keys.adopt(session, ANN, sealed)
        restored.keys.adopt(session, ANN, sealed)
    assert restored.of(ANN).read(digest) == b"content"
    assert restored.keys.counts() == {restored.keys.master.ids[0]: 1}
    restored.of(BOB).put_bytes(b"has a key")
    with pytest.raises(MasterKeyWrong, match="another key of this owner"), database.session() as session:
        restored.keys.adopt(session, BOB, sealed)
    with pytest.raises(MasterKeyWrong), database.session() as session:
        restored.keys.adopt(session, uuid.uuid4(), SealedSecret("00000000", sealed.token))


def test_a_process_forgets_a_key_that_another_one_destroyed(open_vault, database, monkeypatch):
    monkeypatch.setattr(user_keys, "REMEMBERED_S", 0.0)
    running = open_vault()
    running.of(ANN).put_bytes(b"content")
    with database.session() as session:
        open_vault().keys.destroy(session, ANN)
    with pytest.raises(KeyDestroyed):
        running.of(ANN).put_bytes(b"late work")
