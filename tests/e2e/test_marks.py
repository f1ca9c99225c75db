"""Sound from every door, as it comes out of the real program: each is found to be a machine's, and ours.

The built-in engine speaks: the watermark is made for speech, and the humming of the test engine is none.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import soundfile
from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

pytestmark = pytest.mark.slow

ANN = "ann@example.com"
TEXT = "The birch canoe slid on the smooth planks, and the sun went down behind the old mill."
OTHER = "Glue the sheet to the dark blue background, and wait until the evening comes."
PATIENCE_S = 600


@dataclass
class Caller:
    """An administrator, and what they fetched: `doors` names where each sound came from."""

    http: httpx.Client
    doors: dict[str, bytes]

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        answer = self.http.request(method, path, **more)
        assert answer.is_success, answer.text
        return answer

    def fetch(self, door: str, method: str, path: str, **more: Any) -> httpx.Response:
        """A sound; its headers say that it is marked."""
        answer = self.ask(method, path, **more)
        assert "; watermark=perth; " in answer.headers["Voicewright-Provenance"], door
        self.doors[door] = answer.content
        return answer

    def wait(self, path: str, state: str) -> Any:
        """Follow what happens to a job until it has ended."""
        with self.http.stream("GET", f"{path}/events") as events:
            for _ in events.iter_lines():
                pass
        told = self.ask("GET", path).json()
        assert told[state] == "completed", told
        return told


@pytest.fixture
def caller(command_line: CommandLine) -> Iterator[Caller]:
    """The first account of a service that runs, with its worker."""
    service = command_line.start("serve", "--port", "0", "--json")
    assert service.stdout is not None
    ready = json.loads(service.stdout.readline())
    with httpx.Client(base_url=ready["url"], timeout=PATIENCE_S) as http:
        token = ready["first_run_link"].partition("token=")[2]
        new = {"token": token, "email": ANN, "password": "correct horse battery"}
        signed_in = http.post("/auth/link", json=new).json()
        http.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
        yield Caller(http, {})
    service.terminate()
    service.communicate(timeout=60)


def test_every_door_marks_its_sound(
    caller: Caller, command_line: CommandLine, few_recordings: Path, tmp_path: Path
) -> None:
    voice = train(caller, few_recordings)
    speak(caller, voice)
    speak_at_length(caller)
    export(caller, voice)
    command(command_line, caller, few_recordings, tmp_path)
    caller.doors["wyoming"] = asyncio.run(wyoming(command_line))

    remembered = {
        "file", "kept", "in another format", "stream", "cached", "openai", "openai events", "wyoming", "say",
        "clone --out", "long", "long in another format", "paragraph", "item",
    }  # fmt: skip
    signed = {
        "file", "kept", "in another format", "say", "clone --out", "long", "long in another format",
        "paragraph", "item", "training", "export",
    }  # fmt: skip
    assert remembered | signed == caller.doors.keys()
    for door, sound in caller.doors.items():
        found = caller.ask("POST", "/provenance/verify", files={"file": (door, sound)}).json()
        assert found["watermark"]["state"] == "found", (door, found)
        assert (found["manifest"]["state"] == "trusted") == (door in signed), (door, found)
        assert bool(found["matches"]) == (door in remembered), (door, found)


def train(caller: Caller, recordings: Path) -> str:
    """Make a voice over HTTP; answers with its id."""
    for line in (recordings / "metadata.csv").read_text(encoding="utf-8").splitlines():
        name, text = line.split("|")[:2]
        caller.ask(
            "POST",
            "/api/v1/admin/training/upload",
            data={"dataset_name": "ann", "transcript": text},
            files={"audio": (f"{name}.flac", (recordings / f"{name}.flac").read_bytes())},
        )
    options = {"epochs": 1, "qualityThreshold": 0}
    order = {"datasetName": "ann", "provider": "builtin", "name": "Ann", "options": options}
    job = f"/training/{caller.ask('POST', '/training/start', json=order).json()['jobId']}"
    voice: str = caller.wait(job, "status")["voiceModelId"]
    heard = caller.ask("GET", f"{job}/audio").json()["audio"]
    longest = max(heard, key=lambda one: one["durationSeconds"])
    assert caller.fetch("training", "GET", longest["url"]).headers["Voicewright-Provenance"].endswith("yes")
    return voice


def speak(caller: Caller, voice: str) -> None:
    order = {"model_id": voice, "text": TEXT, "output_format": "wav"}
    made = caller.ask("POST", "/api/voice/synthesize", json={**order, "store": False}).json()["synthesis"]
    caller.doors["file"] = base64.b64decode(made["audio"])
    again = caller.ask("POST", "/api/voice/synthesize", json={**order, "output_format": "mp3"}).json()
    kept = again["synthesis"]
    assert (kept["watermark"], kept["cached_sentences"]) == ("perth", 0)
    caller.fetch("kept", "GET", kept["audio_url"])
    caller.fetch("in another format", "GET", f"{kept['audio_url']}?format=flac")
    caller.fetch("stream", "POST", "/api/voice/synthesize/stream", json={**order, "text": OTHER})
    caller.fetch("cached", "POST", "/api/voice/synthesize/stream", json={**order, "output_format": "opus"})
    [last] = caller.ask("GET", "/api/voice/history?limit=1").json()["syntheses"]
    assert (last["watermark"], last["cached_sentences"]) == ("perth", 1)

    order = {"model": "tts-1", "voice": {"id": voice}, "input": TEXT, "response_format": "mp3"}
    caller.fetch("openai", "POST", "/v1/audio/speech", json=order)
    events = caller.ask("POST", "/v1/audio/speech", json={**order, "stream_format": "sse"}).text
    told = [json.loads(line.removeprefix("data: ")) for line in events.splitlines() if line]
    pieces = [base64.b64decode(one["audio"]) for one in told if one["type"] == "speech.audio.delta"]
    caller.doors["openai events"] = b"".join(pieces)


def speak_at_length(caller: Caller) -> None:
    body = {"text": f"{TEXT}\n\n{OTHER}", "paragraphs": True, "output_format": "mp3"}
    long = f"/api/voice/long/{caller.ask('POST', '/api/voice/long', json=body).json()['id']}"
    caller.wait(long, "state")
    caller.fetch("long", "GET", f"{long}/audio")
    caller.fetch("long in another format", "GET", f"{long}/audio?format=wav")
    caller.fetch("paragraph", "GET", f"{long}/paragraphs/2/audio")
    items = {"items": [{"text": TEXT}, {"text": OTHER, "speed": 1.2}], "output_format": "flac"}
    batch = caller.ask("POST", "/api/voice/batch", json=items).json()["id"]
    caller.wait(f"/api/voice/long/{batch}", "state")
    caller.fetch("item", "GET", f"/api/voice/batch/{batch}/items/2/audio")


def export(caller: Caller, voice: str) -> None:
    packed = caller.ask("GET", f"/voice-models/{voice}/export").content
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        spoken = [one for one in archive.infolist() if one.filename.startswith("spoken/")]
        caller.doors["export"] = archive.read(max(spoken, key=lambda one: one.file_size))


def command(command_line: CommandLine, caller: Caller, recordings: Path, tmp_path: Path) -> None:
    said, cloned = tmp_path / "said.mp3", tmp_path / "cloned.wav"
    command_line.json("say", TEXT, "--owner", ANN, "--out", str(said))
    arguments = ("--name", "Own", "--epochs", "1", "--say", OTHER, "--out", str(cloned))
    command_line.json("clone", str(recordings), *arguments, timeout_s=PATIENCE_S)
    caller.doors |= {"say": said.read_bytes(), "clone --out": cloned.read_bytes()}


async def wyoming(command_line: CommandLine) -> bytes:
    """What a client of the Wyoming protocol hears, as WAV."""
    server = command_line.start("wyoming", "--port", "0", "--owner", ANN)
    assert server.stdout is not None
    address = re.search(r"tcp://([\d.]+):(\d+)", server.stdout.readline())
    assert address is not None
    heard, rate_hz = bytearray(), 0
    async with AsyncTcpClient(address[1], int(address[2]), read_timeout=PATIENCE_S) as client:
        await client.write_event(Synthesize(text=TEXT).event())
        while event := await client.read_event():
            if AudioChunk.is_type(event.type):
                chunk = AudioChunk.from_event(event)
                heard += chunk.audio
                rate_hz = chunk.rate
            elif AudioStop.is_type(event.type):
                break
    server.terminate()
    server.communicate(timeout=60)
    file = io.BytesIO()
    soundfile.write(file, memoryview(heard).cast("h"), rate_hz, format="WAV", subtype="PCM_16")
    return file.getvalue()
