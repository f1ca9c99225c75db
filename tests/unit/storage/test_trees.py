from __future__ import annotations

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voicewright.storage.errors import BlobCorrupt, BlobNotFound, StorageUnavailable, TreeInvalid
from voicewright.storage.testing import open_blobs
from voicewright.storage.trees import fetch_tree, put_files, put_tree, read_tree, verify_tree


@pytest.fixture
def store(tmp_path):
    return open_blobs(tmp_path / "blobs")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "artefact"
    (folder / "sub").mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"weights" * 1000)
    (folder / "sub" / "voice.json").write_text("{}")
    (folder / "empty").mkdir()
    return folder


def content(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_folder_comes_back_as_it_was(store, folder, tmp_path):
    tree = put_tree(store, folder)
    assert (tree.bytes, tree.files) == (7002, 2)
    fetch_tree(store, tree.digest, tmp_path / "back")
    assert content(tmp_path / "back") == content(folder)
    assert verify_tree(read_tree(store, tree.digest), tmp_path / "back")
    assert not list(tmp_path.glob(".back*"))


def test_equal_folders_have_one_digest_whenever_they_were_written(store, folder, tmp_path):
    first = put_tree(store, folder)
    copy = tmp_path / "copy"
    (copy / "sub").mkdir(parents=True)
    for path, data in reversed(content(folder).items()):
        (copy / path).write_bytes(data)
        os.utime(copy / path, (1, 1))
    assert put_tree(store, copy) == first
    assert len(list(store.digests())) == 3


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.lists(
            st.sampled_from(["a", "b", "é", "x y", "."]).filter(lambda part: part != "."),
            min_size=1,
            max_size=3,
        ).map("/".join),
        st.binary(max_size=64),
        min_size=1,
        max_size=6,
    ).filter(lambda files: not any(a != b and b.startswith(a + "/") for a in files for b in files))
)
def test_any_set_of_files_survives(store, tmp_path_factory, files):
    base = tmp_path_factory.mktemp("tree")
    for path, data in files.items():
        (base / "in" / path).parent.mkdir(parents=True, exist_ok=True)
        (base / "in" / path).write_bytes(data)
    fetch_tree(store, put_tree(store, base / "in").digest, base / "out")
    assert content(base / "out") == files


def test_what_an_artefact_can_not_hold_is_refused(store, folder, tmp_path):
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(TreeInvalid, match="link"):
        put_tree(store, folder)
    (folder / "link").unlink()
    os.mkfifo(folder / "pipe")
    with pytest.raises(TreeInvalid, match="pipe"):
        put_tree(store, folder)
    (tmp_path / "nothing").mkdir()
    for bad in (tmp_path / "nothing", tmp_path / "absent", folder / "model.safetensors"):
        with pytest.raises(TreeInvalid):
            put_tree(store, bad)
    assert list(store.digests()) == []


@pytest.mark.parametrize(
    "path", ["../x", "/etc/x", "a/../../x", "", ".", "a//b", "a\\b", "C:x", "a\nb", "a/"]
)
def test_a_manifest_can_not_lead_outside(store, tmp_path, path):
    blob = store.put_bytes(b"evil").digest
    with pytest.raises(TreeInvalid):
        put_files(store, {path: tmp_path / "x"}, what="it")
    manifest = {"format": "voicewright-tree/1", "files": [{"path": path, "sha256": blob, "size": 4}]}
    with pytest.raises(TreeInvalid):
        fetch_tree(store, store.put_bytes(json.dumps(manifest).encode()).digest, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b'{"format": "voicewright-tree/2", "files": []}',
        b'{"format": "voicewright-tree/1", "files": [{}]}',
    ],
)
def test_a_blob_that_is_no_manifest_is_not_taken_for_one(store, tmp_path, manifest):
    with pytest.raises(BlobCorrupt):
        fetch_tree(store, store.put_bytes(manifest).digest, tmp_path / "out")


def test_a_tree_appears_whole_or_not_at_all(store, folder, tmp_path):
    tree = put_tree(store, folder)
    store.delete(next(file.sha256 for file in read_tree(store, tree.digest) if file.path.startswith("sub")))
    with pytest.raises(BlobNotFound):
        fetch_tree(store, tree.digest, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artefact", "blobs"]


def test_an_existing_folder_is_not_replaced(store, folder, tmp_path):
    tree = put_tree(store, folder)
    (tmp_path / "out").mkdir()
    with pytest.raises(TreeInvalid, match="exists already"):
        fetch_tree(store, tree.digest, tmp_path / "out")


@pytest.mark.parametrize("change", ["edit", "add", "remove", "link"])
def test_verification_sees_every_change(store, folder, change):
    files = read_tree(store, put_tree(store, folder).digest)
    assert verify_tree(files, folder)
    target = folder / "sub" / "voice.json"
    match change:
        case "edit":
            target.write_text("{ ")
        case "add":
            (folder / "more").write_text("")
        case "remove":
            target.unlink()
        case "link":
            target.rename(folder.parent / "elsewhere")
            target.symlink_to(folder.parent / "elsewhere")
    assert not verify_tree(files, folder)


def test_a_file_that_vanishes_while_it_is_stored_is_an_error_in_words(store, tmp_path):
    with pytest.raises(StorageUnavailable, match=r"gone\.wav"):
        put_files(store, {"a.wav": tmp_path / "gone.wav"}, what="it")
