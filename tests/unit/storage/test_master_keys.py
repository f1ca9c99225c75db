"""The master key: from a setting or a file, and what is said where it can't be used."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from voicewright.settings import Settings
from voicewright.storage.errors import MasterKeyInvalid, MasterKeyWrong
from voicewright.storage.master_keys import MasterKeys, SealedSecret, keys_in, new_master_key, write_keys
from voicewright.storage.user_keys import master_key_path, master_keys


def test_the_first_key_seals_and_all_of_them_open():
    old, new = new_master_key(), new_master_key()
    before = MasterKeys([old], "here")
    sealed = before.seal(b"secret")
    both = MasterKeys([new, old], "here")
    assert both.open(sealed) == b"secret"
    assert both.ids == [MasterKeys([new], "here").ids[0], before.ids[0]]
    assert both.seal(b"more").master_key_id == both.ids[0]


def test_another_key_is_a_clear_error():
    sealed = MasterKeys([new_master_key()], "there").seal(b"secret")
    with pytest.raises(MasterKeyWrong, match=f"{sealed.master_key_id}.*VOICEWRIGHT_MASTER_KEY has"):
        MasterKeys([new_master_key()], "VOICEWRIGHT_MASTER_KEY").open(sealed)


def test_a_changed_secret_is_a_clear_error():
    keys = MasterKeys([new_master_key()], "here")
    sealed = keys.seal(b"secret")
    changed = SealedSecret(sealed.master_key_id, sealed.token[:-4] + b"AAA=")
    with pytest.raises(MasterKeyWrong, match="was changed"):
        keys.open(changed)


@pytest.mark.parametrize("text", ["", "short", "ä" * 44, "A" * 40, "A" * 43 + "=AAAA"])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(MasterKeyInvalid, match="openssl rand -base64 32"):
        MasterKeys([new_master_key(), text], "VOICEWRIGHT_MASTER_KEY")


def test_the_file_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "keys" / "master.key"
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: tuple(MasterKeys.from_file(path).ids), range(8)))
    assert len(set(ids)) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["master.key"]


def test_a_file_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "master.key"
    MasterKeys.from_file(path)
    path.chmod(0o644)
    with pytest.raises(MasterKeyInvalid, match=f"chmod 600 {path}"):
        MasterKeys.from_file(path)


def test_an_emptied_file_is_not_filled_again(tmp_path):
    path = tmp_path / "master.key"
    path.touch(mode=0o600)
    with pytest.raises(MasterKeyInvalid, match="holds no key"):
        MasterKeys.from_file(path)
    assert keys_in(path) == []


def test_the_file_is_replaced_at_once(tmp_path):
    path = tmp_path / "master.key"
    first = MasterKeys.from_file(path).ids[0]
    write_keys(path, [new_master_key(), *keys_in(path)])
    ids = MasterKeys.from_file(path).ids
    assert ids[1:] == [first]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_setting_comes_before_the_file(tmp_path):
    one, two = new_master_key(), new_master_key()
    given = master_keys(Settings(home=tmp_path, master_key=f" {one}, {two},"))
    assert given.ids == MasterKeys([one, two], "x").ids
    assert not master_key_path(Settings(home=tmp_path)).exists()
