"""`voicewright keys`, and what the other commands say of a master key that is lost or wrong."""

from __future__ import annotations

import io
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from voicewright.bootstrap import LocalApplication
from voicewright.cli.app import run
from voicewright.storage import rotation
from voicewright.storage.errors import StorageFull
from voicewright.storage.master_keys import MasterKeys, keys_in, new_master_key, write_keys
from voicewright.storage.user_keys import KeyRing, master_key_path
from voicewright.storage.vault import Vault

ANN, BOB = uuid.uuid4(), uuid.uuid4()


class Quiet(LocalApplication):
    """Without log files."""

    def open(self, command):
        self.data_dir = self.settings.home


@pytest.fixture
def voicewright(monkeypatch, capsys, settings):
    """Run a command; returns the status, standard output and errors."""
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("VOICEWRIGHT_HOME", str(settings.home))

    def voicewright(*arguments):
        monkeypatch.setattr("sys.stdin", io.StringIO())
        status = run(Quiet(), arguments)
        told = capsys.readouterr()
        return status, told.out, told.err

    return voicewright


@pytest.fixture
def as_json(voicewright):
    def as_json(*arguments):
        status, out, err = voicewright(*arguments, "--json")
        assert status == 0, err
        return json.loads(out)

    return as_json


@pytest.fixture
def open_vault(settings, database):
    return lambda: Vault.of_voices(settings, KeyRing.open(settings, database))


@pytest.fixture
def digest(open_vault):
    """Of something of Ann's."""
    return open_vault().of(ANN).put_bytes(b"content").digest


@pytest.mark.usefixtures("digest")
def test_the_keys_are_shown_with_what_they_seal(voicewright, as_json, settings):
    shown = as_json("keys", "show")
    (key,) = shown["master_keys"]
    assert (key["keys"], shown["missing"]) == (1, [])
    assert shown["source"] == str(master_key_path(settings))
    status, out, _ = voicewright("keys", "show")
    assert (status, f"{key['id']}  1 key; seals what is new" in out) == (0, True)


def test_a_new_key_takes_the_place_of_the_old_one(voicewright, as_json, settings, digest, open_vault):
    running = open_vault()  # a service that goes on meanwhile
    path = master_key_path(settings)
    before = keys_in(path)
    done = as_json("keys", "rotate")
    assert (done["resealed"], done["in_file"], len(done["not_needed"])) == (1, True, 1)
    assert len(keys_in(path)) == 1
    assert keys_in(path) != before
    assert as_json("keys", "show")["master_keys"] == [{"id": done["key_id"], "keys": 1}]
    later = running.of(BOB).put_bytes(b"Bob's").digest  # never with the key that is gone
    assert running.of(ANN).read(digest) == b"content"
    assert open_vault().of(BOB).read(later) == b"Bob's"
    assert as_json("keys", "show")["master_keys"] == [{"id": done["key_id"], "keys": 2}]
    status, out, _ = voicewright("keys", "rotate")
    assert (status, "2 keys sealed anew" in out, "Make a new copy" in out) == (0, True, True)


@pytest.mark.parametrize("cut_off_at", [1, 2])
def test_a_rotation_that_was_cut_off_is_completed_by_the_next(  # noqa: PLR0917 - fixtures
    monkeypatch, as_json, voicewright, settings, digest, open_vault, cut_off_at
):
    written = []

    def write(path, keys):
        written.append(keys)
        if len(written) == cut_off_at == 2:
            raise StorageFull("no room")
        write_keys(path, keys)
        if len(written) == cut_off_at:
            raise StorageFull("no room")

    monkeypatch.setattr(rotation, "write_keys", write)
    assert voicewright("keys", "rotate")[0] == 7
    assert len(keys_in(master_key_path(settings))) == 2
    assert open_vault().of(ANN).read(digest) == b"content"
    monkeypatch.undo()
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("VOICEWRIGHT_HOME", str(settings.home))
    as_json("keys", "rotate")
    assert keys_in(master_key_path(settings)) == [written[0][0]]
    assert open_vault().of(ANN).read(digest) == b"content"


@pytest.mark.usefixtures("digest")
def test_the_keys_of_the_setting_are_changed_by_whoever_sets_them(
    monkeypatch, voicewright, as_json, settings
):
    (old,) = keys_in(master_key_path(settings))
    new = new_master_key()
    monkeypatch.setenv("VOICEWRIGHT_MASTER_KEY", old)
    assert "put a new key before it" in voicewright("keys", "rotate")[1]
    monkeypatch.setenv("VOICEWRIGHT_MASTER_KEY", f"{new},{old}")
    status, out, _ = voicewright("keys", "rotate")
    old_id = MasterKeys([old], "here").ids[0]
    assert (status, f"VOICEWRIGHT_MASTER_KEY now: {old_id}" in out) == (0, True)
    monkeypatch.setenv("VOICEWRIGHT_MASTER_KEY", new)
    shown = as_json("keys", "show")
    assert (shown["source"], shown["missing"]) == ("VOICEWRIGHT_MASTER_KEY", [])


@pytest.mark.parametrize(
    "command",
    [["serve", "--port", "0"], ["worker"], ["voices", "list"], ["users", "list"], ["keys", "rotate"]],
)
def test_a_wrong_or_lost_key_is_one_clear_line_before_anything_is_begun(
    voicewright, settings, digest, command, open_vault
):
    path = master_key_path(settings)
    kept, key_id = path.read_bytes(), open_vault().keys.master.ids[0]
    write_keys(path, [new_master_key()])
    status, out, err = voicewright(*command)
    assert (status, out, err.count("\n")) == (8, "", 1)
    assert err.startswith(f"error: The stored files were sealed with the master key {key_id}; {path} has ")
    path.unlink()
    status, out, err = voicewright(*command)
    assert (status, out, err.count("\n")) == (8, "", 1)
    assert err.startswith(f"error: The stored files were sealed with the master key {key_id}, and {path} is")
    assert not path.exists()  # no new one hides the loss
    path.write_bytes(kept)
    path.chmod(0o600)
    assert open_vault().of(ANN).read(digest) == b"content"


@pytest.mark.usefixtures("digest")
def test_what_lacks_its_master_key_is_shown(voicewright, settings):
    write_keys(master_key_path(settings), [new_master_key()])
    status, out, _ = voicewright("keys", "show")
    assert (status, "1 key; MISSING" in out) == (8, True)


@pytest.mark.usefixtures("digest")
def test_the_doctor_says_where_the_master_key_is(voicewright, settings):
    _, out, _ = voicewright("doctor")
    assert "master.key; keep a copy of it elsewhere" in out
    write_keys(master_key_path(settings), [new_master_key()])
    status, out, _ = voicewright("doctor")
    assert (status, "MISSING  master key" in out, "Put that key back" in out) == (6, True, True)


def test_no_key_that_is_made_meanwhile_is_sealed_with_one_that_goes(settings, database, digest, open_vault):
    owners = [uuid.uuid4() for _ in range(60)]
    services = [open_vault() for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(services[at % 3].of(owner).put_bytes, b"new") for at, owner in enumerate(owners)]
        for _ in range(3):
            rotation.rotate_master_key(settings, database)
        stored = [each.result().digest for each in made]
    (key,) = keys_in(master_key_path(settings))
    after = open_vault()  # which checks that all can be opened
    assert after.keys.counts() == {MasterKeys([key], "here").ids[0]: 61}
    assert {after.of(owner).read(one) for owner, one in zip(owners, stored, strict=True)} == {b"new"}
    assert after.of(ANN).read(digest) == b"content"
