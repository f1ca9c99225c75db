"""Who may call which route: one row for each, and `test_policy` fails for a route that has none.

A new route is a new line in `TABLE`. Its key is the method and the path as the router has it (`WS` for a
WebSocket). The row says what each caller is answered, mostly by one of these:

    open_to_all(200)            nobody is asked who they are
    for_everybody(200, scope)   everybody who signed in, about what is their own
    for_owner(200, scope)       about something of the owner's; for others it is not there (404)
    for_admins(200)             administrators only

and how the route is called: its path, with what belongs to the owner (`things`), and a body. A scope that a
key must have is tested as well: all others together are not enough for it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from voicewright.accounts.caller import Scope
from voicewright.home.layout import Home
from voicewright.listening.models import ListeningSide, ListeningSound, ListeningTest, ListeningTrial
from voicewright.onboarding.models import OnboardingJob
from voicewright.recordings.models import Sample
from voicewright.speech.long.models import LongChunk, LongPart, LongSpeech
from voicewright.speech.models import Synthesis
from voicewright.storage.trees import put_files
from voicewright.training.models import TrainingJob
from voicewright.voices.cleanup.models import CleanupRun
from voicewright.voices.entering import Entry, enter_voice
from voicewright.voices.models import KeptTree
from voicewright.voices.schemas import NewVoice, StoredTrees, VoiceFacts
from voicewright.voices.sharing.models import SharePermission

if TYPE_CHECKING:
    from pathlib import Path

    from voicewright.api.services import Services

ADMIN, ACCOUNT = Scope.ADMIN, Scope.ACCOUNT
SAMPLES_READ, SAMPLES_WRITE = Scope.SAMPLES_READ, Scope.SAMPLES_WRITE
TRAINING_READ, TRAINING_WRITE = Scope.TRAINING_READ, Scope.TRAINING_WRITE
CONSENTS_READ, CONSENTS_WRITE = Scope.CONSENTS_READ, Scope.CONSENTS_WRITE
VOICES_READ, VOICES_WRITE = Scope.VOICES_READ, Scope.VOICES_WRITE
SPEECH = Scope.SPEECH


@dataclass
class Things:
    """What belongs to the owner, made when a row first names it."""

    owner: Any
    services: Services
    enter_sample: Callable[..., Any]
    enter_dataset: Callable[..., Any]
    make_person: Callable[..., Any]

    @property
    def user_id(self) -> uuid.UUID:
        return self.owner.id

    @cached_property
    def key_id(self) -> uuid.UUID:
        return self.owner.new_key(ACCOUNT)[0]

    @cached_property
    def session_id(self) -> uuid.UUID:
        return self.services.accounts.sessions.of_user(self.owner.id)[0].id

    @cached_property
    def erasure_id(self) -> uuid.UUID:
        """Of an account that was deleted."""
        gone = self.make_person(f"{uuid.uuid4()}@example.com")
        return self.services.erasures.erase(gone.id, requested_by=None).id

    @cached_property
    def link(self) -> str:
        return self.services.accounts.users.link(self.owner.id).token

    @cached_property
    def sample_id(self) -> uuid.UUID:
        return self.enter_sample(self.owner.id).id

    @cached_property
    def heard_sample(self) -> uuid.UUID:
        """A sample with its file."""
        sample = self.enter_sample(self.owner.id)
        digest, _ = self.services.samples.vault.of(self.owner.id).put_bytes(b"RIFF")
        with self.services.database.session() as session:
            session.get_one(Sample, sample.id).digest = digest
        return sample.id

    @cached_property
    def clip_id(self) -> uuid.UUID:
        """A sample in the dataset `my_voice`."""
        return self.enter_sample(self.owner.id, dataset=self.dataset).id

    @cached_property
    def dataset(self) -> Any:
        return self.enter_dataset(self.owner.id)

    @cached_property
    def consent_id(self) -> uuid.UUID:
        return self.services.consents.assert_consent(self.owner.id, "Ann", asserted_by=self.owner.id).id

    @cached_property
    def queued_job(self) -> uuid.UUID:
        return self._job("queued")

    @cached_property
    def failed_job(self) -> uuid.UUID:
        return self._job("failed")

    @cached_property
    def trained_job(self) -> uuid.UUID:
        """A job with a sample that is there."""
        job_id = self._job("completed")
        with self.services.database.session() as session:
            session.get_one(TrainingJob, job_id).sample_ids = [str(self.sample_id)]
        return job_id

    @cached_property
    def heard_job(self) -> uuid.UUID:
        """A job whose voice was not good enough, and is kept for listening."""
        job_id = self._job("failed")
        home = Home.open(self.services.settings.home)
        spoken = home.work_dir / "sentence-00.flac"
        spoken.write_bytes(b"fLaC")
        blobs = self.services.voices.vault.of(self.owner.id)
        tree = put_files(blobs, {spoken.name: spoken}, what="what was spoken")
        with self.services.database.session() as session:
            session.add(
                KeptTree(training_job_id=job_id, kind="spoken", owner_id=self.owner.id, digest=tree.digest)
            )
        return job_id

    @cached_property
    def judged_model(self) -> uuid.UUID:
        """A voice that has said a sentence to be judged by."""
        spoken = self._artefact() / "sentence-00.flac"
        spoken.write_bytes(b"fLaC")
        folder = self._artefact()
        new = NewVoice(
            name="Cid", artefact_dir=folder, spoken=(spoken,), engine="tone", engine_version="1",
            language="en-us", speech_s=1.0, train_s=1.0,
        )  # fmt: skip
        return self.services.voices.of(self.owner.id).register(new).id

    @cached_property
    def model_id(self) -> uuid.UUID:
        """A voice without files."""
        facts = VoiceFacts(
            name="Ann", engine="tone", engine_version="1", language="en-us", speech_s=1.0, train_s=1.0
        )
        trees = StoredTrees(artefact="0" * 64, artefact_bytes=0, stored_bytes=0)
        with self.services.database.session() as session:
            return enter_voice(session, self.owner.id, Entry.of(facts), trees).id

    @cached_property
    def _versions(self) -> list[uuid.UUID]:
        """Two versions of a voice with files, of which the first is active."""
        voices, folder = self.services.voices.of(self.owner.id), self._artefact()
        facts = {
            "engine": "tone",
            "engine_version": "1",
            "language": "en-us",
            "speech_s": 1.0,
            "train_s": 1.0,
        }
        return [voices.register(NewVoice(name="Bob", artefact_dir=folder, **facts)).id for _ in range(2)]

    @property
    def older_id(self) -> uuid.UUID:
        return self._versions[0]

    @property
    def newer_id(self) -> uuid.UUID:
        return self._versions[1]

    @cached_property
    def _backup(self) -> Any:
        caller = self.services.accounts.authenticate(self.owner.access_token)
        return self.services.copies.backups.make(caller, self.owner.id).place

    @property
    def backup_id(self) -> str:
        return self._backup.id

    @property
    def backup_path(self) -> str:
        return self._backup.told

    @property
    def model_path(self) -> str:
        """Of an artefact that was uploaded for this."""
        voices = self.services.voices.of(self.owner.id)
        upload, _ = voices.take_upload(self._artefact(), also=lambda _session, _upload: None)
        return self.services.registry.paths.path(self.owner.id, upload.id)

    def _artefact(self) -> Path:
        folder = self.services.settings.home / "work" / uuid.uuid4().hex
        folder.mkdir()
        (folder / "voice.json").write_text("{}")
        return folder

    @cached_property
    def deleted_model(self) -> uuid.UUID:
        """A voice that was deleted."""
        self.services.voices.of(self.owner.id).delete(self.model_id)
        return self.model_id

    @cached_property
    def cleanup_run(self) -> uuid.UUID:
        now = datetime.now(UTC)
        run = CleanupRun(id=uuid.uuid4(), dry_run=True, started_at=now, finished_at=now)
        with self.services.database.session() as session:
            session.add(run)
        return run.id

    def _long(self, state: str, kind: str = "text") -> uuid.UUID:
        """A long text whose first paragraph is spoken, in a state."""
        blobs = self.services.long.vault.of(self.owner.id)
        digest, size_bytes = blobs.put_bytes(b"ID3")
        ended = state in {"completed", "failed", "cancelled"}
        speech = LongSpeech(
            owner_id=self.owner.id, kind=kind, title="Chapter", text_digest="0" * 64, markup="text",
            characters=4, parameters={}, output_format="mp3", paragraphs=True, state=state,
            finished_at=datetime.now(UTC) if ended else None,
            file_digest=digest if state == "completed" else None,
            file_bytes=size_bytes if state == "completed" else None,
        )  # fmt: skip
        with self.services.database.session() as session:
            session.add(speech)
            session.flush()
            part = LongPart(
                speech_id=speech.id, number=1, name="", engine="tone", speed=1.0, state="completed",
                file_digest=digest, file_bytes=size_bytes,
            )  # fmt: skip
            session.add(part)
            session.flush()
            chunk = LongChunk(
                speech_id=speech.id, number=1, part=1, pieces=[], characters=4, state="spoken", digest=digest,
                bytes=size_bytes, sample_rate_hz=22_050, audio_s=1.0, words=[["Word", 0.0, 1.0]],
            )  # fmt: skip
            session.add(chunk)
        return speech.id

    @cached_property
    def queued_long(self) -> uuid.UUID:
        return self._long("queued")

    @cached_property
    def paused_long(self) -> uuid.UUID:
        return self._long("paused")

    @cached_property
    def failed_long(self) -> uuid.UUID:
        return self._long("failed")

    @cached_property
    def spoken_long(self) -> uuid.UUID:
        return self._long("completed")

    @cached_property
    def spoken_batch(self) -> uuid.UUID:
        return self._long("completed", "batch")

    @cached_property
    def reader(self) -> Any:
        """Somebody with whom the voice is shared."""
        reader = self.make_person(f"{uuid.uuid4()}@example.com")
        share = {"targets": [reader.id], "permission": SharePermission.READ}
        caller = self.services.accounts.authenticate(self.owner.access_token)
        self.services.sharing.share(caller, self.model_id, owner_id=self.owner.id, **share)
        return reader

    @cached_property
    def synthesis_id(self) -> uuid.UUID:
        """What the owner has had spoken, with a file that is kept."""
        sound, synthesis_id = b"\0" * 44_100, uuid.uuid4()
        entry = Synthesis(
            id=synthesis_id, user_id=self.owner.id, voice_model_id=self.model_id, voice_name="Ann",
            voice_version=1, voice_owner_id=self.owner.id, engine="tone", engine_version="1",
            language="en-us", source="voice", text="Hello.", text_digest="0" * 64, markup="text",
            characters=6, parameters={}, output_format="pcm", state="completed", audio_s=1.0, pieces=1,
            words=[["Hello.", 0.0, 1.0]], file_digest=hashlib.sha256(sound).hexdigest(),
            file_bytes=len(sound), file_format="pcm", file_rate_hz=22_050, finished_at=datetime.now(UTC),
        )  # fmt: skip
        path = f"{self.owner.id}/history/{synthesis_id}"
        self.services.history.vault.of(self.owner.id).put_named(path, sound)
        with self.services.database.session() as session:
            session.add(entry)
        return synthesis_id

    @cached_property
    def heard_test(self) -> uuid.UUID:
        """A blind test that can be voted on, with one trial that was."""
        return self._blind_test(finished=False)

    @cached_property
    def finished_test(self) -> uuid.UUID:
        return self._blind_test(finished=True)

    def _blind_test(self, *, finished: bool) -> uuid.UUID:
        now, file_id = datetime.now(UTC), uuid.uuid4()
        path = f"{self.owner.id}/listening/{file_id}"
        self.services.history.vault.of(self.owner.id).put_named(path, b"fLaC")
        test = ListeningTest(
            user_id=self.owner.id, name="Ann", language="en-us", sentences=["Hello."],
            finished_at=now if finished else None,
            sides=[
                ListeningSide(
                    number=number, kind="voice", model_id=self.model_id, owner_id=self.owner.id, label="Ann"
                )
                for number in (0, 1)
            ],
            sounds=[ListeningSound(sentence=0, side=side, file_id=file_id) for side in (0, 1)],
            trials=[
                ListeningTrial(
                    number=1, sentence=0, side_a=0, side_b=1, heard_a_at=now, heard_b_at=now, choice="a",
                    voted_at=now,
                )
            ],
        )  # fmt: skip
        with self.services.database.session() as session:
            session.add(test)
        return test.id

    @cached_property
    def onboarding_token(self) -> uuid.UUID:
        caller = self.services.accounts.authenticate(self.owner.access_token)
        tokens = self.services.accounts.onboarding_tokens
        return tokens.make(caller, "user_1", lifetime_s=60, max_clones=1).token.id

    @cached_property
    def onboarded_job(self) -> uuid.UUID:
        """A job of the owner's application whose voice has said its first words."""
        job_id = self._job("completed")
        with self.services.database.session() as session:
            session.get_one(TrainingJob, job_id).voice_model_id = self.model_id
            session.add(
                OnboardingJob(
                    job_id=job_id, owner_id=self.owner.id, end_user="user_1", voice_name="Ann",
                    sample_id=uuid.uuid4(), recording_digest="0" * 64, sample_text="Hello.",
                    environment="development", synthesis_id=self.synthesis_id, created_at=datetime.now(UTC),
                )
            )  # fmt: skip
        return job_id

    def _job(self, status: str) -> uuid.UUID:
        job = TrainingJob(
            id=uuid.uuid4(), owner_id=self.owner.id, name="Ann", provider="tone", language="en-us",
            sample_ids=[], options={}, engine_options={}, quality_threshold=0.0, max_training_ms=60_000,
            status=status, priority=50, max_retries=3, estimated_cost=Decimal(0), estimated_time_ms=1,
            forecast_time_ms=1,
            completed_at=datetime.now(UTC) if status in {"completed", "failed"} else None,
        )  # fmt: skip
        with self.services.database.session() as session:
            session.add(job)
        return job.id


Calls = Callable[[Things], tuple[str, dict[str, Any]]]
"""The path and what else the client is called with (`json=`, `data=`)."""


@dataclass(frozen=True)
class Row:
    """What a route answers, and how it is called."""

    anonymous: int
    other: int
    owner: int
    admin: int
    scope: Scope | None
    call: Calls


class _Named(dict[str, Any]):
    """What belongs to the owner, by its name in a path."""

    def __init__(self, things: Things) -> None:
        self._things = things

    def __missing__(self, name: str) -> Any:
        return getattr(self._things, name)


def _plain(path: str, body: Any, more: dict[str, Any]) -> Calls:
    """`{name}` in a path and a body that is a function take what belongs to the owner."""

    def call(things: Things) -> tuple[str, dict[str, Any]]:
        content = body(things) if callable(body) else body
        return path.format_map(_Named(things)), more | ({} if content is None else {"json": content})

    return call


def open_to_all(status: int, path: str, body: Any = None, **more: Any) -> Row:
    return Row(status, status, status, status, None, _plain(path, body, more))


def for_everybody(status: int, scope: Scope | None, path: str, body: Any = None, **more: Any) -> Row:
    return Row(401, status, status, status, scope, _plain(path, body, more))


def for_owner(
    status: int, scope: Scope, path: str, body: Any = None, *, other: int = 404, admin: int = 0, **more: Any
) -> Row:
    """Administrators may do it as well, unless `admin` says otherwise."""
    return Row(401, other, status, admin or status, scope, _plain(path, body, more))


def for_admins(status: int, path: str, body: Any = None, **more: Any) -> Row:
    return Row(401, 403, 403, status, ADMIN, _plain(path, body, more))


PASSWORD = "correct horse battery"  # noqa: S105
DATASETS = "/api/v1/admin/training/datasets"
ONBOARDING = "/api/public/voice/onboarding"
_NOBODYS_SPEECH = {"model": "tts-1", "input": "Hello.", "voice": "Nobody"}


def _training(things: Things) -> dict[str, Any]:
    return {"userId": str(things.user_id), "voiceSampleIds": [str(things.sample_id)], "provider": "tone"}


def _new_model(things: Things) -> dict[str, Any]:
    return {"userId": str(things.user_id), "modelPath": things.model_path, "provider": "tone"}


def _compared(things: Things) -> dict[str, Any]:
    return {"modelIds": [str(things.older_id), str(things.newer_id)]}


def _blind_test(things: Things) -> dict[str, Any]:
    return {"sides": [{"modelId": str(things.older_id)}, {"modelId": str(things.newer_id)}]}


def _selected(things: Things) -> dict[str, Any]:
    assert things.model_id  # there is one to select
    return {"userId": str(things.user_id)}


def _restore(things: Things) -> dict[str, Any]:
    return {"backupPath": things.backup_path}


def _share(things: Things) -> dict[str, Any]:
    return {"ownerId": str(things.user_id), "targetUserIds": [str(things.reader.id)]}


def _own_training(_: Things) -> dict[str, Any]:
    return {"dataset_name": "absent", "provider": "tone"}


TABLE: dict[str, Row] = {
    # what describes and watches the service
    **{
        f"{method} {path}": open_to_all(200, path)
        for path in ("/openapi.json", "/docs")
        for method in ("GET", "HEAD")
    },
    "GET /health": open_to_all(200, "/health"),
    "GET /ready": open_to_all(200, "/ready"),
    # the ways in
    "GET /.well-known/jwks.json": open_to_all(200, "/.well-known/jwks.json"),
    "POST /auth/sign-in": open_to_all(401, "/auth/sign-in", {"email": "x@example.com", "password": "x"}),
    "POST /auth/refresh": open_to_all(
        200, "/auth/refresh", lambda things: {"refresh_token": things.owner.refresh_token}
    ),
    "POST /auth/sign-out": open_to_all(
        204, "/auth/sign-out", lambda things: {"refresh_token": things.owner.refresh_token}
    ),
    "GET /auth/first-run": open_to_all(303, "/auth/first-run?token={link}", follow_redirects=False),
    "POST /auth/link": open_to_all(200, "/auth/link", lambda things: {"token": things.link}),
    # one's own account
    "GET /auth/me": for_everybody(200, None, "/auth/me"),
    "PATCH /auth/me": for_everybody(200, ACCOUNT, "/auth/me", {"name": "A"}),
    "GET /auth/me/notifications": for_everybody(200, ACCOUNT, "/auth/me/notifications"),
    "PATCH /auth/me/notifications": for_everybody(
        200, ACCOUNT, "/auth/me/notifications", {"by_mail": {"training_ended": True}}
    ),
    "POST /auth/password": for_everybody(200, None, "/auth/password", {"new_password": PASSWORD}),
    "GET /auth/api-keys": for_everybody(200, ACCOUNT, "/auth/api-keys"),
    "POST /auth/api-keys": for_everybody(
        201, ACCOUNT, "/auth/api-keys", {"name": "k", "scopes": ["account"]}
    ),
    "DELETE /auth/api-keys/{key_id}": for_owner(204, ACCOUNT, "/auth/api-keys/{key_id}", admin=404),
    "GET /auth/sessions": for_everybody(200, ACCOUNT, "/auth/sessions"),
    "DELETE /auth/sessions": for_everybody(204, ACCOUNT, "/auth/sessions"),
    "DELETE /auth/sessions/{session_id}": for_owner(204, ACCOUNT, "/auth/sessions/{session_id}", admin=404),
    # everybody's accounts
    "GET /admin/users": for_admins(200, "/admin/users"),
    "POST /admin/users": for_admins(201, "/admin/users", lambda _: {"email": f"{uuid.uuid4()}@example.com"}),
    "GET /admin/users/{user_id}": for_admins(200, "/admin/users/{user_id}"),
    "PATCH /admin/users/{user_id}": for_admins(200, "/admin/users/{user_id}", {"disabled": True}),
    "DELETE /admin/users/{user_id}": for_admins(200, "/admin/users/{user_id}"),
    "GET /admin/erasures": for_admins(200, "/admin/erasures"),
    "GET /admin/erasures/{erasure_id}": for_admins(200, "/admin/erasures/{erasure_id}"),
    "DELETE /account": for_everybody(200, None, "/account"),
    "GET /account/export": for_everybody(200, None, "/account/export"),
    "POST /admin/users/{user_id}/link": for_admins(201, "/admin/users/{user_id}/link"),
    # operations
    "GET /admin/audit": for_admins(200, "/admin/audit"),
    "GET /admin/audit/export": for_admins(200, "/admin/audit/export"),
    "GET /admin/audit/verification": for_admins(200, "/admin/audit/verification"),
    "GET /admin/alerts": for_admins(200, "/admin/alerts"),
    "GET /metrics": for_admins(200, "/metrics"),
    # trainings
    "POST /training/start": for_owner(201, TRAINING_WRITE, "/training/start", _training, other=403),
    "POST /training/estimate": for_owner(200, TRAINING_READ, "/training/estimate", _training, other=403),
    "GET /training/stats": for_everybody(200, TRAINING_READ, "/training/stats"),
    "GET /training/dead-letters": for_everybody(200, TRAINING_READ, "/training/dead-letters"),
    "GET /training/user/{userId}": for_owner(200, TRAINING_READ, "/training/user/{user_id}", other=403),
    "GET /training/{jobId}": for_owner(200, TRAINING_READ, "/training/{queued_job}"),
    "GET /training/{jobId}/logs": for_owner(200, TRAINING_READ, "/training/{queued_job}/logs"),
    "POST /training/{jobId}/cancel": for_owner(200, TRAINING_WRITE, "/training/{queued_job}/cancel"),
    "POST /training/{jobId}/retry": for_owner(200, TRAINING_WRITE, "/training/{failed_job}/retry"),
    "POST /training/{jobId}/again": for_owner(
        201, TRAINING_WRITE, "/training/{trained_job}/again", {"provider": "tone"}
    ),
    "GET /training/{jobId}/audio": for_owner(200, TRAINING_READ, "/training/{queued_job}/audio"),
    "DELETE /training/{jobId}/audio": for_owner(204, TRAINING_WRITE, "/training/{heard_job}/audio"),
    "GET /training/{jobId}/audio/{name}": for_owner(
        200, TRAINING_READ, "/training/{heard_job}/audio/sentence-00.flac"
    ),
    "GET /training/{jobId}/events": for_owner(204, TRAINING_READ, "/training/{failed_job}/events"),
    "WS /training/{jobId}/ws": for_owner(101, TRAINING_READ, "/training/{failed_job}/ws"),
    # trainings of datasets
    "POST /train": for_admins(404, "/train", _own_training),
    "POST /api/v1/admin/training/start": for_admins(404, "/api/v1/admin/training/start", _own_training),
    "GET /training-jobs": for_admins(200, "/training-jobs"),
    "GET /api/v1/admin/training/jobs": for_admins(200, "/api/v1/admin/training/jobs"),
    "GET /api/v1/admin/training/jobs/{job_id}": for_admins(200, "/api/v1/admin/training/jobs/{queued_job}"),
    # datasets; administrators name the owner
    "POST /api/v1/admin/training/upload": for_admins(
        422, "/api/v1/admin/training/upload?user_id={user_id}", files={"other": b"x"}
    ),
    f"GET {DATASETS}": for_admins(200, f"{DATASETS}?user_id={{user_id}}"),
    f"GET {DATASETS}/{{name}}": for_admins(200, f"{DATASETS}/{{dataset.name}}?user_id={{user_id}}"),
    f"GET {DATASETS}/{{name}}/download": for_admins(
        200, f"{DATASETS}/{{dataset.name}}/download?user_id={{user_id}}"
    ),
    f"DELETE {DATASETS}/{{name}}": for_admins(204, f"{DATASETS}/{{dataset.name}}?user_id={{user_id}}"),
    f"PATCH {DATASETS}/{{name}}/clips/{{sample_id}}": for_admins(
        422, f"{DATASETS}/{{dataset.name}}/clips/{{clip_id}}?user_id={{user_id}}", {"transcript": 7}
    ),
    f"DELETE {DATASETS}/{{name}}/clips/{{sample_id}}": for_admins(
        204, f"{DATASETS}/{{dataset.name}}/clips/{{clip_id}}?user_id={{user_id}}"
    ),
    # samples
    "POST /api/voice/upload": for_everybody(422, SAMPLES_WRITE, "/api/voice/upload", files={"other": b"x"}),
    "GET /api/voice/samples": for_everybody(200, SAMPLES_READ, "/api/voice/samples"),
    "GET /api/voice/samples/{sample_id}": for_owner(200, SAMPLES_READ, "/api/voice/samples/{sample_id}"),
    "GET /api/voice/samples/{sample_id}/audio": for_owner(
        200, SAMPLES_READ, "/api/voice/samples/{heard_sample}/audio", admin=404
    ),
    "POST /datasets/upload": for_everybody(422, SAMPLES_WRITE, "/datasets/upload", files={"other": b"x"}),
    "GET /datasets": for_everybody(200, SAMPLES_READ, "/datasets"),
    "GET /datasets/{name}": for_owner(200, SAMPLES_READ, "/datasets/{dataset.name}", admin=404),
    "GET /datasets/{name}/download": for_owner(
        200, SAMPLES_READ, "/datasets/{dataset.name}/download", admin=404
    ),
    "DELETE /datasets/{name}": for_owner(204, SAMPLES_WRITE, "/datasets/{dataset.name}", admin=404),
    "GET /datasets/{name}/clips/{sample_id}": for_owner(
        200, SAMPLES_READ, "/datasets/{dataset.name}/clips/{clip_id}", admin=404
    ),
    "PATCH /datasets/{name}/clips/{sample_id}": for_owner(
        422, SAMPLES_WRITE, "/datasets/{dataset.name}/clips/{clip_id}", {"transcript": 7}, other=422
    ),
    "DELETE /datasets/{name}/clips/{sample_id}": for_owner(
        204, SAMPLES_WRITE, "/datasets/{dataset.name}/clips/{clip_id}", admin=404
    ),
    "DELETE /api/voice/samples/{sample_id}": for_owner(204, SAMPLES_WRITE, "/api/voice/samples/{sample_id}"),
    # speaking
    "POST /api/voice/clone": for_everybody(422, TRAINING_WRITE, "/api/voice/clone", {"name": "Ann"}),
    "GET /api/voice/models": for_everybody(200, VOICES_READ, "/api/voice/models"),
    "GET /api/voice/models/{model_id}": for_owner(200, VOICES_READ, "/api/voice/models/{model_id}"),
    **{
        f"{method} /api/voice/models/{{model_id}}": for_owner(
            200, VOICES_WRITE, "/api/voice/models/{model_id}", {"name": "Another name"}
        )
        for method in ("PATCH", "PUT")
    },
    "DELETE /api/voice/models/{model_id}": for_owner(204, VOICES_WRITE, "/api/voice/models/{model_id}"),
    "GET /api/voice/languages": for_everybody(200, VOICES_READ, "/api/voice/languages"),
    # engines
    "GET /engines": for_everybody(200, VOICES_READ, "/engines"),
    "GET /engines/{engineId}": for_everybody(200, VOICES_READ, "/engines/tone"),
    "GET /engines/{engineId}/voices": for_everybody(200, VOICES_READ, "/engines/tone/voices"),
    "POST /engines/{engineId}/voices": for_everybody(  # it learns its voices
        404, VOICES_WRITE, "/engines/tone/voices", {"voice": "bass"}
    ),
    **{
        f"POST {path}": for_everybody(404, SPEECH, path, {"text": "Hello.", "voice": "Nobody"})
        for path in ("/api/voice/synthesize", "/api/voice/synthesize/stream")
    },
    "GET /api/voice/history": for_everybody(200, SPEECH, "/api/voice/history"),
    "DELETE /api/voice/history": for_everybody(200, SPEECH, "/api/voice/history"),
    **{
        f"GET /api/voice/history/{{synthesis_id}}{what}": for_owner(
            200, SPEECH, f"/api/voice/history/{{synthesis_id}}{what}", admin=404
        )
        for what in ("", "/audio", "/timings")
    },
    "HEAD /api/voice/history/{synthesis_id}/audio": for_owner(
        200, SPEECH, "/api/voice/history/{synthesis_id}/audio", admin=404
    ),
    "DELETE /api/voice/history/{synthesis_id}": for_owner(
        204, SPEECH, "/api/voice/history/{synthesis_id}", admin=404
    ),
    # blind tests
    "POST /listening-tests": for_owner(201, SPEECH, "/listening-tests", _blind_test, admin=404),
    "GET /listening-tests": for_everybody(200, SPEECH, "/listening-tests"),
    **{
        f"{method} /listening-tests/{{testId}}{what}": for_owner(
            status, SPEECH, f"/listening-tests/{{{test}}}{what}", admin=404
        )
        for method, what, status, test in (
            ("GET", "", 200, "heard_test"),
            ("DELETE", "", 204, "heard_test"),
            ("POST", "/prepare", 200, "heard_test"),
            ("POST", "/finish", 200, "heard_test"),
            ("GET", "/result", 200, "finished_test"),
            ("GET", "/votes.csv", 200, "finished_test"),
        )
    },
    "GET /listening-tests/{testId}/trials/{number}/sounds/{letter}": for_owner(
        200, SPEECH, "/listening-tests/{heard_test}/trials/1/sounds/a", admin=404
    ),
    "PUT /listening-tests/{testId}/trials/{number}/vote": for_owner(
        200, SPEECH, "/listening-tests/{heard_test}/trials/1/vote", {"choice": "b"}, admin=404
    ),
    "GET /api/voice/preferences": for_everybody(200, SPEECH, "/api/voice/preferences"),
    "PATCH /api/voice/preferences": for_everybody(200, SPEECH, "/api/voice/preferences", {}),
    # voices of an application's users
    f"POST {ONBOARDING}/clone": for_everybody(
        422, TRAINING_WRITE, f"{ONBOARDING}/clone", files={"other": b"x"}
    ),
    f"GET {ONBOARDING}/jobs/{{job_id}}/status": for_owner(
        200, TRAINING_READ, f"{ONBOARDING}/jobs/{{onboarded_job}}/status"
    ),
    f"GET {ONBOARDING}/jobs/{{job_id}}/sample": for_owner(
        200, TRAINING_READ, f"{ONBOARDING}/jobs/{{onboarded_job}}/sample"
    ),
    "POST /voice-onboarding/tokens": for_everybody(
        201, TRAINING_WRITE, "/voice-onboarding/tokens", {"userId": "user_1"}
    ),
    "DELETE /voice-onboarding/tokens/{tokenId}": for_owner(
        204, TRAINING_WRITE, "/voice-onboarding/tokens/{onboarding_token}", admin=404
    ),
    "GET /voice-onboarding/jobs": for_everybody(200, TRAINING_READ, "/voice-onboarding/jobs"),
    "GET /voice-onboarding/stats": for_everybody(200, TRAINING_READ, "/voice-onboarding/stats"),
    # consents
    "POST /consents": for_owner(
        201, CONSENTS_WRITE, "/consents", lambda t: {"speaker": "Ann", "user_id": str(t.user_id)}, other=403
    ),
    "GET /consents": for_owner(200, CONSENTS_READ, "/consents?user_id={user_id}", other=403),
    "GET /consents/{consent_id}": for_owner(200, CONSENTS_READ, "/consents/{consent_id}"),
    "POST /consents/{consent_id}/revoke": for_owner(200, CONSENTS_WRITE, "/consents/{consent_id}/revoke"),
    "DELETE /consents/{consent_id}": for_owner(204, CONSENTS_WRITE, "/consents/{consent_id}"),
    # OpenAI's form
    **{
        f"GET {path}": for_everybody(200, SPEECH, path)
        for path in ("/v1/models", "/v1/audio/models", "/audio/models", "/v1/audio/voices", "/audio/voices")
    },
    "GET /v1/models/{model}": for_everybody(200, SPEECH, "/v1/models/tts-1"),
    **{
        f"POST {path}": for_everybody(404, SPEECH, path, _NOBODYS_SPEECH)
        for path in ("/v1/audio/speech", "/audio/speech")
    },
    "POST /v1/audio/voices": for_everybody(400, TRAINING_WRITE, "/v1/audio/voices", files={"other": b"x"}),
    "DELETE /v1/audio/voices/{voice_id}": for_owner(200, VOICES_WRITE, "/v1/audio/voices/{model_id}"),
    "POST /v1/audio/voice_consents": for_everybody(
        400, CONSENTS_WRITE, "/v1/audio/voice_consents", files={"other": b"x"}
    ),
    "GET /v1/audio/voice_consents": for_everybody(200, CONSENTS_READ, "/v1/audio/voice_consents"),
    "GET /v1/audio/voice_consents/{consent_id}": for_owner(
        200, CONSENTS_READ, "/v1/audio/voice_consents/{consent_id}"
    ),
    "POST /v1/audio/voice_consents/{consent_id}": for_owner(
        200, CONSENTS_WRITE, "/v1/audio/voice_consents/{consent_id}", {"name": "Another name"}
    ),
    "DELETE /v1/audio/voice_consents/{consent_id}": for_owner(
        200, CONSENTS_WRITE, "/v1/audio/voice_consents/{consent_id}"
    ),
    # voice models
    "POST /voice-models": for_owner(201, VOICES_WRITE, "/voice-models", _new_model, other=403),
    "POST /voice-models/artefacts": for_owner(
        422, VOICES_WRITE, "/voice-models/artefacts?userId={user_id}", other=403, content=b"no archive"
    ),
    "GET /voice-models/user/{userId}": for_owner(200, VOICES_READ, "/voice-models/user/{user_id}", other=403),
    "GET /voice-models/user/{userId}/active": for_owner(
        200, VOICES_READ, "/voice-models/user/{user_id}/active?that={model_id}", other=403
    ),
    "GET /voice-models/{modelId}": for_owner(200, VOICES_READ, "/voice-models/{model_id}"),
    **{
        f"{method} /voice-models/{{modelId}}": for_owner(
            200, VOICES_WRITE, "/voice-models/{model_id}", {"notes": "x"}
        )
        for method in ("PUT", "PATCH")
    },
    "DELETE /voice-models/{modelId}": for_owner(200, VOICES_WRITE, "/voice-models/{model_id}"),
    "POST /voice-models/{modelId}/activate": for_owner(
        200, VOICES_WRITE, "/voice-models/{newer_id}/activate"
    ),
    "POST /voice-models/{modelId}/deactivate": for_owner(
        200, VOICES_WRITE, "/voice-models/{older_id}/deactivate"
    ),
    "POST /voice-models/{modelId}/rollback": for_owner(
        201, VOICES_WRITE, "/voice-models/{older_id}/rollback"
    ),
    "GET /voice-models/{modelId}/versions": for_owner(200, VOICES_READ, "/voice-models/{older_id}/versions"),
    "GET /voice-models/{modelId}/versions/compare": for_owner(
        200, VOICES_READ, "/voice-models/{older_id}/versions/compare?with={newer_id}"
    ),
    # where sound comes from
    "POST /provenance/verify": for_everybody(422, VOICES_READ, "/provenance/verify", files={"other": b"x"}),
    "GET /provenance/certificate": open_to_all(200, "/provenance/certificate"),
    # what voice models said
    "GET /voice-models/{modelId}/audio": for_owner(200, VOICES_READ, "/voice-models/{judged_model}/audio"),
    "GET /voice-models/{modelId}/audio/{name}": for_owner(
        200, VOICES_READ, "/voice-models/{judged_model}/audio/sentence-00.flac"
    ),
    # the figures of voice models
    "GET /voice-models/{modelId}/usage-stats": for_owner(
        200, VOICES_READ, "/voice-models/{model_id}/usage-stats"
    ),
    "GET /voice-models/user/{userId}/analytics": for_owner(
        200, VOICES_READ, "/voice-models/user/{user_id}/analytics", other=403
    ),
    "PUT /voice-models/{modelId}/rating": for_owner(
        200, VOICES_WRITE, "/voice-models/{model_id}/rating", {"rating": 4}
    ),
    "DELETE /voice-models/{modelId}/rating": for_owner(204, VOICES_WRITE, "/voice-models/{model_id}/rating"),
    "POST /voice-models/compare": for_owner(200, VOICES_READ, "/voice-models/compare", _compared),
    "POST /voice-models/select-best": for_owner(
        200, VOICES_READ, "/voice-models/select-best", _selected, other=403
    ),
    # the cleanup, and what is deleted
    "POST /voice-models/cleanup": for_admins(200, "/voice-models/cleanup"),
    "GET /voice-models/cleanup/runs": for_admins(200, "/voice-models/cleanup/runs"),
    "GET /voice-models/cleanup/runs/{runId}": for_admins(200, "/voice-models/cleanup/runs/{cleanup_run}"),
    "GET /voice-models/expiring": for_owner(
        200, VOICES_READ, "/voice-models/expiring?userId={user_id}", other=403
    ),
    "GET /voice-models/user/{userId}/deleted": for_owner(
        200, VOICES_READ, "/voice-models/user/{user_id}/deleted", other=403
    ),
    "POST /voice-models/{modelId}/undelete": for_owner(
        200, VOICES_WRITE, "/voice-models/{deleted_model}/undelete"
    ),
    # copies of voices
    "GET /voice-models/{modelId}/export": for_owner(200, VOICES_READ, "/voice-models/{older_id}/export"),
    "POST /voice-models/import": for_owner(
        422, VOICES_WRITE, "/voice-models/import?userId={user_id}", other=403, content=b"no archive"
    ),
    "POST /voice-models/user/{userId}/backup": for_owner(
        201, VOICES_WRITE, "/voice-models/user/{user_id}/backup", other=403
    ),
    "GET /voice-models/user/{userId}/backups": for_owner(
        200, VOICES_READ, "/voice-models/user/{user_id}/backups", other=403
    ),
    "DELETE /voice-models/user/{userId}/backups/{backupId}": for_owner(
        204, VOICES_WRITE, "/voice-models/user/{user_id}/backups/{backup_id}", other=403
    ),
    "POST /voice-models/user/{userId}/restore": for_owner(
        200, VOICES_WRITE, "/voice-models/user/{user_id}/restore", _restore, other=403
    ),
    # long texts and batches
    "POST /api/voice/long": for_everybody(404, SPEECH, "/api/voice/long", {"text": "One."}),
    "POST /api/voice/batch": for_everybody(422, SPEECH, "/api/voice/batch", {"items": [{"text": "One."}]}),
    "GET /api/voice/long": for_everybody(200, SPEECH, "/api/voice/long"),
    "GET /api/voice/long/{speech_id}": for_owner(200, SPEECH, "/api/voice/long/{queued_long}", admin=404),
    "DELETE /api/voice/long/{speech_id}": for_owner(204, SPEECH, "/api/voice/long/{queued_long}", admin=404),
    "GET /api/voice/long/{speech_id}/events": for_owner(
        200, SPEECH, "/api/voice/long/{failed_long}/events", admin=404
    ),
    "POST /api/voice/long/{speech_id}/pause": for_owner(
        200, SPEECH, "/api/voice/long/{queued_long}/pause", admin=404
    ),
    "POST /api/voice/long/{speech_id}/resume": for_owner(
        200, SPEECH, "/api/voice/long/{paused_long}/resume", admin=404
    ),
    "POST /api/voice/long/{speech_id}/cancel": for_owner(
        200, SPEECH, "/api/voice/long/{queued_long}/cancel", admin=404
    ),
    "POST /api/voice/long/{speech_id}/retry": for_owner(
        200, SPEECH, "/api/voice/long/{failed_long}/retry", admin=404
    ),
    "GET /api/voice/long/{speech_id}/audio": for_owner(
        200, SPEECH, "/api/voice/long/{spoken_long}/audio", admin=404
    ),
    "GET /api/voice/long/{speech_id}/paragraphs/{number}/audio": for_owner(
        200, SPEECH, "/api/voice/long/{spoken_long}/paragraphs/1/audio", admin=404
    ),
    "GET /api/voice/long/{speech_id}/timings": for_owner(
        200, SPEECH, "/api/voice/long/{spoken_long}/timings", admin=404
    ),
    "GET /api/voice/long/{speech_id}/archive": for_owner(
        200, SPEECH, "/api/voice/long/{spoken_long}/archive", admin=404
    ),
    "GET /api/voice/batch/{speech_id}": for_owner(200, SPEECH, "/api/voice/batch/{spoken_batch}", admin=404),
    "GET /api/voice/batch/{speech_id}/items/{number}/audio": for_owner(
        200, SPEECH, "/api/voice/batch/{spoken_batch}/items/1/audio", admin=404
    ),
    # shared voices
    "POST /voice-models/{modelId}/share": for_owner(
        200, VOICES_WRITE, "/voice-models/{model_id}/share", _share, other=403
    ),
    "GET /voice-models/{modelId}/shares": for_owner(200, VOICES_READ, "/voice-models/{model_id}/shares"),
    "DELETE /voice-models/{modelId}/share/{userId}": for_owner(
        204, VOICES_WRITE, "/voice-models/{model_id}/share/{reader.id}"
    ),
    "GET /voice-models/user/{userId}/shared": for_owner(
        200, VOICES_READ, "/voice-models/user/{user_id}/shared", other=403
    ),
}
