"""A server that holds ElevenLabs' documented contract for voices and speech, on a real socket.

What is sent is looked at strictly: paths, the key, multipart forms field by field, the format of the
recordings, the JSON of a speech request. What a test wants to go wrong lies in `faults`, by the request.
"""

from __future__ import annotations

import array
import contextlib
import io
import itertools
import json
import math
import re
import threading
import urllib.parse
import wave
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

KEY = "sk_0123456789abcdef0123456789abcdef"
CAPTCHA = "Seven grey boats lie at the old bridge."
MODELS = {"eleven_multilingual_v2", "eleven_flash_v2_5", "eleven_v3"}
STOCK = {"JBFqnCBsd6RMkjVDRZzb": "George", "EXAVITQu4vr4xnSDxMaL": "Sarah"}
RATE_HZ = 24_000
LETTER_S = 0.05
MOST_BYTES = 10 << 20
LONGEST_TEXT = 10_000
CREATE, SPEAK = "POST /v1/voices/add", "POST /v1/text-to-speech/*/stream"
TRAIN, LOOK, DELETE = "POST /v1/voices/pvc/*/train", "GET /v1/voices/*", "DELETE /v1/voices/*"
PVC, SAMPLES, VERIFY = "POST /v1/voices/pvc", "POST /v1/voices/pvc/*/samples", "POST /v1/voices/pvc/*/captcha"


@dataclass
class Fault:
    """How one request goes wrong."""

    status: int = 0
    """0: not by a status."""
    code: str = ""
    message: str = "It went wrong."
    body: bytes | None = None
    """Instead of what is documented."""
    hold: threading.Event | None = None
    """Answers only when it is set."""
    cut: bool = False
    """The sound breaks off in the middle."""
    odd: bool = False
    """It ends in the middle of a sample."""
    hold_answer: threading.Event | None = None
    """What was asked is done, and answered only when it is set."""
    lose_answer: bool = False
    """What was asked is done, and the connection is closed without an answer."""


@dataclass
class Account:
    """What is there, and what a test changes."""

    faults: dict[str, list[Fault]] = field(default_factory=dict)
    voices: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    speeches: list[dict[str, Any]] = field(default_factory=list)
    key: str = KEY
    demands_verification: bool = False
    states: list[str] = field(default_factory=lambda: ["queued", "fine_tuning", "fine_tuned"])
    """Of a training, one at each look."""
    captcha: tuple[str, bytes] = ("text/plain; charset=utf-8", CAPTCHA.encode())
    read: list[bytes] = field(default_factory=list)
    """Recordings of it."""
    asked: threading.Event = field(default_factory=threading.Event)
    """A request that is held has arrived."""
    broken_off: threading.Event = field(default_factory=threading.Event)
    """Whoever listened has closed the connection."""
    changed: threading.Condition = field(default_factory=threading.Condition)
    """A voice was made or deleted."""
    url: str = ""
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def __enter__(self) -> Self:
        account = self

        class Bound(Handler):
            there = account

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fail(self, request: str, **fault: Any) -> Fault:
        """Let the next such request go wrong."""
        self.faults.setdefault(request, []).append(Fault(**fault))
        return self.faults[request][-1]

    def clear(self) -> None:
        for each in (self.faults, self.voices, self.requests, self.speeches, self.read):
            each.clear()
        self.asked.clear()
        self.broken_off.clear()
        self.demands_verification, self.key = False, KEY
        self.states = ["queued", "fine_tuning", "fine_tuned"]
        self.captcha = ("text/plain; charset=utf-8", CAPTCHA.encode())

    def wait_until_empty(self) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: not self.voices, timeout=20)

    def wait_until_made(self) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self.voices, timeout=20)


class RefusedError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    there: Account

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _serve(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        path, _, query = self.path.partition("?")
        parts = path.split("/")[1:]
        held = [part for part in parts if part in self.there.voices or part in STOCK]
        asked = f"{method} /" + "/".join("*" if part in held else part for part in parts)
        self.there.requests.append(asked)
        queue = self.there.faults.get(asked)
        fault = queue.pop(0) if queue else Fault()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            try:
                self._check_key()
                if fault.hold is not None:
                    self.there.asked.set()
                    fault.hold.wait(30)
                if fault.status:
                    self._refuse(fault)
                    return
                voice_id = held[0] if held else ""
                self._answer(asked, voice_id, body, urllib.parse.parse_qs(query), fault)
            except RefusedError as refused:
                detail = {"status": refused.code, "message": str(refused)}
                self._send(refused.status, {"detail": detail})

    def _check_key(self) -> None:
        if self.headers.get("xi-api-key") != self.there.key:
            raise RefusedError(401, "invalid_api_key", "Invalid API key")

    def _answer(  # noqa: C901 - a table
        self, asked: str, voice_id: str, body: bytes, query: dict[str, Any], fault: Fault
    ) -> None:
        match asked:
            case "POST /v1/voices/add":
                form = self._form(body, {"name", "remove_background_noise", "labels"}, "files")
                self._check_recording(form["files"])
                voice = self._add(form["name"].decode(), "cloned")
                answer = {"voice_id": voice["voice_id"], "requires_verification": False}
                self._confirm(answer, fault)
            case "POST /v1/voices/pvc":
                told = json.loads(body)
                assert set(told) == {"name", "language"}, told
                assert re.fullmatch("[a-z]{2,3}", told["language"])
                self._confirm({"voice_id": self._add(told["name"], "professional")["voice_id"]}, fault)
            case "POST /v1/voices/pvc/*/samples":
                form = self._form(body, {"remove_background_noise"}, "files")
                sample = {
                    "sample_id": f"sample{next(self.there.numbers)}",
                    "file_name": self._filename,
                    "duration_secs": self._check_recording(form["files"]),
                }
                self._voice(voice_id)["samples"].append(sample)
                self._confirm([sample], fault)
            case "GET /v1/voices/pvc/*/captcha":
                self._voice(voice_id)
                kind, content = self.there.captcha
                self._send(200, {}, fault.body or content, kind)
            case "POST /v1/voices/pvc/*/captcha":
                form = self._form(body, set(), "recording")
                self._check_recording(form["recording"])
                self.there.read.append(form["recording"])
                self._voice(voice_id)["voice_verification"]["is_verified"] = True
                self._confirm({"status": "ok"}, fault)
            case "POST /v1/voices/pvc/*/verification":
                form = self._form(body, {"extra_text"}, "files")
                self._check_recording(form["files"])
                self._voice(voice_id)["fine_tuning"]["manual_verification_requested"] = True
                self._confirm({"status": "ok"}, fault)
            case "POST /v1/voices/pvc/*/train":
                self._train(self._voice(voice_id), json.loads(body), fault)
            case "GET /v1/voices/*":
                self._confirm(self._seen(voice_id), fault)
            case "DELETE /v1/voices/*":
                self._voice(voice_id)
                del self.there.voices[voice_id]
                with self.there.changed:
                    self.there.changed.notify_all()
                self._confirm({"status": "ok"}, fault)
            case "GET /v2/voices":
                self._list(query, fault)
            case "POST /v1/text-to-speech/*/stream":
                self._speak(voice_id, json.loads(body), query, fault)
            case _:
                what = asked.rpartition("/")[2]
                raise RefusedError(404, "voice_not_found", f"A voice with voice_id {what} does not exist.")

    def _add(self, name: str, category: str) -> dict[str, Any]:
        voice = {
            "voice_id": f"voice{next(self.there.numbers):08d}abcdefgh",
            "name": name,
            "category": category,
            "samples": [],
            "verified_languages": [],
            "voice_verification": {
                "requires_verification": self.there.demands_verification,
                "is_verified": False,
                "verification_failures": [],
                "verification_attempts_count": 0,
            },
            "fine_tuning": {"state": {}, "progress": {}, "message": {}},
        }
        with self.there.changed:
            self.there.voices[voice["voice_id"]] = voice
            self.there.changed.notify_all()
        return voice

    def _voice(self, voice_id: str) -> dict[str, Any]:
        voice = self.there.voices.get(voice_id)
        if voice is None:
            raise RefusedError(400, "voice_not_found", "A voice with this voice_id does not exist.")
        return voice

    def _train(self, voice: dict[str, Any], told: dict[str, Any], fault: Fault) -> None:
        assert set(told) == {"model_id"}
        assert told["model_id"] in MODELS
        verified = voice["voice_verification"]
        if verified["requires_verification"] and not verified["is_verified"]:
            raise RefusedError(403, "not_verified", "The voice has to be verified first.")
        if sum(sample["duration_secs"] for sample in voice["samples"]) < 1800:
            raise RefusedError(400, "not_enough_audio", "At least 30 minutes are needed.")
        voice["states"], voice["looks"] = self.there.states, 0
        voice["fine_tuning"]["state"][told["model_id"]] = voice["states"][0]
        self._confirm({"status": "ok"}, fault)

    def _seen(self, voice_id: str) -> dict[str, Any]:
        """A voice, whose training is a step further at each look."""
        voice = self._voice(voice_id)
        if "looks" in voice:
            at = min(voice["looks"], len(voice["states"]) - 1)
            voice["looks"] += 1
            told = voice["fine_tuning"]
            for model in told["state"]:
                told["state"][model] = voice["states"][at]
                told["progress"][model] = at / len(voice["states"])
                told["message"][model] = "the recordings differ too much"
        return voice

    def _list(self, query: dict[str, Any], fault: Fault) -> None:
        """Two at a time, as there would be hundreds."""
        assert set(query) <= {"page_size", "search", "next_page_token"}, query
        stock = [
            {"voice_id": voice_id, "name": name, "category": "premade", "verified_languages": [{
                "language": "en", "model_id": "eleven_multilingual_v2", "accent": "british"}]}
            for voice_id, name in STOCK.items()
        ]  # fmt: skip
        words = query.get("search", [""])[0]
        found = [one for one in [*stock, *self.there.voices.values()] if words in one["name"]]
        at = int(query.get("next_page_token", ["0"])[0])
        more = at + 2 < len(found)
        answer = {"voices": found[at : at + 2], "has_more": more, "total_count": len(found)}
        self._confirm(answer | ({"next_page_token": str(at + 2)} if more else {}), fault)

    def _speak(self, voice_id: str, told: dict[str, Any], query: dict[str, Any], fault: Fault) -> None:
        known = {"text", "model_id", "seed", "voice_settings", "language_code"}
        assert set(told) <= known, set(told) - known
        assert query == {"output_format": ["pcm_24000"]}, query
        self.there.speeches.append(told | {"voice": voice_id})
        if voice_id not in STOCK:
            self._voice(voice_id)
        settings = told["voice_settings"]
        assert 0.7 <= settings["speed"] <= 1.2
        assert set(settings) <= {"speed", "stability", "similarity_boost", "style"}
        assert 0 <= told["seed"] < 2**32
        if told["model_id"] not in MODELS:
            raise RefusedError(400, "model_not_found", "A model with this model_id does not exist.")
        if "language_code" in told and told["model_id"] == "eleven_multilingual_v2":
            raise RefusedError(400, "unsupported_language", "This model takes no language_code.")
        if not 1 <= len(told["text"]) <= LONGEST_TEXT:
            raise RefusedError(400, "max_character_limit_exceeded", "The text is too long.")
        if fault.body is not None:
            self._send(200, {}, fault.body)
            return
        self.send_response(200)
        self.send_header("content-type", "audio/pcm")
        self.send_header("character-cost", str(len(told["text"])))
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        pieces = list(self._tone(told["text"], settings["speed"]))
        for number, piece in enumerate(pieces):
            if fault.cut and number == len(pieces) // 2:
                self.close_connection = True
                return
            self._chunk(piece)
        if fault.odd:
            self._chunk(b"\0")
        self.wfile.write(b"0\r\n\r\n")

    def _tone(self, text: str, speed: float):
        """A tenth of a second at a time; odd sizes, as networks cut where they like."""
        samples = round(sum(map(str.isalnum, text)) * LETTER_S / speed * RATE_HZ)
        step = 2 * math.pi * 200 / RATE_HZ
        period = array.array("h", (round(8000 * math.sin(step * each)) for each in range(120)))
        pcm = (period * (samples // 120 + 1))[:samples].tobytes()
        return (pcm[start : start + 4801] for start in range(0, len(pcm), 4801))

    def _form(self, body: bytes, fields: set[str], file: str) -> dict[str, bytes]:
        """The parts of a form with one file; large ones, so without a parser of mails."""
        kind = self.headers["content-type"]
        assert kind.startswith("multipart/form-data; boundary="), kind
        boundary = b"--" + kind.partition("boundary=")[2].encode()
        found: dict[str, bytes] = {}
        start = body.index(boundary) + len(boundary) + 2
        while (end := body.find(b"\r\n" + boundary, start)) >= 0:
            head, _, content = body[start:end].partition(b"\r\n\r\n")
            name = re.search(rb'name="([^"]*)"', head)
            assert name is not None
            found[name[1].decode()] = content
            if name[1].decode() == file:
                assert b"audio/wav" in head
                filename = re.search(rb'filename="([^"]+)"', head)
                assert filename is not None
                self._filename = filename[1].decode()
            start = end + len(boundary) + 4
        assert set(found) - {file} <= fields, sorted(found)
        assert file in found
        return found

    def _check_recording(self, wav: bytes) -> float:
        if len(wav) > MOST_BYTES:
            raise RefusedError(413, "upload_file_size_exceeded", "A file may have 10 MB.")
        with wave.open(io.BytesIO(wav)) as file:
            assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
            return file.getnframes() / file.getframerate()

    def _chunk(self, data: bytes) -> None:
        try:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        except (BrokenPipeError, ConnectionResetError):
            self.there.broken_off.set()
            raise

    def _confirm(self, answer: Any, fault: Fault) -> None:
        if fault.hold_answer is not None:
            self.there.asked.set()
            fault.hold_answer.wait(30)
        if fault.lose_answer:
            self.close_connection = True
            return
        self._send(200, answer, fault.body)

    def _refuse(self, fault: Fault) -> None:
        self._send(fault.status, {"detail": {"status": fault.code, "message": fault.message}}, fault.body)

    def _send(self, status: int, answer: Any, body: bytes | None = None, kind: str = "") -> None:
        content = json.dumps(answer).encode() if body is None else body
        self.send_response(status)
        self.send_header("content-type", kind or ("application/json" if body is None else "text/html"))
        self.send_header("content-length", str(len(content)))
        self.send_header("retry-after", "0")
        self.end_headers()
        self.wfile.write(content)
