"""Processes killed at the worst moments: rows and files agree afterwards, and the same upload succeeds."""

from __future__ import annotations

import signal
import uuid

import pytest
from sqlalchemy import select

from voicewright.recordings.entering import Incoming, Outcome, Place
from voicewright.recordings.files import sweep
from voicewright.recordings.models import Sample, SampleClip
from voicewright.recordings.samples import SampleService

WORK = """
import os, signal, sys, uuid
from pathlib import Path
from voicewright.db.server import Database
from voicewright.recordings import entering, examining, files, samples
from voicewright.settings import Settings
from voicewright.storage.blobs import BlobStore

def die(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)

home, url, recording, moment, number = sys.argv[1:]
database = Database.connect(url)
service = samples.SampleService.open(Settings(home=Path(home), database_url=url), database)
PLACE = entering.Place.for_dataset(uuid.UUID(int=int(number)), "my voice")
sent = entering.Incoming.of(Path(recording), "a.flac", "The words that are said in it.")

if moment == "examined":
    samples.digests_of_copies = die
elif moment == "noted":
    BlobStore.put_file = die
elif moment == "original stored":
    entering.put_copies = die
elif moment == "files stored":
    entering._locked_dataset = die
elif moment == "rows written":
    entering.find_sample = die
    original = samples.enter
    samples.enter = lambda *a: (original(*a), die())
elif moment == "committed":
    import voicewright.storage.pending as pending
    from voicewright.home.locks import HeldLock
    HeldLock.release_and_remove = die
elif moment in {"forgotten", "deleted"}:
    with service.upload_folder() as folder:
        (taken,) = service.take([sent], PLACE, folder)
    if moment == "forgotten":
        samples.forget = lambda *a: (files.forget(*a), die())
    else:
        samples.sweep = die
    service.delete(taken.sample)
with service.upload_folder() as folder:
    service.take([sent], PLACE, folder)
"""


@pytest.fixture
def service(settings, database):
    opened = SampleService.open(settings, database)
    yield opened
    opened.close()


MOMENTS = {
    "examined": 0,
    "noted": 0,
    "original stored": 0,
    "files stored": 0,
    "rows written": 0,
    "committed": 1,
    "forgotten": 1,
    "deleted": 0,
}
"""When a process is killed, and how many samples its owner has then."""


def owner(number):
    return uuid.UUID(int=number)


@pytest.fixture
def left(database, service, digests_in):
    """Which owners have samples, the files that rows name, and the files there are."""

    def look():
        with database.session() as session:
            owners = session.scalars(select(Sample.owner_id)).all()
            named = {*session.scalars(select(Sample.digest)), *session.scalars(select(SampleClip.digest))}
        return sorted(owners), named, digests_in(service.vault)

    return look


@pytest.mark.slow
def test_kills_leave_neither_rows_without_files_nor_files_without_rows(
    service, database, sample_recordings, start_python, left
):
    """Eight processes that work on one store at once, each with a recording of its own, die."""
    recordings = [sample_recordings / f"sample-{number + 1:02d}.flac" for number in range(len(MOMENTS))]
    url, home = database.url.render_as_string(hide_password=False), service.uploads_dir.parent
    programs = [
        start_python(WORK, home, url, recordings[number], moment, number)
        for number, moment in enumerate(MOMENTS)
    ]
    for program in programs:
        _, errors = program.communicate(timeout=120)
        assert program.returncode == -signal.SIGKILL, errors
    surviving = [owner(number) for number, kept in enumerate(MOMENTS.values()) if kept]
    owners, named, files = left()
    assert owners == surviving
    assert named <= files
    service.clear_uploads()
    assert sweep(database, service.vault, wait_s=10) is not None
    assert left() == (surviving, named, named)
    assert list(service.uploads_dir.iterdir()) == []
    for number, recording in enumerate(recordings):
        sent = Incoming.of(recording, "a.flac", "The words that are said in it.")
        with service.upload_folder() as folder:
            (taken,) = service.take([sent], Place.for_dataset(owner(number), "my voice"), folder)
        assert taken.outcome is (Outcome.UNCHANGED if owner(number) in surviving else Outcome.CREATED)
        assert service.vault.of(owner(number)).read(taken.sample.digest) == recording.read_bytes()
