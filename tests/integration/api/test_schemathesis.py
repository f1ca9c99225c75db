"""What schemathesis finds in the whole API, from its OpenAPI document: for an administrator and for a user.

It calls every operation with what the document allows and with what it doesn't, at its limits and at random
(from a fixed seed), and follows what was answered into other operations. No answer may be a 5xx, have a
status, a content type, a header or a form that the document does not have, take what the document forbids, or
show again what was deleted.

No operation is left out for the administrator; the user calls those that are not for administrators only. So
that they get to where they do something, most ids are of things that exist, most files are sound, the engines
are those that hum, and who signs out or disables themselves is let in again. Streams end after a moment
instead of an hour.

Not checked is what `UNCHECKED` and `EXCEPTIONS` name, with the reasons.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import uuid
from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
import soundfile
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER
from schemathesis.python import asgi
from schemathesis.specs.openapi.formats import unregister_string_format
from sqlalchemy import update
from starlette.testclient import TestClient

from voicewright.accounts.models import User, UserSession
from voicewright.accounts.schemas import Origin
from voicewright.engines.registry import get_engine
from voicewright.engines.testing import TONE_ENGINE
from voicewright.listening.models import ListeningSide, ListeningSound, ListeningTest, ListeningTrial
from voicewright.speech.long.bodies import LongTextBody
from voicewright.speech.models import Synthesis
from voicewright.training.service import TrainingService
from voicewright.voices.entering import Entry, enter_voice
from voicewright.voices.schemas import StoredTrees, VoiceFacts

if TYPE_CHECKING:
    from pathlib import Path

# These can end the session that asks, or disable who asks.
LOCKING_OUT = {
    "DELETE /auth/sessions",
    "DELETE /auth/sessions/{session_id}",
    "PATCH /admin/users/{user_id}",
    "POST /auth/link",
    "POST /auth/password",
    "POST /auth/sign-in",
    "POST /auth/sign-out",
}
# What parameters and fields are mostly drawn from; the lists are those of `things`.
NAMES = {
    "path.consent_id": "consents",
    "path.voice_id": "own_models",
    "body.voice": "own_models",
    "body.consent": "consents",
    "path.model_id": "own_models",
    "body.model_id": "own_models",
    "body.voice_model_id": "own_models",
    "query.model_id": "own_models",
    "body.sample_id": "samples",
    "body.sample_ids[*]": "samples",
    "path.synthesis_id": "syntheses",
    "path.speech_id": "long_texts",
    "path.testId": "blind_tests",
    "body.sides[*].modelId": "own_models",
    "path.jobId": "jobs",
    "path.job_id": "jobs",
    "path.key_id": "keys",
    "path.name": "datasets",
    "path.sample_id": "samples",
    "path.session_id": "sessions",
    "path.userId": "callers",
    "path.user_id": "leavers",
    "path.erasure_id": "erasures",
    "query.userId": "users",
    "query.user_id": "users",
    "body.datasetId": "dataset_ids",
    "body.datasetName": "datasets",
    "body.dataset_name": "datasets",
    "body.email": "emails",
    "body.language": "languages",
    "body.provider": "providers",
    "body.speaker": "speakers",
    "body.trainingJobId": "jobs",
    "body.userId": "callers",
    "body.user_id": "users",
    "body.voiceSampleIds[*]": "samples",
    "body.ownerId": "callers",
    "body.targetUserIds[*]": "guests",
    "path.modelId": "models",
    "path.backupId": "backups",
    "body.backupPath": "backup_paths",
    "body.modelIds[*]": "own_models",
    "body.modelPath": "model_paths",
    "query.with": "models",
}
EXAMPLES = 25
SILENCE = bytes(44_100)
# Of so many operations one may have refused everything: signing in takes a password that fits its address.
MISSED = 3
UNCHECKED = {
    "positive_data_acceptance": "a schema can't say that a password is more than one character repeated",
    "ignored_auth": "test_policy asks every route as everybody",
}
EXCEPTIONS = {
    "unsupported_method": (
        [
            "/training/start",
            "/training/estimate",
            "/voice-models/artefacts",
            "/voice-models/cleanup",
            "/voice-models/compare",
            "/voice-models/expiring",
            "/voice-models/import",
            "/voice-models/select-best",
        ],
        "GET is not for these, but they are also /training/{jobId} with an id that is none: 422, not 405",
    ),
    "use_after_free": (
        ["/consents/{consent_id}", "/v1/audio/voice_consents/{consent_id}"],
        "DELETE takes a consent back; that it was given stays on record",
    ),
    "negative_data_rejection": (
        [
            "/api/voice/upload",
            "/api/v1/admin/training/upload",
            "/v1/audio/voices",
            "/v1/audio/voice_consents",
            "/provenance/verify",
        ],
        "all fields of a form are texts, whatever type they had before: null is an empty one",
    ),
}


@pytest.fixture
def api_settings(settings):
    """A second of speech is enough to be taken, and many uploads are not too many."""
    return settings.model_copy(
        update={
            "min_voice_s": 0.5,
            "voice_requests_per_hour": 100_000,
            "clone_wait_s": 0.1,
            "long_open": 1000,
            "verifications_per_hour": 100_000,
            "model_creations_per_hour": 100_000,
            "model_updates_per_hour": 100_000,
            "model_backups_per_day": 100_000,
        }
    )


@pytest.fixture
def services(services):
    humming = {name: dataclasses.replace(TONE_ENGINE, id=name) for name in ("builtin", "tone")}

    def find_engine(engine_id):
        return humming.get(engine_id) or get_engine(engine_id)

    training = TrainingService(services.database, services.settings, services.consents, engines=find_engine)
    return dataclasses.replace(services, training=training)


@pytest.fixture
def short_streams(monkeypatch):
    monkeypatch.setattr("voicewright.api.event_streams.SIGN_OF_LIFE_S", 0.05)
    monkeypatch.setattr("voicewright.api.event_streams.LONGEST_STREAM_S", 0.1)
    monkeypatch.setattr("voicewright.api.openai_voices.LONGEST_WAIT_S", 0.1)


@pytest.fixture
def recordings(sample_recordings: Path) -> list[bytes]:
    """A second of speech each, no two the same."""
    cut = []
    for path in sorted(sample_recordings.glob("*.flac"))[:16]:
        samples, rate_hz = soundfile.read(path, frames=30_000, start=8_000)
        file = io.BytesIO()
        soundfile.write(file, samples, rate_hz, format="WAV")
        cut.append(file.getvalue())
    return cut


@pytest.fixture
def sound_files(recordings):
    """Files that schemathesis sends are mostly sound."""
    sound = st.sampled_from(recordings[:3])
    schemathesis.openapi.format("binary", st.one_of(sound, sound, st.binary(max_size=64)))
    yield
    unregister_string_format("binary")


@pytest.fixture
def caller(cast, who, database):
    return Caller(cast[who], database)


class Caller:
    """Who calls, and is let in again where a call locked them out."""

    def __init__(self, person, database):
        self._person = person
        self._database = database
        with database.session() as session:
            user = session.get_one(User, person.id)
            self._was = {"role": user.role, "email": user.email, "email_key": user.email_key}
        self.enter()

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self._token}"}

    def enter(self):
        with self._database.session() as session:
            as_before = update(User).where(User.id == self._person.id).values(disabled_at=None, **self._was)
            session.execute(as_before)
            user = session.get_one(User, self._person.id)
            tokens = self._person.accounts.sessions.start(session, user, Origin("192.0.2.1", "pytest"))
            a_while_ago = datetime.now(UTC) - timedelta(hours=1)  # so that nobody deletes their own account
            session.execute(update(UserSession).values(created_at=a_while_ago))
        self._token = tokens.access_token


@pytest.fixture
def cast(admin, person, other):
    return {"admin": admin, "user": person, "other": other}


@pytest.fixture
def things(app, accounts, recordings, cast):
    """What there is of everybody's, by the lists of `NAMES`."""
    found = defaultdict(list)

    def made(answer):
        assert answer.status_code == 201, answer.text
        return answer.json()

    files = iter(recordings)
    with TestClient(app) as client:
        for who in cast.values():
            found["users"].append(str(who.id))
            for name in ("my_voice_dataset", "my_voice"):  # as in the document's examples
                form = {"dataset_name": name, "speaker": "Ann", "transcript": ["One.", "Two."]}
                parts = [("audio", (f"{number}.wav", next(files))) for number in range(2)]
                url = f"/api/v1/admin/training/upload?user_id={who.id}"
                upload = made(client.post(url, headers=cast["admin"].headers, data=form, files=parts))
                found["datasets"].append(upload["dataset"]["name"])
                found["dataset_ids"].append(upload["dataset"]["id"])
                found["samples"] += [file["sample"]["id"] for file in upload["files"]]
            single = {"audio": ("a.wav", next(files))}
            upload = made(client.post("/api/voice/upload", headers=who.headers, files=single))
            found["samples"].append(upload["sample"]["id"])
            body = {"voiceSampleIds": found["samples"][-1:], "provider": "tone"}
            for _ in range(3):
                start = made(client.post("/training/start", headers=who.headers, json=body))
                found["jobs"].append(start["jobId"])
            consent = made(client.post("/consents", headers=who.headers, json={"speaker": "Ann"}))
            found["consents"].append(consent["id"])
            found["keys"] += [str(who.new_key("account")[0]) for _ in range(2)]
            found["sessions"] += [str(one.id) for one in accounts.sessions.of_user(who.id)]
    emails = [f"person-{number}@example.com" for number in range(30)]
    return found | {"emails": emails, "languages": ["en-us"], "providers": ["tone"], "speakers": ["Ann"]}


@pytest.fixture
def models(cast, who, database, services, make_person, tmp_path):  # noqa: PLR0917 - fixtures
    """One voice of everybody's, some more of the caller's with files; and people who share or leave."""
    facts = VoiceFacts(
        name="Ann", engine="tone", engine_version="1", language="en-us", speech_s=1.0, train_s=1.0
    )
    caller = cast[who]
    voices, artefact = services.voices.of(caller.id), tmp_path / "artefact"
    artefact.mkdir()
    hums = {"format": 1, "pitch_hz": 150.0, "speaking_fault": "none"}
    (artefact / "voice.json").write_text(json.dumps(hums))
    upload, _ = voices.take_upload(artefact, also=lambda _session, _upload: None)
    trees = StoredTrees(artefact=upload.digest, artefact_bytes=2, stored_bytes=2)
    with database.session() as session:
        found = [
            enter_voice(session, owner.id, Entry.of(facts), trees).id
            for owner in [*cast.values(), *[caller] * 30]
        ]
    guests = [str(one.id) for one in cast.values() if one is not caller]
    token = services.accounts.authenticate(caller.access_token)
    backups = [services.copies.backups.make(token, caller.id).place for _ in range(8)]
    spoken = [
        Synthesis(
            id=uuid.uuid4(), user_id=caller.id, voice_model_id=found[-1], voice_owner_id=caller.id,
            voice_name="Ann", voice_version=1, engine="tone", engine_version="1", language="en-us",
            source="voice", text="Hello.", text_digest="0" * 64, markup="text", characters=6, parameters={},
            output_format="pcm", state="completed", finished_at=datetime.now(UTC), pieces=1, audio_s=1.0,
            words=[["Hello.", 0.0, 1.0]], file_digest=hashlib.sha256(SILENCE).hexdigest(),
            file_bytes=len(SILENCE), file_format="pcm", file_rate_hz=22_050,
        )
        for _ in range(30)
    ]  # fmt: skip
    for one in spoken:
        services.history.vault.of(caller.id).put_named(f"{caller.id}/history/{one.id}", SILENCE)
    with database.session() as session:
        session.add_all(spoken)
    heard = [blind_test(caller, found[-1], spoken[0], finished=number % 2 == 0) for number in range(30)]
    path = f"{caller.id}/listening/{spoken[0].id}"
    services.history.vault.of(caller.id).put_named(path, SILENCE)
    with database.session() as session:
        session.add_all(heard)
    chapter = LongTextBody(text="One.\n\nTwo.", paragraphs=True, voice_model_id=found[-1])
    return {
        "syntheses": [str(one.id) for one in spoken],
        "blind_tests": [str(one.id) for one in heard],
        "long_texts": [str(services.long.start_text(caller.id, chapter).speech.id) for _ in range(20)],
        "models": [str(one) for one in found],
        "own_models": [str(one) for one in found[-30:]],
        "model_paths": [services.registry.paths.path(caller.id, one) for one in (upload.id, *found[-30:])],
        "backups": [place.id for place in backups],
        "backup_paths": [place.told for place in backups],
        "callers": [str(caller.id)],
        "guests": guests,
        "leavers": [str(make_person(f"leaver{number}@example.com").id) for number in range(6)],
        "erasures": [str(services.erasures.erase(make_person("gone@example.com").id, requested_by=None).id)],
    }


def blind_test(caller, model_id, spoken, *, finished):
    """One that can be voted on, with a vote; its sounds are one file."""
    now = datetime.now(UTC)
    return ListeningTest(
        id=uuid.uuid4(), user_id=caller.id, name="Ann", language="en-us", sentences=["Hello."],
        finished_at=now if finished else None,
        sides=[
            ListeningSide(number=side, kind="voice", model_id=model_id, owner_id=caller.id, label="Ann")
            for side in (0, 1)
        ],
        sounds=[ListeningSound(sentence=0, side=side, file_id=spoken.id) for side in (0, 1)],
        trials=[
            ListeningTrial(
                number=1, sentence=0, side_a=0, side_b=1, heard_a_at=now, heard_b_at=now, choice="a",
                voted_at=now,
            )
        ],
    )  # fmt: skip


def off(*checks):
    return {check: {"enabled": False} for check in checks}


@pytest.fixture
def config(things, models):
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "warnings": False,
            "cache": {"enabled": False},
            "continue-on-failure": True,
            "max-stream-events": 5,
            "dictionaries": {name: {"values": values} for name, values in (things | models).items()},
            "parameters": {name: {"dictionary": kind, "probability": 0.7} for name, kind in NAMES.items()},
            "generation": {
                "max-examples": EXAMPLES,
                "deterministic": True,
                "no-shrink": True,
                "database": "none",
                "with-security-parameters": False,
            },
            "checks": off(*UNCHECKED),
            "operations": [
                {"include-path": paths, "checks": off(*UNCHECKED, check)}
                for check, (paths, _reason) in EXCEPTIONS.items()
            ],
        }
    )


@contextmanager
def calling_as(caller):
    """Every call is the caller's."""

    def before_call(_context, case, _kwargs):
        case.headers.update(caller.headers)

    def after_call(_context, case, _response):
        if case.operation.label in LOCKING_OUT:
            caller.enter()

    hooks = (before_call, after_call)
    for hook in hooks:
        schemathesis.hook(hook)
    try:
        yield
    finally:
        for hook in hooks:
            GLOBAL_HOOK_DISPATCHER.unregister(hook)
        asgi.shutdown_lifespans()


def explore(app, config, *, without):
    """What went wrong, in words, and how often each operation answered with each status."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config).exclude(tag=without)
    wrong: dict[tuple[Any, ...], str] = {}
    statuses: dict[str, Counter[int]] = defaultdict(Counter)
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            wrong[event.label, event.info.title] = str(event.info.message)
        if not isinstance(event, events.ScenarioFinished):
            continue
        for case_id, call in event.recorder.interactions.items():
            label = event.recorder.cases[case_id].value.operation.label
            if call.response is not None:
                statuses[label][int(call.response.status_code)] += 1
        for checks in event.recorder.checks.values():
            for failure in (check.failure_info for check in checks if check.failure_info is not None):
                found = failure.failure
                wrong[found.operation, found.title] = f"{found.message}\n{failure.code_sample}"
    return wrong, statuses


@pytest.mark.usefixtures("short_streams", "sound_files")
@pytest.mark.slow
@pytest.mark.parametrize("who", ["admin", "user"])
def test_no_answer_is_one_that_the_document_does_not_have(app, config, caller, who):
    without = [] if who == "admin" else ["admin training", "users", "voice model cleanup"]
    with calling_as(caller):
        wrong, statuses = explore(app, config, without=without)

    assert wrong == {}, "\n\n".join(f"{where}: {what}" for where, what in wrong.items())
    missed = {route: dict(found) for route, found in statuses.items() if min(found) >= 300}
    assert len(missed) < len(statuses) / MISSED, missed
