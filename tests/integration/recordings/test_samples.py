"""Uploaded recordings: what becomes of files, rows and words, whatever comes and whoever comes at once."""

from __future__ import annotations

import os
import shutil
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from sqlalchemy import select

from voicewright.audio.errors import AudioDiskFull
from voicewright.recordings.datasets import DatasetService
from voicewright.recordings.entering import Incoming, Outcome, Place
from voicewright.recordings.errors import (
    DatasetMismatch,
    DatasetNameInvalid,
    DatasetNotFound,
    SampleNotFound,
    SampleRefused,
)
from voicewright.recordings.files import storing, sweep
from voicewright.recordings.models import Dataset, Sample, SampleClip
from voicewright.recordings.samples import SampleService
from voicewright.storage.errors import StorageFull
from voicewright.storage.pending import let_go
from voicewright.storage.work import work_folder

OWNER, OTHER = uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def service(settings, database):
    opened = SampleService.open(settings, database)
    yield opened
    opened.close()


@pytest.fixture
def datasets(database, service):
    return DatasetService(database, service)


@pytest.fixture
def incoming(sample_recordings):
    """A sample recording as it was sent, its number, and words about it."""

    def make(number=1, transcript=None, *, path=None, filename=None):
        path = path or sample_recordings / f"sample-{number:02d}.flac"
        return Incoming.of(path, filename or path.name, transcript)

    return make


@pytest.fixture
def spoken(speech, write, tmp_path):
    """A file with so many seconds of speech, and perhaps as many again after a pause."""

    def make(seconds, *, pause_s=0.0, again_s=0.0):
        parts = [speech(seconds), np.zeros(round(22_050 * pause_s), np.float32)]
        parts += [speech(again_s)] if again_s else []
        return write(tmp_path / f"{seconds} s.wav", np.concatenate(parts))

    return make


@pytest.fixture
def take(service):
    """Upload some files; whatever becomes of them, nothing stays in the folder of uploads."""

    def run(*files, place="my voice", owner=OWNER, **options):
        if isinstance(place, str):
            place = Place.for_dataset(owner, place, **options)
        try:
            with service.upload_folder() as folder:
                return service.take(files, place, folder)
        finally:
            assert list(service.uploads_dir.iterdir()) == []

    return run


@pytest.fixture
def stored(database, service, digests_in):
    """Assert that the store has exactly the files that rows refer to, and give their number."""

    def check():
        with database.session() as session:
            named = {*session.scalars(select(Sample.digest)), *session.scalars(select(SampleClip.digest))}
        assert digests_in(service.vault) == named
        return len(named)

    return check


def test_a_recording_becomes_a_sample_with_its_clip_and_both_files(take, incoming, service, stored):
    sent = incoming(1, "The first sentence.", filename="take one.flac")
    (taken,) = take(sent)
    sample = taken.sample
    assert (taken.outcome, taken.refused, taken.filename) == (Outcome.CREATED, None, "take one.flac")
    assert (sample.filename, sample.container, sample.size_bytes) == (
        "take one.flac",
        "flac",
        sent.size_bytes,
    )
    assert (sample.verdict, sample.reasons, sample.notes, sample.speaker) == ("good", [], [], "my voice")
    (clip,) = sample.clips
    assert (clip.index, clip.text, clip.verdict) == (0, "The first sentence.", "good")
    assert clip.measures["snr_db"] > 20
    assert 3 < sample.speech_s <= sample.duration_s < 8
    assert service.vault.of(OWNER).read(sample.digest) == sent.path.read_bytes()
    assert service.vault.of(OWNER).read(clip.digest)[:4] == b"RIFF"
    assert stored() == 2


def test_what_was_sent_before_is_the_same_sample(take, incoming, stored, datasets):
    (first,) = take(incoming(1, "Words."))
    (again,) = take(incoming(1, filename="other name.flac"), place="MY VOICE")
    assert (again.outcome, again.sample.id) == (Outcome.UNCHANGED, first.sample.id)
    assert take(incoming(1, "Words."))[0].outcome is Outcome.UNCHANGED
    (changed,) = take(incoming(1, "Other words."))
    assert (changed.outcome, changed.sample.id) == (Outcome.UPDATED, first.sample.id)
    assert [clip.text for clip in changed.sample.clips] == ["Other words."]
    (elsewhere,) = take(incoming(1), place="second")
    (single,) = take(incoming(1), place=Place.for_single(OWNER, None, min_s=0, max_s=300))
    (others,) = take(incoming(1), owner=OTHER)
    ids = {one.sample.id for one in (first, elsewhere, single, others)}
    assert len(ids) == 4
    assert (single.sample.speaker, single.sample.dataset_id) == ("self", None)
    assert take(incoming(1), place=Place.for_single(OWNER, None, min_s=0, max_s=300))[0].sample.id in ids
    assert stored() == 2
    assert datasets.summary(OWNER, "my voice").files == 1


def test_one_odd_file_costs_the_others_nothing_and_is_named_as_its_sender_names_it(
    take, incoming, tmp_path, write, stored
):
    (tmp_path / "page.mp3").write_text("<html>not a sound</html>")
    (tmp_path / "empty.wav").write_bytes(b"")
    write(tmp_path / "silence.wav", np.zeros(44_100, np.float32))
    write(tmp_path / "short.wav", np.zeros(2000, np.float32))
    odd = [incoming(path=tmp_path / name) for name in ("page.mp3", "empty.wav", "silence.wav", "short.wav")]
    taken = take(incoming(1), *odd, incoming(2))
    assert [one.outcome for one in taken] == ["created", *["refused"] * 4, "created"]
    codes = [one.refused.code for one in taken[1:5]]
    assert codes == ["NOT_AUDIO", "EMPTY_AUDIO_FILE", "SILENT", "TOO_SHORT"]
    assert not any(str(tmp_path) in one.refused.reason for one in taken[1:5])
    assert stored() == 4


def test_files_that_are_all_refused_make_no_dataset(take, incoming, tmp_path, datasets, stored):
    (tmp_path / "page.mp3").write_text("nothing")
    take(incoming(path=tmp_path / "page.mp3"))
    assert datasets.list_datasets(OWNER) == ([], 0)
    with pytest.raises(DatasetNotFound, match="my voice"):
        datasets.summary(OWNER, "my voice")
    assert stored() == 0


def test_a_long_recording_is_cut_and_its_words_are_not_used(take, incoming, spoken):
    (taken,) = take(incoming(path=spoken(40), transcript="Forty seconds of words."))
    clips = taken.sample.clips
    assert len(clips) >= 3
    assert [clip.index for clip in clips] == list(range(len(clips)))
    assert {clip.text for clip in clips} == {None}
    assert all(clip.end_s - clip.start_s <= 15 for clip in clips)
    assert taken.sample.transcript == "Forty seconds of words."
    assert any("40 s.wav was cut into" in note for note in taken.sample.notes)


def test_the_same_sound_in_another_file_is_told(take, incoming, sample_recordings, tmp_path):
    import soundfile

    samples, rate_hz = soundfile.read(sample_recordings / "sample-01.flac", dtype="int16")
    soundfile.write(tmp_path / "copy.wav", samples, rate_hz)
    take(incoming(1))
    (twin,) = take(incoming(path=tmp_path / "copy.wav"))
    assert any("same recording as sample-01.flac" in note for note in twin.sample.notes)


def test_single_samples_have_a_length_to_keep_to(take, incoming, spoken, stored):
    place = Place.for_single(OWNER, "Ann", min_s=10, max_s=20)
    (short,) = take(incoming(1), place=place)
    assert (short.refused.code, "at least 10 s" in short.refused.reason) == ("TOO_SHORT", True)
    (long,) = take(incoming(path=spoken(25)), place=place)
    assert (long.refused.code, "20 s" in long.refused.reason) == ("TOO_LONG", True)
    (fitting,) = take(incoming(path=spoken(15)), place=place)
    assert (fitting.sample.speaker, fitting.sample.duration_s) == ("Ann", pytest.approx(15, abs=0.1))
    assert stored() == 1 + len(fitting.sample.clips)


def test_a_dataset_is_of_one_speaker_and_in_one_language(take, incoming, datasets):
    take(incoming(1), speaker="Ann", language="de")
    take(incoming(2), speaker="ANN", language="DE")
    for options in ({"speaker": "Bob"}, {"language": "en-us"}):
        with pytest.raises(DatasetMismatch, match=str(*options.values())):
            take(incoming(3), **options)
    summary = datasets.summary(OWNER, "my voice")
    assert (summary.dataset.speaker, summary.dataset.language, summary.files) == ("Ann", "de", 2)
    with pytest.raises(DatasetNameInvalid):
        take(incoming(1), place="../x")


def test_datasets_are_summed_up_and_listed_page_by_page(take, incoming, datasets):
    take(incoming(1, "Some words that are said."), incoming(2), incoming(3), place="Zoo")
    take(incoming(4), place="apes")
    take(incoming(5), owner=OTHER)
    found, total = datasets.list_datasets(OWNER)
    assert ([one.dataset.name for one in found], total) == (["apes", "Zoo"], 2)
    zoo = found[1]
    assert (zoo.files, zoo.transcripts, zoo.verdicts) == (3, 1, {"good": 3})
    assert 10 < zoo.speech_s <= zoo.duration_s < 25
    assert [one.dataset.name for one in datasets.list_datasets(OWNER, limit=1, offset=1)[0]] == ["Zoo"]
    samples, inside = datasets.samples_of(OWNER, "zoo", limit=2, offset=1)
    assert ([one.filename for one in samples], inside) == (["sample-02.flac", "sample-03.flac"], 3)


def test_words_that_change_cut_and_judge_a_recording_again(take, incoming, spoken, stored, service):
    (taken,) = take(incoming(path=spoken(4, pause_s=3.6, again_s=4)))
    assert len(taken.sample.clips) == 2  # without words, a long pause ends a clip
    told = service.set_transcript(taken.sample, "What is said in the whole of it, from first to last.")
    assert [clip.text for clip in told.clips] == [told.transcript]
    assert stored() == 2
    odd = service.set_transcript(told, "x" * 1000)
    assert (odd.verdict, odd.clips[0].verdict) == ("usable", "usable")
    assert "transcript does not seem to belong" in odd.reasons[0]
    untold = service.set_transcript(odd, None)
    assert (untold.transcript, len(untold.clips), untold.verdict) == (None, 2, "good")
    assert service.get(untold.id, OWNER).clips[1].digest == untold.clips[1].digest
    assert stored() == 3
    assert list(service.uploads_dir.iterdir()) == []


def test_samples_are_found_by_their_owner_only(take, incoming, service, datasets):
    (one,), (two,) = take(incoming(1)), take(incoming(2), place="second")
    ids = [two.sample.id, one.sample.id]
    assert [sample.id for sample in service.get_many(ids, OWNER)] == ids
    assert service.get(ids[0], None).id == ids[0]
    for use in (
        lambda: service.get(ids[0], OTHER),
        lambda: service.get(uuid.uuid4(), OWNER),
        lambda: service.get_many(ids, OTHER),
        lambda: datasets.sample_of(OWNER, "my voice", two.sample.id),
    ):
        with pytest.raises(SampleNotFound):
            use()


def test_what_is_deleted_takes_its_files_along_unless_others_share_them(
    take, incoming, service, datasets, stored
):
    (one,), (two,) = take(incoming(1)), take(incoming(2))
    (shared,) = take(incoming(1), place="second")
    assert stored() == 4
    service.delete(one.sample)
    service.delete(one.sample)
    assert stored() == 4
    with pytest.raises(SampleNotFound):
        service.set_transcript(one.sample, "Gone.")
    datasets.delete(OWNER, "MY voice")
    assert stored() == 2
    with pytest.raises(DatasetNotFound):
        datasets.delete(OWNER, "my voice")
    with pytest.raises(SampleNotFound):
        service.get(two.sample.id, OWNER)
    datasets.delete(OWNER, "second")
    assert stored() == 0
    assert not shared.sample.verdict.startswith("rejected")


def test_a_recording_that_can_no_longer_be_used_keeps_its_words(take, incoming, service, monkeypatch):
    from voicewright.recordings import samples
    from voicewright.recordings.report import RefusedFile

    (taken,) = take(incoming(1, "Words."))
    monkeypatch.setattr(samples, "examine", lambda path, *_: RefusedFile(path, "SILENT", "nothing is heard"))
    with pytest.raises(SampleRefused, match="nothing is heard"):
        service.set_transcript(taken.sample, "Others.")
    assert service.get(taken.sample.id, OWNER).transcript == "Words."


def test_the_same_file_many_times_at_once_is_one_sample(service, incoming, stored, database):
    def upload(number):
        with service.upload_folder() as folder:
            place = Place.for_dataset(OWNER, "my voice")
            return service.take([incoming(1 + number % 2, "The words of it.")], place, folder)[0]

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(upload, range(16)))
    outcomes = [one.outcome for one in taken]
    assert (outcomes.count("created"), outcomes.count("unchanged")) == (2, 14)
    assert len({one.sample.id for one in taken}) == 2
    with database.session() as session:
        assert len(session.scalars(select(Dataset)).all()) == 1
    sweep(database, service.vault, wait_s=5)
    assert stored() == 4


def test_uploads_and_deletions_at_once_leave_neither_files_nor_rows_alone(
    service, incoming, datasets, stored, database
):
    """Equal files are stored once: a deletion must see that somebody is about to need them."""
    single = Place.for_single(OWNER, None, min_s=0, max_s=60)

    def upload(number):
        file = incoming(1 + number % 3, f"The words that are said, number {number}.")
        place = Place.for_dataset(OWNER, f"set {number % 3}") if number % 3 else single
        with service.upload_folder() as folder:
            service.take([file], place, folder)

    def change(number):
        samples = service.list_singles(OWNER)[0]
        with suppress(DatasetNotFound):
            samples += datasets.samples_of(OWNER, f"set {number % 3}")[0]
            if number % 2:
                datasets.delete(OWNER, f"set {number % 3}")
        for sample in samples:
            with suppress(SampleNotFound):
                service.delete(sample) if number % 4 else service.set_transcript(sample, f"Mended {number}.")

    with ThreadPoolExecutor(6) as pool:
        work = [pool.submit(change if number % 3 == 0 else upload, number // 2) for number in range(60)]
    for one in work:
        one.result()
    assert sweep(database, service.vault, wait_s=5) is not None
    stored()


def test_a_sweep_waits_for_nobody_and_takes_nothing_that_is_being_stored(service, database, incoming, stored):
    sent, blobs = incoming(1), service.vault.of(OWNER)
    with storing(database, blobs, [sent.digest]):
        blobs.put_file(sent.path)
        assert sweep(database, service.vault) is None
        assert blobs.has(sent.digest)
    let_go(blobs, [sent.digest])
    assert sweep(database, service.vault) == 1
    assert stored() == 0


@pytest.fixture
def small_service(settings, database, short_dir, mount_disk):
    """On a disk of 1 MiB."""
    (short_dir / "home").mkdir()
    mount_disk(short_dir / "home", "1m")
    opened = SampleService.open(settings.model_copy(update={"min_free_disk_mb": 0}), database)
    yield opened
    opened.close()


def test_a_full_disk_is_said_and_leaves_nothing_half_made(small_service, database, incoming, digests_in):
    place, filler = Place.for_dataset(OWNER, "x"), small_service.uploads_dir.parent / "filler"
    filler.write_bytes(os.urandom(600 << 10))
    reserved = SampleService(database, small_service.vault, small_service.uploads_dir, reserve_mb=1)
    with reserved.upload_folder() as folder, pytest.raises(StorageFull, match="1 MiB to spare"):
        reserved.take([incoming(1)], place, folder)
    reserved.close()
    full = pytest.raises((StorageFull, AudioDiskFull), match=r"(?i)free some space")
    with small_service.upload_folder() as folder, full:
        small_service.take([incoming(number) for number in (1, 2)], place, folder)
    assert list(small_service.uploads_dir.iterdir()) == []
    filler.unlink()
    with small_service.upload_folder() as folder:
        (taken,) = small_service.take([incoming(1)], place, folder)
    sweep(database, small_service.vault, wait_s=5)
    with database.session() as session:
        named = {*session.scalars(select(Sample.digest)), *session.scalars(select(SampleClip.digest))}
    assert digests_in(small_service.vault) == named
    assert {taken.sample.digest, taken.sample.clips[0].digest} <= named


def test_what_killed_uploads_left_goes_with_the_next_start_and_nothing_else(service):
    left = service.uploads_dir / uuid.uuid4().hex
    left.mkdir()
    (left / "00001.wav").write_bytes(b"half")
    with work_folder(service.uploads_dir, uuid.uuid4().hex) as used:
        (used.path / "00001.wav").write_bytes(b"coming")
        service.clear_uploads()
        assert (used.path / "00001.wav").read_bytes() == b"coming"
        shutil.rmtree(used.path)
    assert not left.exists()


class HeldUpload(threading.Event):
    """Tells when the upload that it may stop is listened to, and keeps it there."""

    def __init__(self):
        super().__init__()
        self.begun, self.goes_on = threading.Event(), threading.Event()

    def is_set(self):
        self.begun.set()
        assert self.goes_on.wait(60)
        return super().is_set()


def test_mended_words_wait_for_nobodys_upload(database, service, take, incoming):
    (taken,) = take(incoming(1))
    busy = SampleService(database, service.vault, service.uploads_dir, workers=1)
    place, held = Place.for_dataset(OWNER, "another"), HeldUpload()
    with ThreadPoolExecutor(2) as pool, busy.upload_folder() as folder:
        uploading = pool.submit(busy.take, [incoming(2), incoming(3)], place, folder, stop=held)
        try:
            assert held.begun.wait(60)
            mended = pool.submit(busy.set_transcript, taken.sample, "Other words.").result(60)
            assert not uploading.done()
        finally:
            held.goes_on.set()
        assert [one.outcome for one in uploading.result()] == [Outcome.CREATED] * 2
    busy.close()
    assert mended.transcript == "Other words."
