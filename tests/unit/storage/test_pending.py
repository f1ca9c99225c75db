"""Notes of what is stored or let go: none is lost, whoever looks at them meanwhile."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from voicewright.storage import pending
from voicewright.storage.master_keys import MasterKeys, new_master_key
from voicewright.storage.objects import ObjectStore
from voicewright.storage.pending import abandoned, let_go
from voicewright.storage.user_keys import KeyRing
from voicewright.storage.vault import Vault

ANN, BOB = uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def vault(tmp_path):
    keys = KeyRing(None, MasterKeys([new_master_key()], "a test"))  # no key is asked for
    return Vault(ObjectStore.in_directory(tmp_path / "store"), keys, tmp_path / "notes")


@pytest.fixture
def blobs(vault):
    return vault.of(ANN)


def digest(number):
    return f"{number:064x}"


def test_a_collection_passes_over_a_note_that_is_not_complete(blobs, monkeypatch):
    seen = []

    def write(held, digests, write=pending._write):
        with abandoned(blobs) as left:
            seen.append((left.digests, left.writers))
        write(held, digests)

    monkeypatch.setattr(pending, "_write", write)
    let_go(blobs, [digest(1)])
    assert seen == [(set(), 1)]
    with abandoned(blobs) as left:
        assert (left.digests, left.writers) == ({digest(1)}, 0)


def test_the_folders_of_owners_without_notes_are_removed(vault, blobs):
    let_go(blobs, [digest(1)])
    let_go(vault.of(BOB), [digest(2)])
    (vault.notes_dir / "something").mkdir()
    assert set(vault.noted_owners()) == {ANN, BOB}
    with abandoned(blobs):
        pass
    assert vault.noted_owners() == [BOB]
    assert not blobs.notes_dir.exists()
    vault.forget_notes(BOB)
    assert sorted(path.name for path in vault.notes_dir.iterdir()) == ["something"]


def test_no_note_is_lost_while_empty_folders_are_removed(vault, blobs):
    start, found = Barrier(3), set()

    def leave(first):
        start.wait()
        for number in range(first, 200, 2):
            let_go(blobs, [digest(number)])

    def look():
        if ANN in vault.noted_owners():
            with abandoned(blobs) as left:
                found.update(left.digests)

    with ThreadPoolExecutor(2) as pool:
        leaving = [pool.submit(leave, first) for first in range(2)]
        start.wait()
        while not all(one.done() for one in leaving):
            look()
        [one.result() for one in leaving]
    look()
    assert found == {digest(number) for number in range(200)}
