"""`POST /voice-models`: voices of trainings, of files that are stored, and of archives that are uploaded."""

from __future__ import annotations

import io
import tarfile
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from voicewright.training.models import TrainingJob
from voicewright.voices.models import VoiceModel, VoiceUpload
from voicewright.voices.schemas import LOCAL_USER_ID, NewVoice


@pytest.fixture
def api_settings(settings):
    """Many voices are not too many; a small archive is large."""
    return settings.model_copy(update={"model_creations_per_hour": 1000, "max_upload_files": 20})


def refused(body, code, field=None):
    assert body["code"] == code, body
    if field is not None:
        assert field in [one["field"] for one in body["fields"]], body


def zipped(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(files, mode="w:gz", **entry_fields):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            for field, value in entry_fields.items():
                setattr(entry, field, value)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


NOT_OF_THESE_FILES = (
    ({"language": "xx-nonsense"}, "LANGUAGE_UNSUPPORTED", "language"),
    ({"sampleRate": 1000}, "VOICE_DATA_INVALID", "sampleRate"),
)
"""What can't be said of the files of the humming engine, wherever they come from."""
FILES = {"voice.json": b"{}", "weights/model.pth": zipped({"data.pkl": b"x"})}


@pytest.fixture
def upload(call_models):
    def send(content=None, expect=201, path="", **more):
        headers = more.pop("headers", {})
        more["content"] = zipped(FILES) if content is None else content
        return call_models("POST", f"/artefacts{path}", expect=expect, headers=headers, **more)

    return send


@pytest.fixture
def uploaded(upload, person):
    """The model path of an uploaded artefact."""
    return upload(headers=person.headers)["modelPath"]


@pytest.fixture
def create(call_models):
    def send(expect=201, **body):
        return call_models("POST", expect=expect, json=body)

    return send


def unpacked(services, owner, model_id):
    voices = services.voices.of(owner.id)
    folder = voices.materialise(voices.get(uuid.UUID(model_id)))
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("pack", [zipped, tarred, lambda files: tarred(files, "w")], ids=["zip", "gz", "tar"])
def test_an_uploaded_archive_becomes_a_voice(pack, upload, create, client, person, services):  # noqa: PLR0917 - fixtures
    answer = upload(
        pack({f"my voice/{name}": content for name, content in FILES.items()}), headers=person.headers
    )
    assert answer["files"] == 2
    assert answer["storedBytes"] == sum(map(len, FILES.values()))
    body = {
        "userId": str(person.id), "provider": "tone", "modelPath": answer["modelPath"], "sampleRate": 22050,
        "qualityScore": 0.85, "metadata": {"version": "1.0"}, "name": "Ann", "language": "de", "notes": "x",
    }  # fmt: skip
    made = client.post("/voice-models", headers=person.headers, json=body)
    assert made.status_code == 201, made.text
    shown = made.json()
    assert (made.headers["location"], made.headers["etag"]) == (f"/voice-models/{shown['id']}", '"1"')
    expected = body | {"isActive": True, "version": 1, "evaluation": None, "trainingJobId": None}
    expected |= {
        "modelPath": f"store://local/{person.id}/{shown['id']}/",
        "storedBytes": answer["storedBytes"],
    }
    assert {name: shown[name] for name in expected} == expected
    assert unpacked(services, person, shown["id"]) == FILES
    refused(create(422, modelPath=answer["modelPath"], provider="tone"), "MODEL_PATH_REFUSED", "modelPath")
    again = create(
        modelPath=shown["modelPath"], name="Ann", qualityScore=0.8, language="en", sampleRate=22050
    )
    assert (again["version"], again["isActive"], again["parentId"]) == (2, False, shown["id"])
    best = create(modelPath=shown["modelPath"], qualityScore=0.81)
    assert (best["version"], best["isActive"], best["parentId"]) == (3, True, shown["id"])
    assert (best["metadata"], best["language"], again["language"]) == ({"version": "1.0"}, "de", "en-us")


def test_nothing_is_uploaded_for_an_account_that_is_not_there(upload, admin, other):
    unknown = uuid.uuid4()
    refused(upload(path=f"?userId={unknown}", expect=404, headers=admin.headers), "USER_NOT_FOUND")
    for known in (other.id, LOCAL_USER_ID):
        assert str(known) in upload(path=f"?userId={known}", headers=admin.headers)["modelPath"]


def test_dangerous_archives_are_refused_and_leave_nothing(upload, person, database, services):
    bomb = zipped({"voice.bin": bytes(200 << 20)})
    for content, status, code in (
        (b"", 422, "ARCHIVE_UNREADABLE"),
        (b"no archive", 422, "ARCHIVE_UNREADABLE"),
        (zipped(FILES)[:-30], 422, "ARCHIVE_UNREADABLE"),
        (zipped({}), 422, "TREE_INVALID"),
        (zipped({"../voice.json": b"{}"}), 422, "ARCHIVE_UNSAFE"),
        (zipped({"/etc/passwd": b"x"}), 422, "ARCHIVE_UNSAFE"),
        (tarred({"a/../../x": b"x"}), 422, "ARCHIVE_UNSAFE"),
        (tarred({"link": b""}, type=tarfile.SYMTYPE, linkname="/etc/passwd"), 422, "ARCHIVE_UNSAFE"),
        (tarred({"pipe": b""}, type=tarfile.FIFOTYPE), 422, "ARCHIVE_UNSAFE"),
        (zipped({f"{number}.bin": b"x" for number in range(21)}), 413, "ARCHIVE_TOO_LARGE"),
        (bomb, 413, "ARCHIVE_TOO_LARGE"),
    ):
        refused(upload(content, expect=status, headers=person.headers), code)
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(VoiceUpload)) == 0
    assert not any(path.is_dir() for path in services.samples.uploads_dir.iterdir())
    services.voices.tidy()
    assert list(services.voices.vault.of(person.id).digests()) == []


def test_a_model_path_that_leads_anywhere_else_is_refused(create, uploaded, add_voice, person, other, upload):  # noqa: PLR0917 - fixtures
    voice, foreign = add_voice(person), add_voice(other)
    theirs = upload(headers=other.headers)["modelPath"]
    base = f"store://local/{person.id}"
    for path in (
        "gs://bucket/models/user-123/model.pth",
        f"file:///store/{person.id}/{voice.id}/",
        f"store://elsewhere/{person.id}/{voice.id}/",
        f"store://local/{other.id}/{foreign.id}/",
        f"{base}/{foreign.id}/",
        theirs,
        theirs.replace(str(other.id), str(person.id)),
        f"{base}/{uuid.uuid4()}/",
        f"{base}/../{other.id}/{foreign.id}/",
        f"{base}/{voice.id}/../{foreign.id}/",
        f"{base}/{voice.id}/model.safetensors",
        f"{base}/{str(voice.id).upper()}/",
        f"{base}/%2e%2e/{voice.id}/",
        f"{base}%2F{voice.id}/",
        f"{base}//{voice.id}/",
        f"{base}\\{voice.id}/",
        f"{base}/{voice.id}/?x",
        f"{base}/{voice.id}/\n",
        f" {base}/{voice.id}/",
        "/etc/passwd",
    ):
        refused(create(422, modelPath=path, provider="tone"), "MODEL_PATH_REFUSED", "modelPath")
    assert create(modelPath=f"{base}/{voice.id}", provider="tone")["parentId"] == str(voice.id)
    assert create(modelPath=uploaded, provider="tone")["parentId"] is None


def test_what_is_said_of_a_voice_has_to_be_possible(create, uploaded, add_voice, person, call_models):
    for body, code, field in (
        ({}, "VALIDATION_FAILED", "modelPath"),
        ({"modelPath": uploaded, "trainingJobId": str(uuid.uuid4())}, "VALIDATION_FAILED", "modelPath"),
        ({"modelPath": uploaded}, "VOICE_DATA_INVALID", "provider"),
        ({"modelPath": uploaded, "provider": "xtts-v3"}, "VOICE_PROVIDER_UNKNOWN", "provider"),
        ({"modelPath": uploaded, "provider": "tone", "language": "xx"}, "LANGUAGE_UNSUPPORTED", "language"),
        ({"modelPath": uploaded, "provider": "tone", "qualityScore": 2}, "VALIDATION_FAILED", "qualityScore"),
        ({"modelPath": uploaded, "provider": "tone", "sampleRate": 0}, "VALIDATION_FAILED", "sampleRate"),
        ({"modelPath": uploaded, "provider": "tone", "name": "\u202e"}, "VOICE_NAME_INVALID", None),
        ({"modelPath": uploaded, "provider": "tone", "isActive": True}, "VALIDATION_FAILED", "isActive"),
        (
            {"modelPath": uploaded, "provider": "tone", "metadata": {"a": "x" * 70_000}},
            "VOICE_METADATA_INVALID",
            "metadata",
        ),
    ):  # fmt: skip
        refused(create(422, **body), code, field)
    voice, lost = add_voice(person), add_voice(person, "Lost", engine="gone")
    path = f"store://local/{person.id}/{voice.id}/"
    for told, code, field in NOT_OF_THESE_FILES:
        refused(create(422, modelPath=path, **told), code, field)
        refused(create(422, modelPath=uploaded, **{"provider": "tone", **told}), code, field)
    refused(create(422, modelPath=path, provider="builtin"), "VOICE_DATA_INVALID", "provider")
    path = f"store://local/{person.id}/{lost.id}/"
    refused(create(422, modelPath=path, language="de"), "VOICE_PROVIDER_UNKNOWN", "provider")
    unknown = create(422, modelPath=uploaded, provider="xtts-v3")
    assert "tone" not in unknown["error"]
    assert "builtin" in unknown["error"]
    assert call_models("GET", f"/user/{person.id}")["total"] == 2


def test_an_upload_is_kept_for_a_day_and_its_files_for_the_voice(  # noqa: PLR0917 - fixtures
    uploaded, create, upload, person, services, database
):
    voice = create(modelPath=uploaded, provider="tone")
    unused = upload(zipped({"voice.json": b"another"}), headers=person.headers)["modelPath"]
    blobs = services.voices.vault.of(person.id)
    services.voices.tidy()
    before = len(list(blobs.digests()))
    with database.session() as session:
        session.execute(update(VoiceUpload).values(created_at=datetime.now(UTC) - timedelta(hours=25)))
    services.voices.tidy()
    assert len(list(blobs.digests())) == before - 2  # the file and the manifest of the other one
    assert unpacked(services, person, voice["id"]) == FILES
    for path in (uploaded, unused):
        refused(create(422, modelPath=path, provider="tone"), "MODEL_PATH_REFUSED")


def test_what_was_purged_does_not_come_back_by_way_of_its_upload(
    uploaded, create, call_models, person, services
):
    voice = create(modelPath=uploaded, provider="tone")
    call_models("DELETE", f"/{voice['id']}?purge=true")
    for path in (uploaded, voice["modelPath"]):
        refused(create(422, modelPath=path, provider="tone"), "MODEL_PATH_REFUSED", "modelPath")
    assert list(services.voices.vault.of(person.id).digests()) == []


class TestOfTrainings:
    @pytest.fixture
    def job(self, database, person):
        def make(status, **fields):
            job = TrainingJob(
                id=uuid.uuid4(), owner_id=person.id, name="Ann", provider="tone", language="en-us",
                sample_ids=[], options={}, engine_options={"seed": 7}, quality_threshold=0.9,
                max_training_ms=60_000, status=status, priority=50, max_retries=3,
                estimated_cost=Decimal(0), estimated_time_ms=1, forecast_time_ms=1, speech_s=30.0,
                actual_time_ms=2500, **fields,
            )  # fmt: skip
            with database.session() as session:
                session.add(job)
            return job

        return make

    @pytest.fixture
    def rejected(self, job, services, person, tmp_path):
        """A job whose voice was not good enough."""
        evaluation = {"overall": 0.6, "similarity": 0.5}
        made = job("failed", error_code="MODEL_VALIDATION_FAILED", quality=evaluation, quality_score=0.6)
        (tmp_path / "voice").mkdir()
        (tmp_path / "voice" / "voice.json").write_text("kept")
        (tmp_path / "sentence-00.flac").write_bytes(b"fLaC")
        new = NewVoice(
            name="Ann", engine="tone", engine_version="1", language="en-us", speech_s=1.0, train_s=1.0,
            artefact_dir=tmp_path / "voice", spoken=[tmp_path / "sentence-00.flac"], training_job_id=made.id,
        )  # fmt: skip
        services.voices.of(person.id).keep_rejected(new)
        return made

    def test_one_that_was_not_good_enough_is_registered_with_its_files(
        self, rejected, create, services, person, database
    ):
        for told, code, field in (
            *NOT_OF_THESE_FILES,
            ({"provider": "builtin"}, "VOICE_DATA_INVALID", "provider"),
        ):
            refused(create(422, trainingJobId=str(rejected.id), **told), code, field)
        shown = create(trainingJobId=str(rejected.id), metadata={"why": "good enough for me"})
        expected = {
            "name": "Ann", "qualityScore": 0.6, "trainingJobId": str(rejected.id), "options": {"seed": 7},
            "evaluation": {"overall": 0.6, "similarity": 0.5}, "trainingSeconds": 2.5, "speechSeconds": 30.0,
            "metadata": {"why": "good enough for me"}, "storedBytes": 8, "isActive": True,
        }  # fmt: skip
        assert {name: shown[name] for name in expected} == expected
        services.voices.tidy()
        assert unpacked(services, person, shown["id"]) == {"voice.json": b"kept"}
        with database.session() as session:
            assert str(session.get(TrainingJob, rejected.id).voice_model_id) == shown["id"]
        told = create(409, trainingJobId=str(rejected.id))
        refused(told, "VOICE_MODEL_EXISTS")
        assert shown["id"] in told["error"]

    def test_one_that_was_deleted_comes_back_while_its_files_are_there(  # noqa: PLR0917 - fixtures
        self, job, add_voice, create, person, database, services
    ):
        made = job("completed")
        voice = add_voice(person, training_job_id=made.id, score=0.7)
        refused(create(409, trainingJobId=str(made.id)), "VOICE_MODEL_EXISTS")
        with database.session() as session:  # its files wait for the sweep
            session.execute(update(VoiceModel).values(deleted_at=datetime.now(UTC), is_active=False))
        again = create(trainingJobId=str(made.id), name="Back")
        assert (again["name"], again["version"], again["trainingJobId"]) == ("Back", 1, str(made.id))
        assert again["id"] != str(voice.id)
        services.voices.sweep()
        assert "voice.json" in unpacked(services, person, again["id"])
        with database.session() as session:
            session.execute(
                update(VoiceModel).values(
                    deleted_at=datetime.now(UTC), is_active=False, collected_at=datetime.now(UTC)
                )
            )
        refused(create(409, trainingJobId=str(made.id)), "VOICE_FILES_GONE")

    def test_one_that_has_made_none_is_refused(self, job, create, person, other, call_models):
        for status, more in (
            ("queued", {}),
            ("running", {}),
            ("cancelled", {}),
            ("failed", {"error_code": "X"}),
        ):
            refused(create(409, trainingJobId=str(job(status, **more).id)), "TRAINING_HAS_NO_VOICE")
        gone = job("failed", error_code="MODEL_VALIDATION_FAILED")
        refused(create(409, trainingJobId=str(gone.id)), "VOICE_FILES_GONE")
        for headers, job_id in ((person.headers, uuid.uuid4()), (other.headers, gone.id)):
            body = {"trainingJobId": str(job_id)}
            refused(call_models("POST", expect=404, headers=headers, json=body), "TRAINING_JOB_NOT_FOUND")

    def test_the_speaker_has_to_agree(  # noqa: PLR0917 - fixtures
        self, rejected, create, services, person, enter_sample, database
    ):
        sample = enter_sample(person.id, speaker="Bob")
        consent = services.consents.assert_consent(person.id, "Bob", asserted_by=person.id)
        services.consents.revoke(consent.id, person.id)
        with database.session() as session:
            session.execute(update(TrainingJob).values(sample_ids=[str(sample.id)]))
        refused(create(403, trainingJobId=str(rejected.id)), "CONSENT_REQUIRED")
        services.consents.assert_consent(person.id, "Bob", asserted_by=person.id)
        create(trainingJobId=str(rejected.id))
        with database.session() as session:
            assert session.scalars(select(VoiceModel.speaker_key)).all() == ["bob"]


class TestLimits:
    @pytest.fixture
    def api_settings(self, settings):
        return settings

    def test_so_many_voices_and_changes_an_hour(  # noqa: PLR0917 - fixtures
        self, upload, create, client, person, other, call_models
    ):
        path = upload(headers=person.headers)["modelPath"]
        for _ in range(5):
            voice = create(modelPath=path, provider="tone")
            path = voice["modelPath"]
        answer = client.post(
            "/voice-models", headers=person.headers, json={"modelPath": path, "provider": "tone"}
        )
        refused(answer.json(), "RATE_LIMITED")
        assert answer.status_code == 429
        assert answer.headers["ratelimit-limit"] == "5"
        assert answer.headers["ratelimit-remaining"] == "0"
        assert 0 < int(answer.headers["retry-after"]) <= 3600
        for _ in range(19):
            call_models("PUT", f"/{voice['id']}", json={})
        call_models("PUT", f"/{voice['id']}", json={"notes": "the last"})
        refused(call_models("PATCH", f"/{voice['id']}", expect=429, json={}), "RATE_LIMITED")
        refused(call_models("POST", f"/{voice['id']}/rollback", expect=429), "RATE_LIMITED")
        assert call_models("GET", f"/{voice['id']}")["notes"] == "the last"
        for _ in range(4):
            upload(headers=person.headers)
        refused(upload(expect=429, headers=person.headers), "RATE_LIMITED")
        upload(headers=other.headers)
