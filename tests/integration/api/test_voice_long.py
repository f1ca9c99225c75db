"""`/api/voice/long` and `/api/voice/batch`, from the request to the file."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest
import soundfile
from sqlalchemy import func, select

from voicewright.engines.installed import Engines
from voicewright.engines.testing import TONE_ENGINE
from voicewright.speech.long.files import sweep_files
from voicewright.speech.long.models import LongChunk, LongPart, LongSpeech
from voicewright.speech.long.running import speak_long
from voicewright.speech.long.runs import LongRun
from voicewright.speech.long.tools import LongTools
from voicewright.speech.models import Synthesis
from voicewright.speech.service import SpeechService
from voicewright.training.models import Node
from voicewright.voices.schemas import NewVoice
from voicewright.voices.service import VoiceService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voicewright.settings import Settings

TEXT = "It rains. Nobody came.\n\nThe end."


@pytest.fixture
def api_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"watermark": "off", "voice_requests_per_hour": 7})


@pytest.fixture
def call(client, person) -> Callable:
    """Call `/api/voice...` as `person`; answers what came, of the status `expect`."""

    def call(method, path, expect=200, headers=None, **more):
        answer = client.request(method, f"/api/voice{path}", headers=person.headers | (headers or {}), **more)
        assert answer.status_code == expect, answer.text
        return answer

    return call


@pytest.fixture
def speech(api_settings, database, lasting_client) -> Iterator[SpeechService]:
    """As a worker's: without a history, in processes that all tests of this file share."""
    voices = VoiceService.open(api_settings, database)
    with SpeechService(
        api_settings, database, voices, engines=Engines(find=lambda _: TONE_ENGINE), client=lasting_client
    ) as opened:
        yield opened


@pytest.fixture
def work(database, services) -> Callable:
    """Do what a worker does."""

    def work(speech_id) -> None:
        with database.session() as session:
            speech = session.get_one(LongSpeech, speech_id)
        run = LongRun.begin(database, speech.id, speech.ticket, node="here")
        tools = LongTools(
            services.settings, database, services.speech, services.long.vault, services.long.work_dir,
            engines=("tone",),
            provenance=services.provenance,
        )  # fmt: skip
        with run:
            speak_long(run, tools)

    return work


@pytest.fixture
def make_voice(services, person, tmp_path) -> Callable:
    """Register a humming voice: `make_voice("Ann")`."""

    def make_voice(name):
        folder = tmp_path / name
        folder.mkdir()
        content = {"format": 1, "pitch_hz": 150.0, "speaking_fault": "none"}
        (folder / "voice.json").write_text(json.dumps(content))
        facts = {
            "engine": "tone",
            "engine_version": "1",
            "language": "en-us",
            "speech_s": 1.0,
            "train_s": 0.1,
        }
        return services.voices.of(person.id).register(NewVoice(name=name, artefact_dir=folder, **facts))

    return make_voice


@pytest.fixture
def voice(make_voice):
    return make_voice("Ann")


def test_a_text_becomes_files(call, work, voice, client, other, database):  # noqa: PLR0915, PLR0917
    body = {"text": TEXT, "title": "../Rain", "paragraphs": True, "output_format": "mp3", "voice": "Ann"}
    answer = call("POST", "/long", 202, json=body)
    made, at = answer.json(), answer.headers["location"].removeprefix("/api/voice")
    assert (made["state"], made["progress"], made["url"], made["seconds_left"]) == ("queued", 0, None, None)
    assert (made["voice"]["id"], made["voice"]["name"], made["language"]) == (str(voice.id), "Ann", "en-us")
    for path in ("/audio", "/paragraphs/1/audio", "/archive", "/timings"):
        assert call("GET", at + path, 409).json()["code"] == "LONG_SPEECH_NOT_READY"
    assert made["waits_for"] == "No worker that is there now speaks with the engine 'tone'."
    with database.session() as session:
        session.add(Node(id=voice.id, name="here", engines=[], speaks=["tone"], concurrency=1))
    assert call("GET", at).json()["waits_for"] is None
    work(made["id"])

    done = call("GET", at).json()
    assert (done["state"], done["progress"], done["error"], done["failures"]) == ("completed", 100, None, [])
    assert done["chunks"] == {"of": 2, "spoken": 2, "failed": 0}
    assert [(part["number"], part["state"]) for part in done["parts"]] == [(1, "completed"), (2, "completed")]
    assert done["url"] == f"/api/voice{at}/audio"
    assert call("GET", "/long").json()["items"][0]["id"] == made["id"]

    whole = call("GET", f"{at}/audio")
    assert (whole.headers["content-type"], whole.headers["accept-ranges"]) == ("audio/mpeg", "bytes")
    assert whole.headers["content-disposition"] == 'inline; filename="Rain.mp3"'
    some = call("GET", f"{at}/audio?download=true", 206, headers={"Range": "bytes=10-19"})
    assert some.content == whole.content[10:20]
    assert some.headers["content-disposition"].startswith("attachment")
    assert call("GET", f"{at}/audio", headers={"Range": "bytes=no"}).content == whole.content
    other_form = soundfile.info(io.BytesIO(call("GET", f"{at}/audio?format=flac").content))
    assert other_form.duration == pytest.approx(done["audio_seconds"], abs=0.01)

    first = call("GET", f"{at}/paragraphs/1/audio").content
    assert call("GET", f"{at}/paragraphs/3/audio", 404).json()["code"] == "LONG_SPEECH_PART_NOT_FOUND"
    packed = call("GET", f"{at}/archive")
    assert packed.headers["content-disposition"] == "attachment; filename*=UTF-8''Rain.zip"
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.namelist() == ["001.mp3", "002.mp3"]
        assert archive.read("001.mp3") == first

    told = call("GET", f"{at}/timings").json()
    assert [word["text"] for word in told["words"]] == TEXT.split()
    assert told["words"][-1]["end"] <= told["duration"]
    assert call("GET", f"{at}/timings?format=vtt").text.startswith("WEBVTT")
    assert "-->" in call("GET", f"{at}/timings?format=srt").text
    for path in ("", "/audio", "/archive", "/timings"):
        assert client.get(f"/api/voice{at}{path}", headers=other.headers).status_code == 404
    assert call("POST", f"{at}/pause", 409).json()["code"] == "LONG_SPEECH_STATE"
    assert call("POST", f"{at}/retry", 409).json()["code"] == "LONG_SPEECH_STATE"
    for body, status in (({"chunks": []}, 422), ({"chunk": 1}, 422), ({"chunks": [9]}, 404)):
        call("POST", f"{at}/retry", status, json=body)
    entry = call("GET", f"/history/{made['id']}").json()
    assert (entry["source"], entry["size"], entry["sample_rate"]) == ("long", len(whole.content), 22050)
    assert call("GET", "/history").json()["syntheses"] == [entry]
    from_history = call("GET", entry["audio_url"].removeprefix("/api/voice"))
    assert from_history.content == whole.content
    assert from_history.headers["voicewright-provenance"] == whole.headers["voicewright-provenance"]
    assert call("GET", f"/history/{made['id']}/timings?format=json").json() == told
    again = call("POST", f"{at}/retry", json={"chunks": [2]}).json()
    assert (again["state"], again["chunks"]) == ("queued", {"of": 2, "spoken": 1, "failed": 0})
    assert "queued" in call("GET", f"/history/{made['id']}/audio", 404).json()["error"]
    call("DELETE", at, 204)
    call("GET", at, 404)
    assert call("GET", f"/history/{made['id']}").json()["audio_url"] is None
    for path, code in (("audio", "SYNTHESIS_AUDIO_NOT_KEPT"), ("timings", "SYNTHESIS_TIMINGS_NOT_KEPT")):
        refused = call("GET", f"/history/{made['id']}/{path}", 404).json()
        assert (refused["code"], "deleted with its files" in refused["error"]) == (code, True)


def test_a_batch_becomes_files(call, work, voice, make_voice):
    bob = make_voice("Bob")
    items = [
        {"text": "One.", "name": "a/b"},
        {"text": "Two.", "voice": "Nobody"},
        {"text": "Three.", "voice": "Bob", "version": 1},
    ]
    body = {"items": items, "output_format": "wav"}
    made = call("POST", "/batch", 202, json=body).json()
    work(made["id"])
    done = call("GET", f"/batch/{made['id']}").json()
    assert (done["kind"], done["state"], done["voice"], done["url"]) == ("batch", "completed", None, None)
    assert done["parts"][0]["voice"]["id"] == str(voice.id)
    assert done["parts"][1]["error"]["code"] == "VOICE_MODEL_NOT_FOUND"
    sound = call("GET", done["parts"][0]["url"].removeprefix("/api/voice"))
    assert soundfile.info(io.BytesIO(sound.content)).duration == pytest.approx(
        done["parts"][0]["audio_seconds"]
    )
    assert call("GET", f"/batch/{made['id']}/items/2/audio", 409).json()["code"] == "LONG_SPEECH_NOT_READY"
    with zipfile.ZipFile(io.BytesIO(call("GET", f"/long/{made['id']}/archive").content)) as archive:
        assert archive.namelist() == ["001-a_b.wav", "003.wav"]

    for query in (f"model_id={voice.id}", f"model_id={bob.id}", "q=bob", "q=ann+three", ""):
        (entry,) = call("GET", f"/history?{query}").json()["syntheses"]
        assert (entry["id"], entry["model_id"], entry["audio_url"]) == (made["id"], str(voice.id), None)
        assert [(one["model_id"], one["name"]) for one in entry["voices"]] == [
            (str(voice.id), "Ann"),
            (str(bob.id), "Bob"),
        ]
    for query in (f"model_id={made['id']}", "q=name", "q=tone"):
        assert call("GET", f"/history?{query}").json()["total"] == 0
    assert (
        f"/api/voice/batch/{made['id']}" in call("GET", f"/history/{made['id']}/audio", 404).json()["error"]
    )


def test_what_can_not_be_spoken_is_refused_and_counted(call, voice):
    assert call("POST", "/long", 422, json={"text": "- -"}).json()["code"] == "TEXT_EMPTY"
    call("POST", "/batch", 422, json={"items": [{"text": 0}]})
    long = call("POST", "/long", 422, json={"text": "x" * 50_001}).json()
    assert (long["code"], long["fields"][0]["field"]) == ("TEXT_TOO_LONG", "text")
    ssml = {"text": "<speak>One.", "ssml": True, "voice_model_id": str(voice.id)}
    assert call("POST", "/long", 422, json=ssml).json()["code"] == "SSML_INVALID"
    french = call("POST", "/long", 422, json={"text": "Un.", "language": "fr"}).json()
    assert french["code"] == "LANGUAGE_UNSUPPORTED"
    assert (
        call("POST", "/long", 404, json={"text": "One.", "voice": "Bob"}).json()["code"]
        == "VOICE_MODEL_NOT_FOUND"
    )
    refused = call("POST", "/batch", 422, json={"items": [{"text": "One.", "voice": "Bob"}]}).json()
    assert (refused["code"], refused["fields"][0]["field"]) == ("BATCH_UNSPEAKABLE", "items[0]")
    for named in ({"voice": "Ann", "model_id": str(voice.id)}, {"version": 1}, {"pitch": 13.0}):
        assert (
            call("POST", "/long", 422, json={"text": "One.", **named}).json()["code"] == "VALIDATION_FAILED"
        )
    once = {"text": "One.", "model_id": str(voice.id), "pitch_semitones": 1.0}  # its name once
    assert call("POST", "/long", 202, json=once).json()["voice"]["id"] == str(voice.id)
    limited = call("POST", "/long", 429, json={"text": "One."})
    assert int(limited.headers["retry-after"]) > 0


def test_nothing_is_left_of_a_deleted_account(call, work, voice, person, services, database):  # noqa: PLR0917
    made = call("POST", "/long", 202, json={"text": TEXT}).json()
    work(made["id"])
    assert voice.id is not None
    vault = services.long.vault
    assert list(vault.objects.paths(str(person.id)))
    services.erasures.erase(person.id, requested_by=None)
    with database.session() as session:
        for table in (LongSpeech, LongPart, LongChunk, Synthesis):
            assert session.scalar(select(func.count()).select_from(table)) == 0
    assert not list(vault.objects.paths(str(person.id)))
    assert sweep_files(database, vault) == 0
