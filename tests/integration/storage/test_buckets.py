"""The same store in a bucket, over the real S3 protocol."""

from __future__ import annotations

import os
import uuid

import pytest

from voicewright.storage.errors import BlobCorrupt, BlobNotFound, StorageUnavailable, StoreUrlInvalid
from voicewright.storage.objects import ObjectStore
from voicewright.storage.testing import open_blobs
from voicewright.storage.trees import StoredTree, fetch_tree, put_tree
from voicewright.storage.user_keys import KeyRing
from voicewright.storage.vault import Vault, forget_objects


@pytest.fixture
def store(bucket, bucket_options, tmp_path):
    objects = ObjectStore.at_url(f"s3://{bucket}/voicewright", bucket_options)
    return open_blobs(tmp_path / "here", objects=objects)


def test_blobs_lie_in_a_bucket_as_in_a_directory(store, tmp_path):
    content = os.urandom(9 << 20)  # more than one part of an upload
    (tmp_path / "model").write_bytes(content)
    stored = store.put_file(tmp_path / "model")
    assert store.put_file(tmp_path / "model") == stored
    assert store.read(stored.digest) == content
    store.fetch_file(stored.digest, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content
    empty = store.put_bytes(b"")
    assert store.read(empty.digest) == b""
    assert set(store.digests()) == {stored.digest, empty.digest}
    assert store.delete(empty.digest)
    assert not store.delete(empty.digest)
    with pytest.raises(BlobNotFound):
        store.read(empty.digest)
    assert store.objects.clear_staging() == 0


def test_damage_in_a_bucket_is_noticed_and_mended(store):
    digest = store.put_bytes(b"some" * 100).digest
    (path,) = store.objects.paths("")
    store.objects.put(path, [b"rotten"])
    with pytest.raises(BlobCorrupt):
        store.read(digest)
    store.put_bytes(b"some" * 100)
    assert store.read(digest) == b"some" * 100


def test_an_upload_that_ends_early_leaves_nothing(store):
    def cut_off():
        yield os.urandom(9 << 20)
        raise BlobCorrupt("in the middle")

    with pytest.raises(BlobCorrupt, match="in the middle"):
        store.objects.put("somebody/half", cut_off())
    assert list(store.objects.paths("")) == []


def test_folders_and_small_objects_move_in_a_bucket(store, tmp_path):
    (tmp_path / "artefact").mkdir()
    (tmp_path / "artefact" / "voice.json").write_text("{}")
    tree = put_tree(store, tmp_path / "artefact")
    fetch_tree(store, tree.digest, tmp_path / "back")
    assert (tmp_path / "back" / "voice.json").read_text() == "{}"
    assert StoredTree(store, tree.digest).read("voice.json") == b"{}"
    store.put_named("somebody/one/voice.json", b"{1}")
    store.objects.rename("somebody/one/voice.json", "deleted/somebody/one/voice.json")
    assert store.get_named("deleted/somebody/one/voice.json") == b"{1}"
    assert list(store.objects.paths("somebody/one")) == []


def test_the_settings_name_the_bucket(bucket, bucket_options, settings, database):
    configured = settings.model_copy(
        update={"store_url": f"s3://{bucket}/a/folder", "store_options": bucket_options}
    )
    keys = KeyRing.open(configured, database)
    owner = uuid.uuid4()
    voices, samples = Vault.of_voices(configured, keys), Vault.of_samples(configured, keys)
    one, two = voices.of(owner).put_bytes(b"voice"), samples.of(owner).put_bytes(b"sample")
    assert voices.of(owner).read(one.digest) == b"voice"
    assert not voices.of(owner).has(two.digest)
    whole = ObjectStore.at_url(f"s3://{bucket}", bucket_options)
    assert {path.split(str(owner))[0] for path in whole.paths("")} == {"a/folder/", "a/folder/samples/"}
    assert forget_objects(voices.objects, owner) == 1


def test_a_store_that_is_away_or_no_store_is_said(bucket_options):
    away = ObjectStore.at_url("s3://no-such-bucket", bucket_options)
    with pytest.raises(StorageUnavailable, match="no-such-bucket"):
        away.put("a", [b"x"])
    for url in ("ftp://host/x", "s3:", "C:\\voices", "s3://bucket"):
        with pytest.raises(StoreUrlInvalid, match="s3://bucket/folder"):
            ObjectStore.at_url(url, {"no_such_option": "1"} if url == "s3://bucket" else {})
