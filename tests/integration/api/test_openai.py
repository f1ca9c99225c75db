"""OpenAI's own client against a real server: it must not notice that this is not OpenAI's."""

from __future__ import annotations

import base64
import io
import json
import re
import threading
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

import av
import httpx
import numpy as np
import openai
import pytest
from openai import OpenAI
from sqlalchemy import select

from voicewright.accounts.rate_limits import per_window
from voicewright.api import openai_voices
from voicewright.api.openai_form import duration
from voicewright.api.openai_models import _OWNERS
from voicewright.speech.order import SpeechOrder
from voicewright.training.events import record
from voicewright.training.models import TrainingJob
from voicewright.voices.sharing.models import SharePermission

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from voicewright.api.services import Services
    from voicewright.db.server import Database
    from voicewright.settings import Settings

PATIENCE_S = 60
TEXT = "The birch canoe slid. It was late."
FIRST_BYTES = {
    "mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3"),
    "opus": (b"OggS",),
    "aac": (b"\xff\xf1", b"\xff\xf9"),
    "flac": (b"fLaC",),
    "wav": (b"RIFF",),
}
TYPES = {
    "mp3": "audio/mpeg", "opus": "audio/ogg", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav",
    "pcm": "audio/pcm",
}  # fmt: skip


@pytest.fixture
def api_settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "stock_voices": {"nova": "Bea", "echo": "Nobody", "*": "active"},
            "max_synthesis_text_length": 200,
            "min_voice_s": 1.0,
            "speech_at_once": 1,
            "speech_per_user": 1,
            "speech_waiting": 0,
        }
    )


@pytest.fixture
def client(base_url: str, person: Any) -> Iterator[OpenAI]:
    """Of somebody with a key for speaking, samples, voices, trainings and consents."""
    scopes = ("speech", "samples:read", "voices:write", "training:write", "consents:read", "consents:write")
    key = person.new_key(*scopes)[1]
    with OpenAI(api_key=key, base_url=f"{base_url}/v1", max_retries=0, timeout=PATIENCE_S) as opened:
        yield opened


def length_s(content: bytes) -> float:
    """As a player finds it: a file that was streamed does not say it."""
    with av.open(io.BytesIO(content)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def error_of(refused: openai.APIStatusError) -> dict[str, Any]:
    """The body, which has OpenAI's form and nothing else."""
    body = refused.response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert refused.response.headers["x-request-id"]
    return body["error"]


def told(refused: openai.APIStatusError) -> tuple[str, str | None, str | None]:
    error = error_of(refused)
    return error["type"], error["param"], error["code"]


def test_speech_in_all_formats(client: OpenAI, person: Any, humming: Callable[..., Any]) -> None:
    ann, bea = humming(person, "Ann"), humming(person, "Bea")
    answers = {}
    for form, kind in TYPES.items():
        raw = client.audio.speech.with_raw_response.create(
            model="tts-1", voice="Ann", input=TEXT, response_format=form
        )
        assert raw.headers["content-type"] == kind
        assert raw.headers["x-voice-id"] == str(ann.id)
        assert raw.headers["transfer-encoding"] == "chunked"
        assert "x-instructions" not in raw.headers
        answers[form] = raw.content
        assert answers[form].startswith(FIRST_BYTES.get(form, b"")), form
    by_default = client.audio.speech.create(model="tts-1", voice="Ann", input=TEXT).content
    assert by_default.startswith(FIRST_BYTES["mp3"])
    nothing = dict.fromkeys(("response_format", "speed", "stream_format", "voice", "instructions"))
    unfilled = client.audio.speech.create(model="", voice="Ann", input=TEXT, extra_body=nothing).content
    assert unfilled.startswith(FIRST_BYTES["mp3"])
    lengths_s = {form: length_s(content) for form, content in answers.items() if form != "pcm"}
    pcm_s = len(answers["pcm"]) / 2 / 24_000
    assert all(abs(found_s - pcm_s) < 0.2 for found_s in lengths_s.values()), (lengths_s, pcm_s)
    assert np.abs(np.frombuffer(answers["pcm"], "<i2")).max() > 1000

    # who speaks: by id, OpenAI's names, one of the operator's, nobody in particular
    speaks = {
        "alloy": ann, "nova": bea, str(bea.id): bea, "bea": bea,
    }  # fmt: skip
    for voice, expected in speaks.items():
        raw = client.audio.speech.with_raw_response.create(
            model="gpt-4o-mini-tts", voice=voice, input="Hello."
        )
        assert raw.headers["x-voice-id"] == str(expected.id), voice
    by_id = client.audio.speech.with_raw_response.create(
        model="tts-1-hd", voice={"id": str(bea.id)}, input="Hello.", instructions="Cheerfully.", speed=2.0,
        response_format="pcm",
    )  # fmt: skip
    assert by_id.headers["x-voice-id"] == str(bea.id)
    assert by_id.headers["x-instructions"] == "ignored"
    slow = client.audio.speech.create(
        model="tts-1", voice="Bea", input="Hello.", speed=0.5, response_format="pcm"
    )
    assert 3 < len(slow.content) / len(by_id.content) < 5

    # chunked, as it is made
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="Ann", input=TEXT, response_format="pcm"
    ) as streamed:
        pieces = [*streamed.iter_bytes()]
    assert len(b"".join(pieces)) == len(answers["pcm"])

    # the same as events
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="Ann", input=TEXT, response_format="pcm", stream_format="sse"
    ) as streamed:
        assert streamed.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in streamed.iter_lines() if line]
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    *deltas, done = events
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    assert len(b"".join(base64.b64decode(event["audio"]) for event in deltas)) == len(answers["pcm"])
    usage = done["usage"]
    assert done["type"] == "speech.audio.done"
    assert usage["input_tokens"] == len(TEXT)
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert abs(usage["output_tokens"] - pcm_s * 20) < 3


def test_models_and_voices(  # noqa: PLR0917 - fixtures
    client: OpenAI, base_url: str, person: Any, other: Any, humming: Callable[..., Any], services: Services
) -> None:
    ann, bobs = humming(person, "Ann"), humming(other, "Bob's")
    humming(other, "Secret")
    caller = services.accounts.authenticate(other.access_token)
    services.sharing.share(caller, bobs.id, targets=[person.id], permission=SharePermission.USE)

    assert {model.id for model in client.models.list()} == set(_OWNERS)
    assert client.models.retrieve("tts-1").owned_by == "openai"
    with pytest.raises(openai.NotFoundError) as refused:
        client.models.retrieve("gpt-7")
    assert told(refused.value) == ("invalid_request_error", "model", "model_not_found")

    with httpx.Client(base_url=base_url, timeout=PATIENCE_S) as http:
        # as Open WebUI asks, with its base address with and without /v1
        for path in ("/v1/audio/voices", "/audio/voices"):
            answer = http.get(path, headers={"Authorization": f"Bearer {client.api_key}"}).json()
            listed = {voice["id"]: voice["name"] for voice in answer["voices"]}
            assert listed == {str(ann.id): "Ann", str(bobs.id): "Bob's"}
            assert [voice["is_active"] for voice in answer["voices"]] == [True, False]
            assert http.get(path).status_code == 401
        for path in ("/v1/models", "/v1/audio/models", "/audio/models"):
            models = http.get(path, headers={"Authorization": f"Bearer {client.api_key}"}).json()
            assert models["models"] == models["data"]
            assert http.get(path).status_code == 401

        # what Open WebUI sends (its `model` last, then the parameters that its administrator adds; and who
        # asks), and SillyTavern, whose list of voices is split at the commas
        webui = {"input": "Hello.", "voice": str(ann.id), "model": "tts-1", "lang_code": "en"}
        asks = {
            "X-OpenWebUI-User-Name": "Ann%20B.", "X-OpenWebUI-User-Id": "7", "X-OpenWebUI-User-Role": "user",
            "X-OpenWebUI-User-Email": "ann@example.com", "Accept": "*/*", "User-Agent": "Python/3.11 aiohttp",
        }  # fmt: skip
        tavern = {"input": "Hello.", "response_format": "mp3", "voice": "alloy", "speed": 1, "model": "tts-1"}
        wav = {**webui, "response_format": "wav"}
        requests: list[tuple[str, dict[str, Any], dict[str, str], str]] = [
            ("/v1/audio/speech", webui, asks, "audio/mpeg"),
            ("/audio/speech", webui, asks, "audio/mpeg"),
            ("/v1/audio/speech", wav, asks, "audio/wav"),
            ("/audio/speech", {"model": "tts-1", "input": "Nobody in particular."}, {}, "audio/mpeg"),
            ("/v1/audio/speech", tavern, {}, "audio/mpeg"),
            ("/v1/audio/speech", {**tavern, "voice": " Ann", "speed": 1.05}, {}, "audio/mpeg"),
        ]
        for path, body, more, kind in requests:
            answer = http.post(path, headers={"Authorization": f"Bearer {client.api_key}", **more}, json=body)
            assert (answer.status_code, answer.headers["content-type"]) == (200, kind), answer.text
            assert answer.headers["x-voice-id"] == str(ann.id)
            assert answer.content.startswith(FIRST_BYTES["mp3" if kind == "audio/mpeg" else "wav"])
        keyless = http.post("/v1/audio/speech", headers={"Authorization": "Bearer"}, json=tavern)
        assert (keyless.status_code, keyless.json()["error"]["code"]) == (401, "invalid_api_key")


def test_what_goes_wrong_is_said_in_openais_form(
    client: OpenAI, base_url: str, person: Any, other: Any, humming: Callable[..., Any]
) -> None:
    speak = client.audio.speech.create
    with pytest.raises(openai.NotFoundError) as refused:
        speak(model="tts-1", voice="alloy", input=TEXT)
    assert told(refused.value)[2] == "no_active_voice_model"
    humming(person, "Ann")
    mortal, theirs = humming(person, "Mortal", fault="die"), humming(other, "Bob")
    bad: list[tuple[dict[str, Any], str, str]] = [
        ({"input": ""}, "input", "validation_failed"),
        ({"input": "x" * 201}, "input", "text_too_long"),
        ({"input": "🙂"}, "", "text_empty"),
        ({"input": 7}, "input", "validation_failed"),
        ({"input": "a\0b"}, "input", "validation_failed"),
        ({"response_format": "wma"}, "response_format", "validation_failed"),
        ({"speed": 4.5}, "speed", "validation_failed"),
        ({"speed": 0.2}, "speed", "validation_failed"),
        ({"stream_format": "mp4"}, "stream_format", "validation_failed"),
        ({"extra_body": {"language": "fr"}}, "", "language_unsupported"),
        ({"voice": {"id": 7}}, "voice", "validation_failed"),
        ({"voice": ""}, "voice", "validation_failed"),
    ]
    for change, param, code in bad:
        with pytest.raises(openai.BadRequestError) as invalid:
            speak(**{"model": "tts-1", "voice": "Ann", "input": TEXT, **change})
        error = error_of(invalid.value)
        assert (error["type"], error["code"]) == ("invalid_request_error", code), change
        assert (error["param"] or "") == param, change
    missing = {
        "Nobody": "voice", "echo": "voice", str(theirs.id): "voice", "../../etc/passwd": "voice",
    }  # fmt: skip
    for voice, param in missing.items():
        with pytest.raises(openai.NotFoundError) as refused:
            speak(model="tts-1", voice=voice, input=TEXT)
        assert told(refused.value) == ("invalid_request_error", param, "voice_model_not_found")
    with pytest.raises(openai.NotFoundError) as refused:
        speak(model="gpt-7", voice="Ann", input=TEXT)
    assert told(refused.value) == ("invalid_request_error", "model", "model_not_found")

    # who asks
    for key in ("nonsense", "vw_nonsense"):
        with pytest.raises(openai.AuthenticationError) as unknown:
            client.with_options(api_key=key).audio.speech.create(model="tts-1", voice="Ann", input=TEXT)
        assert told(unknown.value) == ("invalid_request_error", None, "invalid_api_key")
        assert unknown.value.response.headers["www-authenticate"] == "Bearer"
    with pytest.raises(openai.PermissionDeniedError) as forbidden:
        client.with_options(api_key=person.new_key("voices:read")[1]).models.list()
    assert told(forbidden.value) == ("invalid_request_error", None, "not_allowed")

    # what is no request at all
    with httpx.Client(
        base_url=base_url, headers={"Authorization": f"Bearer {client.api_key}"}, timeout=PATIENCE_S
    ) as http:
        json_type = {"Content-Type": "application/json"}
        wrong = {
            (404, "unknown_url"): http.get("/v1/nothing"),
            (405, "method_not_supported"): http.get("/v1/audio/speech"),
            (400, "malformed_json"): http.post("/v1/audio/speech", content=b"{", headers=json_type),
            (400, "unsupported_media_type"): http.post("/v1/audio/speech", content=b"input=x"),
            (413, "body_too_large"): http.post(
                "/v1/audio/speech", content=b" " * (3 << 20), headers=json_type
            ),
        }
        for (status, code), answer in wrong.items():
            error = answer.json()["error"]
            assert (answer.status_code, error["type"], error["code"]) == (
                status, "invalid_request_error", code,
            )  # fmt: skip
        assert http.get("/nothing").json()["code"] == "NOT_FOUND"

    # an engine that dies when there was sound already: the answer is broken off
    with pytest.raises(openai.APIConnectionError):
        speak(model="tts-1", voice=str(mortal.id), input="Hello there.", response_format="pcm")
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="Mortal", input="Hello there.", response_format="pcm", stream_format="sse"
    ) as streamed:
        lines = [json.loads(line.removeprefix("data: ")) for line in streamed.iter_lines() if line]
    assert [event["type"] for event in (lines[0], lines[-1])] == ["speech.audio.delta", "error"]
    assert lines[-1]["error"]["type"] == "server_error"


def test_too_many_requests_and_too_much_at_once(
    person: Any, humming: Callable[..., Any], services: Services, client: OpenAI
) -> None:
    humming(person, "Ann")
    limits = services.accounts.rate_limits
    most = services.settings.speech_requests_per_minute
    spoken = client.audio.speech.with_raw_response.create(model="tts-1", voice="Ann", input="Hello.")
    with pytest.raises(openai.NotFoundError) as missing:
        client.audio.speech.create(model="tts-1", voice="Nobody", input="Hello.")
    for answer, left in ((spoken, most - 1), (missing.value.response, most - 2)):
        assert answer.headers["x-ratelimit-limit-requests"] == str(most)
        assert answer.headers["x-ratelimit-remaining-requests"] == str(left)
        assert re.fullmatch(r"(1m)?\d+s", answer.headers["x-ratelimit-reset-requests"])
    assert "x-ratelimit-limit-requests" not in client.models.with_raw_response.list().headers  # not counted
    per_minute = per_window("openai-speech", most, 60)
    for _ in range(most - 2):
        limits.hit(per_minute, str(person.id), what="requests")
    with pytest.raises(openai.RateLimitError) as refused:
        client.audio.speech.create(model="tts-1", voice="Ann", input="Hello.")
    assert told(refused.value) == ("requests", None, "rate_limit_exceeded")
    headers = refused.value.response.headers
    assert 0 < int(headers["retry-after"]) <= 60
    assert headers["x-ratelimit-limit-requests"] == str(most)
    assert headers["x-ratelimit-remaining-requests"] == "0"
    assert headers["x-ratelimit-reset-requests"] == duration(int(headers["retry-after"]))

    limits.forget(per_minute, str(person.id))
    with (
        services.speech.begin(person.id, SpeechOrder("Hello.")),
        pytest.raises(openai.InternalServerError) as full,
    ):
        client.audio.speech.create(model="tts-1", voice="Ann", input="Hello.")
    assert (full.value.status_code, told(full.value)) == (503, ("server_error", None, "speech_overloaded"))
    assert full.value.response.headers["retry-after"]


def test_consents_and_voices_are_made_and_deleted(  # noqa: PLR0915, PLR0917 - one story
    client: OpenAI,
    person: Any,
    other: Any,
    humming: Callable[..., Any],
    services: Services,
    database: Database,
    sample_recordings: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agreeing, speaking = sorted(sample_recordings.glob("*.flac"))[:2]
    consent = client.audio.voice_consents.create(name="Ann", language="en-US", recording=agreeing)
    assert (consent.object, consent.name, consent.language) == ("audio.voice_consent", "Ann", "en-us")
    assert client.audio.voice_consents.retrieve(consent.id) == consent
    second = client.audio.voice_consents.create(name="Ann", language="de", recording=speaking)
    services.consents.assert_consent(other.id, "Bob", asserted_by=other.id)
    paged = list(client.audio.voice_consents.list(limit=1))  # the client asks for every page
    assert [one.id for one in paged] == [second.id, consent.id]
    first_page = client.audio.voice_consents.list(limit=1)
    assert (first_page.has_more, first_page.has_next_page()) == (True, True)
    assert client.audio.voice_consents.list(after=consent.id).data == []
    renamed = client.audio.voice_consents.update(second.id, name="In the studio")
    assert (renamed.name, renamed.id, renamed.language) == ("In the studio", second.id, "de")
    assert client.audio.voice_consents.retrieve(second.id) == renamed
    assert services.consents.get(UUID(second.id), person.id).speaker == "Ann"
    for odd in ("", "x" * 201, "a\0b"):
        with pytest.raises(openai.BadRequestError) as refused:
            client.audio.voice_consents.update(second.id, name=odd)
        assert told(refused.value)[2] == "validation_failed"
    for most in (0, 101):
        with pytest.raises(openai.BadRequestError):
            client.audio.voice_consents.list(limit=most)
    theirs = services.consents.assert_consent(other.id, "Bob", asserted_by=other.id)
    for nobodys in ("cons_1234", str(theirs.id)):
        with pytest.raises(openai.NotFoundError) as unlisted:
            client.audio.voice_consents.list(after=nobodys)
        with pytest.raises(openai.NotFoundError) as unnamed:
            client.audio.voice_consents.update(nobodys, name="Mine")
        assert {told(one.value)[2] for one in (unlisted, unnamed)} == {"consent_not_found"}
    kept = services.consents.get(UUID(consent.id), person.id)
    assert (kept.source, kept.speaker) == ("recording", "Ann")
    assert kept.evidence is not None
    assert kept.evidence["seconds"] > 1

    # a worker, as far as the answer goes
    def work() -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            with database.session() as session:
                job = session.scalar(select(TrainingJob).where(TrainingJob.status == "queued"))
            if job is not None:
                break
        voice = humming(person, job.name, training_job_id=job.id)
        with database.session() as session:
            job = session.get_one(TrainingJob, job.id)
            job.status, job.voice_model_id = "completed", voice.id
            record(session, job, "status", "completed")

    worker = threading.Thread(target=work)
    worker.start()
    make = client.audio.voices.create
    voice = make(name="New", audio_sample=speaking, consent=consent.id, extra_body={"provider": "tone"})
    worker.join()
    assert (voice.object, voice.name, voice.type) == ("audio.voice", "New", "audio_sample")
    raw = client.audio.speech.with_raw_response.create(model="tts-1", voice={"id": voice.id}, input="Hello.")
    assert raw.headers["x-voice-id"] == voice.id

    # one that takes longer than the client waits goes by the id of its training
    monkeypatch.setattr(openai_voices, "LONGEST_WAIT_S", 0.0)
    slow = make(name="Slow", audio_sample=speaking, consent=consent.id, extra_body={"provider": "tone"})
    with pytest.raises(openai.ConflictError) as refused:
        client.audio.speech.create(model="tts-1", voice={"id": slow.id}, input="Hello.")
    assert told(refused.value) == ("invalid_request_error", "voice", "voice_not_ready")
    work()
    raw = client.audio.speech.with_raw_response.create(model="tts-1", voice={"id": slow.id}, input="Hello.")
    assert raw.headers["x-voice-id"] != slow.id

    # what can't be made
    stranger = services.consents.assert_consent(other.id, "Bob", asserted_by=other.id)
    for reference in ("cons_1234", str(stranger.id)):
        with pytest.raises(openai.NotFoundError) as refused:
            make(name="No", audio_sample=speaking, consent=reference)
        assert told(refused.value)[2] == "consent_not_found"
    with pytest.raises(openai.BadRequestError) as refused:
        make(name="No", audio_sample=speaking, consent=consent.id)  # the engine wants more speech
    assert told(refused.value)[2] == "too_little_speech"
    with pytest.raises(openai.BadRequestError) as refused:
        make(name="No", audio_sample=("x.wav", b"RIFF"), consent=consent.id)
    assert told(refused.value)[2] == "sample_refused"
    with pytest.raises(openai.BadRequestError) as refused:
        make(name="No", type="prompt", prompt="A deep voice.")
    assert told(refused.value)[0] == "invalid_request_error"

    # and deleted
    gone = client.audio.voices.delete(voice.id)
    assert (gone.id, gone.deleted, gone.object) == (voice.id, True, "audio.voice.deleted")
    assert client.audio.voices.delete(slow.id).deleted
    for voice_id in (voice.id, slow.id, "voice_1234"):
        with pytest.raises(openai.NotFoundError) as refused:
            client.audio.voices.delete(voice_id)
        assert told(refused.value)[2] == "voice_model_not_found"
    bea = services.consents.assert_consent(person.id, "Bea", asserted_by=person.id)
    taken_back = client.audio.voice_consents.delete(second.id)  # and with it all that Ann gave before
    assert (taken_back.deleted, taken_back.object) == (True, "audio.voice_consent")
    assert [one.id for one in client.audio.voice_consents.list()] == [str(bea.id)]
    with pytest.raises(openai.PermissionDeniedError) as refused:
        make(name="No", audio_sample=speaking, consent=consent.id, extra_body={"provider": "tone"})
    assert told(refused.value)[2] == "consent_required"
