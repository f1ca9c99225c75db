"""Speaking under `/api/voice`, over the real application with the humming engine."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from sqlalchemy import select

from voicewright.audio.codecs import MEDIA_TYPES
from voicewright.speech.cache import SpeechCache
from voicewright.speech.hooks import SpokenPiece
from voicewright.speech.models import CachedPiece
from voicewright.voices.sharing.models import VoiceShare

if TYPE_CHECKING:
    from voicewright.settings import Settings

FORMATS = ("mp3", "wav", "flac", "opus", "aac", "pcm")
TEXT = "Hello big world."


@pytest.fixture
def api_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"voice_requests_per_hour": 1000, "speech_cache_mb": 1})


def heard(content: bytes, format_: str, rate_hz: int = 22_050) -> tuple[Any, int]:
    """The samples and their rate, as a player finds them."""
    if format_ == "pcm":
        return np.frombuffer(content, "<i2") / 32768, rate_hz
    with av.open(io.BytesIO(content)) as container:
        frames = list(container.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(float)
    return samples / (32768 if frames[0].format.name.startswith("s16") else 1), frames[0].sample_rate


def test_a_text_becomes_a_file_in_every_format(  # noqa: PLR0917 - fixtures
    client, call_voice, speak, humming, person, services
):
    voice = humming(person)
    made = {form: speak(model_id=str(voice.id), output_format=form, timings=True) for form in FORMATS}
    by_default = speak()
    assert by_default["output_format"] == "mp3"
    assert by_default["model_id"] == str(voice.id), "the active voice speaks where none is named"
    for form, said in made.items():
        assert (said["status"], said["text"], said["language"]) == ("completed", TEXT, "en-us")
        assert (said["voice_name"], said["provider"], said["sample_rate"]) == ("Ann", "tone", 22_050)
        assert said["audio_url"] == f"/api/voice/history/{said['id']}/audio"
        assert said["latency_ms"] > 0
        assert [word["text"] for word in said["words"]] == TEXT.split()
        file = call_voice("GET", f"/history/{said['id']}/audio")
        assert file.headers["content-type"] == MEDIA_TYPES[form]
        assert file.headers["content-disposition"] == f'inline; filename="speech-{said["id"]}.{form}"'
        assert len(file.content) == said["size"]
        samples, rate_hz = heard(file.content, form)
        assert len(samples) / rate_hz == pytest.approx(said["duration"], abs=0.12)
        assert np.abs(samples).max() == pytest.approx(9000 / 32768, rel=0.2)
        assert (b"c2pa" in file.content) == services.provenance.signs(form)
    audio = f"/history/{made['wav']['id']}/audio"
    whole = call_voice("GET", audio).content
    part = call_voice("GET", audio, headers={"Range": "bytes=44-143"}, expect=206)
    assert part.content == whole[44:144]
    assert part.headers["content-range"] == f"bytes 44-143/{len(whole)}"
    assert call_voice("GET", audio, headers={"Range": "bytes=-100"}, expect=206).content == whole[-100:]
    url, asks = f"/api/voice{audio}", {"Range": "bytes=0-9", **person.headers}
    asked = client.head(url, headers=person.headers)
    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["content-length"] == str(len(whole))
    assert (asked.headers["content-type"], asked.headers["accept-ranges"]) == ("audio/wav", "bytes")
    asked = client.head(url, headers=asks)
    assert (asked.status_code, asked.content, asked.headers["content-length"]) == (206, b"", "10")
    for odd in (
        f"bytes={len(whole)}-",
        "bytes=9-3",
        "bytes=-0",
        "bytes=-",
        "bytes=0-1,4-5",
        "lines=1-2",
        "x",
    ):
        assert call_voice("GET", audio, headers={"Range": odd}).content == whole, odd
    for source in ("wav", "pcm"):
        other = call_voice("GET", f"/history/{made[source]['id']}/audio?format=flac&download=true")
        assert other.headers["content-disposition"].startswith("attachment; ")
        samples, rate_hz = heard(other.content, "flac")
        assert (rate_hz, len(samples) / rate_hz) == (
            22_050,
            pytest.approx(made["wav"]["duration"], abs=0.001),
        )


def test_a_stream_is_kept_as_it_was_sent(call_voice, humming, person):
    voice = humming(person)
    for form in FORMATS:
        body = {"text": TEXT, "model_id": str(voice.id), "output_format": form, "stream": True}
        sent = call_voice("POST", "/synthesize", body)
        assert sent.headers["content-type"] == MEDIA_TYPES[form]
        assert "content-length" not in sent.headers
        assert sent.headers["x-voice-id"] == str(voice.id)
        assert sent.headers["voicewright-provenance"].startswith("ai-generated; ")
        entry = call_voice("GET", f"/history/{sent.headers['x-speech-id']}").json()
        assert (entry["status"], entry["output_format"], entry["source"]) == ("completed", form, "voice")
        assert entry["request_id"] == sent.headers["x-request-id"]
        kept = call_voice("GET", f"/history/{entry['id']}/audio").content
        samples, rate_hz = heard(sent.content, form)
        same, _ = heard(kept, form)
        assert np.array_equal(samples, same)
        assert len(samples) / rate_hz == pytest.approx(entry["duration"], abs=0.12)
    also = call_voice("POST", "/synthesize/stream", {"text": TEXT, "output_format": "pcm"})
    assert also.headers["content-type"] == "audio/pcm"


def test_what_can_not_be_spoken_is_refused_before_a_sound(call_voice, humming, person, other, services):
    voice, theirs = humming(person), humming(other, "Bob")
    gone = humming(person, "Gone")
    services.registry.delete(services.accounts.authenticate(person.access_token), gone.id)

    def refused(status: int, **body: Any) -> tuple[str, str]:
        asked = {"text": "Hello.", **body}
        paths = ("/synthesize", "/synthesize/stream")
        answers = [call_voice("POST", path, asked, expect=status).json() for path in paths]
        assert answers[0]["code"] == answers[1]["code"]
        return answers[0]["code"], answers[0]["error"]

    code, message = refused(422, text="a" * 5001)
    assert code == "TEXT_TOO_LONG"
    assert "5,001" in message
    assert "5,000" in message
    assert "/api/voice/long" in message
    assert refused(422, text="")[0] == "VALIDATION_FAILED"
    assert refused(422, text=" \n\t ")[0] == "TEXT_EMPTY"
    assert refused(422, text="\x01\x02\u200b")[0] == "TEXT_EMPTY"
    assert refused(422, text="a\0b")[0] == "VALIDATION_FAILED"
    assert refused(422, text="😀😀")[0] == "TEXT_EMPTY"
    code, message = refused(422, language="ja")
    assert code == "LANGUAGE_UNSUPPORTED"
    assert "en-us, de" in message
    assert refused(404, voice="Nobody")[0] == "VOICE_MODEL_NOT_FOUND"
    for model_id in (theirs.id, gone.id, "6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"):
        assert refused(404, model_id=str(model_id))[0] == "VOICE_MODEL_NOT_FOUND"
    assert refused(422, output_format="exe")[0] == "VALIDATION_FAILED"
    assert refused(422, voice="Ann", model_id=str(voice.id))[0] == "VALIDATION_FAILED"
    assert refused(422, model_id=str(voice.id), version=1)[0] == "VALIDATION_FAILED"
    assert refused(422, nonsense=True)[0] == "VALIDATION_FAILED"
    assert refused(422, speed=5)[0] == "VALIDATION_FAILED"
    call_voice("POST", "/synthesize", {"text": "Hello.", "voice": "Ann", "version": 1}, expect=201)
    call_voice("POST", "/synthesize", {"text": "Hello."}, expect=403, by=person.key("voices:read"))
    services.registry.deactivate(services.accounts.authenticate(other.access_token), theirs.id)
    nobody = call_voice("POST", "/synthesize", {"text": "Hello."}, expect=404, by=other).json()
    assert nobody["code"] == "NO_ACTIVE_VOICE_MODEL"


def test_a_shared_voice_speaks_until_it_is_taken_back(  # noqa: PLR0917 - fixtures
    speak, call_voice, humming, person, other, database, services
):
    theirs = humming(other, "Bob")
    share = VoiceShare(model_id=theirs.id, owner_id=other.id, target_user_id=person.id, permission="use")
    with database.session() as session:
        session.add(share)
    said = speak("Shared words.", model_id=str(theirs.id))
    assert said["voice_name"] == "Bob"
    assert said["cached_sentences"] == 0
    services.speech.settle()
    assert speak("Shared words.", model_id=str(theirs.id))["cached_sentences"] == 1
    alone = speak("Shared words.", by=other)
    assert alone["cached_sentences"] == 0, "what another one had spoken is nobody else's"
    services.sharing.unshare(services.accounts.authenticate(other.access_token), theirs.id, person.id)
    gone = call_voice(
        "POST", "/synthesize", {"text": "Shared words.", "model_id": str(theirs.id)}, expect=404
    )
    assert gone.json()["code"] == "VOICE_MODEL_NOT_FOUND"
    assert call_voice("GET", "/history").json()["total"] == 2
    cache = SpeechCache(services.settings, database, services.voices.vault.keys)
    services.speech.settle()
    assert cache.sweep() == 1
    with database.session() as session:
        assert session.scalars(select(CachedPiece.user_id)).all() == [other.id]


def test_the_same_is_not_computed_twice(speak, humming, person, database, services):
    voice = humming(person)

    def pieces(**body: Any) -> tuple[int, int]:
        services.speech.settle()
        said = speak(**{"text": "One sentence. Another one.", **body})
        return said["sentences"], said["cached_sentences"]

    assert pieces(store=False) == (2, 0)
    assert pieces() == (2, 0), "what is not to be stored is not in the cache either"
    assert pieces(cache=False) == (2, 0)
    assert pieces() == (2, 2)
    assert pieces(text="Another one.", output_format="flac") == (1, 1)
    for other in ({"speed": 1.5}, {"pitch": 2}, {"seed": 7}, {"text": "Another two."}):
        assert pieces(**other)[1] == 0, other
    services.speech.settle()
    with database.session() as session:
        keys = session.scalars(select(CachedPiece.key).where(CachedPiece.user_id == person.id)).all()
    store = services.history.vault
    for key in keys:  # a disk that fails
        store.objects.put(f"{person.id}/cache/{key[:2]}/{key[2:]}", [b"nonsense"])
    assert pieces() == (2, 0)
    assert pieces() == (2, 2)
    cache = SpeechCache(services.settings, database, services.voices.vault.keys)
    noise = np.random.default_rng(1).integers(-30000, 30000, 200_000).astype("<i2").tobytes()
    for number in range(4):  # 400 kB each, and there is room for 1 MB
        cache.put(person.id, voice.id, f"{number}" * 64, SpokenPiece(noise, 22_050))
    with database.session() as session:
        kept = session.scalars(select(CachedPiece.key).where(CachedPiece.user_id == person.id)).all()
    assert set(kept) == {"2" * 64, "3" * 64}
    assert [cache.get(person.id, "3" * 64).pcm, cache.get(person.id, "0" * 64)] == [noise, None]
    off = SpeechCache(
        services.settings.model_copy(update={"speech_cache_mb": 0}), database, services.voices.vault.keys
    )
    assert off.get(person.id, "3" * 64) is None
    assert cache.clear(person.id) == 2
    assert not list(store.objects.paths(f"{person.id}/cache"))


def test_one_persons_voices_by_several_engines(call_voice, client, humming, person):
    tone = humming(person, "Anna", speaker="Ann")
    gone = humming(person, "Ann", engine="gone", speaker="Ann", quality_score=0.9)
    refused = call_voice(
        "POST", "/synthesize", {"text": "Hello.", "voice": "Ann", "fallback": False}, expect=404
    )
    assert refused.json()["code"] == "ENGINE_NOT_FOUND"
    spoken = call_voice("POST", "/synthesize", {"text": "Hello.", "voice": "Ann"}, expect=201)
    assert spoken.headers["x-voice-fallback"] == str(gone.id)
    assert spoken.headers["x-voice-fallback-reason"] == "ENGINE_NOT_FOUND"

    call_voice("PATCH", "/preferences", {"choose": "best"})
    chosen = call_voice("POST", "/synthesize", {"text": "Hello.", "voice": "Ann"}, expect=201)
    told = chosen.json()["synthesis"]
    assert (told["model_id"], told["parameters"]["choose"]) == (str(tone.id), "best")
    assert told["fallback"]["wanted_model_id"] == str(gone.id)
    assert "The best of this person's voices" in told["fallback"]["reason"]
    body = {"model": "tts-1", "input": "Hello.", "voice": "Ann", "choose": "cost"}
    streamed = client.post("/v1/audio/speech", json=body, headers=person.headers)
    assert streamed.status_code == 200, streamed.text
    assert streamed.headers["x-voice-id"] == str(tone.id)
    assert streamed.headers["x-voice-fallback-reason"] == "cost"
    call_voice("POST", "/synthesize", {"text": "Hello.", "choose": "any"}, expect=422)
