"""The three calls of the specification's example, and the voices that come of them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from voicewright.training.events import record
from voicewright.training.models import TrainingJob
from voicewright.voices.sharing.models import SharePermission

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voicewright.settings import Settings

PATIENCE_S = 60
NOBODY = "6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"


@pytest.fixture
def api_settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"min_voice_s": 1.0, "voice_requests_per_hour": 20, "clone_wait_s": 60.0}
    )


@pytest.fixture
def sample_id(call_voice: Callable[..., Any], sample_recordings: Path) -> str:
    """Of an uploaded sample."""
    recording = min(sample_recordings.glob("*.flac")).read_bytes()
    uploaded = call_voice("POST", "/upload", files={"audio": ("ann.flac", recording)}, expect=201)
    found: str = uploaded.json()["sample"]["id"]
    return found


@pytest.fixture
def work(database: Any, humming: Callable[..., Any], person: Any) -> Callable[..., threading.Thread]:
    """A worker, as far as the answers go: it waits for a training and ends it, well or not."""

    def end(failure: str | None) -> None:
        job = None
        while job is None:
            with database.session() as session:
                job = session.scalar(select(TrainingJob).where(TrainingJob.status == "queued"))
        voice = None if failure else humming(person, job.name, training_job_id=job.id)
        with database.session() as session:
            held = session.get_one(TrainingJob, job.id)
            held.status = "failed" if failure else "completed"
            held.voice_model_id = None if voice is None else voice.id
            held.error_code, held.last_error = ("LOW_QUALITY", failure) if failure else (None, None)
            record(session, held, "status", held.status)

    def start(failure: str | None = None) -> threading.Thread:
        thread = threading.Thread(target=end, args=(failure,), daemon=True)
        thread.start()
        return thread

    return start


def test_the_example_of_the_specification(call_voice, work, sample_id):
    work()
    cloned = call_voice(
        "POST",
        "/clone",
        {"sample_id": sample_id, "name": "My Voice", "language": "en-us", "provider": "tone"},
        expect=201,
    )
    model = cloned.json()["model"]
    assert (model["name"], model["status"], model["version"]) == ("My Voice", "completed", 1)
    assert (model["shared"], model["error"], model["is_active"]) == (False, None, True)
    made = call_voice(
        "POST",
        "/synthesize",
        {"model_id": model["id"], "text": "Hello, world!", "output_format": "mp3"},
        expect=201,
    )
    synthesis = made.json()["synthesis"]
    assert (synthesis["status"], synthesis["model_id"]) == ("completed", model["id"])
    sound = call_voice("GET", synthesis["audio_url"].removeprefix("/api/voice"))
    assert sound.headers["content-type"] == "audio/mpeg"
    assert call_voice("GET", f"/models/{model['id']}").json() == {"model": model}


def test_a_voice_is_shown_while_it_is_made_and_when_it_failed(call_voice, work, sample_id, other, speak):
    asked = {"sample_id": sample_id, "name": "Slow", "provider": "tone", "wait": False}
    answer = call_voice("POST", "/clone", asked, expect=202)
    model = answer.json()["model"]
    assert answer.headers["location"] == model["status_url"] == f"/api/voice/models/{model['id']}"
    assert (model["status"], model["progress"], model["version"]) == ("pending", 0.0, None)
    assert "waits for" in model["note"], "there is no worker"
    path = f"/models/{model['id']}"
    assert call_voice("GET", path).json()["model"] == model
    assert [one["id"] for one in call_voice("GET", "/models").json()["models"]] == [model["id"]]
    call_voice("GET", path, by=other, expect=404)
    refused = call_voice("POST", "/synthesize", {"model_id": model["id"], "text": "Hello."}, expect=409)
    assert refused.json()["code"] == "VOICE_NOT_READY"
    refused = call_voice("POST", "/long", {"model_id": model["id"], "text": "Hello."}, expect=409)
    assert refused.json()["code"] == "VOICE_NOT_READY"
    for method in ("PATCH", "PUT"):
        assert call_voice(method, path, {"name": "New"}, expect=409).json()["code"] == "VOICE_NOT_READY"
    assert call_voice("DELETE", path, expect=409).json()["code"] == "VOICE_NOT_READY"

    work().join(PATIENCE_S)
    done = call_voice("GET", path).json()["model"]
    assert (done["status"], done["training_job_id"]) == ("completed", model["id"])
    assert speak(model_id=model["id"])["model_id"] == done["id"], "the first id stays good"
    item = {"model_id": model["id"], "text": "Hello."}
    assert call_voice("POST", "/long", item, expect=202).json()["voice"]["id"] == done["id"]
    batch = call_voice("POST", "/batch", {"items": [item]}, expect=202).json()
    assert batch["parts"][0]["voice"]["id"] == done["id"]
    renamed = call_voice("PATCH", path, {"name": "Quick"}).json()["model"]
    assert (renamed["id"], renamed["name"]) == (done["id"], "Quick")
    call_voice("PATCH", path, {"name": ""}, expect=422)
    call_voice("DELETE", path, expect=204)
    call_voice("GET", f"/models/{done['id']}", expect=404)

    work("The voice is not good enough.")
    failed = call_voice("POST", "/clone", {**asked, "name": "Poor", "wait": True}, expect=201).json()["model"]
    assert (failed["status"], failed["error"]["code"]) == ("failed", "LOW_QUALITY")
    missing = call_voice("POST", "/synthesize", {"model_id": failed["id"], "text": "Hello."}, expect=404)
    assert missing.json()["code"] == "VOICE_MODEL_NOT_FOUND"


def test_what_can_not_be_cloned(call_voice, sample_id, other):
    def refused(status: int, **body: Any) -> tuple[str, str]:
        asked = {"sample_id": sample_id, "name": "No", "provider": "tone", **body}
        answer = call_voice("POST", "/clone", asked, expect=status).json()
        return answer["code"], answer["error"]

    assert refused(422, sample_id=None)[0] == "VALIDATION_FAILED"
    assert refused(422, sample_ids=[sample_id])[0] == "VALIDATION_FAILED"
    assert refused(422, name="")[0] == "VALIDATION_FAILED"
    assert "description" in refused(422, description="What nobody would keep.")[1]
    assert refused(422, options={"epochs": 0})[1].startswith("The request can't be used. options.epochs: ")
    assert "en-us" in refused(422, language="ja")[1]
    assert refused(404, sample_id=NOBODY)[0] == "VOICE_SAMPLE_NOT_FOUND"
    theirs = {"sample_id": sample_id, "name": "No", "provider": "tone"}
    assert (
        call_voice("POST", "/clone", theirs, by=other, expect=404).json()["code"] == "VOICE_SAMPLE_NOT_FOUND"
    )


def test_voices_of_others_are_told_as_such(call_voice, humming, person, other, services):
    mine, theirs, looked_at = humming(person, "Mine"), humming(other, "Theirs"), humming(other, "Looked at")
    caller = services.accounts.authenticate(other.access_token)
    services.sharing.share(caller, theirs.id, targets=[person.id], permission=SharePermission.USE)
    services.sharing.share(caller, looked_at.id, targets=[person.id], permission=SharePermission.READ)
    listed = call_voice("GET", "/models").json()
    assert {one["name"]: one["shared"] for one in listed["models"]} == {"Mine": False, "Theirs": True}
    assert listed["total"] == 2
    assert [one["id"] for one in call_voice("GET", "/models?shared=true").json()["models"]] == [
        str(theirs.id)
    ]
    assert [one["id"] for one in call_voice("GET", "/models?shared=false").json()["models"]] == [str(mine.id)]
    assert len(call_voice("GET", "/models?limit=1&offset=1").json()["models"]) == 1
    call_voice("PATCH", f"/models/{theirs.id}", {"name": "Stolen"}, expect=403)
    looked = call_voice("POST", "/synthesize", {"model_id": str(looked_at.id), "text": "Hello."}, expect=403)
    assert looked.json()["code"] == "NOT_ALLOWED"
    humming(person, "Taken")
    taken = call_voice("PATCH", f"/models/{mine.id}", {"name": "taken"}, expect=409).json()
    assert taken["code"] == "VOICE_NAME_TAKEN"
    codes = {one["code"]: one["providers"] for one in call_voice("GET", "/languages").json()["languages"]}
    assert len(codes) >= 16
    assert "builtin" in codes["en-us"]


def test_uploads_clones_and_syntheses_count_together(call_voice, sample_id):  # noqa: ARG001 - one is counted
    for number in range(19):
        if number % 2:
            call_voice("POST", "/clone", {"sample_id": NOBODY, "name": "No"}, expect=404)
        else:
            path = "/synthesize/stream" if number % 4 else "/synthesize"
            call_voice("POST", path, {"text": "Hello.", "voice": "Nobody"}, expect=404)
    for path, body in (("/clone", {"sample_id": NOBODY, "name": "No"}), ("/synthesize", {"text": "Hello."})):
        full = call_voice("POST", path, body, expect=429)
        assert full.json()["code"] == "RATE_LIMITED"
        assert 0 < int(full.headers["retry-after"]) <= 3600
        assert (full.headers["ratelimit-limit"], full.headers["ratelimit-remaining"]) == ("20", "0")
    call_voice("GET", "/history")
