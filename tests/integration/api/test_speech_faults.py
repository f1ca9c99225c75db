"""What is hard or impossible to speak: a documented answer at each door, and the history says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from voicewright.settings import Settings

HARD = (
    "a" * 4000,
    "Wor" + "d\u0301" * 40 + " and z" + "\u0308" * 400,
    "Hello שלום עולם, мир и 世界, مرحبا.",
    "\u202eHello from the right.\u202c \u2067Again\u2069.",
    "😀" * 2000 + " Hello.",
    "https://example.com/" + "%20" * 100,
    "1234567890" * 8,
    "<speak>&lol;</speak> is text here",
)
BOMBS = {
    '<!DOCTYPE a [<!ENTITY b "bbb">]><speak>&b;</speak>': "SSML_INVALID",
    '<!DOCTYPE a SYSTEM "file:///etc/passwd"><speak>Hello.</speak>': "SSML_INVALID",
    "<speak>" + "<p>" * 500 + "Hello." + "</p>" * 500 + "</speak>": "SSML_INVALID",
    "<speak>" + '<break time="10s"/>' * 100 + "Hello.</speak>": "SSML_INVALID",
    "<speak>Hello.": "SSML_INVALID",
    '<speak><audio src="file:///etc/passwd"/>Hello.</speak>': "SSML_UNSUPPORTED",
}


@pytest.fixture
def api_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"voice_requests_per_hour": 1000})


def test_a_voice_with_damaged_files_says_so_and_not_where_they_lie(
    client, call_voice, humming, person, services
):
    voice = humming(person)
    stored = services.voices.vault.objects
    for path in [path for path in stored.paths("") if path.startswith(str(person.id))]:
        stored.put(path, [b"tampered with"])
    told = [
        call_voice("POST", path, {"text": "Hello."}, expect=409).json()
        for path in ("/synthesize", "/synthesize/stream")
    ]
    body = {"model": "tts-1", "voice": str(voice.id), "input": "Hello."}
    by_openai = client.post("/v1/audio/speech", json=body, headers=person.headers)
    assert by_openai.status_code == 409
    assert by_openai.json()["error"]["code"] == "voice_files_damaged"
    assert {one["code"] for one in told} == {"VOICE_FILES_DAMAGED"}
    assert str(services.settings.home) not in by_openai.text + str(told)
    history = call_voice("GET", "/history").json()
    assert [(one["status"], one["error"]["code"]) for one in history["syntheses"]] == [
        ("failed", "VOICE_FILES_DAMAGED")
    ] * 3


def test_what_is_hard_to_read_is_spoken_through_every_door(client, speak, humming, person):
    humming(person)
    for text in HARD:
        assert speak(text, speed=4, output_format="pcm")["status"] == "completed"
        body = {"model": "tts-1", "input": text, "response_format": "pcm", "speed": 4}
        spoken = client.post("/v1/audio/speech", json=body, headers=person.headers)
        assert spoken.status_code == 200, spoken.text
        assert spoken.content


def test_markup_that_is_too_much_is_refused(call_voice, humming, person):
    humming(person)
    for markup, code in BOMBS.items():
        for path in ("/synthesize", "/synthesize/stream"):
            refused = call_voice("POST", path, {"text": markup, "ssml": True}, expect=422).json()
            assert refused["code"] == code, markup[:80]
            assert "passwd" not in refused["error"]
    assert call_voice("GET", "/history").json()["total"] == 0
