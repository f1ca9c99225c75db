"""A server that holds Google's documented contract: tokens, voice cloning keys by REST, speech by gRPC.

As at Google all is behind one address: what begins like HTTP/2 is led to the gRPC server, the rest to the
other. What a test wants to go wrong lies in `faults`, by `TOKEN`, `KEY`, `SPEECH` or `VOICES`.
"""

from __future__ import annotations

import array
import base64
import contextlib
import io
import itertools
import json
import math
import socket
import threading
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import grpc
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.cloud import texttospeech_v1beta1 as tts
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

TOKEN, KEY, SPEECH, VOICES = "token", "key", "speech", "voices"
PROJECT = "project-that-pays"
EMAIL = "voicewright@project-of-the-key.iam.gserviceaccount.com"
SENTENCES = {
    "en-US": "I am the owner of this voice and I consent to Google using this voice to create a synthetic "
    "voice model.",
    "de-DE": "Ich bin der Eigentümer dieser Stimme und bin damit einverstanden, dass Google diese Stimme zur "
    "Erstellung eines synthetischen Stimmmodells verwendet.",
}
PERSONAS = {"Kore": ("en-US", "de-DE", "cmn-CN"), "Puck": ("en-US", "en-GB"), "Aoede": ("sw-KE", "fr-FR")}
RATE_HZ = 24_000
LETTER_S = 0.05
SERVICE = "google.cloud.texttospeech.v1beta1.TextToSpeech"
_AUDIENCE = "https://oauth2.googleapis.com/token"
"""Of every assertion, wherever it is sent."""
_HTTP2 = b"PRI * HTTP/2.0"


@dataclass
class Fault:
    """How one request goes wrong."""

    status: int = 0
    """Of HTTP."""
    code: grpc.StatusCode | None = None
    reason: str = ""
    message: str = "It went wrong."
    retry_after_s: float | None = None
    body: bytes | None = None
    hold: threading.Event | None = None
    """Answers only when it is set."""
    cut: bool = False
    """The answer breaks off in the middle, with `code`."""
    empty: bool = False
    odd: bool = False


@dataclass
class Contract:
    """The project there."""

    faults: dict[str, list[Fault]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    speeches: list[tts.StreamingSynthesizeConfig] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    broken_off: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    credentials: str = ""
    """The JSON key of a service account."""
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def __enter__(self) -> Self:
        contract = self
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._public = key.public_key()

        class Bound(Handler):
            project = contract

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        self._pool = ThreadPoolExecutor(8)
        self._grpc = grpc.server(self._pool)
        self._grpc.add_generic_rpc_handlers((_speech_handlers(self),))
        grpc_port = self._grpc.add_insecure_port("127.0.0.1:0")
        self._grpc.start()
        self._door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(
            target=_open_door, args=(self._door, self._http.server_address[1], grpc_port), daemon=True
        ).start()
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self.credentials = json.dumps(
            {
                "type": "service_account",
                "project_id": "project-of-the-key",
                "private_key_id": "1",
                "private_key": private.decode(),
                "client_email": EMAIL,
                "token_uri": f"{self.url}/token",
            }
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._door.close()
        self._http.shutdown()
        self._http.server_close()
        self._grpc.stop(0).wait()
        self._pool.shutdown()

    def fail(self, request: str, **fault: Any) -> Fault:
        """Let the next such request go wrong."""
        self.faults.setdefault(request, []).append(Fault(**fault))
        return self.faults[request][-1]

    def take(self, request: str) -> Fault:
        """What goes wrong now."""
        self.requests.append(request)
        fault = self.faults[request].pop(0) if self.faults.get(request) else Fault()
        if fault.hold is not None:
            self.asked.set()
            fault.hold.wait(30)
        return fault

    def clear(self) -> None:
        for each in (self.faults, self.requests, self.speeches, self.texts):
            each.clear()
        self.broken_off.clear()
        self.asked.clear()

    def give_token(self, assertion: str) -> str:
        """For a JWT that the key of the service account signed."""
        claims = jwt.decode(assertion, self._public, algorithms=["RS256"], audience=_AUDIENCE)
        assert claims["iss"] == EMAIL
        assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
        return "token-1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    project: Contract

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if self.path == "/token":
                self._give_token(body.decode())
            elif self.path == "/v1beta1/voices:generateVoiceCloningKey":
                self._make_key(json.loads(body))
            else:
                self._send(404, {"error": {"code": 404, "message": "Not found.", "status": "NOT_FOUND"}})

    def _give_token(self, form: str) -> None:
        fault = self.project.take(TOKEN)
        if fault.status:
            self._send(fault.status, {"error": fault.reason, "error_description": fault.message})
            return
        fields = dict(pair.split("=", 1) for pair in form.split("&"))
        assert fields["grant_type"] == "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
        token = self.project.give_token(fields["assertion"])
        self._send(200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    def _make_key(self, asked: dict[str, Any]) -> None:
        fault = self.project.take(KEY)
        if self.headers.get("authorization") != "Bearer token-1":
            self._refuse(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
            return
        assert self.headers["x-goog-user-project"] == PROJECT
        assert self.headers["content-type"].startswith("application/json")
        if fault.status:
            self._refuse(fault.status, "FAILED", fault.message, fault.reason)
            return
        assert set(asked) == {"reference_audio", "voice_talent_consent", "consent_script", "language_code"}
        if SENTENCES.get(asked["language_code"]) != asked["consent_script"]:
            self._refuse(400, "INVALID_ARGUMENT", "The consent script does not match.")
            return
        for name in ("reference_audio", "voice_talent_consent"):
            assert asked[name]["audio_config"] == {"audio_encoding": "LINEAR16"}
            with wave.open(io.BytesIO(base64.b64decode(asked[name]["content"], validate=True))) as file:
                assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
                if file.getnframes() > 10 * file.getframerate():
                    self._refuse(400, "INVALID_ARGUMENT", f"{name} must be at most 10 seconds.")
                    return
        key = f"key-{next(self.project.numbers)}-" + "x" * 2000
        self.project.keys.add(key)
        if fault.cut:
            self.send_response(200)
            self.send_header("content-length", "5000")
            self.end_headers()
            self.wfile.write(b'{"voiceCloningKey": "ke')
            self.close_connection = True
            return
        self._send(200, {"voiceCloningKey": key}, fault.body)

    def _refuse(self, status: int, name: str, message: str, reason: str = "") -> None:
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}
        error = {"code": status, "message": message, "status": name, "details": [info] if reason else []}
        self._send(status, {"error": error})

    def _send(self, status: int, answer: dict[str, Any], body: bytes | None = None) -> None:
        content = json.dumps(answer).encode() if body is None else body
        self.send_response(status)
        self.send_header("content-type", "application/json" if body is None else "text/html")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _speech_handlers(project: Contract) -> grpc.GenericRpcHandler:  # noqa: C901 - what Google checks
    def check(context: grpc.ServicerContext, request: str) -> Fault:
        fault = project.take(request)
        sent = dict(context.invocation_metadata())
        if sent.get("authorization") != "Bearer token-1":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "Request had invalid authentication credentials.")
        assert sent["x-goog-user-project"] == PROJECT
        if fault.code is not None and not fault.cut:
            _abort(context, fault)
        return fault

    def speak(requests: Any, context: grpc.ServicerContext) -> Any:
        fault = check(context, SPEECH)
        spoken = threading.Event()
        context.add_callback(lambda: None if spoken.is_set() else project.broken_off.set())
        config = next(requests).streaming_config
        project.speeches.append(config)
        audio, voice = config.streaming_audio_config, config.voice
        assert audio.audio_encoding == tts.AudioEncoding.PCM
        assert audio.sample_rate_hertz == RATE_HZ
        if not 0.25 <= audio.speaking_rate <= 2.0:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "speaking_rate must be in [0.25, 2].")
        if voice.name:
            code, _, persona = voice.name.partition("-Chirp3-HD-")
            if code not in PERSONAS.get(persona, ()) or code != voice.language_code:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"Voice '{voice.name}' does not exist.")
        elif voice.voice_clone.voice_cloning_key not in project.keys:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Invalid voice cloning key.")
        for request in requests:
            text = request.input.text
            project.texts.append(text)
            if not 1 <= len(text.encode()) <= 5000:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Total bytes per request: 5000.")
            pieces = [] if fault.empty else _tone(text, audio.speaking_rate)
            for number, piece in enumerate(pieces):
                if fault.cut and number == len(pieces) // 2:
                    _abort(context, fault)
                yield tts.StreamingSynthesizeResponse(audio_content=piece[: -1 if fault.odd else None])
        spoken.set()

    def voices(_: tts.ListVoicesRequest, context: grpc.ServicerContext) -> tts.ListVoicesResponse:
        check(context, VOICES)
        listed = [
            tts.Voice(name=f"{code}-Chirp3-HD-{persona}", language_codes=[code])
            for persona, codes in PERSONAS.items()
            for code in codes
        ]
        listed.append(tts.Voice(name="en-US-Neural2-A", language_codes=["en-US"]))
        return tts.ListVoicesResponse(voices=listed)

    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "StreamingSynthesize": grpc.stream_stream_rpc_method_handler(
                speak,
                request_deserializer=tts.StreamingSynthesizeRequest.deserialize,
                response_serializer=tts.StreamingSynthesizeResponse.serialize,
            ),
            "ListVoices": grpc.unary_unary_rpc_method_handler(
                voices,
                request_deserializer=tts.ListVoicesRequest.deserialize,
                response_serializer=tts.ListVoicesResponse.serialize,
            ),
        },
    )


def _abort(context: grpc.ServicerContext, fault: Fault) -> None:
    """With Google's details of an error."""
    status = status_pb2.Status(
        code=code_pb2.Code.Value(fault.code.name if fault.code else "UNKNOWN"), message=fault.message
    )
    if fault.reason:
        status.details.add().Pack(error_details_pb2.ErrorInfo(reason=fault.reason, domain="googleapis.com"))
    if fault.retry_after_s is not None:
        info = error_details_pb2.RetryInfo()
        info.retry_delay.FromNanoseconds(int(fault.retry_after_s * 1e9))
        status.details.add().Pack(info)
    context.abort_with_status(rpc_status.to_status(status))


def _tone(text: str, speed: float) -> list[bytes]:
    """A tenth of a second at a time."""
    samples = round(sum(map(str.isalnum, text)) * LETTER_S / speed * RATE_HZ)
    step = 2 * math.pi * 200 / RATE_HZ
    period = array.array("h", (round(8000 * math.sin(step * each)) for each in range(120)))
    pcm = (period * (samples // 120 + 1))[:samples].tobytes()
    return [pcm[start : start + 4800] for start in range(0, len(pcm), 4800)]


def _open_door(door: socket.socket, http_port: int, grpc_port: int) -> None:
    """Lead each connection to the server whose protocol it speaks."""
    with contextlib.suppress(OSError):
        while True:
            guest, _ = door.accept()
            threading.Thread(target=_lead, args=(guest, http_port, grpc_port), daemon=True).start()


def _lead(guest: socket.socket, http_port: int, grpc_port: int) -> None:
    with contextlib.suppress(OSError), guest:
        first = guest.recv(len(_HTTP2), socket.MSG_PEEK)
        while _HTTP2.startswith(first) and len(first) < len(_HTTP2) and first:
            time.sleep(0.001)
            first = guest.recv(len(_HTTP2), socket.MSG_PEEK)
        with socket.create_connection(("127.0.0.1", grpc_port if first == _HTTP2 else http_port)) as server:
            back = threading.Thread(target=_pump, args=(server, guest), daemon=True)
            back.start()
            _pump(guest, server)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for each in (source, target):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
