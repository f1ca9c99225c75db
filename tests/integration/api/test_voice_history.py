"""The history of speech, what is kept of it, and speeches that end before their end."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import delete, func, select, update

from voicewright.speech.history import Search
from voicewright.speech.lost import INTERRUPTED
from voicewright.speech.models import Synthesis
from voicewright.speech.order import SpeechOrder
from voicewright.speech.signs import Signs
from voicewright.voices.figures.models import VoiceUse

if TYPE_CHECKING:
    from voicewright.settings import Settings

PATIENCE_S = 60
NOBODY = "6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"


@pytest.fixture
def api_settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "voice_requests_per_hour": 1000,
            "history_user_mb": 1,
            "history_days": 30,
            "speech_ahead_s": 1,
        }
    )


@pytest.fixture
def ended(services: Any, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when a speech has ended and the history says so."""
    event, end = threading.Event(), services.history.end

    def noting(speech: Any) -> None:
        end(speech)
        event.set()

    monkeypatch.setattr(services.history, "end", noting)
    return event


def test_what_was_spoken_is_found_heard_and_forgotten(  # noqa: PLR0917 - fixtures
    call_voice, speak, humming, person, other, services
):
    ann, bea = humming(person, "Ann"), humming(person, "Bea")
    theirs = humming(other, "Carl")
    first = speak("The birch canoe 100% sure.", model_id=str(ann.id))
    second = speak("Glue the sheet.", voice="bea")
    foreign = speak("Not yours.", by=other, model_id=str(theirs.id))

    def found(query: str) -> list[str]:
        page = call_voice("GET", f"/history?{query}").json()
        return [entry["id"] for entry in page["syntheses"]]

    assert found("") == [second["id"], first["id"]]
    assert found("limit=1&offset=1") == [first["id"]]
    assert call_voice("GET", "/history?limit=1").json()["total"] == 2
    assert found("q=CANOE%20birch") == [first["id"]]
    assert found("q=100%25") == [first["id"]]
    assert found("q=_") == []
    assert found("q=bea") == [second["id"]]
    assert found(f"model_id={bea.id}") == [second["id"]]
    assert found("status=failed") == []
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    assert found(f"from={now}") == []
    assert found(f"to={now}") == [second["id"], first["id"]]
    moments = ("0", "-2.2e-311", "nan", "1736937000.5", "2025-01-15T10:30:00", "tomorrow")
    for odd in ("status=odd", *(f"from={one}" for one in moments), *(f"to={one}" for one in moments)):
        call_voice("GET", f"/history?{odd}", expect=422)
    entry = call_voice("GET", f"/history/{first['id']}").json()
    shown = {name: value for name, value in first.items() if name not in {"words", "audio"}}
    assert entry == shown
    assert entry["text_sha256"] == hashlib.sha256(entry["text"].encode()).hexdigest()
    for path in ("", "/audio", "/timings"):
        for wrong in (foreign["id"], NOBODY):
            refused = call_voice("GET", f"/history/{wrong}{path}", expect=404)
            assert refused.json()["code"] == "SYNTHESIS_NOT_FOUND"
    call_voice("DELETE", f"/history/{foreign['id']}", expect=404)
    for trick in ("..%2F..%2Fetc%2Fpasswd", "../../../etc/passwd"):
        call_voice("GET", f"/history/{trick}/audio", expect=404)
    for trick in ("..", "%00", "C:%5Cboot.ini", "speech-" + first["id"]):
        call_voice("GET", f"/history/{trick}%20/audio", expect=422)

    timings = call_voice("GET", f"/history/{first['id']}/timings").json()
    assert [word["text"] for word in timings["words"]] == first["text"].split()
    assert timings["estimated"] is False
    vtt = call_voice("GET", f"/history/{first['id']}/timings?format=vtt")
    assert vtt.headers["content-type"].startswith("text/vtt")
    assert vtt.text.startswith("WEBVTT\n\n00:00:00.000 --> ")
    srt = call_voice("GET", f"/history/{first['id']}/timings?format=srt")
    assert srt.text.startswith("1\n00:00:00,000 --> ")

    call_voice("DELETE", f"/history/{first['id']}", expect=204)
    call_voice("GET", f"/history/{first['id']}", expect=404)
    assert call_voice("DELETE", "/history").json() == {"deleted": 1}
    assert list(services.history.vault.objects.paths(f"{person.id}/history")) == []
    assert call_voice("GET", "/history", by=other).json()["total"] == 1


def test_people_say_what_is_kept(call_voice, speak, humming, person, services):
    humming(person)
    assert call_voice("GET", "/preferences").json() == {
        "keep_text": "whole", "keep_audio": True, "choose": "named",
    }  # fmt: skip
    changed = call_voice("PATCH", "/preferences", {"keep_text": "hash"}).json()
    assert changed == {"keep_text": "hash", "keep_audio": True, "choose": "named"}
    hashed = speak("A secret.", timings=True)
    assert (hashed["text"], hashed["characters"]) == (None, 9)
    assert hashed["text_sha256"] == hashlib.sha256(b"A secret.").hexdigest()
    assert hashed["words"], "who asks is told"
    refused = call_voice("GET", f"/history/{hashed['id']}/timings", expect=404)
    assert refused.json()["code"] == "SYNTHESIS_TIMINGS_NOT_KEPT"
    call_voice("GET", f"/history/{hashed['id']}/audio")

    call_voice("PATCH", "/preferences", {"keep_audio": False, "keep_text": "whole"})
    given = speak("In the answer.", output_format="wav")
    assert (given["audio_url"], given["size"], given["text"]) == (None, None, "In the answer.")
    assert base64.b64decode(given["audio"])[:4] == b"RIFF"
    refused = call_voice("GET", f"/history/{given['id']}/audio", expect=404)
    assert refused.json()["code"] == "SYNTHESIS_AUDIO_NOT_KEPT"
    streamed = call_voice("POST", "/synthesize/stream", {"text": "Gone."})
    assert call_voice("GET", f"/history/{streamed.headers['x-speech-id']}").json()["audio_url"] is None

    call_voice("PATCH", "/preferences", {"keep_audio": True})
    once = speak("Only this time.", store=False)
    assert (once["text"], once["audio_url"]) == (None, None)
    assert once["audio"]
    call_voice("PATCH", "/preferences", {"keep_text": "some"}, expect=422)
    call_voice("PATCH", "/preferences", {"choose": "any"}, expect=422)
    with services.database.session() as session:
        rows = [str(tuple(row)) for row in session.execute(select(Synthesis.__table__))]
    assert not [row for row in rows if "A secret" in row or "Only this time" in row]


def test_the_history_is_bounded(call_voice, speak, humming, person, services):
    humming(person)
    history, database = services.history, services.database
    old = speak("An old one.")
    long_ago = datetime.now(UTC) - timedelta(days=31)
    with database.session() as session:
        session.execute(
            update(Synthesis).where(Synthesis.id == uuid.UUID(old["id"])).values(created_at=long_ago)
        )
    assert history.sweep() == 1
    call_voice("GET", f"/history/{old['id']}", expect=404)
    assert list(history.vault.objects.paths(f"{person.id}/history")) == []

    long = "Wonderfully unbelievable. " * 5  # 400 kB as WAV each, and there is room for 1 MB
    kept = [speak(long, output_format="wav", cache=True) for _ in range(3)]
    assert kept[0]["size"] > 360_000
    urls = [call_voice("GET", f"/history/{one['id']}").json()["audio_url"] for one in kept]
    assert [url is not None for url in urls] == [False, True, True]
    found, total = history.search(person.id, Search())
    assert total == len(found) == 3
    assert len(list(history.vault.objects.paths(f"{person.id}/history"))) == 2


def test_what_a_killed_process_spoke_is_ended_and_counted(call_voice, speak, humming, person, services):
    """As the process left it: the entry goes on, the file was stored, and the use was not counted."""
    voice = humming(person)
    history, database = services.history, services.database
    lost, alive = speak("A lost one."), speak("One that goes on.")
    assert services.speech.settle()
    stopped_at = datetime.now(UTC) - timedelta(hours=1)
    with database.session() as session:
        for one, sign in ((lost, stopped_at), (alive, None)):
            goes_on = {"state": "speaking", "finished_at": None, "heartbeat_at": sign}
            session.execute(update(Synthesis).where(Synthesis.id == uuid.UUID(one["id"])).values(goes_on))
        session.execute(delete(VoiceUse))
        started = session.scalar(select(func.now() - func.pg_postmaster_start_time()))
    wait_s = min(60.0, started.total_seconds())  # nobody gave signs before there was a database
    assert (history.end_lost(lost_after_s=wait_s), history.end_lost(lost_after_s=wait_s)) == (1, 0)
    told = call_voice("GET", f"/history/{lost['id']}").json()
    assert (told["status"], told["error"]["code"], told["audio_url"]) == ("failed", INTERRUPTED, None)
    assert datetime.fromisoformat(told["finished_at"]) == stopped_at
    assert call_voice("GET", f"/history/{alive['id']}").json()["status"] == "speaking"
    assert len(list(history.vault.objects.paths(f"{person.id}/history"))) == 1
    with database.session() as session:
        use = session.scalars(select(VoiceUse)).one()
    assert (use.model_id, use.outcome, use.characters) == (voice.id, "failed", 11)
    assert use.audio_s == pytest.approx(lost["duration"], abs=0.001)


def test_what_goes_on_gives_signs_of_life(humming, person, services):
    humming(person)
    signs, database = Signs(services.database, beat_s=0.01), services.database
    with services.speech.begin(person.id, SpeechOrder("Hello there.")) as speech:
        next(iter(speech))
        signs.begin(speech)
        this = select(Synthesis.audio_s, Synthesis.heartbeat_at).where(Synthesis.id == speech.id)
        for _ in range(1000):
            with database.session() as session:
                audio_s, heartbeat_at = session.execute(this).one()
            if heartbeat_at is not None:
                break
        assert heartbeat_at is not None
        assert audio_s == speech.figures.output_s > 0
        signs.end(speech)


def test_a_client_that_goes_away_stops_the_engine(  # noqa: PLR0917 - fixtures
    base_url, humming, person, services, ended, monkeypatch
):
    humming(person, "Endless", fault="endless")
    begun, begin = threading.Event(), services.history.begin

    def noting(speech: Any) -> None:
        begin(speech)
        begun.set()

    monkeypatch.setattr(services.history, "begin", noting)
    address = urlsplit(base_url)
    openai = {"model": "tts-1", "voice": "Endless", "input": "Unbelievable endless hum."}
    ours = {"text": "Unbelievable endless hum.", "voice": "Endless"}
    asked: list[tuple[str, dict[str, Any], bytes]] = [
        ("/api/voice/synthesize/stream", {**ours, "output_format": "wav"}, b"RIFF"),
        ("/api/voice/synthesize", {**ours, "stream": True, "output_format": "opus"}, b"OggS"),
        ("/v1/audio/speech", openai, b"\xff\xf3"),
        ("/v1/audio/speech", {**openai, "stream_format": "sse"}, b"speech.audio.delta"),
        ("/api/voice/synthesize", ours, b""),  # it answers when all is spoken, which never is
    ]
    processes = []
    for path, body, sound in asked:
        begun.clear()
        ended.clear()
        sent = json.dumps(body).encode()
        lines = [
            f"POST {path} HTTP/1.1", "Host: test", "Content-Type: application/json",
            f"Content-Length: {len(sent)}", f"Authorization: {person.headers['Authorization']}", "", "",
        ]  # fmt: skip
        with socket.create_connection((address.hostname, address.port), timeout=PATIENCE_S) as client:
            client.sendall("\r\n".join(lines).encode() + sent)
            assert begun.wait(PATIENCE_S)
            heard = b""
            while sound not in heard:
                piece = client.recv(4096)
                assert piece, heard
                heard += piece
            assert not ended.is_set()
        assert ended.wait(PATIENCE_S), path
        (entry, *_), _ = services.history.search(person.id, Search())
        assert (entry.state, entry.file_digest) == ("cancelled", None), path
        processes.append(services.speech.pool.processes())
    humming(person, "Ann")
    url = f"{base_url}/api/voice/synthesize"
    spoken = httpx.post(url, json={"text": "Hello.", "voice": "Ann"}, headers=person.headers)
    assert spoken.status_code == 201
    processes.append(services.speech.pool.processes())
    assert all(one == processes[0] for one in processes), "the engine stops its work and stays"


def test_a_speech_that_breaks_is_broken_off_and_says_so(base_url, humming, person, services, ended):
    humming(person, "Dies", fault="die")
    text = "First. Second."

    def ask(path: str, **body: Any) -> httpx.Response:
        url = f"{base_url}/api/voice{path}"
        return httpx.post(url, json={"text": text, **body}, headers=person.headers, timeout=PATIENCE_S)

    spoken = ask("/synthesize/stream", text="Whole.", output_format="wav")
    assert spoken.status_code == 200, "one word is no harm"
    ended.clear()
    with pytest.raises(httpx.RemoteProtocolError):
        ask("/synthesize/stream", text="Alpha beta gamma.", output_format="wav")
    assert ended.wait(PATIENCE_S)
    (entry, _), _ = services.history.search(person.id, Search())
    assert (entry.state, entry.error_code) == ("failed", "HOST_DIED")
    assert entry.audio_s > 0
    assert entry.file_digest is None
    whole = ask("/synthesize", text="Alpha beta gamma.")
    assert (whole.status_code, whole.json()["code"]) == (503, "HOST_DIED")
