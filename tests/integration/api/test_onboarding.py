"""People who use an application make their voices in one call, with the token that it made for them."""

from __future__ import annotations

import base64
import hashlib
import threading
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text, update

from voicewright.accounts.models import OnboardingToken
from voicewright.api.app import create_app
from voicewright.api.onboarding_cors import OnboardingCors
from voicewright.engines.port import EngineEnvironment, Provider
from voicewright.engines.testing import TONE_ENGINE
from voicewright.onboarding.choice import choose_engine
from voicewright.onboarding.labels import registered_name, speaker_of
from voicewright.recordings.models import Dataset, Sample
from voicewright.training.errors import ModelValidationFailed
from voicewright.training.events import record
from voicewright.training.models import Node, TrainingEvent, TrainingJob
from voicewright.training.transitions import queue_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.testclient import TestClient

    from voicewright.api.services import Services
    from voicewright.settings import Settings

PUBLIC = "/api/public/voice/onboarding"
PATIENCE_S = 60


@pytest.fixture
def environment() -> str:
    """Of the service; to be overridden."""
    return "development"


@pytest.fixture
def wait_s() -> float:
    """How long an answer waits for its voice; to be overridden."""
    return 0.0


@pytest.fixture
def api_settings(settings: Settings, environment: str, wait_s: float) -> Settings:
    changes = {
        "environment": environment, "min_voice_s": 1.0, "clone_wait_s": wait_s, "onboarding_provider": "tone",
        "onboarding_clones_per_hour": 50, "onboarding_clones_per_user": 6,
        "onboarding_origins": ("https://app.example.com",),
    }  # fmt: skip
    return settings.model_copy(update=changes)


@pytest.fixture
def recordings(sample_recordings: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(sample_recordings.glob("*.flac"))[:3]]


_EVERYTHING = {
    "words": None, "model_id": None, "state": None, "since": None, "until": None, "limit": 9, "offset": 0,
}  # fmt: skip


class App:
    """The server of an application: it has an API key, and makes tokens."""

    def __init__(self, client: TestClient, person: Any) -> None:
        self.client = client
        self.person = person
        self.key_id, secret = person.new_key(
            "training:read", "training:write", "consents:write", "voices:read", "samples:read"
        )
        self.headers = {"Authorization": f"Bearer {secret}"}

    def call(self, method: str, path: str, *, expect: int = 200, by: Any = None, **more: Any) -> Any:
        answer = self.client.request(method, path, headers=by or self.headers, **more)
        assert answer.status_code == expect, answer.text
        return answer

    def made(self, user_id: str = "user_1", **body: Any) -> dict[str, Any]:
        asked = {"userId": user_id, **body}
        told: dict[str, Any] = self.call("POST", "/voice-onboarding/tokens", json=asked, expect=201).json()
        return told

    def token(self, user_id: str = "user_1", **body: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.made(user_id, **body)['token']}"}

    def clone(self, by: dict[str, str], recording: bytes, *, expect: int = 200, **fields: Any) -> Any:
        form = {"user_id": "user_1", "voice_name": "My Voice", **fields}
        data = {name: value for name, value in form.items() if value is not None}
        files = {"audio_file": ("me.flac", recording)}
        return self.call("POST", f"{PUBLIC}/clone", by=by, data=data, files=files, expect=expect).json()


@pytest.fixture
def app_server(client: TestClient, person: Any) -> App:
    return App(client, person)


@pytest.fixture
def work(
    services: Services, humming: Callable[..., Any], person: Any
) -> Iterator[Callable[..., threading.Thread]]:
    """A worker, as far as the answers go: it looks for a job now and then, and ends it, well or not."""
    over = threading.Event()

    def end(failure: tuple[str, str] | None) -> None:
        job = None
        while job is None:
            if over.wait(0.05):
                return
            with services.database.session() as session:
                job = session.scalar(select(TrainingJob).where(TrainingJob.status == "queued"))
        voice = None if failure else humming(person, job.name, training_job_id=job.id)
        with services.database.session() as session:
            held = session.get_one(TrainingJob, job.id)
            held.status = "failed" if failure else "completed"
            held.node, held.gpu_type = "node-1", "cpu"
            held.completed_at, held.actual_time_ms = datetime.now(UTC), 1500
            held.voice_model_id = None if voice is None else voice.id
            held.error_code, held.last_error = failure or (None, None)
            record(session, held, "status", held.status)

    def start(failure: tuple[str, str] | None = None) -> threading.Thread:
        thread = threading.Thread(target=end, args=(failure,), daemon=True)
        threads.append(thread)
        thread.start()
        return thread

    threads: list[threading.Thread] = []
    yield start
    over.set()
    for thread in threads:
        thread.join(PATIENCE_S)


class TestWhileSomebodyWaits:
    @pytest.fixture
    def wait_s(self) -> float:
        return PATIENCE_S

    def test_in_development_one_call_makes_a_voice_that_speaks(self, app_server, work, recordings, services):
        token = app_server.token()
        work()
        made = app_server.clone(token, recordings[0], sample_text="Hello big world.")
        assert made == {
            "success": True,
            "jobId": made["jobId"],
            "voice_id": made["voice_id"],
            "voice_name": "My Voice",
            "sample_audio": made["sample_audio"],
            "processingTime": 1.5,
            "message": "Voice cloning completed successfully",
        }
        kind, _, sound = made["sample_audio"].partition(",")
        assert kind == "data:audio/mp3;base64"
        sound = base64.b64decode(sound)
        assert sound.startswith((b"ID3", b"\xff\xfb"))

        path = f"{PUBLIC}/jobs/{made['jobId']}"
        told = app_server.call("GET", f"{path}/status", by=token).json()
        assert told == {
            "jobId": made["jobId"],
            "status": "completed",
            "voiceName": "My Voice",
            "voiceId": made["voice_id"],
            "processingTime": 1.5,
            "createdAt": told["createdAt"],
            "completedAt": told["completedAt"],
            "workerInfo": {
                "environment": "development",
                "gpuType": "cpu",
                "node": "node-1",
                "dropletId": None,
            },
            "error": None,
            "errorCode": None,
            "progress": told["progress"],
            "resultUrl": f"{path}/sample",
            "audioFileUrl": None,
        }
        assert abs(told["createdAt"] - datetime.now(UTC).timestamp()) < 3600
        assert isinstance(told["completedAt"], int)

        heard = app_server.call("GET", told["resultUrl"], by=token)
        assert (heard.headers["content-type"], heard.content) == ("audio/mpeg", sound), "it is kept"
        services.history.delete_all(app_server.person.id)
        again = app_server.call("GET", told["resultUrl"], by=token)
        assert len(again.content) > 1000, "it is spoken again where it is not kept"
        entries, _ = services.history.search(app_server.person.id, SimpleNamespace(**_EVERYTHING))
        assert [(entry.text, entry.file_format) for entry in entries] == [("Hello big world.", "mp3")]

        own = app_server.call("GET", f"{path}/status").json()
        shown = app_server.call("GET", own["audioFileUrl"]).json()
        assert shown["speaker"] == "user_1"
        services.voices.of(app_server.person.id).delete(uuid.UUID(made["voice_id"]))
        assert app_server.call("GET", f"{path}/status", by=token).json()["resultUrl"] is None
        gone = app_server.call("GET", f"{path}/sample", by=token, expect=404).json()
        assert gone["code"] == "VOICE_MODEL_NOT_FOUND"

    def test_a_job_that_fails_is_answered_with_its_error(self, app_server, work, recordings):
        server = app_server
        raw = "/srv/work/x: MIN_QUALITY_SCORE asks for more."
        work((ModelValidationFailed.code, raw))
        token = server.token()
        poor = server.clone(token, recordings[0], expect=422)
        assert {name: poor[name] for name in ("success", "code")} == {
            "success": False,
            "code": "MODEL_VALIDATION_FAILED",
        }
        assert poor["error"].startswith("The voice did not become good enough.")
        path = f"{PUBLIC}/jobs/{poor['jobId']}/status"
        theirs, told = server.call("GET", path, by=token).json(), server.call("GET", path).json()
        assert (theirs["error"], told["error"]) == (poor["error"], raw), "the application sees all of it"
        assert (told["status"], told["errorCode"]) == ("failed", poor["code"])
        silent = server.call("GET", f"{PUBLIC}/jobs/{poor['jobId']}/sample", expect=409).json()
        assert silent["code"] == "TRAINING_HAS_NO_VOICE"
        work(("DATABASE_UNAVAILABLE", "The database is away."))
        away = server.clone(server.token(), recordings[0], expect=503)
        assert (away["success"], away["code"]) == (False, "DATABASE_UNAVAILABLE")
        assert away["error"].startswith("The voice could not be made, and not because of the recording.")
        work((ModelValidationFailed.code, raw))
        assert server.clone(server.headers, recordings[0], expect=422)["error"] == raw
        work(("NOBODY_KNOWS_THIS", "It broke."))
        assert server.clone(server.token(), recordings[0], expect=503)["code"] == "NOBODY_KNOWS_THIS"


def test_a_token_is_for_one_user_for_so_many_voices_and_for_nothing_else(app_server, recordings, database):
    server = app_server
    made = server.made(maxClones=1)
    assert made["token"].startswith("vwo_")
    assert (made["userId"], made["speaker"], made["maxClones"]) == ("user_1", "user_1", 1)
    token = {"Authorization": f"Bearer {made['token']}"}
    stranger = server.clone(token, recordings[0], user_id="user_2", expect=403)
    assert (stranger["code"], stranger["fields"][0]["field"]) == ("NOT_ALLOWED", "user_id")

    first = server.clone(token, recordings[0], user_id=None, expect=202)
    assert server.clone(token, recordings[0], expect=202)["jobId"] == first["jobId"], "the same, sent again"
    spent = server.clone(token, recordings[1], expect=403)
    assert spent["code"] == "ONBOARDING_TOKEN_SPENT"
    with database.session() as session:
        assert session.scalar(select(Sample.id).where(Sample.digest == _digest(recordings[1]))) is None
    status = f"{PUBLIC}/jobs/{first['jobId']}/status"
    assert server.call("GET", status, by=token).json()["status"] == "pending"
    with database.session() as session:
        session.execute(update(TrainingJob).values(status="failed"))
    unread = server.call("POST", f"{PUBLIC}/clone", by=token, content=b"no form", expect=403).json()
    assert unread["code"] == "ONBOARDING_TOKEN_SPENT", "nothing can be repeated, so nothing is read"
    with database.session() as session:
        session.execute(update(TrainingJob).values(status="queued"))
    early = server.call("GET", f"{PUBLIC}/jobs/{first['jobId']}/sample", by=token, expect=409).json()
    assert early["code"] == "VOICE_NOT_READY"
    other = server.token("user_2")
    assert server.call("GET", status, by=other, expect=404).json()["code"] == "ONBOARDING_JOB_NOT_FOUND"

    refused = server.call("GET", "/auth/me", by=token, expect=403).json()
    assert (refused["code"], "onboarding token" in refused["error"]) == ("NOT_ALLOWED", True)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_token_ends_with_its_time_and_with_what_made_it(app_server, database, services):
    server, path = app_server, f"{PUBLIC}/jobs/{uuid.uuid4()}/status"

    def status(by: dict[str, str]) -> int:
        return int(server.client.get(path, headers=by).status_code)

    def ended(by: dict[str, str], end: Callable[[], object]) -> bool:
        assert status(by) == 404
        end()
        return status(by) == 401

    revoked = server.made()
    headers = {"Authorization": f"Bearer {revoked['token']}"}
    path_of = f"/voice-onboarding/tokens/{revoked['tokenId']}"
    assert ended(headers, lambda: server.call("DELETE", path_of, expect=204))
    server.call("DELETE", path_of, expect=204)
    unknown = server.call("DELETE", f"/voice-onboarding/tokens/{uuid.uuid4()}", expect=404).json()
    assert unknown["code"] == "ONBOARDING_TOKEN_NOT_FOUND"

    def expire() -> None:
        with database.session() as session:
            past = datetime.now(UTC) - timedelta(seconds=1)
            session.execute(update(OnboardingToken).values(expires_at=past))

    assert ended(server.token(), expire)
    assert services.accounts.sweep() >= 2
    accounts = services.accounts
    assert ended(server.token(), lambda: accounts.api_keys.revoke(server.person.id, server.key_id)), (
        "the key that made it was revoked"
    )
    signed_in = {"headers": server.headers, "now": server.person.headers}
    server.headers = signed_in["now"]
    of_session = server.token()
    assert ended(of_session, lambda: accounts.users.change(server.person.id, disabled=True))
    accounts.users.change(server.person.id, disabled=False)
    assert status(of_session) == 401, "to disable an account signs everybody out"


def test_who_makes_a_token_must_be_allowed_to(app_server, client, person):
    def refused(by: dict[str, str], status: int, **body: Any) -> dict[str, Any]:
        asked = {"userId": "user_1", **body}
        answer = client.post("/voice-onboarding/tokens", headers=by, json=asked)
        assert answer.status_code == status, answer.text
        told: dict[str, Any] = answer.json()
        return told

    without_consents = person.key("training:write")
    consent = {"statement": "Ticked the box."}
    assert "consents:write" in refused(without_consents, 403, consent=consent)["error"]
    refused(without_consents, 201)
    assert refused(app_server.headers, 422, userId="a\u202eb")["code"] == "ONBOARDING_USER_INVALID"
    assert refused(app_server.headers, 422, userId="   ")["code"] == "ONBOARDING_USER_INVALID"
    assert refused(app_server.headers, 422, expiresInS=5)["fields"][0]["field"] == "expiresInS"
    assert refused(app_server.headers, 422, maxClone=5)["code"] == "VALIDATION_FAILED"
    past = {**consent, "expiresAt": "2001-01-01T00:00:00Z"}
    assert refused(app_server.headers, 422, consent=past)["code"] == "CONSENT_INVALID"


class TestInProduction:
    @pytest.fixture
    def environment(self) -> str:
        return "production"

    def test_a_voice_needs_a_consent_and_is_queued(self, app_server, recordings, database):
        server = app_server
        refused = server.clone(server.token(), recordings[0], expect=403)
        assert refused["code"] == "CONSENT_REQUIRED"
        assert "POST /voice-onboarding/tokens" in refused["error"]
        with database.session() as session:
            assert session.scalars(select(Sample)).all() == [], "nothing of theirs is kept"
        made = server.made(consent={"statement": "Ticked the box."})
        assert made["consentId"] is not None
        token = {"Authorization": f"Bearer {made['token']}"}
        queued = server.clone(token, recordings[0], expect=202, language="en-us")
        path = f"{PUBLIC}/jobs/{queued['jobId']}/status"
        assert queued == {
            "success": True,
            "jobId": queued["jobId"],
            "status": "queued",
            "message": "Voice cloning job queued for processing",
            "statusUrl": path,
        }
        told = server.call("GET", path, by=token).json()
        assert (told["status"], told["workerInfo"], told["processingTime"]) == ("pending", None, None)
        with database.session() as session:
            job = session.scalars(select(TrainingJob)).one()
            assert (job.name, job.method, job.may_activate) == ("My Voice (user_1)", "clone", False)
            assert job.voice_metadata == {"onboarding": {"userId": "user_1", "voiceName": "My Voice"}}
            assert job.quality_threshold == 0.5


def test_what_can_not_be_a_voice_is_refused_and_not_kept(app_server, services, recordings, database):
    server = app_server

    def refused(recording: bytes, status: int, **fields: Any) -> tuple[str, str]:
        answer = server.clone(server.headers, recording, expect=status, **fields)
        return answer["code"], (answer.get("fields") or [{"field": ""}])[0]["field"]

    first = recordings[0]
    assert refused(b"no sound", 422, user_id="u1") == ("SAMPLE_REFUSED", "audio_file")
    assert refused(first, 422, user_id=None) == ("ONBOARDING_USER_INVALID", "user_id")
    assert refused(first, 422, voice_name=None) == ("VALIDATION_FAILED", "voice_name")
    assert refused(first, 422, voice_name="x" * 101) == ("VOICE_NAME_INVALID", "voice_name")
    assert refused(first, 422, sample_text="x" * 501) == ("TEXT_TOO_LONG", "sample_text")
    assert refused(first, 422, sample_text="...")[0] == "TEXT_EMPTY"
    assert refused(first, 422, language="??")[0] == "LANGUAGE_INVALID"
    assert refused(first, 422, language="ja", user_id="u2") == ("LANGUAGE_UNSUPPORTED", "language")
    assert refused(first, 404, provider="nothing", user_id="u3") == ("ENGINE_NOT_FOUND", "provider")
    too_large = server.clone(server.headers, b"0" * (services.settings.max_voice_file_bytes + 1), expect=413)
    assert too_large["code"] == "UPLOAD_TOO_LARGE"
    with database.session() as session:
        assert session.scalars(select(Sample)).all() == []


def test_what_is_cloned_is_priced_and_queued_as_a_clone(app_server, services, recordings, database):
    with database.session() as session:
        session.add(Node(id=uuid.uuid4(), name="laptop", engines=["heavy"], concurrency=1))
    begun = app_server.clone(app_server.headers, recordings[0], provider="heavy", expect=202)
    with database.session() as session:
        job = session.get_one(TrainingJob, uuid.UUID(begun["jobId"]))
        assert (job.method, job.clones) == ("clone", True)
        queues = session.execute(text("SELECT queue_name FROM queue.procrastinate_jobs")).scalars().all()
        assert queues == [queue_of("heavy", clones=True)]
        # at the price of a processor, and for no time that the engine would learn
        fixed_s = 60
        assert job.estimated_time_ms == fixed_s * 1000
        assert job.estimated_cost < services.settings.price_gpu_hour * fixed_s / 3600
        told = session.scalars(select(TrainingEvent.message).where(TrainingEvent.job_id == job.id)).all()
        assert not any("waits for" in message for message in told)


def test_a_user_may_send_so_many_recordings_in_an_hour(app_server, recordings):
    server = app_server
    for _ in range(6):
        server.clone(server.headers, b"no sound", expect=422)
    answer = server.client.post(
        f"{PUBLIC}/clone", headers=server.headers, data={"user_id": "user_1", "voice_name": "Ann"},
        files={"audio_file": ("me.flac", recordings[0])},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMITED")
    assert answer.headers["ratelimit-limit"] == "6"
    assert 0 < int(answer.headers["retry-after"]) <= 3600
    server.clone(server.headers, recordings[0], user_id="user_2", expect=202)


class TestWhereAnApplicationMaySendSeven:
    @pytest.fixture
    def api_settings(self, api_settings):
        return api_settings.model_copy(update={"onboarding_clones_per_hour": 7})

    def test_one_of_its_users_can_not_use_all_of_that_up(self, app_server, recordings):
        server = app_server
        greedy, other = server.token("user_1", maxClones=9), server.token("user_2")
        for _ in range(6):
            server.clone(greedy, b"no sound", expect=422)
        for _ in range(3):
            server.clone(greedy, recordings[0], expect=429)
        server.clone(other, recordings[0], user_id="user_2", expect=202)
        assert server.clone(server.headers, recordings[0], user_id="user_3", expect=429)["code"] == (
            "RATE_LIMITED"
        )


def test_a_token_names_the_engine_or_the_settings_do(app_server, recordings, database):
    server = app_server
    plain, named = server.token("user_1"), server.token("user_2", provider="heavy")
    for token, user_id, wanted in ((plain, "user_1", "heavy"), (named, "user_2", "tone")):
        refused = server.clone(token, recordings[0], user_id=user_id, provider=wanted, expect=403)
        assert (refused["code"], refused["fields"][0]["field"]) == ("NOT_ALLOWED", "provider")
    server.clone(plain, recordings[0], provider="tone", expect=202)
    server.clone(named, recordings[0], user_id="user_2", expect=202)
    with database.session() as session:
        providers = session.scalars(select(TrainingJob.provider).order_by(TrainingJob.created_at)).all()
        assert providers == ["tone", "heavy"]
    unknown = server.call(
        "POST", "/voice-onboarding/tokens", json={"userId": "a", "provider": "nothing"}, expect=404
    ).json()
    assert (unknown["code"], unknown["fields"][0]["field"]) == ("ENGINE_NOT_FOUND", "provider")


def test_an_application_finds_its_users_voices_and_what_they_cost(
    app_server, client, make_person, recordings
):
    server, services = app_server, client.app.state.services
    jobs = [
        server.clone(server.headers, recordings[0], user_id=user_id, expect=202)["jobId"]
        for user_id in ("Ann", "ann")
    ]
    with services.database.session() as session:
        assert len(session.scalars(select(Dataset)).all()) == 2, "two users, though of one spelling"
        job = session.get_one(TrainingJob, uuid.UUID(jobs[0]))
        job.status, job.actual_time_ms, job.completed_at = "completed", 7200_000, datetime.now(UTC)
        session.add(Node(id=uuid.uuid4(), name="node-1", engines=["tone"], concurrency=1, gpu_type="rocm"))
        assert choose_engine(session, "auto", "en-us", services.onboarding._parts.engines) == "tone"
        assert choose_engine(session, "auto", "xx", services.onboarding._parts.engines) == "builtin"
        bound = EngineEnvironment(
            "nothing:none.txt", weights_licence="For no money (https://licence.example)."
        )
        for bad in (
            replace(TONE_ENGINE, environment=bound),
            replace(TONE_ENGINE, provider=Provider("X", ())),
        ):
            assert choose_engine(session, "auto", "en-us", lambda _, bad=bad: bad) == "builtin"
    listed = server.call("GET", "/voice-onboarding/jobs?limit=1").json()
    assert ([one["jobId"] for one in listed["jobs"]], listed["total"]) == ([jobs[1]], 2)
    of_ann = server.call("GET", "/voice-onboarding/jobs?userId=Ann").json()["jobs"]
    assert [(one["userId"], one["status"], one["processingTime"]) for one in of_ann] == [
        ("Ann", "completed", 7200.0)
    ]
    pending = server.call("GET", "/voice-onboarding/jobs?status=pending&limit=10").json()["jobs"]
    assert [one["jobId"] for one in pending] == [jobs[1]]
    figures = server.call("GET", "/voice-onboarding/stats").json()
    assert figures == {
        "total": 2, "pending": 1, "processing": 0, "completed": 1, "failed": 0,
        "avgProcessingTime": 7200.0, "gpuHours": 4.0, "pricePerHour": 1.77, "estimatedCost": 7.08,
        "workers": [{"environment": "development", "gpuType": "rocm", "node": "node-1", "dropletId": None}],
    }  # fmt: skip
    assert server.call("GET", "/voice-onboarding/stats?userId=ann").json()["total"] == 1
    stranger, admin = make_person("bob@example.com"), make_person("root@example.com", admin=True)
    assert server.call("GET", "/voice-onboarding/stats", by=stranger.headers).json()["total"] == 0
    assert server.call("GET", "/voice-onboarding/stats", by=admin.headers).json()["total"] == 2
    assert server.call("GET", "/voice-onboarding/jobs", by=stranger.headers).json()["jobs"] == []
    status = f"{PUBLIC}/jobs/{jobs[0]}/status"
    assert server.call("GET", status, by=stranger.headers, expect=404).json()["code"] == (
        "ONBOARDING_JOB_NOT_FOUND"
    )


def test_the_same_recording_sent_by_two_at_once_is_one_job(app_server, recordings, run_together):
    sent = run_together(lambda _: app_server.clone(app_server.headers, recordings[0], expect=202), 3)
    assert len({one["jobId"] for one in sent}) == 1
    another = app_server.clone(app_server.headers, recordings[0], voice_name="Second", expect=202)
    assert another["jobId"] != sent[0]["jobId"]


def test_pages_of_the_named_sites_may_call_it(client, services):
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    site = {"Origin": "https://app.example.com"}
    asked = client.options(f"{PUBLIC}/clone", headers={**site, **asks})
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == site["Origin"]
    assert "authorization" in asked.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in asked.headers
    foreign = client.options(f"{PUBLIC}/clone", headers={"Origin": "https://evil.example", **asks})
    assert foreign.status_code == 400
    assert "access-control-allow-origin" not in foreign.headers
    refused = client.post(f"{PUBLIC}/clone", headers=site)
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == site["Origin"]
    assert "X-Request-Id" in refused.headers["access-control-expose-headers"]
    elsewhere = client.get("/auth/me", headers=site)
    assert "access-control-allow-origin" not in elsewhere.headers
    closed = SimpleNamespace(
        settings=services.settings.model_copy(update={"onboarding_origins": None}), speech=None
    )
    assert all(one.cls is not OnboardingCors for one in create_app(closed).user_middleware)


def test_a_voice_of_one_user_never_becomes_a_version_of_anothers():
    users = ["ann", "Ann", "ANN", "self", "a b", "ann [0123]", "ann)", "x" * 41, "x" * 42, "ä", "名前"]
    names = {registered_name("My Voice", user).casefold() for user in users}
    assert len(names) == len(users) == len({speaker_of(user).casefold() for user in users})
    assert registered_name("My Voice", "ann") == "My Voice (ann)"
    assert len(registered_name("y" * 100, "Ünïcode user")) == 100
