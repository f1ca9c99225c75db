"""Speaking with Google: as it comes over gRPC, never half an answer, and each fault by its name."""

from __future__ import annotations

import threading

import grpc
import pytest

from voicewright.engines.errors import (
    EngineError,
    LanguageUnsupported,
    ProviderAnswerInvalid,
    ProviderKeyRefused,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    StockVoiceNotFound,
)
from voicewright.engines.host.events import Metric
from voicewright.engines.port import SynthesisRequest

SPEECH, VOICES = "speech", "voices"
TEXT = "The boat went slowly past the old stone bridge."
Code = grpc.StatusCode


@pytest.fixture(autouse=True)
def empty_project(project):
    project.clear()


@pytest.fixture(scope="module")
def made(engine, make_request, tmp_path_factory):
    request = make_request(tmp_path_factory.mktemp("made"))
    engine.clone(request, timeout_s=60)
    return request.artefact_dir


@pytest.fixture(scope="module")
def kore(engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kore")
    engine.write_stock_voice("Kore", folder, timeout_s=60)
    return folder


def speak(client, voice, text=TEXT, **manner):
    said = []
    pieces = client.synthesize(SynthesisRequest(voice, text, **manner), said.append, timeout_s=60)
    pcm = b"".join(piece.pcm for piece in pieces)
    return pcm, {event.name: event.value for event in said if isinstance(event, Metric)}


def test_a_made_voice_speaks_with_its_key_and_the_languages_that_google_lets_it(engine, project, made):
    pcm, usage = speak(engine, made)
    assert len(pcm) == 2 * round(38 * 0.05 * 24_000)
    assert usage == {"provider_characters": len(TEXT)}
    speak(engine, made, language="de-DE")
    first, second = project.speeches
    assert (first.voice.language_code, second.voice.language_code) == ("en-US", "de-DE")
    assert first.voice.voice_clone.voice_cloning_key in project.keys
    with pytest.raises(LanguageUnsupported, match=r"lets it speak en-us, de-de.*not 'zh'"):
        speak(engine, made, language="zh")


def test_a_stock_voice_speaks_in_the_name_of_its_language(engine, project, kore):
    speak(engine, kore)
    speak(engine, kore, language="zh")
    assert [asked.voice.name for asked in project.speeches] == [
        "en-US-Chirp3-HD-Kore",
        "cmn-CN-Chirp3-HD-Kore",
    ]


def test_stock_voices_are_listed_with_our_languages(engine, project, tmp_path):
    voices = engine.stock_voices(timeout_s=60)
    assert {voice.id: voice.languages for voice in voices} == {
        "Aoede": ("fr-fr",),
        "Kore": ("en-us", "de-de", "zh"),
        "Puck": ("en-us", "en-gb"),
    }
    voice = engine.write_stock_voice("de-DE-Chirp3-HD-Kore", tmp_path / "kore", timeout_s=60)
    assert voice.id == "Kore"
    speak(engine, tmp_path / "kore")
    assert project.speeches[0].voice.name == "de-DE-Chirp3-HD-Kore"
    with pytest.raises(StockVoiceNotFound, match="Did you mean 'Kore'"):
        engine.write_stock_voice("Korre", tmp_path / "none", timeout_s=60)


def test_beyond_what_google_speeds_up_the_rest_is_done_here(engine, project, made):
    usual, fast, slow = (len(speak(engine, made, speed=speed)[0]) for speed in (1.0, 4.0, 0.25))
    assert [asked.streaming_audio_config.speaking_rate for asked in project.speeches] == [1.0, 2.0, 0.25]
    assert fast == pytest.approx(usual / 4, rel=0.01)
    assert slow == pytest.approx(usual * 4, rel=0.01)


def test_what_is_longer_than_google_takes_goes_in_portions(engine, project, made):
    text = "слово " * 800 + "я" * 6000
    speak(engine, made, text, speed=2.0)
    assert all(len(each.encode()) <= 5000 for each in project.texts)
    assert "".join(project.texts).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ({"code": Code.INVALID_ARGUMENT, "message": "Text refused."}, ProviderRefused, "Text refused"),
        ({"code": Code.UNAUTHENTICATED}, ProviderKeyRefused, "GOOGLE_APPLICATION_CREDENTIALS"),
        ({"code": Code.PERMISSION_DENIED}, ProviderKeyRefused, "may not do this"),
        (
            {"code": Code.RESOURCE_EXHAUSTED, "reason": "RATE_LIMIT_EXCEEDED"},
            ProviderRateLimited,
            "too often",
        ),
        ({"code": Code.UNAVAILABLE}, ProviderUnavailable, "can't be had"),
        ({"code": Code.INTERNAL}, ProviderUnavailable, "can't be had"),
        ({"code": Code.UNAVAILABLE, "cut": True}, ProviderUnavailable, "can't be had"),
        ({"empty": True}, ProviderAnswerInvalid, "no sound"),
        ({"odd": True}, ProviderAnswerInvalid, "half a sample"),
    ],
)
def test_each_fault_has_its_name(engine, project, made, *, fault, error, said):
    for _ in range(3):  # what is temporary is asked three times
        project.fail(SPEECH, **{"retry_after_s": 0.001, **fault})
    with pytest.raises(EngineError, match=said) as caught:
        speak(engine, made)
    assert type(caught.value) is error


def test_what_is_temporary_is_asked_again_after_the_time_that_google_says(engine, project, made):
    project.fail(SPEECH, code=Code.RESOURCE_EXHAUSTED, retry_after_s=0.001)
    project.fail(SPEECH, code=Code.UNAVAILABLE, retry_after_s=0.001)
    pcm, _ = speak(engine, made)
    assert pcm
    assert project.requests.count(SPEECH) == 3


def test_a_slow_provider_is_not_waited_for_for_ever(make_client, project, made):
    with make_client(VOICEWRIGHT_PROVIDER_TIMEOUT_S="0.5") as client:
        hold = project.fail(SPEECH, hold=threading.Event()).hold
        with pytest.raises(ProviderUnavailable, match=r"no answer within 0\.5 s"):
            speak(client, made)
        hold.set()


def test_the_call_is_cancelled_when_nobody_listens(engine, project, made):
    host = engine.pid
    pieces = engine.synthesize(SynthesisRequest(made, "word " * 900, speed=0.25), timeout_s=60)
    next(pieces)
    pieces.close()
    assert project.broken_off.wait(30)
    assert engine.pid == host
