"""A server that holds OpenAI's documented contract for custom voices and speech, on a real socket.

What is sent is looked at strictly: paths, the authorization, multipart forms field by field, the format of
the recordings, the JSON of a speech request. What a test wants to go wrong lies in `faults`, by the request.
"""

from __future__ import annotations

import array
import base64
import contextlib
import email.parser
import email.policy
import io
import itertools
import json
import math
import threading
import wave
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

KEY = "sk-proj-0123456789abcdefABCDEF"
PROJECT_MODELS = {"gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15", "tts-1", "tts-1-hd"}
STOCK = {
    "alloy",
    "ash",
    "ballad",
    "cedar",
    "coral",
    "echo",
    "fable",
    "marin",
    "nova",
    "onyx",
    "sage",
    "shimmer",
    "verse",
}
LANGUAGES = {"de", "en", "es", "fr", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru", "uk", "vi", "zh"}
RATE_HZ = 24_000
MOST_BYTES = 10 << 20
LETTER_S = 0.05
CONSENTS, VOICES, SPEECH = "POST /audio/voice_consents", "POST /audio/voices", "POST /audio/speech"


@dataclass
class Fault:
    """How one request goes wrong."""

    status: int = 0
    """0: not by a status."""
    code: str = ""
    message: str = "It went wrong."
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Instead of JSON."""
    hold: threading.Event | None = None
    """Answers only when it is set."""
    cut: bool = False
    """The answer breaks off in the middle."""
    cut_silently: bool = False
    """It ends, well-formed, without its last event."""
    event: dict[str, Any] | None = None
    """Instead of the last event."""
    hold_answer: threading.Event | None = None
    """What was asked is done, and answered only when it is set."""
    lose_answer: bool = False
    """What was asked is done, and the connection is closed without an answer."""


@dataclass
class Contract:
    """The state of the account there."""

    faults: dict[str, list[Fault]] = field(default_factory=dict)
    consents: dict[str, dict[str, Any]] = field(default_factory=dict)
    voices: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    speeches: list[dict[str, Any]] = field(default_factory=list)
    broken_off: threading.Event = field(default_factory=threading.Event)
    """Whoever listened has closed the connection."""
    asked: threading.Event = field(default_factory=threading.Event)
    """A request that is held has arrived."""
    changed: threading.Condition = field(default_factory=threading.Condition)
    """Something was deleted."""
    url: str = ""
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def __enter__(self) -> Self:
        contract = self

        class Bound(Handler):
            account = contract

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
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
        self.faults.clear()
        self.consents.clear()
        self.voices.clear()
        self.requests.clear()
        self.speeches.clear()
        self.broken_off.clear()
        self.asked.clear()


class RefusedError(Exception):
    def __init__(self, status: int, message: str, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.param = status, code, param


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    account: Contract

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
        path = self.path.partition("?")[0]
        assert path.startswith("/v1/audio/"), path
        asked = f"{method} {path.removeprefix('/v1')}"
        collection = f"{method} /audio/{path.split('/')[3]}"
        self.account.requests.append(asked)
        queue = self.account.faults.get(collection) or self.account.faults.get(asked)
        fault = queue.pop(0) if queue else Fault()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            try:
                self._check_key()
                if fault.hold is not None:
                    self.account.asked.set()
                    fault.hold.wait(30)
                if fault.status:
                    self._refuse(fault)
                    return
                self._answer(collection, path.split("/")[4:], body, fault)
            except RefusedError as refused:
                self._send(
                    refused.status,
                    {
                        "error": {
                            "message": str(refused),
                            "type": "invalid_request_error",
                            "param": refused.param,
                            "code": refused.code,
                        }
                    },
                )

    def _check_key(self) -> None:
        if self.headers.get("authorization") != f"Bearer {KEY}":
            sent = self.headers.get("authorization", "").removeprefix("Bearer ")
            shown = f"{sent[:8]}****{sent[-4:]}"
            raise RefusedError(401, f"Incorrect API key provided: {shown}.", "invalid_api_key")

    def _answer(self, asked: str, rest: list[str], body: bytes, fault: Fault) -> None:
        match asked:
            case "POST /audio/voice_consents":
                self._add_consent(self._form(body, {"name", "language"}, {"recording"}), fault)
            case "POST /audio/voices":
                self._add_voice(self._form(body, {"name", "consent"}, {"audio_sample"}), fault)
            case "POST /audio/speech":
                self._speak(json.loads(body), fault)
            case "GET /audio/voice_consents":
                data = list(self.account.consents.values())[::-1]
                self._send(200, {"object": "list", "data": data, "has_more": False})
            case "DELETE /audio/voice_consents":
                self._delete(self.account.consents, rest[0], "audio.voice_consent")
            case "DELETE /audio/voices":
                self._delete(self.account.voices, rest[0], "audio.voice.deleted")
            case _:
                raise RefusedError(404, f"Unknown request URL: {asked}.", "unknown_url")

    def _form(self, body: bytes, fields: set[str], files: set[str]) -> dict[str, bytes]:
        kind = self.headers["content-type"]
        assert kind.startswith("multipart/form-data; boundary="), kind
        parser = email.parser.BytesParser(policy=email.policy.HTTP)
        message = parser.parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
        parts = {part.get_param("name", header="content-disposition"): part for part in message.iter_parts()}
        assert set(parts) == fields | files, sorted(parts)
        for name in files:
            assert parts[name].get_content_type() == "audio/wav", parts[name].get_content_type()
            assert parts[name].get_filename()
        return {name: part.get_payload(decode=True) for name, part in parts.items()}

    def _add_consent(self, form: dict[str, bytes], fault: Fault) -> None:
        language = form["language"].decode()
        if language.split("-")[0] not in LANGUAGES:
            raise RefusedError(400, f"Unsupported language: {language}.", param="language")
        self._check_recording(form["recording"], "recording")
        consent = {
            "object": "audio.voice_consent",
            "id": f"cons_{next(self.account.numbers)}",
            "name": form["name"].decode(),
            "language": language,
            "created_at": 1_795_000_000,
        }
        self.account.consents[consent["id"]] = consent
        self._confirm(consent, fault)

    def _add_voice(self, form: dict[str, bytes], fault: Fault) -> None:
        if form["consent"].decode() not in self.account.consents:
            raise RefusedError(404, "No such consent.", param="consent")
        seconds = self._check_recording(form["audio_sample"], "audio_sample")
        if seconds > 30:
            raise RefusedError(400, "The audio sample must be 30 seconds or less.", param="audio_sample")
        voice = {
            "object": "audio.voice",
            "id": f"voice_{next(self.account.numbers)}",
            "name": form["name"].decode(),
            "created_at": 1_795_000_000,
            "type": "audio_sample",
        }
        self.account.voices[voice["id"]] = voice
        self._confirm(voice, fault)

    def _check_recording(self, wav: bytes, param: str) -> float:
        if len(wav) > MOST_BYTES:
            raise RefusedError(413, "Maximum size is 10 MiB.", param=param)
        with wave.open(io.BytesIO(wav)) as file:
            assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
            return file.getnframes() / file.getframerate()

    def _delete(self, kept: dict[str, Any], name: str, kind: str) -> None:
        if kept.pop(name, None) is None:
            raise RefusedError(404, f"No such voice or consent: {name}.")
        with self.account.changed:
            self.account.changed.notify_all()
        self._send(200, {"object": kind, "id": name, "deleted": True})

    def _speak(self, asked: dict[str, Any], fault: Fault) -> None:
        known = {"model", "input", "voice", "instructions", "response_format", "speed", "stream_format"}
        assert set(asked) <= known, set(asked) - known
        assert asked["response_format"] == "pcm"
        self.account.speeches.append(asked)
        voice, model, text = asked["voice"], asked["model"], asked["input"]
        if model not in PROJECT_MODELS:
            raise RefusedError(404, f"The model `{model}` does not exist.", "model_not_found")
        found = voice in STOCK if isinstance(voice, str) else voice["id"] in self.account.voices
        if not found:
            raise RefusedError(404, f"Voice {voice} not found.", param="voice")
        if not 1 <= len(text) <= 4096 or not 0.25 <= asked.get("speed", 1.0) <= 4:
            raise RefusedError(400, "Invalid input or speed.")
        old = model.startswith("tts-1")
        if old and ("stream_format" in asked or "instructions" in asked):
            raise RefusedError(400, f"{model} does not support this.")
        events = asked.get("stream_format") == "sse"
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if events else "audio/pcm")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        pieces = list(self._tone(text, asked.get("speed", 1.0)))
        for number, piece in enumerate(pieces):
            if fault.cut and number == len(pieces) // 2:
                self.close_connection = True
                return
            if events:
                audio = base64.b64encode(piece).decode()
                self._chunk(self._event({"type": "speech.audio.delta", "audio": audio}))
            else:
                self._chunk(piece)
        usage = {"input_tokens": len(text) // 4, "output_tokens": len(pieces), "total_tokens": 0}
        if events and not fault.cut_silently:
            self._chunk(self._event(fault.event or {"type": "speech.audio.done", "usage": usage}))
        self.wfile.write(b"0\r\n\r\n")

    def _tone(self, text: str, speed: float):
        """A tenth of a second at a time; odd sizes, as networks cut where they like."""
        samples = round(sum(map(str.isalnum, text)) * LETTER_S / speed * RATE_HZ)
        step = 2 * math.pi * 200 / RATE_HZ
        period = array.array("h", (round(8000 * math.sin(step * each)) for each in range(120)))
        pcm = (period * (samples // 120 + 1))[:samples].tobytes()
        return (pcm[start : start + 4801] for start in range(0, len(pcm), 4801))

    def _event(self, data: dict[str, Any]) -> bytes:
        return f"data: {json.dumps(data)}\n\n".encode()

    def _chunk(self, data: bytes) -> None:
        try:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        except (BrokenPipeError, ConnectionResetError):
            self.account.broken_off.set()
            raise

    def _confirm(self, made: dict[str, Any], fault: Fault) -> None:
        if fault.hold_answer is not None:
            self.account.asked.set()
            fault.hold_answer.wait(30)
        if fault.lose_answer:
            self.close_connection = True
            return
        self._send(200, made, fault.body)

    def _refuse(self, fault: Fault) -> None:
        error = {"message": fault.message, "type": fault.code, "param": None, "code": fault.code or None}
        self._send(fault.status, {"error": error}, fault.body, fault.headers)

    def _send(
        self,
        status: int,
        answer: dict[str, Any],
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        content = json.dumps(answer).encode() if body is None else body
        self.send_response(status)
        self.send_header("content-type", "application/json" if body is None else "text/html")
        self.send_header("content-length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
