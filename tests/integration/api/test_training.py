"""`/training` and the administrators' trainings, through the whole application."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from voicewright.engines.port import EngineOptions
from voicewright.engines.testing import TONE_ENGINE
from voicewright.training.errors import InsufficientAudioQuality
from voicewright.training.events import record
from voicewright.training.models import Node, TrainingJob
from voicewright.training.runs import Run
from voicewright.voices.rehearsals import Rehearsed
from voicewright.voices.schemas import NewVoice

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from voicewright.api.services import Services
    from voicewright.db.server import Database
    from voicewright.recordings.models import Dataset, Sample
    from voicewright.settings import Settings
    from voicewright.voices.models import VoiceModel


@pytest.fixture
def api_settings(settings: Settings) -> Settings:
    prices = {"price_cpu_hour": Decimal(6), "price_storage_gb": Decimal(0), "price_transfer_gb": Decimal(0)}
    limits = {"max_training_cost": Decimal(5), "daily_training_budget": Decimal(8), "max_training_samples": 3}
    return settings.model_copy(update=prices | limits)


@pytest.fixture
def body(person: Any, enter_sample: Callable[..., Sample]) -> dict[str, Any]:
    """A request of the ordinary user's, for a minute of speech."""
    return {"voiceSampleIds": [str(enter_sample(person.id).id)], "provider": "tone"}


@pytest.fixture
def start(client: TestClient, person: Any, body: dict[str, Any]) -> Callable[..., str]:
    """Start a training of the ordinary user's; answers with its id."""

    def make(**changes: Any) -> str:
        answer = client.post("/training/start", json={**body, **changes}, headers=person.headers)
        assert answer.status_code == 201, answer.text
        job_id: str = answer.json()["jobId"]
        return job_id

    return make


def change(database: Database, job_id: str, **columns: Any) -> None:
    with database.session() as session:
        job = session.get_one(TrainingJob, uuid.UUID(job_id))
        for name, value in columns.items():
            setattr(job, name, value)


def run_of(database: Database, job_id: str) -> Run:
    with database.session() as session:
        ticket = session.get_one(TrainingJob, uuid.UUID(job_id)).ticket
    assert ticket is not None
    run = Run.begin(database, uuid.UUID(job_id), ticket, node="gpu-node-1")
    assert run is not None
    return run


def refusal(answer: Any, status: int, code: str) -> dict[str, str]:
    """Check the form of a refusal; its fields with what is said of them."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    told = answer.json()
    assert set(told) - {"fields"} == {"error", "code", "timestamp", "requestId"}
    assert told["error"]
    return {fault["field"]: fault["message"] for fault in told.get("fields", [])}


def test_a_training_is_started_and_watched_as_documented(
    client: TestClient, person: Any, body: dict[str, Any], database: Database
) -> None:
    request = {**body, "userId": str(person.id), "priority": 50, "options": {"epochs": 6, "batchSize": 16}}

    answer = client.post("/training/start", json=request, headers=person.headers)

    assert answer.status_code == 201
    job_id = answer.json()["jobId"]
    assert answer.json() == {
        "jobId": job_id,
        "message": "Training job created successfully",
        "status": "queued",
        "jobs": [{"jobId": job_id, "provider": "tone", "status": "queued"}],
    }
    assert answer.headers["location"] == f"/training/{job_id}"
    with run_of(database, job_id) as run:
        run.log("Training started", learning_rate=0.001)
        run.metric("training_loss", 1, 0.5)
        run.progress(0.455, "training")
        run.beat()
        shown = client.get(
            f"/training/{job_id}", params={"userId": str(person.id)}, headers=person.headers
        ).json()
    assert shown["startedAt"].endswith("Z")
    assert datetime.fromisoformat(shown["createdAt"]) <= datetime.fromisoformat(shown["startedAt"])
    line = shown["logs"][-1]
    assert line == {
        "timestamp": line["timestamp"],
        "level": "info",
        "message": "Training started",
        "metadata": {"learning_rate": 0.001},
    }
    expected = {
        "id": job_id,
        "userId": str(person.id),
        "status": "running",
        "progress": 45.5,
        "stage": "training",
        "priority": 50,
        "provider": "tone",
        "voiceSampleIds": body["voiceSampleIds"],
        "attempt": 1,
        "node": "gpu-node-1",
        "curves": {"trainingLoss": [{"epoch": 1, "value": 0.5}]},
        "completedAt": None,
        "actualCost": None,
        "errorRecovery": None,
        "quality": None,
        "voiceModelId": None,
    }
    assert {name: shown[name] for name in expected} == expected
    assert shown["options"]["epochs"] == 6
    assert shown["options"]["qualityThreshold"] == 0.7
    assert 0 < shown["estimatedCost"] < 5
    assert shown["estimatedTimeMs"] > 0


def test_what_a_voice_said_to_be_judged_by_says_how_it_is_marked(  # noqa: PLR0917 - fixtures
    client: TestClient,
    person: Any,
    start: Callable[..., str],
    database: Database,
    services: Services,
    add_voice: Callable[..., VoiceModel],
    tmp_path: Path,
) -> None:
    job_id = start()
    paths = [tmp_path / f"sentence-0{number}.flac" for number in (0, 1)]
    for path in paths:
        path.write_bytes(path.name.encode())
    new = {"name": "Ann", "artefact_dir": tmp_path, "engine": "tone", "engine_version": "1", "speech_s": 1.0}
    rejected = NewVoice(**new, language="en-us", train_s=1.0, spoken=paths, training_job_id=uuid.UUID(job_id))
    services.voices.of(person.id).keep_rejected(rejected)
    before = {"text": "One.", "audio": paths[0].name, "duration_s": 1.0}  # of a version that marked nothing
    marked = {**before, "audio": paths[1].name, "watermark": "perth", "signed": True}
    change(database, job_id, quality={"overall": 0.1, "sentences": [before, marked]})

    listed = client.get(f"/training/{job_id}/audio", headers=person.headers).json()["audio"]
    answers = [client.get(one["url"], headers=person.headers) for one in listed]
    assert [answer.content for answer in answers] == [path.name.encode() for path in paths]
    assert [answer.headers["Voicewright-Provenance"] for answer in answers] == [
        "ai-generated; watermark=unknown; c2pa=no",
        "ai-generated; watermark=perth; c2pa=yes",
    ]
    assert "Voicewright-Synthesis" not in answers[0].headers  # the history has no entry of it

    again = {**marked, "audio": "again.flac", "watermark": "none"}
    (tmp_path / "again.flac").write_bytes(b"again")
    add_voice(
        person,
        training_job_id=uuid.UUID(job_id),
        evaluation={"overall": 0.9, "sentences": [again]},
        spoken=[tmp_path / "again.flac"],
    )
    [one] = client.get(f"/training/{job_id}/audio", headers=person.headers).json()["audio"]
    heard = client.get(one["url"], headers=person.headers)
    assert (heard.content, heard.headers["Voicewright-Provenance"]) == (
        b"again",
        "ai-generated; watermark=none; c2pa=yes",
    )


def test_what_a_voice_says_while_it_is_trained_is_listed_at_once(  # noqa: PLR0917 - fixtures
    client: TestClient, person: Any, other: Any, start: Callable[..., str], services: Services, tmp_path: Path
) -> None:
    job_id = start()
    owned = services.voices.of(person.id)
    for epoch in (10, 2):
        said = Rehearsed(epoch, "A boat.", 1.5, "perth", signed=False)
        (tmp_path / said.name).write_bytes(said.name.encode())
        owned.keep_rehearsal(uuid.UUID(job_id), said, tmp_path / said.name)
    path = f"/training/{job_id}/audio"
    listed = client.get(path, headers=person.headers).json()["audio"]
    assert listed[0] == {
        "name": "epoch-2.flac",
        "kind": "checkpoint",
        "epoch": 2,
        "text": "A boat.",
        "durationSeconds": 1.5,
        "url": f"{path}/epoch-2.flac",
    }
    assert listed[1]["epoch"] == 10
    heard = client.get(listed[1]["url"], headers=person.headers)
    assert heard.content == b"epoch-10.flac"
    assert heard.headers["Voicewright-Provenance"] == "ai-generated; watermark=perth; c2pa=no"
    assert client.get(path, headers=other.headers).status_code == 404
    assert client.get(listed[1]["url"], headers=other.headers).status_code == 404
    assert client.get(f"{path}/epoch-3.flac", headers=person.headers).status_code == 404
    assert client.delete(path, headers=person.headers).status_code == 204
    assert client.get(path, headers=person.headers).json() == {"audio": []}


def test_an_ended_training_says_how_good_it_is_or_what_to_do(
    client: TestClient, person: Any, start: Callable[..., str], database: Database
) -> None:
    good, bad = start(), start()
    scores = {"similarity": 0.9, "naturalness": 0.8, "clarity": None, "consistency": 0.7, "overall": 0.83}
    evaluation = {**scores, "reasons": ["clarity can't be known"], "raw": {}, "sentences": []}
    with run_of(database, good) as run, run.writing() as (session, _):
        run.complete(
            session, voice_model_id=uuid.uuid4(), cost=Decimal("0.75"), quality=evaluation, quality_score=0.83
        )
    with run_of(database, bad) as run:
        run.fail(InsufficientAudioQuality("There is background noise in all clips."), cost=Decimal("0.5"))

    shown = client.get(f"/training/{good}", headers=person.headers).json()
    assert (shown["status"], shown["progress"], shown["actualCost"]) == ("completed", 100.0, 0.75)
    assert shown["quality"] == {**scores, "reasons": ["clarity can't be known"]}
    assert shown["curves"]["quality"] == [{"epoch": 0, "value": 0.83}]
    assert shown["voiceModelId"] is not None
    failed = client.get(f"/training/{bad}", headers=person.headers).json()
    assert (failed["status"], failed["errorCode"]) == ("failed", "INSUFFICIENT_AUDIO_QUALITY")
    recovery = failed["errorRecovery"]
    assert recovery.pop("suggestedActions")
    assert recovery == {
        "retryCount": 0,
        "maxRetries": 3,
        "lastError": "There is background noise in all clips.",
        "canRetry": True,
    }
    dead = client.get("/training/dead-letters", headers=person.headers).json()
    assert ([job["id"] for job in dead["jobs"]], dead["total"]) == ([bad], 1)
    retried = client.post(f"/training/{bad}/retry", headers=person.headers)
    assert retried.json() == {"jobId": bad, "message": "Training job queued again", "status": "queued"}
    again = client.post(f"/training/{bad}/retry", headers=person.headers)
    assert not refusal(again, 409, "TRAINING_JOB_NOT_RETRIABLE")
    stats = client.get("/training/stats", headers=person.headers).json()
    assert stats["successRate"] == 100.0
    assert (stats["waiting"], stats["completed"], stats["failed"], stats["totalJobs"]) == (1, 1, 0, 1)


def test_cancelling_takes_an_empty_or_a_documented_body(
    client: TestClient, person: Any, start: Callable[..., str]
) -> None:
    first, second = start(), start(startAfter=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    own = {"userId": str(person.id)}

    for answer in (
        client.post(f"/training/{first}/cancel", headers=person.headers),
        client.post(f"/training/{second}/cancel", json=own, headers=person.headers),
    ):
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    again = client.post(f"/training/{first}/cancel", headers=person.headers)
    assert not refusal(again, 409, "TRAINING_JOB_ENDED")
    assert "cancelled" in again.json()["error"]


def test_the_log_is_read_in_pages(
    client: TestClient, person: Any, start: Callable[..., str], database: Database
) -> None:
    job_id = start()
    with database.session() as session:
        job = session.get_one(TrainingJob, uuid.UUID(job_id))
        for number in range(25):
            record(session, job, "log", f"line {number}", level="debug")

    lines: list[str] = []
    page: dict[str, Any] = {"nextAfter": 0, "more": True}
    while page["more"]:
        query = {"after": page["nextAfter"], "limit": 10}
        page = client.get(f"/training/{job_id}/logs", params=query, headers=person.headers).json()
        lines += [line["message"] for line in page["logs"]]
    assert lines[-25:] == [f"line {number}" for number in range(25)]
    last = page["nextAfter"]
    rest = client.get(f"/training/{job_id}/logs", params={"after": last}, headers=person.headers).json()
    assert rest == {"logs": [], "nextAfter": last, "more": False}


def test_users_see_their_own_trainings_and_administrators_all(
    client: TestClient, person: Any, other: Any, admin: Any, start: Callable[..., str]
) -> None:
    ids = [start() for _ in range(3)]
    own = f"/training/user/{person.id}"

    page = client.get(own, params={"limit": 2, "offset": 1}, headers=person.headers).json()
    assert ([job["id"] for job in page["jobs"]], page["total"]) == ([ids[1], ids[0]], 3)
    assert "logs" not in page["jobs"][0]
    assert client.get(own, headers=admin.headers).json()["total"] == 3
    refusal(client.get(own, headers=other.headers), 403, "NOT_ALLOWED")
    for path, method in (
        ("", "GET"),
        ("/logs", "GET"),
        ("/events", "GET"),
        ("/cancel", "POST"),
        ("/retry", "POST"),
    ):
        hidden = client.request(method, f"/training/{ids[0]}{path}", headers=other.headers)
        unknown = client.request(method, f"/training/{uuid.uuid4()}{path}", headers=other.headers)
        refusal(hidden, 404, "TRAINING_JOB_NOT_FOUND")
        refusal(unknown, 404, "TRAINING_JOB_NOT_FOUND")
    named = {"userId": str(other.id)}
    shown = client.get(f"/training/{ids[0]}", params=named, headers=person.headers)
    refusal(shown, 403, "NOT_ALLOWED")
    cancelled = client.post(f"/training/{ids[0]}/cancel", json=named, headers=person.headers)
    refusal(cancelled, 403, "NOT_ALLOWED")
    assert client.get("/training/stats", headers=other.headers).json()["waiting"] == 0
    assert client.get("/training/stats", headers=admin.headers).json()["waiting"] == 3


def test_an_idempotency_key_repeats_the_answer(client: TestClient, person: Any, body: dict[str, Any]) -> None:
    headers = {**person.headers, "Idempotency-Key": "7f9c"}

    first, again = (client.post("/training/start", json=body, headers=headers) for _ in range(2))

    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    other = client.post("/training/start", json={**body, "priority": 1}, headers=headers)
    refusal(other, 409, "IDEMPOTENCY_KEY_REUSED")
    for key in ("", "x" * 256, "two words", "\u00e4".encode("latin-1")):
        bad = client.post("/training/start", json=body, headers={**person.headers, "Idempotency-Key": key})
        assert "Idempotency-Key" in refusal(bad, 422, "VALIDATION_FAILED")


def test_bad_requests_are_refused_with_the_field_named(
    client: TestClient, person: Any, other: Any, body: dict[str, Any], enter_sample: Callable[..., Sample]
) -> None:
    def post(content: bytes | dict[str, Any], **headers: str) -> Any:
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        merged = {"Content-Type": "application/json", **person.headers, **headers}
        return client.post("/training/start", content=sent, headers=merged)

    unknown, stranger = str(uuid.uuid4()), str(enter_sample(other.id).id)
    rejected = str(enter_sample(person.id, verdict="rejected", reasons=("too noisy",)).id)
    own = body["voiceSampleIds"][0]
    cases: list[tuple[dict[str, Any], int, str, str]] = [
        ({"voiceSampleIds": [own, unknown]}, 404, "VOICE_SAMPLE_NOT_FOUND", "voiceSampleIds"),
        ({"voiceSampleIds": [stranger]}, 404, "VOICE_SAMPLE_NOT_FOUND", "voiceSampleIds"),
        ({"voiceSampleIds": ["sample-1"]}, 404, "VOICE_SAMPLE_NOT_FOUND", "voiceSampleIds"),
        ({"voiceSampleIds": []}, 422, "VALIDATION_FAILED", "voiceSampleIds"),
        ({"voiceSampleIds": None}, 422, "VALIDATION_FAILED", "voiceSampleIds"),
        ({"voiceSampleIds": [own, own]}, 422, "TRAINING_REQUEST_INVALID", "voiceSampleIds[1]"),
        ({"voiceSampleIds": [own] * 500}, 422, "TRAINING_REQUEST_INVALID", "voiceSampleIds"),
        ({"voiceSampleIds": [rejected]}, 422, "INSUFFICIENT_AUDIO_QUALITY", "voiceSampleIds"),
        ({"options": {"epochs": -1}}, 422, "VALIDATION_FAILED", "options.epochs"),
        ({"options": {"learningRate": float("nan")}}, 422, "VALIDATION_FAILED", "options.learningRate"),
        ({"options": {"learningRate": float("inf")}}, 422, "VALIDATION_FAILED", "options.learningRate"),
        ({"options": {"epochs": "many"}}, 422, "VALIDATION_FAILED", "options.epochs"),
        ({"options": {"epoch": 3}}, 422, "VALIDATION_FAILED", "options.epoch"),
        ({"options": {"dropoutRate": 0.5}}, 422, "OPTION_NOT_SUPPORTED", "options.dropoutRate"),
        ({"options": {"engine": {"sed": 1}}}, 422, "OPTIONS_INVALID", "options.engine.sed"),
        ({"options": {"engine": {"seed": "\ud800"}}}, 422, "VALIDATION_FAILED", "options.engine.seed"),
        ({"name": "a\0b"}, 422, "VALIDATION_FAILED", "name"),
        ({"name": "\u202e"}, 422, "VOICE_NAME_INVALID", "name"),
        ({"provider": "nobody"}, 404, "ENGINE_NOT_FOUND", "provider"),
        ({"language": "tlh"}, 422, "LANGUAGE_UNSUPPORTED", "language"),
        ({"priority": 101}, 422, "VALIDATION_FAILED", "priority"),
        ({"startAfter": "tomorrow"}, 422, "VALIDATION_FAILED", "startAfter"),
        ({"userId": "me"}, 422, "VALIDATION_FAILED", "userId"),
    ]
    for changes, status, code, field in cases:
        assert field in refusal(post({**body, **changes}), status, code), changes
    close = refusal(post({**body, "options": {"epoch": 3}}), 422, "VALIDATION_FAILED")
    assert "did you mean 'epochs'" in close["options.epoch"]
    refusal(post({**body, "userId": str(other.id)}), 403, "NOT_ALLOWED")
    assert "provider" in refusal(post({"voiceSampleIds": [own]}), 422, "VALIDATION_FAILED")
    refusal(post(b'{"provider": '), 400, "MALFORMED_JSON")
    refusal(post(b"[" * 100_000), 400, "MALFORMED_JSON")
    refusal(post(b'{"priority": ' + b"9" * 10_000 + b"}"), 400, "MALFORMED_REQUEST")
    refusal(post(b'"' + b"x" * (10 << 20) + b'"'), 413, "BODY_TOO_LARGE")
    refusal(
        post(b"a=b", **{"Content-Type": "application/x-www-form-urlencoded"}), 415, "UNSUPPORTED_MEDIA_TYPE"
    )
    deep: Any = {"seed": json.loads("[" * 20 + "]" * 20)}
    refusal(post({**body, "options": {"engine": deep}}), 422, "VALIDATION_FAILED")
    for path in ("/training/nobody", "/training/nobody/logs", "/training/user/nobody"):
        refusal(client.get(path, headers=person.headers), 422, "VALIDATION_FAILED")
    for query in ({"limit": 0}, {"limit": 101}, {"offset": -1}, {"offset": 10**30}):
        answer = client.get(f"/training/user/{person.id}", params=query, headers=person.headers)
        assert set(query) == set(refusal(answer, 422, "VALIDATION_FAILED"))


def test_money_that_is_not_there_is_402(
    client: TestClient, person: Any, start: Callable[..., str], body: dict[str, Any]
) -> None:
    dear = {**body, "options": {"epochs": 1}}
    estimate = client.post("/training/estimate", json=dear, headers=person.headers).json()
    for _ in range(int(8 / estimate["estimatedCost"])):
        start()

    refused = client.post("/training/start", json=body, headers=person.headers)

    assert not refusal(refused, 402, "DAILY_BUDGET_EXCEEDED")
    after = client.post("/training/estimate", json=body, headers=person.headers).json()
    assert after["canStart"] is False
    assert [each["code"] for each in after["refusals"]] == ["DAILY_BUDGET_EXCEEDED"]
    left = client.get("/training/stats", headers=person.headers).json()["budgetLeftToday"]
    assert left == pytest.approx(after["budget"]["left"])
    assert left < estimate["estimatedCost"]


def test_an_estimate_says_it_all_before_anything_is_queued(
    client: TestClient,
    person: Any,
    body: dict[str, Any],
    enter_sample: Callable[..., Sample],
    database: Database,
) -> None:
    noisy = enter_sample(person.id, speech_s=20.0, verdict="usable", text=None, reasons=("background noise",))
    with database.session() as session:
        session.add(Node(id=uuid.uuid4(), name="there", engines=["builtin"], concurrency=2))
    request = {"voiceSampleIds": [*body["voiceSampleIds"], str(noisy.id)], "provider": "builtin"}

    answer = client.post("/training/estimate", json=request, headers=person.headers)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["canStart"] is True
    assert (
        told["cost"]["total"]
        == told["estimatedCost"]
        == pytest.approx(sum(part["amount"] for part in told["cost"]["parts"]))
    )
    assert told["cost"]["currency"] == "USD"
    assert told["time"] == {
        "estimatedTimeMs": told["estimatedTimeMs"], "comparedJobs": 0, "startAfter": None,
    }  # fmt: skip
    assert told["memory"] == {"memoryMb": 700, "gpuMemoryMb": 0}
    assert told["nodes"] == [{"name": "there", "concurrency": 2}]
    assert told["budget"] == {"perJob": 5.0, "perDay": 8.0, "left": 8.0}
    assert told["speech"] == {
        "samples": 2, "rejected": 0, "withoutTranscript": 1, "speechSeconds": 80.0, "neededSeconds": 10.0,
        "idealSeconds": 600.0,
    }  # fmt: skip
    quality = told["quality"]
    assert 0.74 < quality["predicted"] < 0.8
    assert (quality["threshold"], quality["target"]) == (0.7, 0.85)
    assert quality["improvements"][0]["action"].startswith("Add ")
    assert quality["weakSamples"] == [
        {
            "id": str(noisy.id),
            "filename": noisy.filename,
            "verdict": "usable",
            "reasons": ["background noise"],
        }
    ]
    assert told["options"]["engine"] == {"seed": 0, "from_prior": True}
    assert client.get("/training/stats", headers=person.headers).json()["waiting"] == 0
    bad = client.post(
        "/training/estimate", json={**request, "options": {"epochs": 0}}, headers=person.headers
    )
    assert "options.epochs" in refusal(bad, 422, "VALIDATION_FAILED")


def test_scopes_say_what_an_api_key_may_do(
    client: TestClient, person: Any, body: dict[str, Any], start: Callable[..., str]
) -> None:
    job_id = start()
    reads, writes = person.key("training:read"), person.key("training:write")

    assert client.get(f"/training/{job_id}", headers=reads).status_code == 200
    assert client.post("/training/estimate", json=body, headers=reads).status_code == 200
    refusal(client.get(f"/training/{job_id}", headers=writes), 403, "NOT_ALLOWED")
    refusal(client.post("/training/start", json=body, headers=reads), 403, "NOT_ALLOWED")
    refusal(client.post(f"/training/{job_id}/cancel", headers=reads), 403, "NOT_ALLOWED")
    assert client.post(f"/training/{job_id}/cancel", headers=writes).status_code == 200
    refusal(client.get(f"/training/{job_id}"), 401, "NOT_AUTHENTICATED")


def test_the_defaults_of_the_administrators_are_for_engines_that_have_these_options(
    client: TestClient,
    admin: Any,
    enter_dataset: Callable[..., Dataset],
    enter_sample: Callable[..., Sample],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class OnlyEpochs(EngineOptions):
        epochs: int = 7

    engine = dataclasses.replace(TONE_ENGINE, options=OnlyEpochs)
    monkeypatch.setattr(client.app.state.services.training, "_engines", lambda _: engine)  # type: ignore[attr-defined]
    enter_sample(admin.id, dataset=enter_dataset(admin.id, name="set"))
    request = {"dataset_name": "set", "provider": "tone"}

    started = client.post("/train", json=request, headers=admin.headers)

    assert started.status_code == 201, started.text
    options = client.get(f"/training/{started.json()['job_id']}", headers=admin.headers).json()["options"]
    assert (options["epochs"], "batchSize" in options) == (10, False)
    refused = client.post("/train", json={**request, "batch_size": 4}, headers=admin.headers)
    assert set(refusal(refused, 422, "OPTION_NOT_SUPPORTED")) == {"batch_size"}


def test_administrators_train_the_datasets_of_others(
    client: TestClient,
    admin: Any,
    person: Any,
    enter_dataset: Callable[..., Dataset],
    enter_sample: Callable[..., Sample],
) -> None:
    enter_sample(person.id, dataset=enter_dataset(person.id, name="anns"))
    request = {"dataset_name": "anns", "provider": "tone"}
    path = "/api/v1/admin/training/start"

    started = client.post(path, params={"user_id": str(person.id)}, json=request, headers=admin.headers)

    assert started.status_code == 201, started.text
    seen = client.get(f"/training/{started.json()['job_id']}", headers=person.headers).json()
    assert seen["userId"] == str(person.id)
    refusal(client.post(path, json=request, headers=admin.headers), 404, "DATASET_NOT_FOUND")
    nobody = {"user_id": str(uuid.uuid4())}
    refusal(client.post(path, params=nobody, json=request, headers=admin.headers), 404, "USER_NOT_FOUND")


@pytest.mark.parametrize(
    ("start_path", "list_path"),
    [
        ("/api/v1/admin/training/start", "/api/v1/admin/training/jobs"),
        ("/train", "/training-jobs"),
    ],
)
def test_administrators_train_their_datasets(  # noqa: PLR0917 - fixtures
    client: TestClient,
    admin: Any,
    person: Any,
    database: Database,
    enter_dataset: Callable[..., Dataset],
    enter_sample: Callable[..., Sample],
    start: Callable[..., str],
    start_path: str,
    list_path: str,
) -> None:
    dataset = enter_dataset(admin.id, name="my_voice_dataset")
    enter_sample(admin.id, dataset=dataset)
    users = start()
    request = {"dataset_name": "my_voice_dataset", "epochs": 12, "batch_size": 8, "provider": "tone"}

    answer = client.post(start_path, json=request, headers=admin.headers)

    assert (answer.status_code, answer.json()["status"]) == (201, "queued"), answer.text
    job_id = answer.json()["job_id"]
    change(database, job_id, status="running", progress=12.5)
    listed = client.get(list_path, headers=admin.headers).json()
    assert ([job["job_id"] for job in listed["jobs"]], listed["total"]) == ([job_id, users], 2)
    own = listed["jobs"][0]
    expected = {
        "dataset_name": "my_voice_dataset",
        "status": "running",
        "label": "Training",
        "progress": 12.5,
        "epochs": 12,
        "batch_size": 8,
        "model_available": False,
    }
    assert {name: own[name] for name in expected} == expected
    shown = client.get(f"/api/v1/admin/training/jobs/{job_id}", headers=admin.headers).json()
    assert shown["logs"][0]["message"].startswith("Queued: my_voice_dataset")
    defaults = client.post(start_path, json={"dataset_name": "my_voice_dataset"}, headers=admin.headers)
    assert defaults.status_code == 201, defaults.text
    made = client.get(f"/training/{defaults.json()['job_id']}", headers=admin.headers).json()
    assert (made["provider"], made["options"]["epochs"], made["options"]["batchSize"]) == ("builtin", 10, 4)
    for bad, field in (
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 65}, "batch_size"),
        ({"epoch": 1}, "epoch"),
    ):
        refused = client.post(start_path, json={**request, **bad}, headers=admin.headers)
        assert field in refusal(refused, 422, "VALIDATION_FAILED")
    missing = client.post(start_path, json={"dataset_name": "nobody's"}, headers=admin.headers)
    assert set(refusal(missing, 404, "DATASET_NOT_FOUND")) == {"dataset_name"}
    odd = client.post(start_path, json={**request, "provider": "nobody"}, headers=admin.headers)
    assert set(refusal(odd, 404, "ENGINE_NOT_FOUND")) == {"provider"}
    gone = client.get(f"/api/v1/admin/training/jobs/{uuid.uuid4()}", headers=admin.headers)
    refusal(gone, 404, "TRAINING_JOB_NOT_FOUND")
    refusal(client.post(start_path, json=request, headers=person.headers), 403, "NOT_ALLOWED")
    for path in (list_path, f"/api/v1/admin/training/jobs/{job_id}"):
        refusal(client.get(path, headers=person.headers), 403, "NOT_ALLOWED")
