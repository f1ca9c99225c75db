"""Datasets over HTTP: lists, pages, words, deletions, downloads, and whose they are."""

from __future__ import annotations

import io
import uuid
import zipfile

import pytest

BASE = "/api/v1/admin/training"
NOBODY = uuid.uuid4()


@pytest.fixture
def fill(client, admin, sample_recordings):
    """Upload sample recordings by number: `fill("name", 1, 2)`."""

    def run(name, *numbers, headers=admin.headers, **query):
        parts = [
            ("audio", (f"{number}.flac", (sample_recordings / f"sample-{number:02d}.flac").read_bytes()))
            for number in numbers
        ]
        data = {"dataset_name": name, "transcript": [f"The words of number {number}." for number in numbers]}
        answer = client.post(f"{BASE}/upload", headers=headers, data=data, files=parts, params=query)
        assert answer.status_code == 201
        return [file["sample"] for file in answer.json()["files"]]

    return run


@pytest.fixture
def call(client, admin):
    """Ask as an administrator: `call("GET", "/datasets")`."""

    def run(method, path, *, headers=admin.headers, **options):
        return client.request(method, f"{BASE}{path}", headers=headers, **options)

    return run


def test_datasets_are_listed_with_their_figures(fill, call):
    assert call("GET", "/datasets").json() == {"datasets": [], "total": 0}
    fill("Zoo", 1, 2)
    fill("my voice", 3)
    answer = call("GET", "/datasets").json()
    assert ([one["name"] for one in answer["datasets"]], answer["total"]) == (["my voice", "Zoo"], 2)
    zoo = answer["datasets"][1]
    assert (zoo["file_count"], zoo["transcript_count"]) == (2, 2)
    assert (zoo["speaker"], zoo["language"]) == ("Zoo", "en-us")
    assert zoo["quality"] == {"good": 2, "usable": 0, "rejected": 0}
    assert 0 < zoo["speech_minutes"] <= zoo["minutes"] < 1
    assert zoo["created_at"] <= zoo["updated_at"]
    page = call("GET", "/datasets?limit=1&offset=1").json()
    assert ([one["name"] for one in page["datasets"]], page["total"]) == (["Zoo"], 2)


def test_a_dataset_shows_its_recordings_page_by_page(fill, call):
    fill("my voice", 1, 2, 3)
    answer = call("GET", "/datasets/MY voice?limit=2&offset=1").json()
    assert (answer["dataset"]["file_count"], answer["total"]) == (3, 3)
    assert [sample["filename"] for sample in answer["samples"]] == ["2.flac", "3.flac"]
    (clip,) = answer["samples"][0]["clips"]
    assert (clip["verdict"], clip["reasons"], clip["text"]) == ("good", [], "The words of number 2.")
    assert clip["measures"]["snr_db"] > 20


def test_words_are_mended_taken_away_and_recordings_deleted(fill, call, services, digests_in):
    one, two = fill("my voice", 1, 2)
    at = f"/datasets/my voice/clips/{one['id']}"
    told = call("PATCH", at, json={"transcript": " Other\twords of it. "})
    assert (told.status_code, told.json()["transcript"]) == (200, "Other words of it.")
    assert told.json()["clips"][0]["text"] == "Other words of it."
    assert call("PATCH", at, json={"transcript": ""}).json()["transcript"] is None
    assert call("DELETE", at).status_code == 204
    for method, body in (("DELETE", None), ("PATCH", {"transcript": "x"})):
        gone = call(method, at, json=body)
        assert (gone.status_code, gone.json()["code"]) == (404, "SAMPLE_NOT_FOUND")
    fill("second", 3)
    elsewhere = call("DELETE", f"/datasets/second/clips/{two['id']}")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "SAMPLE_NOT_FOUND")
    assert call("DELETE", "/datasets/MY VOICE").status_code == 204
    assert call("DELETE", "/datasets/my voice").json()["code"] == "DATASET_NOT_FOUND"
    assert call("DELETE", "/datasets/second").status_code == 204
    assert digests_in(services.samples.vault) == set()


@pytest.mark.parametrize(
    "body", [{}, {"transcript": None}, {"transcript": "x" * 10_001}, {"transcript": "a\0b"}, {"words": "x"}]
)
def test_words_that_can_not_be_kept_are_refused(fill, call, body):
    (sample,) = fill("my voice", 1)
    answer = call("PATCH", f"/datasets/my voice/clips/{sample['id']}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION_FAILED")
    assert answer.json()["fields"][0]["field"] in {"transcript", "words"}


def test_a_dataset_is_downloaded_as_a_zip(fill, call):
    fill("M\u00fchle 1", 1, 2)
    answer = call("GET", "/datasets/m\u00fchle 1/download")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''M%C3%BChle%201.zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    assert archive.namelist() == ["metadata.csv", "wavs/1.wav", "wavs/2.wav"]
    first = archive.read("metadata.csv").decode().splitlines()[0]
    assert first == "1|The words of number 1.|The words of number 1."


def test_what_was_downloaded_can_be_uploaded(fill, call, client, admin):
    fill("my voice", 1, 2)
    content = call("GET", "/datasets/my voice/download").content
    answer = client.post(
        f"{BASE}/upload",
        headers=admin.headers,
        data={"dataset_name": "copy"},
        files={"audio": ("voice.zip", content)},
    )
    assert (answer.status_code, answer.json()["dataset"]["transcript_count"]) == (201, 2)


def test_administrators_see_their_own_datasets_and_on_demand_those_of_others(fill, call, person, make_person):
    (sample,) = fill("my voice", 1, user_id=person.id)
    paths = [
        ("GET", "/datasets/my voice"),
        ("GET", "/datasets/my voice/download"),
        ("PATCH", f"/datasets/my voice/clips/{sample['id']}"),
        ("DELETE", f"/datasets/my voice/clips/{sample['id']}"),
        ("DELETE", "/datasets/my voice"),
    ]
    second = make_person("second@example.com", admin=True)
    for method, path in [("GET", "/datasets"), *paths]:
        body = {"transcript": "Words of somebody."} if method == "PATCH" else None
        assert call(method, path, headers={}, json=body).status_code == 401
        assert call(method, path, headers=person.headers, json=body).status_code == 403
        assert call(method, path, headers=second.key("samples:read"), json=body).status_code == 403
    for method, path in paths:
        body = {"transcript": "Words of somebody."} if method == "PATCH" else None
        answer = call(method, path, headers=second.headers, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "DATASET_NOT_FOUND")
        nobody = call(method, path, json=body, params={"user_id": str(NOBODY)})
        assert (nobody.status_code, nobody.json()["code"]) == (404, "USER_NOT_FOUND")
    listed = call("GET", "/datasets", params={"user_id": str(person.id)}).json()
    assert [one["user_id"] for one in listed["datasets"]] == [str(person.id)]
    for method, path in paths:
        body = {"transcript": "Words of somebody."} if method == "PATCH" else None
        assert call(method, path, params={"user_id": str(person.id)}, json=body).is_success
