"""Samples given back: as a folder for intake, and as a zip in LJ Speech's layout."""

from __future__ import annotations

import io
import tempfile
import uuid
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from voicewright.recordings.archive_budget import ArchiveLimits
from voicewright.recordings.bundles import open_bundle
from voicewright.recordings.datasets import DatasetService
from voicewright.recordings.entering import Incoming, Place
from voicewright.recordings.errors import ArchiveTooLarge, NoRecordings, TranscriptInvalid
from voicewright.recordings.intake import take_in
from voicewright.recordings.materialise import lay_out
from voicewright.recordings.samples import SampleService
from voicewright.storage.errors import BlobCorrupt, BlobNotFound

OWNER = uuid.uuid4()
LIMITS = ArchiveLimits(max_files=100, max_bytes=1 << 28, max_file_bytes=1 << 28)
ODD = 'She said: "No, | yes; Gr\u00fc\u00dfe, \u6c34" and left.'


@pytest.fixture
def service(settings, database):
    opened = SampleService.open(settings, database)
    yield opened
    opened.close()


@pytest.fixture
def datasets(database, service):
    return DatasetService(database, service)


@pytest.fixture
def take(service, sample_recordings):
    """Upload sample recordings by number, with words: `take({1: "words", 2: None})`."""

    def run(texts, *, dataset="my voice", filename="take {}.mp3"):
        files = [
            Incoming.of(sample_recordings / f"sample-{number:02d}.flac", filename.format(number), text)
            for number, text in texts.items()
        ]
        with service.upload_folder() as folder:
            return [one.sample for one in service.take(files, Place.for_dataset(OWNER, dataset), folder)]

    return run


@pytest.fixture
def take_sound(service, write, tmp_path):
    """Upload a sound."""

    def run(samples, filename):
        path = write(tmp_path / "sound.wav", samples)
        with service.upload_folder() as folder:
            place = Place.for_dataset(OWNER, "my voice")
            return service.take([Incoming.of(path, filename)], place, folder)[0].sample

    return run


def test_intake_finds_what_was_laid_out_with_its_words(take, service, tmp_path):
    first, second, third = take({1: ODD, 2: None, 3: "Words as they were sent."})
    third = service.set_transcript(third, "Words as they were mended.")
    laid = lay_out([first, second, third], service.vault.of(OWNER), tmp_path / "laid out")
    report = take_in(laid.folder, tmp_path / "work", measurer=None)
    assert (report.refused, report.notes) == ((), ())
    texts = {laid.sample_of(clip).id: clip.text for clip in report.clips}
    assert texts == {first.id: first.transcript, second.id: None, third.id: third.transcript}
    for clip in report.clips:
        (uploaded,) = laid.sample_of(clip).clips
        assert (clip.verdict, clip.speech_s) == (uploaded.verdict, uploaded.speech_s)
        assert clip.path.read_bytes() == service.vault.of(OWNER).read(uploaded.digest)


def test_what_was_laid_out_before_is_replaced(take, service, tmp_path):
    first, second = take({1: None, 2: None})
    lay_out([first, second], service.vault.of(OWNER), tmp_path / "laid out")
    laid = lay_out([second], service.vault.of(OWNER), tmp_path / "laid out")
    assert sorted(path.name for path in laid.folder.iterdir()) == [f"{second.id}.flac", "metadata.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["laid out"]


def test_a_damaged_or_missing_original_lays_out_nothing(take, service, tmp_path, settings):
    (sample,) = take({1: None})
    blob = next((settings.home / "samples").glob(f"{OWNER}/sha256/{sample.digest[:2]}/{sample.digest[2:]}"))
    blob.write_bytes(b"something else")
    with pytest.raises(BlobCorrupt):
        lay_out([sample], service.vault.of(OWNER), tmp_path / "laid out")
    blob.unlink()
    with pytest.raises(BlobNotFound):
        lay_out([sample], service.vault.of(OWNER), tmp_path / "laid out")
    assert list(tmp_path.iterdir()) == []


def download(datasets, name="my voice", **options):
    title, pieces = datasets.download(OWNER, name, **options)
    return title, zipfile.ZipFile(io.BytesIO(b"".join(pieces)))


def test_a_dataset_is_downloaded_as_lj_speech_is_laid_out_and_taken_in_again(
    take, datasets, service, tmp_path
):
    take({1: ODD, 2: None, 3: "The words of the third."})
    title, archive = download(datasets, "MY VOICE")
    assert (title, archive.testzip()) == ("my voice", None)
    table = archive.read("metadata.csv").decode()
    spoken = ODD.replace("| ", "")
    assert table == f"take_1|{spoken}|{spoken}\ntake_3|The words of the third.|The words of the third.\n"
    assert archive.namelist()[1:] == ["wavs/take_1.wav", "wavs/take_2.wav", "wavs/take_3.wav"]
    archive.extractall(tmp_path / "lj")
    info = soundfile.info(tmp_path / "lj" / "wavs" / "take_1.wav")
    assert (info.samplerate, info.channels, info.subtype) == (22_050, 1, "PCM_16")
    report = take_in(tmp_path / "lj", tmp_path / "work", measurer=None)
    assert (report.transcript_kind, report.refused) == ("ljspeech", ())
    assert [clip.text for clip in report.clips] == [spoken, None, "The words of the third."]
    for left in service.uploads_dir.iterdir():
        pytest.fail(f"{left} stayed")


def test_files_of_one_name_keep_apart_and_cuts_are_numbered(datasets, take, take_sound, speech):
    take({1: None, 2: None}, filename="Take.wav")
    sample = take_sound(speech(35), "take.flac")
    names = [name for name in download(datasets)[1].namelist() if name.startswith("wavs/")]
    cuts = [f"wavs/take~3+{number:04d}.wav" for number in range(1, len(sample.clips) + 1)]
    assert sorted(names) == sorted(["wavs/Take.wav", "wavs/Take~2.wav", *cuts])


def test_rejected_clips_come_along_on_demand_only(datasets, take_sound, speech):
    sample = take_sound((speech(5) * 40).clip(-1, 1), "clipped.wav")
    assert (sample.verdict, sample.speech_s) == ("rejected", 0)
    assert download(datasets)[1].namelist() == ["metadata.csv"]
    assert download(datasets, with_rejected=True)[1].namelist() == ["metadata.csv", "wavs/clipped.wav"]


def test_a_damaged_copy_cuts_the_download_off(take, datasets, settings):
    (sample,) = take({1: None})
    digest = sample.clips[0].digest
    blob = settings.home / "samples" / str(OWNER) / "sha256" / digest[:2] / digest[2:]
    blob.write_bytes(b"something else")
    _, pieces = datasets.download(OWNER, "my voice")
    with pytest.raises(BlobCorrupt):
        list(pieces)


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return Incoming.of(path, path.name)


def test_an_archive_is_read_as_a_folder_is(sample_recordings, tmp_path):
    sounds = [(sample_recordings / f"sample-{number:02d}.flac").read_bytes() for number in (1, 2, 3)]
    sent = zipped(
        tmp_path / "voice.zip",
        {
            "voice/metadata.csv": "a|One.\nb|Two.\nwavs/c|Three.\nlost|Nobody.\n",
            "voice/wavs/a.flac": sounds[0],
            "voice/wavs/b.mp3": sounds[1],
            "voice/wavs/._b.mp3": b"hidden",
            "voice/old/a.flac": sounds[2],
            "voice/notes.txt": b"nothing",
        },
    )
    loose = Incoming.of(sample_recordings / "sample-04.flac", "d.flac")
    bundle = open_bundle([sent, loose], ["", "Four."], tmp_path, LIMITS)
    assert {file.filename: file.transcript for file in bundle.files} == {
        "a.flac": "One.",
        "b.mp3": "Two.",
        "d.flac": "Four.",
    }
    ((refused),) = bundle.refused
    assert (refused.filename, refused.refused.code) == ("a.flac", "DUPLICATE")
    told = " ".join([refused.refused.reason, *bundle.notes])
    assert str(tmp_path) not in told
    assert "lost" in told


def test_all_files_of_an_upload_count_together(sample_recordings, tmp_path):
    loose = Incoming.of(sample_recordings / "sample-01.flac", "a.flac")
    packed = [zipped(tmp_path / f"{number}.zip", {"a.wav": bytes(1000)}) for number in range(3)]

    def opened(sent, **limits):
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        return open_bundle(sent, [], folder, replace(LIMITS, **limits)).files

    assert len(opened([*packed, loose], max_files=4, max_bytes=3000 + loose.size_bytes)) == 4
    for sent in ([*packed, loose], [loose, *packed]):
        for limits in ({"max_files": 3}, {"max_bytes": 2999 + loose.size_bytes}):
            with pytest.raises(ArchiveTooLarge):
                opened(sent, **limits)


def test_transcripts_come_one_for_each_file_or_not_at_all(sample_recordings, tmp_path):
    sent = [Incoming.of(sample_recordings / "sample-01.flac", "a.flac")] * 2
    assert [file.transcript for file in open_bundle(sent, ["x", ""], tmp_path, LIMITS).files] == ["x", None]
    assert [file.transcript for file in open_bundle(sent, [], tmp_path, LIMITS).files] == [None, None]
    for transcripts in (["x"], ["x"] * 3, ["x" * 10_001, ""]):
        with pytest.raises(TranscriptInvalid):
            open_bundle(sent, transcripts, tmp_path, LIMITS)
    with pytest.raises(TranscriptInvalid, match=r"metadata\.csv"):
        open_bundle([zipped(tmp_path / "a.zip", {"a.wav": b"x"})], ["Words."], tmp_path, LIMITS)
    with pytest.raises(NoRecordings, match=r"b\.zip: no recordings"):
        open_bundle([zipped(tmp_path / "b.zip", {"a.txt": b"x"})], [], tmp_path, LIMITS)
