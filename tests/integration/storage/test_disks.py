"""The store on disks that are full, read-only or somebody else's: real ones."""

from __future__ import annotations

import os
import subprocess

import pytest

from voicewright.storage.errors import StorageFull, StorageReadOnly
from voicewright.storage.testing import open_blobs
from voicewright.storage.trees import fetch_tree, put_tree
from voicewright.storage.work import work_folder


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def small_disk(short_dir, mount_disk):
    """A file system of 3 MiB of its own."""
    mount_disk(short_dir, "3m")
    return short_dir


def test_a_full_disk_says_so_and_leaves_the_store_as_it_was(small_disk):
    store = open_blobs(small_disk / "blobs")
    kept = store.put_bytes(b"kept" * 1000).digest
    before = files_below(small_disk)
    with pytest.raises(StorageFull, match="free some space"):
        store.put_bytes(os.urandom(5 << 20))
    assert files_below(small_disk) == before
    assert store.read(kept) == b"kept" * 1000
    smaller = store.put_bytes(os.urandom(1 << 20)).digest
    assert store.has(smaller)


def test_a_folder_that_does_not_fit_is_not_half_unpacked(small_disk, tmp_path):
    store = open_blobs(tmp_path / "blobs")
    (tmp_path / "artefact").mkdir()
    for name in "abcd":
        (tmp_path / "artefact" / name).write_bytes(os.urandom(1 << 20))
    tree = put_tree(store, tmp_path / "artefact")
    with pytest.raises(StorageFull):
        fetch_tree(store, tree.digest, small_disk / "voice")
    assert list(small_disk.iterdir()) == []


def test_a_read_only_disk_says_so(small_disk):
    store = open_blobs(small_disk / "blobs")
    kept = store.put_bytes(b"kept").digest
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StorageReadOnly, match="read-only file system"):
        store.put_bytes(b"new")
    with pytest.raises(StorageReadOnly):
        store.delete(kept)
    with pytest.raises(StorageReadOnly), work_folder(small_disk / "work", "key"):
        pass
    assert store.read(kept) == b"kept"


def test_a_limit_on_the_size_of_files_is_a_full_disk_too(short_dir, start_python):
    process = start_python(
        """
import os, resource, signal, sys
from pathlib import Path
from voicewright.storage.testing import open_blobs
from voicewright.storage.errors import StorageFull
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = open_blobs(Path(sys.argv[1]))
store.put_bytes(b"x")
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    store.put_bytes(os.urandom(3 << 20))
except StorageFull as error:
    print("full:", error.message)
""",
        short_dir / "blobs",
    )
    out, errors = process.communicate(timeout=60)
    assert out.startswith("full:"), errors
    assert len(files_below(short_dir)) == 1


def test_somebody_elses_store_says_whose_permission_is_missing(short_dir, start_python):
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    (short_dir / "blobs").mkdir(mode=0o755)
    process = start_python(
        """
import sys
from pathlib import Path
from voicewright.storage.testing import open_blobs
from voicewright.storage.errors import StorageReadOnly
become(65534)
try:
    open_blobs(Path(sys.argv[1])).put_bytes(b"x")
except StorageReadOnly as error:
    print(error.message)
""",
        short_dir / "blobs",
    )
    out, errors = process.communicate(timeout=60)
    assert "Give the directory to the user" in out, errors
    assert files_below(short_dir) == []
