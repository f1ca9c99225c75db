from __future__ import annotations

import hashlib
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from voicewright.storage.errors import BlobCorrupt, BlobNotFound, StorageUnavailable
from voicewright.storage.testing import open_blobs

ABSENT = "0" * 64


@pytest.fixture
def store(tmp_path):
    return open_blobs(tmp_path / "blobs")


def path_of(store, digest):
    return store.objects.directory / store.folder / "sha256" / digest[:2] / digest[2:]


def staged(store):
    folder = store.objects.directory / "staging"
    return list(folder.iterdir()) if folder.exists() else []


def test_what_was_put_in_comes_out_under_its_sha256(store, tmp_path):
    content = bytes(range(256)) * 20_000  # five chunks and a bit
    (tmp_path / "file").write_bytes(content)
    stored = store.put_file(tmp_path / "file")
    assert stored == (hashlib.sha256(content).hexdigest(), len(content))
    assert store.read(stored.digest) == content
    store.fetch_file(stored.digest, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content
    assert staged(store) == []


def test_an_empty_blob_is_a_blob(store):
    digest, size = store.put_bytes(b"")
    assert (store.read(digest), size) == (b"", 0)


def test_equal_content_is_stored_once_and_not_written_again(store):
    first = store.put_bytes(b"same")
    before = path_of(store, first.digest).stat()
    assert store.put_bytes(b"same") == first
    after = path_of(store, first.digest).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert list(store.digests()) == [first.digest]
    assert staged(store) == []


def test_the_store_is_closed_to_others(store):
    assert stat.S_IMODE(store.objects.directory.stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", [b"", b"somE", b"some more"])
def test_damage_is_noticed_and_the_half_written_target_removed(store, tmp_path, damage):
    digest = store.put_bytes(b"some").digest
    path_of(store, digest).write_bytes(damage)
    with pytest.raises(BlobCorrupt, match=digest):
        store.read(digest)
    with pytest.raises(BlobCorrupt):
        store.fetch_file(digest, tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_storing_the_content_again_repairs_a_damaged_blob(store):
    digest = store.put_bytes(b"some").digest
    path_of(store, digest).write_bytes(b"rotten")
    store.put_bytes(b"some")
    assert store.read(digest) == b"some"


def test_a_blob_that_is_not_there_is_named(store):
    for digest in (ABSENT, "../../etc/passwd", "", "A" * 64):
        with pytest.raises(BlobNotFound):
            store.read(digest)
    assert not store.has(ABSENT)
    assert not store.delete(ABSENT)


def test_a_limit_protects_who_parses_in_memory(store):
    digest = store.put_bytes(b"x" * 100).digest
    assert len(store.read(digest, max_bytes=100)) == 100
    with pytest.raises(BlobCorrupt, match="99"):
        store.read(digest, max_bytes=99)


def test_a_deleted_blob_is_gone_and_its_neighbours_stay(store):
    keep, drop = store.put_bytes(b"keep").digest, store.put_bytes(b"drop").digest
    assert store.delete(drop)
    assert list(store.digests()) == [keep]


def test_strange_files_in_the_store_are_passed_over(store):
    digest = store.put_bytes(b"x").digest
    (store.objects.directory / store.folder / "sha256" / "notes.txt").write_text("mine")
    assert list(store.digests()) == [digest]


def test_what_killed_writers_left_can_be_cleared(store):
    store.put_bytes(b"x")
    (store.objects.directory / "staging" / "left").write_bytes(b"half")
    assert store.objects.clear_staging() == 1
    assert staged(store) == []


def test_an_existing_file_is_never_overwritten_by_a_fetch(store, tmp_path):
    digest = store.put_bytes(b"x").digest
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(StorageUnavailable):
        store.fetch_file(digest, tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "precious"


def test_many_threads_may_store_the_same_and_different_things(store):
    with ThreadPoolExecutor(8) as pool:
        digests = list(pool.map(lambda n: store.put_bytes(b"%d" % (n % 5)).digest, range(60)))
    assert len(set(digests)) == 5
    assert all(store.read(digest) for digest in digests)
    assert staged(store) == []
