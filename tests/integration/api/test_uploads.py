"""Uploads over HTTP: the documented form, batches, archives, single samples, and what is wrong with them."""

from __future__ import annotations

import io
import os
import re
import tarfile
import zipfile

import pytest

UPLOAD = "/api/v1/admin/training/upload"
VOICE = "/api/voice/upload"
NAME = {"dataset_name": "my_voice_dataset"}
PEOPLE = ("ann", "bob", "admin")


@pytest.fixture(scope="session")
def sound(sample_recordings):
    """The bytes of a sample recording of about five seconds, by its number."""
    return lambda number=1: (sample_recordings / f"sample-{number:02d}.flac").read_bytes()


@pytest.fixture(scope="session")
def long_sound(sample_recordings, tmp_path_factory):
    """A WAV file with some twelve seconds of speech."""
    import numpy as np
    import soundfile

    parts = [soundfile.read(sample_recordings / f"sample-{number:02d}.flac")[0] for number in (1, 2, 3)]
    rate_hz = soundfile.info(sample_recordings / "sample-01.flac").samplerate
    path = tmp_path_factory.mktemp("long") / "long.wav"
    soundfile.write(path, np.concatenate(parts), rate_hz)
    return path.read_bytes()


@pytest.fixture
def upload(client, admin, services):
    """Upload as an administrator; whatever comes of it, nothing stays in the folder of uploads."""

    def send(*files, path=UPLOAD, headers=None, **options):
        named = [("audio", file if isinstance(file, tuple) else ("a.mp3", file)) for file in files]
        headers = (headers or admin.headers) | options.pop("more_headers", {})
        answer = client.post(path, headers=headers, files=named or None, **options)
        assert list(services.samples.uploads_dir.iterdir()) == []
        return answer

    return send


@pytest.fixture
def blobs(services, digests_in):
    return lambda: digests_in(services.samples.vault)


def test_the_documented_form_makes_a_sample_of_one_file(upload, sound, admin):
    answer = upload(("take 1.flac", sound()), data=NAME | {"transcript": "The words that are said in it."})
    assert answer.status_code == 201
    body = answer.json()
    assert body["dataset"]["name"] == "my_voice_dataset"
    assert (body["dataset"]["file_count"], body["dataset"]["user_id"]) == (1, str(admin.id))
    (file,) = body["files"]
    assert (file["filename"], file["outcome"], file["code"], file["reason"]) == (
        "take 1.flac",
        "created",
        None,
        None,
    )
    sample = file["sample"]
    assert (sample["verdict"], sample["format"], sample["speaker"]) == ("good", "flac", "my_voice_dataset")
    (clip,) = sample["clips"]
    assert clip["text"] == "The words that are said in it."
    assert set(clip["measures"]) == {"snr_db", "clipping_ratio", "loudness_lufs", "bandwidth_hz"}
    again = upload(sound(), data=NAME)
    assert (again.status_code, again.json()["files"][0]["outcome"]) == (200, "unchanged")
    changed = upload(sound(), data={"dataset_name": "MY_voice_dataset", "transcript": "Others than before."})
    assert (changed.status_code, changed.json()["files"][0]["outcome"]) == (200, "updated")
    assert changed.json()["files"][0]["sample"]["id"] == sample["id"]


def test_many_files_are_matched_with_their_transcripts_in_order(upload, sound):
    texts = ["The words of the first.", "", "The words of the third."]
    answer = upload(
        *((f"{number}.flac", sound(number)) for number in (1, 2, 3)),
        data=NAME | {"transcript": texts, "speaker": "Ann"},
    )
    assert answer.status_code == 201
    samples = [file["sample"] for file in answer.json()["files"]]
    assert [sample["transcript"] for sample in samples] == [texts[0], None, texts[2]]
    assert {sample["speaker"] for sample in samples} == {"Ann"}
    assert answer.json()["dataset"]["transcript_count"] == 2


def test_in_a_batch_the_odd_file_is_refused_and_the_others_are_kept(upload, sound, blobs):
    answer = upload(("a.flac", sound()), ("page.mp3", b"<html></html>"), data=NAME)
    assert answer.status_code == 201
    good, odd = answer.json()["files"]
    assert (good["outcome"], odd["outcome"], odd["sample"], odd["code"]) == (
        "created",
        "refused",
        None,
        "NOT_AUDIO",
    )
    assert "content is not audio" in odd["reason"]
    assert len(blobs()) == 2


@pytest.mark.parametrize("count", [1, 2])
def test_where_nothing_can_be_used_each_file_is_named(upload, client, admin, count, blobs):
    answer = upload(*[("page.mp3", b"<html></html>" * (number + 1)) for number in range(count)], data=NAME)
    assert answer.status_code == 422
    body = answer.json()
    assert body["code"] == "SAMPLE_REFUSED"
    assert [fault["field"] for fault in body["fields"]] == (
        ["audio"] if count == 1 else ["audio[0]", "audio[1]"]
    )
    assert "page.mp3: the content is not audio" in body["fields"][0]["message"]
    assert body["fields"][0]["message"].endswith("(NOT_AUDIO)")
    assert client.get("/api/v1/admin/training/datasets", headers=admin.headers).json()["total"] == 0
    assert blobs() == set()


def zipped(files, method=zipfile.ZIP_STORED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def tarred(files):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return held.getvalue()


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_an_archive_with_its_table_is_many_files(upload, sound, pack):
    packed = pack(
        {
            "metadata.csv": b"a|The words of the first.\nb|The words of the second.\nc|No file.\n",
            "wavs/a.flac": sound(1),
            "wavs/b.flac": sound(2),
            "wavs/odd.wav": b"nothing",
        }
    )
    answer = upload(("voice.bin", packed), data=NAME)
    assert answer.status_code == 201
    body = answer.json()
    assert [(file["filename"], file["outcome"]) for file in body["files"]] == [
        ("a.flac", "created"),
        ("b.flac", "created"),
        ("odd.wav", "refused"),
    ]
    assert body["files"][1]["sample"]["transcript"] == "The words of the second."
    assert any(
        "lines of the transcript file name recordings that are not there" in note for note in body["notes"]
    )
    again = upload(("voice.zip", packed), data=NAME)
    assert (again.status_code, again.json()["dataset"]["file_count"]) == (200, 2)


@pytest.mark.parametrize(
    ("packed", "status", "code"),
    [
        (zipped({"../a.wav": b"x"}), 422, "ARCHIVE_UNSAFE"),
        (zipped({"a.wav": zipped({"b.wav": b"x"})}), 422, "ARCHIVE_UNSAFE"),
        (zipped({"a.wav": b"x"})[:40], 422, "ARCHIVE_UNREADABLE"),
        (zipped({f"{number}.wav": b"x" for number in range(1001)}), 413, "ARCHIVE_TOO_LARGE"),
        (tarred({"a.wav": bytes(65 << 20)}), 413, "ARCHIVE_TOO_LARGE"),
        (zipped({"readme.txt": b"x"}), 422, "NO_RECORDINGS"),
    ],
    ids=["leaves the folder", "archive in an archive", "cut off", "too many", "too large", "no recordings"],
)
def test_bad_archives_are_refused_whole(upload, packed, status, code, blobs):
    answer = upload(("voice.zip", packed), data=NAME)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert blobs() == set()


@pytest.mark.parametrize(
    ("data", "files", "refusal"),
    [
        ({}, True, (422, "VALIDATION_FAILED", "dataset_name")),
        ({"dataset_name": " "}, True, (422, "VALIDATION_FAILED", "dataset_name")),
        ({"dataset_name": ["a", "b"]}, True, (422, "VALIDATION_FAILED", "dataset_name")),
        (NAME, False, (422, "VALIDATION_FAILED", "audio")),
        (NAME | {"dataset": "x"}, True, (422, "VALIDATION_FAILED", "dataset")),
        (NAME | {"transcript": "a\0b"}, True, (422, "VALIDATION_FAILED", "transcript[0]")),
        ({"dataset_name": "../../etc"}, True, (422, "DATASET_NAME_INVALID")),
        (NAME | {"speaker": "a\u202eb"}, True, (422, "SPEAKER_INVALID")),
        (NAME | {"language": "english!"}, True, (422, "LANGUAGE_INVALID")),
        (NAME | {"language": ["x" * 60_000] * 150}, True, (413, "UPLOAD_TOO_LARGE")),
        (NAME | {"transcript": ["a", "b"]}, True, (422, "TRANSCRIPT_INVALID")),
        (NAME | {"transcript": "x" * 10_001}, True, (422, "TRANSCRIPT_INVALID")),
        (NAME | {"transcript": "x" * 70_000}, True, (413, "UPLOAD_TOO_LARGE")),
    ],
)
def test_forms_that_can_not_be_used_say_which_field(upload, sound, data, files, refusal):
    pairs = [
        (name, one) for name, value in data.items() for one in ([value] if isinstance(value, str) else value)
    ]
    parts = [(name, None, value.encode()) for name, value in pairs]
    parts += [("audio", "a.flac", sound())] if files else []
    answer = upload_parts(upload, parts)
    status, code, *fields = refusal
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [fault["field"] for fault in answer.json().get("fields", [])] == fields


def upload_parts(upload, parts):
    """A form as no client would make it."""
    body = b""
    for name, filename, content in parts:
        disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
        body += f"--XYZ\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"
    more_headers = {"content-type": "multipart/form-data; boundary=XYZ"}
    return upload(content=body + b"--XYZ--\r\n", more_headers=more_headers)


@pytest.mark.parametrize(
    ("content_type", "content", "refusal"),
    [
        ("application/json", b"{}", (415, "UNSUPPORTED_MEDIA_TYPE")),
        ("application/x-www-form-urlencoded", b"dataset_name=x", (415, "UNSUPPORTED_MEDIA_TYPE")),
        ("", b"", (415, "UNSUPPORTED_MEDIA_TYPE")),
        ("multipart/form-data", b"--x--", (400, "MALFORMED_FORM")),
        ("multipart/form-data; boundary=x", b"", (400, "MALFORMED_FORM")),
        ("multipart/form-data; boundary=x", b"{}", (400, "MALFORMED_FORM")),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken\r\n", (400, "MALFORMED_FORM")),
        ("multipart/form-data; boundary=x", b"--x--\r\n", (422, "VALIDATION_FAILED")),
    ],
)
def test_bodies_that_are_no_form_are_told_apart(client, admin, content_type, content, refusal):
    headers = admin.headers | {"content-type": content_type}
    for path in (UPLOAD, VOICE):
        answer = client.post(path, headers=headers, content=content)
        assert (answer.status_code, answer.json()["code"]) == refusal


def test_a_dataset_keeps_its_speaker(upload, sound):
    upload(sound(1), data=NAME | {"speaker": "Ann"})
    answer = upload(sound(2), data=NAME | {"speaker": "Bob"})
    assert (answer.status_code, answer.json()["code"]) == (409, "DATASET_MISMATCH")


def test_only_administrators_upload_into_datasets_for_themselves_or_for_others(upload, sound, admin, person):
    for headers, status in (
        ({"x-nobody": "1"}, 401),
        (person.headers, 403),
        (person.key("samples:write"), 403),
        (admin.key("samples:write"), 403),
        (admin.key("admin"), 201),
    ):
        assert upload(sound(), data=NAME, headers=headers).status_code == status
    answer = upload(sound(), data=NAME, path=f"{UPLOAD}?user_id={person.id}")
    assert (answer.status_code, answer.json()["dataset"]["user_id"]) == (201, str(person.id))
    nobody = upload(sound(), data=NAME, path=f"{UPLOAD}?user_id={'0' * 8}-0000-4000-8000-{'0' * 12}")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "USER_NOT_FOUND")


def test_people_upload_single_samples(client, make_person, long_sound, sound, blobs):
    person, other, admin = (make_person(f"{name}@example.com", admin=name == "admin") for name in PEOPLE)

    def send(content, *, headers=person.headers, **data):
        return client.post(VOICE, headers=headers, files={"audio": ("me.wav", content)}, data=data)

    answer = send(long_sound, transcript="What I say.")
    assert answer.status_code == 201
    sample = answer.json()["sample"]
    assert (sample["speaker"], sample["filename"], sample["verdict"]) == ("self", "me.wav", "good")
    again = send(long_sound)
    assert (again.status_code, again.json()["sample"]["id"]) == (200, sample["id"])
    assert send(long_sound, headers=person.key("samples:write")).status_code == 200
    assert send(long_sound, headers=person.key("samples:read")).status_code == 403
    assert send(long_sound, headers={}).status_code == 401
    short = send(sound())
    assert (short.status_code, short.json()["code"]) == (422, "SAMPLE_REFUSED")
    assert "at least 10 s" in short.json()["fields"][0]["message"]
    listed = client.get("/api/voice/samples", headers=person.headers).json()
    assert ([one["id"] for one in listed["samples"]], listed["total"]) == ([sample["id"]], 1)
    at = f"/api/voice/samples/{sample['id']}"
    assert client.get(at, headers=person.headers).json()["sha256"] == sample["sha256"]
    assert client.get(at, headers=admin.headers).status_code == 200
    assert client.get(at, headers=other.headers).status_code == 404
    assert client.delete(at, headers=other.headers).status_code == 404
    assert client.delete(at, headers=person.headers).status_code == 204
    assert client.get(at, headers=person.headers).json()["code"] == "SAMPLE_NOT_FOUND"
    assert blobs() == set()


class TestFewUploads:
    @pytest.fixture
    def api_settings(self, settings):
        return settings.model_copy(update={"voice_requests_per_hour": 2})

    def test_single_samples_have_a_number_an_hour_for_each_account(self, upload, make_person, admin):
        ann, bob = make_person("ann@example.com"), make_person("bob@example.com")
        headers = [ann.headers, ann.key("samples:write"), ann.headers, ann.key("samples:write")]
        answers = [upload(b"x", path=VOICE, headers=each) for each in headers]
        assert [answer.status_code for answer in answers] == [422, 422, 429, 429]
        refused = answers[-1]
        assert (refused.json()["code"], refused.headers["ratelimit-limit"]) == ("RATE_LIMITED", "2")
        assert refused.headers["ratelimit-remaining"] == "0"
        wait_s = refused.headers["retry-after"]
        assert refused.headers["ratelimit-reset"] == wait_s
        assert re.search(
            r"Too many requests about voices\. Try again in (60|59) minutes\.", refused.json()["error"]
        )
        assert 0 < int(wait_s) <= 3600
        assert upload(b"x", path=VOICE, headers=bob.headers).status_code == 422
        assert [upload(b"x", data=NAME).status_code for _ in range(3)] == [422] * 3


class TestSmallLimits:
    """Limits hold while the body comes, and say which they are."""

    @pytest.fixture
    def api_settings(self, settings):
        small = {"max_upload_mb": 2, "max_upload_file_mb": 1, "max_upload_files": 2}
        return settings.model_copy(update=small | {"max_voice_file_bytes": 100_000, "max_voice_s": 11.0})

    def test_files_bodies_and_numbers_have_limits(self, upload, person, sound, long_sound, blobs):
        for files, words in (
            ([os.urandom(1 << 20) + b"x"], "a.mp3 has more than 1 MiB"),
            ([os.urandom(1 << 20)] * 2, "at most 2 MiB"),
            ([sound()] * 3, "more than 2 files"),
        ):
            answer = upload(*files, data=NAME)
            assert (answer.status_code, answer.json()["code"]) == (413, "UPLOAD_TOO_LARGE")
            assert words in answer.json()["error"]
        small = zipped({"a.wav": b"x", "b.wav": b"x"})
        several = upload(small, small, data=NAME)
        assert (several.status_code, several.json()["code"]) == (413, "ARCHIVE_TOO_LARGE")
        large = upload(long_sound, path=VOICE, headers=person.headers)
        assert (large.status_code, large.json()["code"]) == (413, "UPLOAD_TOO_LARGE")
        assert blobs() == set()


class TestFullDisks:
    @pytest.fixture(params=[0, 200])
    def api_settings(self, settings, request):
        return settings.model_copy(update={"min_free_disk_mb": request.param})

    def test_a_full_disk_is_507_and_nothing_stays(self, upload, services, mount_disk, blobs):
        disk = services.samples.uploads_dir = services.settings.home / "full"
        disk.mkdir()
        mount_disk(disk, "100k")
        reserved = services.settings.min_free_disk_mb > 0
        for content, fits in ((os.urandom(200_000), False), (b"x", not reserved)):
            answer = upload(content, data=NAME)
            refusal = (422, "SAMPLE_REFUSED") if fits else (507, "STORAGE_FULL")
            assert (answer.status_code, answer.json()["code"]) == refusal
        assert blobs() == set()


class TestReservedDisks:
    @pytest.fixture
    def api_settings(self, settings):
        return settings.model_copy(update={"min_free_disk_mb": 4})

    def test_the_reserve_of_the_disk_stays_free_while_something_is_written(
        self, upload, client, admin, services, mount_disk
    ):
        """Of 8 MiB 4 are kept, so that all of these would have room without the reserve."""
        disk = services.samples.uploads_dir = services.settings.home / "small"
        disk.mkdir()
        mount_disk(disk, "8m")

        def in_chunks(size_mb):
            yield b"--XYZ\r\nContent-Disposition: form-data; name=dataset_name\r\n\r\nx\r\n"
            yield b"--XYZ\r\nContent-Disposition: form-data; name=audio; filename=a.wav\r\n\r\n"
            for _ in range(size_mb):
                yield bytes(1 << 20)
            yield b"\r\n--XYZ--\r\n"

        def send_chunked(size_mb):
            headers = admin.headers | {"Content-Type": "multipart/form-data; boundary=XYZ"}
            answer = client.post(UPLOAD, headers=headers, content=in_chunks(size_mb))
            assert list(disk.iterdir()) == []
            return answer

        fits, too_large = (422, "SAMPLE_REFUSED"), (507, "STORAGE_FULL")
        for answer, expected in (
            (send_chunked(3), fits),
            (send_chunked(5), too_large),
            (upload(bytes(5 << 20), data=NAME), too_large),
            (upload(zipped({"a.wav": bytes(3 << 20)}, zipfile.ZIP_DEFLATED), data=NAME), fits),
            (upload(zipped({"a.wav": bytes(5 << 20)}, zipfile.ZIP_DEFLATED), data=NAME), too_large),
            (upload(tarred({"a.wav": bytes(1 << 20)}), data=NAME), fits),
            (upload(tarred({"a.wav": bytes(3 << 20)}), data=NAME), too_large),
        ):
            assert (answer.status_code, answer.json()["code"]) == expected
        assert list(services.samples.vault.objects.paths("")) == []
