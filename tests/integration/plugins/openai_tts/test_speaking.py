"""Speaking with OpenAI: as it comes, never half an answer, and each fault by its name."""

from __future__ import annotations

import json
import threading

import pytest

from voicewright.engines.errors import (
    ArtefactInvalid,
    EngineError,
    ProviderAnswerInvalid,
    ProviderKeyRefused,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    ProviderVoiceGone,
    StockVoiceNotFound,
)
from voicewright.engines.host.events import Metric
from voicewright.engines.port import PROVIDER_VOICE, SynthesisRequest
from voicewright.engines.voice_note import write_note

SPEECH = "POST /audio/speech"
TEXT = "The boat went slowly past the old stone bridge."


@pytest.fixture(autouse=True)
def empty_account(account):
    account.clear()


@pytest.fixture(scope="module")
def alloy(engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alloy")
    engine.write_stock_voice("alloy", folder, timeout_s=60)
    return folder


def speak(client, voice, text=TEXT, **manner):
    said = []
    pieces = client.synthesize(SynthesisRequest(voice, text, **manner), said.append, timeout_s=60)
    pcm = b"".join(piece.pcm for piece in pieces)
    return pcm, {event.name: event.value for event in said if isinstance(event, Metric)}


def test_a_stock_voice_is_asked_by_its_name_and_its_usage_told(engine, account, alloy):
    pcm, usage = speak(engine, alloy, speed=2.0)
    assert len(pcm) == 2 * round(38 * 0.05 / 2 * 24_000)
    (asked,) = account.speeches
    assert asked == {
        "model": "gpt-4o-mini-tts",
        "voice": "alloy",
        "input": TEXT,
        "response_format": "pcm",
        "speed": 2.0,
        "stream_format": "sse",
    }
    tokens = {"provider_input_tokens": 11.0, "provider_output_tokens": 10.0}
    tokens["provider_dollars"] = 11 * 0.6e-6 + 10 * 12e-6
    assert usage == {"provider_characters": len(TEXT), **tokens}


def test_a_made_voice_is_asked_by_its_id_with_what_was_wished(engine, account, make_request, tmp_path):
    request = make_request(tmp_path, instructions="Whisper.")
    engine.clone(request, timeout_s=60)
    speak(engine, request.artefact_dir)
    (voice,) = account.voices
    (asked,) = account.speeches
    assert (asked["voice"], asked["instructions"]) == ({"id": voice}, "Whisper.")


def test_old_models_get_neither_instructions_nor_events(engine, account, make_request, tmp_path):
    request = make_request(tmp_path, model="tts-1", instructions="Whisper.")
    engine.clone(request, timeout_s=60)
    pcm, usage = speak(engine, request.artefact_dir)
    assert len(pcm) == 2 * round(38 * 0.05 * 24_000)
    assert usage == {"provider_characters": len(TEXT)}
    account.fail(SPEECH, cut=True)
    with pytest.raises(ProviderAnswerInvalid, match="broke off"):
        speak(engine, request.artefact_dir)


def test_what_is_longer_than_openai_takes_goes_in_portions(engine, account, alloy):
    text = "word " * 1000 + "a" * 5000
    speak(engine, alloy, text, speed=4.0)
    said = [asked["input"] for asked in account.speeches]
    assert [len(each) <= 4096 for each in said] == [True] * len(said)
    assert "".join(said).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ({"status": 400, "message": "Text was refused."}, ProviderRefused, "Text was refused"),
        ({"status": 401}, ProviderKeyRefused, "OPENAI_API_KEY"),
        ({"status": 404, "code": "model_not_found"}, ProviderRefused, "the option `model`"),
        ({"status": 429, "code": "insufficient_quota"}, ProviderQuotaExceeded, "raise its limit"),
        ({"status": 429}, ProviderRateLimited, "too often"),
        ({"status": 500}, ProviderUnavailable, "can't be had"),
        ({"cut": True}, ProviderAnswerInvalid, "broke off"),
        ({"cut_silently": True}, ProviderAnswerInvalid, "broke off"),
        (
            {"event": {"error": {"message": "Overloaded.", "code": "server_error"}}},
            ProviderUnavailable,
            "Overl",
        ),
        ({"event": {"type": "speech.audio.delta", "audio": "!"}}, ProviderAnswerInvalid, "can't be read"),
    ],
)
def test_each_fault_has_its_name(engine, account, alloy, *, fault, error, said):
    headers = {"retry-after-ms": "1"}
    for _ in range(3):  # the SDK asks three times where that may help
        account.fail(SPEECH, **{"headers": headers, **fault})
    with pytest.raises(EngineError, match=said) as caught:
        speak(engine, alloy)
    assert type(caught.value) is error


def test_what_is_temporary_is_asked_again_after_the_time_that_openai_says(engine, account, alloy):
    account.fail(SPEECH, status=429, headers={"retry-after-ms": "1"})
    account.fail(SPEECH, status=503, headers={"retry-after-ms": "1"})
    pcm, _ = speak(engine, alloy)
    assert pcm
    assert account.requests == [SPEECH] * 3


def test_a_slow_provider_is_not_waited_for_for_ever(hasty, account, alloy):
    hold = threading.Event()
    account.fail(SPEECH, hold=hold)
    with pytest.raises(ProviderUnavailable, match=r"no answer within 1\.5 s"):
        speak(hasty, alloy)
    hold.set()


@pytest.mark.slow  # a process of its own, and the pauses between three attempts
def test_a_provider_that_is_not_there_is_named(make_client, alloy):
    with (
        make_client(OPENAI_BASE_URL="http://127.0.0.1:9/v1") as client,
        pytest.raises(ProviderUnavailable, match="OpenAI can't be had"),
    ):
        speak(client, alloy)


def test_a_voice_that_was_deleted_there_is_told(engine, account, make_request, tmp_path):
    request = make_request(tmp_path)
    engine.clone(request, timeout_s=60)
    account.voices.clear()
    with pytest.raises(ProviderVoiceGone, match="Make the voice again"):
        speak(engine, request.artefact_dir)


def test_the_connection_is_closed_when_nobody_listens(engine, account, alloy):
    host = engine.pid
    pieces = engine.synthesize(SynthesisRequest(alloy, "word " * 800, speed=0.25), timeout_s=60)
    next(pieces)
    pieces.close()
    assert account.broken_off.wait(30)
    assert engine.pid == host


def test_a_voice_that_there_is_not_is_named(engine, tmp_path):
    with pytest.raises(StockVoiceNotFound, match="Did you mean 'alloy'"):
        engine.write_stock_voice("aloy", tmp_path, timeout_s=60)


def test_the_file_that_names_a_voice_is_of_the_same_voice(engine, account, tmp_path):
    """It is what is compared with the voices made here, so nothing else may speak beside it."""
    (tmp_path / PROVIDER_VOICE).write_text(json.dumps({"voice": "voice_mine", "consent": "cons_mine"}))
    facts = {"voice": "voice_other", "language": "en", "model": "gpt-4o-mini-tts", "instructions": ""}
    account.requests.clear()
    for made in (False, True):
        write_note(tmp_path, "openai-tts", 1, facts | {"made": made})
        with pytest.raises(ArtefactInvalid):
            engine.load(tmp_path, timeout_s=30)
    assert not account.requests
