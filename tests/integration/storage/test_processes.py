"""The store and the work folders among several processes, some of which are killed."""

from __future__ import annotations

import time

import pytest

from voicewright.storage.errors import WorkBusy
from voicewright.storage.testing import open_blobs
from voicewright.storage.work import work_folder

WRITER = """
import hashlib, sys
from pathlib import Path
from voicewright.storage.testing import open_blobs
store = open_blobs(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(30):
    store.put_bytes(hashlib.sha256(b"%d" % (number % 10)).digest() * 10_000)
print("done", flush=True)
"""


def test_processes_that_store_the_same_files_at_once_agree(short_dir, start_python):
    writers = [start_python(WRITER, short_dir / "blobs") for _ in range(3)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        assert writer.communicate(timeout=60) == ("done\n", "")
    store = open_blobs(short_dir / "blobs")
    digests = list(store.digests())
    assert len(digests) == 10
    assert all(store.read(digest) for digest in digests)
    assert store.objects.clear_staging() == 0


def test_a_killed_writer_leaves_no_half_blob(short_dir, start_python):
    writer = start_python(
        """
import os, sys
from pathlib import Path
from voicewright.storage.testing import open_blobs
store = open_blobs(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    store.put_bytes(os.urandom(3 << 20))
""",
        short_dir / "blobs",
    )
    writer.stdout.readline()
    time.sleep(0.3)
    writer.kill()
    writer.wait()
    store = open_blobs(short_dir / "blobs")
    for digest in store.digests():
        store.read(digest)
    store.objects.clear_staging()
    assert all("staging" not in path.parts for path in short_dir.rglob("*") if path.is_file())


def test_a_killed_training_gives_its_folder_back_with_its_checkpoint(short_dir, start_python):
    trainer = start_python(
        """
import sys, time
from pathlib import Path
from voicewright.storage.work import work_folder
with work_folder(Path(sys.argv[1]), "key") as work:
    (work.path / "checkpoint").write_text("step 5")
    print("training", flush=True)
    time.sleep(600)
""",
        short_dir,
    )
    assert trainer.stdout.readline() == "training\n"
    with pytest.raises(WorkBusy, match=f"process id {trainer.pid}"), work_folder(short_dir, "key"):
        pass
    trainer.kill()
    trainer.wait()
    with work_folder(short_dir, "key") as work:
        assert (work.path / "checkpoint").read_text() == "step 5"
