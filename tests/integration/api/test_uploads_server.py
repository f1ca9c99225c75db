"""Uploads against a real server process: memory, clients that go on, go away or say nothing, and a kill."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from voicewright.accounts.caller import Role, Scope
from voicewright.accounts.service import AccountService
from voicewright.db.server import Database
from voicewright.settings import Settings

MIB = 1 << 20
UPLOAD = "/api/v1/admin/training/upload"
HEAD = (
    b"--XYZ\r\nContent-Disposition: form-data; name=dataset_name\r\n\r\nbig\r\n"
    b"--XYZ\r\nContent-Disposition: form-data; name=audio; filename=big.wav\r\n\r\n"
)
TAIL = b"\r\n--XYZ--\r\n"
LONGEST_WAIT_S = 60
MORE_THAN_IS_BUFFERED = bytes(64 * MIB)


@dataclass
class Server:
    process: subprocess.Popen
    address: tuple[str, int]
    key: str
    uploads_dir: Path

    def connect(self):
        return socket.create_connection(self.address, timeout=LONGEST_WAIT_S)

    def start_request(self, sock, *headers, key=True):
        lines = [
            f"POST {UPLOAD} HTTP/1.1",
            "Host: test",
            "Content-Type: multipart/form-data; boundary=XYZ",
            *([f"X-API-Key: {self.key}"] if key else []),
            *headers,
        ]
        sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")

    def peak_bytes(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) << 10

    def wait_for_no_uploads(self):
        """Each holds a lock until it has removed its folder."""
        for path in self.uploads_dir.glob(".*.lock"):
            with suppress(FileNotFoundError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
        assert list(self.uploads_dir.iterdir()) == []

    def require_an_upload(self):
        """Whoever has sent more than the connection holds has been read, and written to the disk."""
        assert sum(path.stat().st_size for path in self.uploads_dir.glob("*/*")) > MIB


@pytest.fixture
def start_server(database_url, short_dir):
    """Start the service with limits of 320 MiB, and an administrator's key."""
    started = []
    home = short_dir / "home"

    def start():
        environment = os.environ | {
            "VOICEWRIGHT_HOME": str(home),
            "DATABASE_URL": database_url,
            "VOICEWRIGHT_MAX_UPLOAD_MB": "320",
            "VOICEWRIGHT_MAX_UPLOAD_FILE_MB": "310",
        }
        command = [sys.executable, "-m", "voicewright", "serve", "--no-worker", "--port", "0", "--json"]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd="/")
        started.append(process)
        url = urlsplit(json.loads(process.stdout.readline())["url"])
        return process, (url.hostname, url.port)

    with Database.connect(database_url) as database:
        accounts = AccountService(Settings(home=home, database_url=database_url), database)
        admin = accounts.users.add("admin@example.com", role=Role.ADMIN)
        key = accounts.api_keys.make(admin.id, name="test", scopes=[Scope.ADMIN]).secret
    yield lambda: Server(*start(), key, home / "uploads")
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def server(start_server):
    return start_server()


def read_answer(sock):
    with http.client.HTTPResponse(sock) as answer:
        answer.begin()
        return answer, json.loads(answer.read())


def send_chunk(sock, content):
    sock.sendall(f"{len(content):x}\r\n".encode() + content + b"\r\n")


def send_without_end(sock, content):
    while True:
        send_chunk(sock, content)


@pytest.mark.slow
def test_bodies_of_any_size_are_streamed_to_the_disk_within_their_limits(server, sample_recordings):
    recording = (sample_recordings / "sample-01.flac").read_bytes()

    def send_recording():
        with server.connect() as sock:
            body = HEAD + recording + TAIL
            server.start_request(sock, f"Content-Length: {len(body)}")
            sock.sendall(body)
            answer, _ = read_answer(sock)
            return answer.status

    assert send_recording() == 201
    before = server.peak_bytes()

    # 300 MB that are no audio, with a length and in chunks
    zeros = bytes(MIB)
    for chunked in (False, True):
        with server.connect() as sock:
            size = len(HEAD) + 300 * MIB + len(TAIL)
            server.start_request(sock, "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}")
            send = (lambda content, sock=sock: send_chunk(sock, content)) if chunked else sock.sendall
            send(HEAD)
            for _ in range(300):
                send(zeros)
            send(TAIL)
            if chunked:
                sock.sendall(b"0\r\n\r\n")
            answer, body = read_answer(sock)
        assert (answer.status, body["code"]) == (422, "SAMPLE_REFUSED")
        assert "NOT_AUDIO" in body["fields"][0]["message"]
    assert server.peak_bytes() - before < 64 * MIB

    # a body that announces more than is taken: refused before a byte of it was sent
    with server.connect() as sock:
        server.start_request(sock, f"Content-Length: {321 * MIB}")
        answer, body = read_answer(sock)
        assert (answer.status, body["code"]) == (413, "UPLOAD_TOO_LARGE")
        assert (answer.headers["connection"], sock.recv(1)) == ("close", b"")

    # one that never ends: the client can read why, and the server hangs up
    with server.connect() as sock:
        server.start_request(sock, "Transfer-Encoding: chunked")
        send_chunk(sock, HEAD)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            send_without_end(sock, zeros)
    with server.connect() as sock:
        server.start_request(sock, "Transfer-Encoding: chunked")
        send_chunk(sock, HEAD)
        for _ in range(311):
            send_chunk(sock, zeros)
        answer, body = read_answer(sock)
        assert (answer.status, answer.headers["connection"]) == (413, "close")
        assert "310 MiB" in body["error"]

    # nobody knows who sends: nothing is written
    with server.connect() as sock:
        server.start_request(sock, "Transfer-Encoding: chunked", key=False)
        answer, body = read_answer(sock)
        assert (answer.status, answer.headers["connection"]) == (401, "close")

    assert send_recording() == 200
    server.wait_for_no_uploads()
    assert server.peak_bytes() - before < 64 * MIB


@pytest.mark.slow
def test_whoever_goes_away_leaves_nothing_and_a_kill_nothing_for_long(server, start_server):
    for chunked in (False, True):
        with server.connect() as sock:
            server.start_request(
                sock, "Transfer-Encoding: chunked" if chunked else "Content-Length: 100000000"
            )
            if chunked:
                send_chunk(sock, HEAD + MORE_THAN_IS_BUFFERED)
            else:
                sock.sendall(HEAD + MORE_THAN_IS_BUFFERED)
            server.require_an_upload()
        server.wait_for_no_uploads()
    with server.connect() as sock:
        server.start_request(sock, "Content-Length: 100000000")
        sock.sendall(HEAD + MORE_THAN_IS_BUFFERED)
        server.require_an_upload()
        server.process.kill()
        server.process.wait()
    assert list(server.uploads_dir.iterdir()) != []
    start_server()
    assert list(server.uploads_dir.iterdir()) == []
