"""A mail server on loopback that speaks SMTP as far as it is told to."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

USER, PASSWORD = "voice@wright", "p@ss/word"


@dataclass
class Behaviour:
    """What the server does, and what it was given."""

    greeting: str = "220 here"
    """Empty: it says nothing at all."""
    extensions: list[str] = field(default_factory=lambda: ["SMTPUTF8", "8BITMIME", "AUTH PLAIN"])
    to: dict[str, str] = field(default_factory=dict)
    """What it answers to a recipient, by the address."""
    data: str = "250 taken"
    hangs_up_in: str = ""
    """The command that it answers by hanging up."""
    trickles: bool = False
    """It goes on answering for ever, without ever coming to the end."""
    tls: ssl.SSLContext | None = None
    """What it speaks after STARTTLS, or from the beginning."""
    is_wrapped: bool = False
    received: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    port: int = 0


class Conversation(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        is_as = self.server.behaviour  # type: ignore[attr-defined]
        with suppress(OSError):
            if is_as.is_wrapped:
                self.encrypt(is_as)
            if is_as.trickles:
                while not is_as.stopped.wait(0.02):
                    self.wfile.write(b"220-still\r\n")
            if not is_as.greeting:
                is_as.stopped.wait()
                return
            self.say(is_as.greeting)
            while line := self.rfile.readline():
                command = line.decode("utf-8").strip()
                is_as.commands.append(command)
                word = command.split(":")[0].split()[0].upper()
                if word == is_as.hangs_up_in:
                    return
                if not self.answer(is_as, word, command):
                    return

    def answer(self, is_as: Behaviour, word: str, command: str) -> bool:
        if word == "EHLO":
            for name in ["here", *is_as.extensions]:
                self.say(f"250-{name}")
            self.say("250 SIZE")
        elif word == "STARTTLS":
            self.say("220 go ahead")
            self.encrypt(is_as)
        elif word == "AUTH":
            said = base64.b64decode(command.split()[2]).decode()
            self.say("235 welcome" if said == f"\0{USER}\0{PASSWORD}" else "535 5.7.8 who are you")
        elif word == "MAIL":
            is_as.senders.append(command)
            self.say("250 ok")
        elif word == "RCPT":
            address = command.partition("<")[2].partition(">")[0]
            self.say(is_as.to.get(address, "250 ok"))
        elif word == "DATA":
            self.take(is_as)
        elif word == "QUIT":
            self.say("221 bye")
            return False
        else:
            self.say("250 ok")
        return True

    def take(self, is_as: Behaviour) -> None:
        self.say("354 go on")
        content = b""
        while (line := self.rfile.readline()) != b".\r\n":
            content += line.removeprefix(b".")
        if is_as.data.startswith("250"):
            is_as.received.append(message_from_bytes(content, policy=policy.default))
        self.say(is_as.data)

    def encrypt(self, is_as: Behaviour) -> None:
        assert is_as.tls is not None
        self.request = is_as.tls.wrap_socket(self.request, server_side=True)
        self.setup()

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        self.request.close()

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@pytest.fixture
def mail_server() -> Iterator[Callable[..., Behaviour]]:
    """Start a server: `mail_server(greeting="421 not now")`; it listens at `.port`."""
    started: list[tuple[_Server, Behaviour]] = []

    def start(**how: object) -> Behaviour:
        behaviour = Behaviour(**how)  # type: ignore[arg-type]
        server = _Server(("127.0.0.1", 0), Conversation)
        server.behaviour = behaviour  # type: ignore[attr-defined]
        behaviour.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        started.append((server, behaviour))
        return behaviour

    yield start
    for server, behaviour in started:
        behaviour.stopped.set()
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of `localhost` that it signed itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "localhost.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """What a server with this certificate speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
