"""Datasets of one's own over HTTP, and the sound of samples; test_datasets has what both families share."""

from __future__ import annotations

import uuid

import pytest

ONE = "What is said in the first of them."
SOUND = "/api/voice/samples/{}/audio"


@pytest.fixture
def upload(client, person, sample_recordings):
    """Upload sample recordings by number: `upload("name", 1, 2)`."""

    def run(name, *numbers, by=person, expect=201, **data):
        parts = [
            ("audio", (f"{number}.flac", (sample_recordings / f"sample-{number:02d}.flac").read_bytes()))
            for number in numbers
        ]
        fields = {"dataset_name": name, **data}
        answer = client.post("/datasets/upload", headers=by.headers, data=fields, files=parts)
        assert answer.status_code == expect, answer.text
        return answer.json()

    return run


@pytest.fixture
def call(client, person):
    def run(method, path, *, by=person, expect=200, **options):
        headers = {**by.headers, **options.pop("headers", {})}
        answer = client.request(method, path, headers=headers, **options)
        assert answer.status_code == expect, answer.text
        return answer

    return run


def test_everybody_has_datasets_of_their_own(upload, call, other, admin):
    sample = upload("my voice", 1, 2, speaker="Ann", transcript=[ONE, "What is said in the second of them."])[
        "files"
    ][0]["sample"]
    again = upload("MY voice", 1, 2, expect=200)
    assert [file["outcome"] for file in again["files"]] == ["unchanged", "unchanged"]
    upload("my voice", 1, by=other)  # it is another one
    at = f"/datasets/my voice/clips/{sample['id']}"
    assert call("GET", "/datasets?search=ANN").json()["total"] == 1
    assert call("GET", "/datasets?search=a%25n").json()["total"] == 0
    assert call("GET", "/datasets/my voice?verdict=rejected").json()["samples"] == []
    assert call("GET", "/datasets/my voice?verdict=good").json()["total"] == 2
    assert call("GET", at).json()["transcript"] == ONE
    assert call("PATCH", at, json={"transcript": "Mended."}).json()["transcript"] == "Mended."
    for stranger in (other, admin):
        for method, body in (("GET", None), ("PATCH", {"transcript": "x"}), ("DELETE", None)):
            call(method, at, by=stranger, expect=404, json=body)
    assert call("GET", "/datasets/my voice/download").content.startswith(b"PK")
    call("DELETE", at, expect=204)
    call("DELETE", "/datasets/my voice", expect=204)
    assert call("GET", "/datasets").json() == {"datasets": [], "total": 0}
    assert call("GET", "/datasets", by=other).json()["total"] == 1


def test_a_sample_is_heard_whole_and_in_parts_by_its_owner_alone(  # noqa: PLR0917 - fixtures
    upload, call, client, other, admin, person, sample_recordings
):
    sample = upload("my voice", 1)["files"][0]["sample"]
    content = (sample_recordings / "sample-01.flac").read_bytes()
    path = SOUND.format(sample["id"])
    whole = call("GET", path)
    assert whole.content == content
    assert whole.headers["content-type"] == "audio/flac"
    assert whole.headers["content-disposition"] == 'inline; filename="1.flac"'
    assert whole.headers["cache-control"] == "private, no-store"
    part = call("GET", path, expect=206, headers={"Range": "bytes=10-19"})
    assert (part.content, part.headers["content-range"]) == (content[10:20], f"bytes 10-19/{len(content)}")
    heard = call("GET", f"{path}?clip=0")
    assert (heard.content[:4], heard.headers["content-type"]) == (b"RIFF", "audio/wav")
    assert call("GET", f"{path}?clip=7", expect=404).json()["code"] == "SAMPLE_NOT_FOUND"
    for stranger in (other, admin):
        call("GET", path, by=stranger, expect=404)
    assert client.get(path, headers=person.key("speech")).status_code == 403
    call("GET", SOUND.format(uuid.uuid4()), expect=404)


def test_what_no_browser_plays_is_only_saved(call, services, person, enter_sample, database):
    from voicewright.recordings.models import Sample

    sample = enter_sample(person.id)
    digest, _ = services.samples.vault.of(person.id).put_bytes(b"<script>alert(1)</script>")
    with database.session() as session:
        row = session.get_one(Sample, sample.id)
        row.digest, row.container, row.filename = digest, "html", 'x".html'
    answer = call("GET", SOUND.format(sample.id))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=utf-8''x%22.html")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.flac", "passwd.flac"),
        ("..\\..\\evil.flac", "evil.flac"),
        ("<img src=x onerror=alert(1)>.flac", "<img src=x onerror=alert(1)>.flac"),
        ("a\u202egpj.flac", "a gpj.flac"),
    ],
)
def test_names_of_files_lead_nowhere(  # noqa: PLR0917 - fixtures
    client, person, sample_recordings, services, sent, kept
):
    content = (sample_recordings / "sample-01.flac").read_bytes()
    answer = client.post(
        "/datasets/upload",
        headers=person.headers,
        data={"dataset_name": "odd"},
        files=[("audio", (sent, content))],
    )
    assert answer.json()["files"][0]["sample"]["filename"] == kept
    assert list(services.samples.uploads_dir.iterdir()) == []


def test_a_dataset_name_that_leads_somewhere_is_refused(upload):
    for name in ("../x", "a/b", ".hidden", "<b>", "x\\y"):
        assert upload(name, 1, expect=422)["code"] == "DATASET_NAME_INVALID"
