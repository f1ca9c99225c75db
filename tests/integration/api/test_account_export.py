"""All of an account in one zip: what is in it, what is not, and what one damaged file costs."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import uuid
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from voicewright.accounts.rate_limits import per_window
from voicewright.api import account_export
from voicewright.listening.models import ListeningSide, ListeningTest, ListeningTrial
from voicewright.portability import tables
from voicewright.recordings.models import Sample
from voicewright.speech.long.models import LongSpeech
from voicewright.speech.models import Synthesis
from voicewright.training.events import record
from voicewright.training.models import TrainingJob
from voicewright.voices.figures.usage import Use, record_use
from voicewright.voices.models import VoiceModel
from voicewright.voices.schemas import NewVoice
from voicewright.voices.sharing.models import SharePermission

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi.testclient import TestClient

    from voicewright.api.services import Services
    from voicewright.db.server import Database


@pytest.fixture
def put_recording(services: Services, database: Database, enter_sample: Callable[..., Any]) -> Any:
    """Enter a recording with its file."""

    def put(owner: Any, content: bytes, filename: str, **fields: Any) -> Any:
        sample = enter_sample(owner.id, **fields)
        digest = services.samples.vault.of(owner.id).put_bytes(content).digest
        values = {"digest": digest, "size_bytes": len(content), "filename": filename}
        with database.session() as session:
            session.execute(update(Sample).where(Sample.id == sample.id).values(values))
        return sample

    return put


@pytest.fixture
def put_speech(services: Services, database: Database, tmp_path: Path) -> Any:
    """Enter something that somebody had spoken, with its file."""

    def put(owner: Any, text: str, sound: bytes = b"", **fields: Any) -> uuid.UUID:
        entry = Synthesis(
            id=uuid.uuid4(), user_id=owner.id, voice_model_id=uuid.uuid4(), voice_owner_id=owner.id,
            voice_name="Ann", voice_version=1, engine="tone", engine_version="1", language="en-us",
            source="voice", text=text, text_digest=hashlib.sha256(text.encode()).hexdigest(), markup="text",
            characters=len(text), parameters={}, pieces=1, **fields,
        )  # fmt: skip
        if sound:
            path = tmp_path / str(entry.id)
            path.write_bytes(sound)
            stored = services.history._files.put(owner.id, entry.id, path)
            entry.file_digest, entry.file_bytes = stored.digest, stored.size_bytes
            entry.file_format, entry.file_rate_hz = "mp3", 22050
        with database.session() as session:
            session.add(entry)
        return entry.id

    return put


def export(client: TestClient, person: Any, **params: Any) -> zipfile.ZipFile:
    answer = client.get("/account/export", headers=person.headers, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith('attachment; filename="voicewright-20')
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def read(archive: zipfile.ZipFile, name: str) -> Any:
    return json.loads(archive.read(name))


def test_everything_of_an_account_and_nothing_of_others(  # noqa: PLR0917 - fixtures
    client: TestClient,
    services: Services,
    person: Any,
    other: Any,
    add_voice: Callable[..., Any],
    enter_dataset: Callable[..., Any],
    put_recording: Callable[..., Any],
    put_speech: Callable[..., Any],
    database: Database,
) -> None:
    for owner, word in ((person, "mine"), (other, "theirs")):
        dataset = enter_dataset(owner.id, name=f"{word} dataset")
        put_recording(owner, f"a {word}".encode(), "take 1.wav", dataset=dataset, text=f"Said | {word}.")
        put_recording(owner, f"b {word}".encode(), "../../take 1.wav", dataset=dataset, text=None)
        put_recording(owner, f"c {word}".encode(), "alone.mp3", text=word)
        services.consents.assert_consent(owner.id, f"Speaker {word}", asserted_by=owner.id)
        add_voice(owner, f"Voice/{word}", score=0.8)
        spoken = put_speech(owner, f"Spoken {word}.", f"sound {word}".encode())
        long_id = put_speech(owner, f"Long {word}.")
        with database.session() as session:
            stored = services.long.vault.of(owner.id).put_bytes(f"chapter {word}".encode())
            session.get_one(Synthesis, long_id).source = "long"
            session.add(
                LongSpeech(
                    id=long_id, owner_id=owner.id, kind="text", title="", text_digest="6" * 64, markup="text",
                    characters=1, parameters={}, output_format="wav", paragraphs=False,
                    file_digest=stored.digest, file_bytes=stored.size_bytes,
                )
            )  # fmt: skip
        if owner is person:
            mine, long_mine = spoken, long_id
    for finished_at in (None, datetime.now(UTC)):
        with database.session() as session:
            session.add(
                ListeningTest(
                    user_id=person.id, name="Old and new", language="en-us", sentences=["Hello."],
                    finished_at=finished_at,
                    sides=[
                        ListeningSide(
                            number=number, kind="voice", model_id=uuid.uuid4(), owner_id=person.id,
                            label=f"Ann, version {number + 1}",
                        )
                        for number in range(2)
                    ],
                    trials=[
                        ListeningTrial(
                            number=1, sentence=0, side_a=1, side_b=0, choice="a", voted_at=datetime.now(UTC)
                        )
                    ],
                )
            )  # fmt: skip
    services.accounts.users.rename(person.id, "Ann")
    secret = person.new_key("speech")[1]

    archive = export(client, person)
    single, folder = "recordings/single/", "recordings/mine_dataset/"
    assert set(archive.namelist()) == {
        "README.txt", "account.json", "blind_tests.json", "consents.json", "jobs.json", "history.json",
        "ratings.json", "shares.json", "voice_uses.json",
        f"{single}00001-alone.mp3", f"{single}metadata.csv", f"{single}recordings.json",
        f"{folder}00001-take_1.wav", f"{folder}00002-take_1.wav", f"{folder}metadata.csv",
        f"{folder}recordings.json", "voices/Voice_mine-v1.zip",
        f"history/{mine}.mp3", f"history/{long_mine}.wav",
    }  # fmt: skip
    whole = b"".join(archive.read(name) for name in archive.namelist())
    assert b"theirs" not in whole
    assert secret.encode() not in whole
    account = read(archive, "account.json")
    assert (account["name"], account["email"]) == ("Ann", person.email)
    assert [key["prefix"] for key in account["api_keys"]] == [secret[:10]]
    assert account["preferences"]["by_mail"]["voices_expiring"] is True
    assert [one["speaker"] for one in read(archive, "consents.json")] == ["Speaker mine"]
    assert [one["text"] for one in read(archive, "history.json")] == ["Spoken mine.", "Long mine."]
    blind, told = (test["items"][0] for test in read(archive, "blind_tests.json"))
    assert (blind["choice"], "a" in blind) == ("a", False)
    assert (told["choice"], told["a"], told["b"]) == ("a", "Ann, version 2", "Ann, version 1")
    assert archive.read(f"{folder}00001-take_1.wav") == b"a mine"
    assert archive.read(f"{folder}metadata.csv") == b"00001-take_1|Said mine.|Said mine.\n"
    assert [one["filename"] for one in read(archive, f"{folder}recordings.json")] == [
        "take 1.wav",
        "../../take 1.wav",
    ]
    assert archive.read(f"history/{mine}.mp3") == b"sound mine"
    assert archive.read(f"history/{long_mine}.wav") == b"chapter mine"
    voice = zipfile.ZipFile(io.BytesIO(archive.read("voices/Voice_mine-v1.zip")))
    assert read(voice, "manifest.json")["voice"]["name"] == "Voice/mine"

    silent = export(client, person, audio="false")
    assert set(archive.namelist()) - set(silent.namelist()) == {
        f"history/{mine}.mp3",
        f"history/{long_mine}.wav",
    }
    held = services.portability.holdings(person.id)
    assert (held.datasets, held.recordings, held.recordings_bytes, held.consents) == (1, 3, 18, 1)
    assert (held.voices, held.spoken, held.spoken_bytes) == (1, 2, 10 + 12)
    assert held.total_bytes == held.voices_bytes + 18 + 22


def test_one_damaged_file_costs_none_of_the_others(  # noqa: PLR0917 - fixtures
    client: TestClient, services: Services, person: Any, put_recording: Any, put_speech: Any, add_voice: Any
) -> None:
    gone = put_recording(person, b"gone", "gone.wav")
    put_recording(person, b"here", "here.wav")
    voice = add_voice(person, "Ann")
    spoken = put_speech(person, "Hello.", b"sound")
    services.history._files.delete(person.id, spoken)
    blobs = services.samples.vault.of(person.id)
    blobs.delete(hashlib.sha256(b"gone").hexdigest())
    services.voices.vault.of(person.id).delete(voice.artefact_digest)
    archive = export(client, person)
    assert {one["file"] for one in read(archive, "left_out.json")} == {
        "recordings/single/00001-gone.wav",
        "voices/Ann-v1.zip",
        f"history/{spoken}.mp3",
    }
    assert archive.read("recordings/single/00002-here.wav") == b"here"
    assert str(gone.id) in archive.read("recordings/single/recordings.json").decode()


def test_an_empty_account_and_a_key(client: TestClient, person: Any) -> None:
    archive = export(client, person)
    lists = [
        "shares.json",
        "ratings.json",
        "voice_uses.json",
        "jobs.json",
        "history.json",
        "blind_tests.json",
    ]
    assert archive.namelist() == ["README.txt", "account.json", "consents.json", *lists]
    assert [read(archive, name) for name in lists] == [[]] * len(lists)
    refused = client.get("/account/export", headers=person.key("account", "samples:read"))
    assert (refused.status_code, refused.json()["code"]) == (403, "NOT_ALLOWED")


def test_an_account_is_exported_so_many_times_a_day(
    client: TestClient, person: Any, other: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_export, "_LIMIT", per_window("account-exports", 1, 86_400))
    export(client, person)
    refused = client.get("/account/export", headers=person.headers)
    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
    assert int(refused.headers["retry-after"]) > 0
    export(client, other)


def test_shares_ratings_and_uses_and_of_the_others_only_ids(  # noqa: PLR0917 - fixtures
    client: TestClient,
    services: Services,
    person: Any,
    other: Any,
    add_voice: Callable[..., Any],
    database: Database,
) -> None:
    callers = {by: services.accounts.authenticate(by.access_token) for by in (person, other)}
    mine, theirs, unheard = (add_voice(owner, "Ann") for owner in (person, other, other))
    for owner, voice, target in ((person, mine, other), (other, theirs, person)):
        may_use = {"targets": [target.id], "permission": SharePermission.USE}
        services.sharing.share(callers[owner], voice.id, **may_use)
        for by, stars in ((person, 4), (other, 2)):
            services.figures.rate(callers[by], voice.id, stars)
            with database.session() as session:
                record_use(
                    session, voice, user_id=by.id, use=Use("spoken", stars, 1.5, 30.0, Decimal("0.25"))
                )
    with database.session() as session:
        record_use(session, unheard, user_id=other.id, use=Use("spoken", 5, 1.0, 30.0))
    services.sharing.unshare(callers[person], mine.id, other.id)

    archive = export(client, person)
    given, received = read(archive, "shares.json")
    assert (given["modelId"], given["targetUserId"]) == (str(mine.id), str(other.id))
    assert (given["permissions"], given["endedAt"] is None) == ("use", False)
    assert (received["modelId"], received["ownerId"]) == (str(theirs.id), str(other.id))
    assert (received["targetUserId"], received["endedAt"]) == (str(person.id), None)
    assert {(one["modelId"], one["rating"]) for one in read(archive, "ratings.json")} == {
        (str(mine.id), 4),
        (str(theirs.id), 4),
    }
    uses = read(archive, "voice_uses.json")
    assert [(one["modelId"], one["ownVoice"], one["byYou"], one["characters"]) for one in uses] == [
        (str(mine.id), True, True, 4),
        (str(mine.id), True, False, 2),
        (str(theirs.id), False, True, 4),
    ]
    assert (uses[0]["outcome"], uses[0]["audioS"], uses[0]["costUsd"]) == ("spoken", 1.5, 0.25)
    whole = b"".join(archive.read(name) for name in archive.namelist() if name != "shares.json")
    assert str(other.id).encode() not in whole
    assert other.email.encode() not in whole + archive.read("shares.json")


def test_the_log_and_the_curves_of_every_training_in_order_and_by_pages(
    client: TestClient, person: Any, other: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_AT_ONCE", 2)
    jobs = [_enter_job(database, owner.id) for owner in (person, person, person, other)]
    with database.session() as session:
        first = session.get_one(TrainingJob, jobs[0])
        for step in range(1, 6):
            record(session, first, "metric", "loss", data={"name": "loss", "step": step, "value": 1 / step})
            record(session, first, "log", f"Line {step}.", level="warning", data={"clip": step})
        record(session, session.get_one(TrainingJob, jobs[3]), "log", "Of somebody else.")
    archive = export(client, person)
    assert [one["id"] for one in read(archive, "jobs.json")] == [str(job) for job in jobs[:3]]
    told = [name for name in archive.namelist() if name.startswith("jobs/")]
    assert told == [f"jobs/{job}.json" for job in jobs[:3]]
    events = read(archive, told[0])
    log = [(one["message"], one["level"], one["data"]) for one in events if one["kind"] == "log"]
    assert log == [(f"Line {step}.", "warning", {"clip": step}) for step in range(1, 6)]
    curve = [(one["data"]["step"], one["data"]["value"]) for one in events if one["kind"] == "metric"]
    assert curve == [(step, 1 / step) for step in range(1, 6)]
    assert read(archive, told[1]) == []


def test_a_deleted_voice_comes_along_while_it_can_be_brought_back(  # noqa: PLR0917 - fixtures
    client: TestClient,
    services: Services,
    person: Any,
    add_voice: Callable[..., Any],
    database: Database,
    tmp_path: Path,
) -> None:
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "model.safetensors").write_bytes(secrets.token_bytes(1 << 20))
    kept = services.voices.of(person.id).register(
        NewVoice(
            name="Kept", artefact_dir=tmp_path / "large", engine="tone", engine_version="1",
            language="en-us", sample_rate_hz=22050, speech_s=20.0, train_s=1.5,
        )
    )  # fmt: skip
    resting, gone, purged = (add_voice(person, name) for name in ("Resting", "Gone", "Purged on the way"))
    for voice in (resting, gone, purged):
        answer = client.delete(f"/voice-models/{voice.id}", headers=person.headers)
        assert answer.status_code == 200, answer.text
    _purge(database, gone)
    held = services.portability.holdings(person.id)
    assert (held.voices, held.resting_voices) == (1, 2)
    assert held.voices_bytes == sum(voice.stored_bytes for voice in (kept, resting, purged))

    content = b""
    for piece in services.portability.export(services.accounts.authenticate(person.access_token)):
        if not content:  # in the middle of the large voice, all of them are listed
            _purge(database, purged)
        content += piece
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert [name for name in archive.namelist() if name.startswith("voices/")] == [
        "voices/Kept-v1.zip",
        "voices/deleted/Resting-v1.zip",
    ]
    voice = zipfile.ZipFile(io.BytesIO(archive.read("voices/deleted/Resting-v1.zip")))
    assert voice.testzip() is None
    assert "model/model.safetensors" in voice.namelist()
    assert [(one["file"], one["code"]) for one in read(archive, "left_out.json")] == [
        ("voices/deleted/Purged_on_the_way-v1.zip", "VOICE_MODEL_NOT_FOUND")
    ]
    refused = client.get(f"/voice-models/{resting.id}/export", headers=person.headers)
    assert (refused.status_code, refused.json()["code"]) == (404, "VOICE_MODEL_NOT_FOUND")


def _purge(database: Database, voice: VoiceModel) -> None:
    with database.session() as session:
        session.get_one(VoiceModel, voice.id).purge_at = datetime.now(UTC)


def _enter_job(database: Database, owner_id: uuid.UUID) -> uuid.UUID:
    job = TrainingJob(
        owner_id=owner_id, name="Ann", provider="tone", language="en-us", sample_ids=[], options={},
        engine_options={}, quality_threshold=0.5, max_training_ms=1000, status="completed", priority=50,
        max_retries=3, estimated_cost=Decimal(0), estimated_time_ms=1, forecast_time_ms=1,
    )  # fmt: skip
    with database.session() as session:
        session.add(job)
    return job.id


def test_what_was_spoken_for_a_blind_test_is_told_when_it_is_finished(
    client: TestClient,
    person: Any,
    database: Database,
    put_speech: Callable[..., Any],
    add_voice: Callable[..., Any],
) -> None:
    ann, bystander = add_voice(person, "Ann"), add_voice(person, "Bystander")
    test = ListeningTest(
        user_id=person.id, name="Two", language="en-us", sentences=["Hello."],
        sides=[ListeningSide(number=0, kind="voice", model_id=ann.id, owner_id=person.id, label="Ann")],
    )  # fmt: skip
    with database.session() as session:
        session.add(test)
    spoken = put_speech(person, "Hello.")
    with database.session() as session:
        session.get_one(Synthesis, spoken).source = "listening"
        for voice in (ann, bystander):
            record_use(session, voice, user_id=person.id, use=Use("spoken", 6, 1.0, 30.0))
    archive = export(client, person)
    assert read(archive, "history.json") == []
    assert [one["modelId"] for one in read(archive, "voice_uses.json")] == [str(bystander.id)]
    assert client.get(f"/api/voice/history/{spoken}", headers=person.headers).status_code == 404
    with database.session() as session:
        session.get_one(ListeningTest, test.id).finished_at = datetime.now(UTC)
    archive = export(client, person)
    assert [one["id"] for one in read(archive, "history.json")] == [str(spoken)]
    assert [one["modelId"] for one in read(archive, "voice_uses.json")] == [str(ann.id), str(bystander.id)]
