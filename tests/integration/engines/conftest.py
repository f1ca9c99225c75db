from __future__ import annotations

import contextlib
import os
import select
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from voicewright.engines.host.process import HostProcess

HERE = Path(__file__).parent


@pytest.fixture
def make_host():
    """Make hosts of the odd service; all are closed at the end.

    Cancelled work gets long to stop, so that a busy machine is not taken for a deaf service.
    """
    made = []

    def make(**settings):
        env = {"PYTHONPATH": str(HERE), **settings.pop("env", {})}
        settings = {"cancel_grace_s": 30.0, **settings}
        host = HostProcess("odd_service:OddService", name="The odd service", env=env, **settings)
        made.append(host)
        return host

    yield make
    for host in made:
        host.close()


@pytest.fixture
def host(make_host):
    return make_host()


@pytest.fixture
def wait_until_gone():
    """Wait for the end of a process that need not be our child."""

    def wait(pid, timeout_s=60):
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            ready, _, _ = select.select([descriptor], [], [], timeout_s)
        finally:
            os.close(descriptor)
        assert ready, f"process {pid} is still there"

    return wait


class FileServer:
    """Serves `content` at any path; `manners` are taken one for each request, then it behaves.

    A manner is a status to refuse with, a number of bytes after which it hangs up (`("cut", 100)`), or an
    event that it waits for in the middle of the body.
    """

    def __init__(self, content=b""):
        self.content = content
        self.etag = '"first"'
        self.linked = ""
        self.ranges = True
        self.retry_after = ""
        self.manners = []
        self.asked = []
        """The `Range` of each request; None: all of it."""
        self.arrived = threading.Semaphore(0)
        """Released when the first half of a body is out that is then held back."""
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                owner.answer(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, request):
        if request.path.startswith("/moved"):
            request.send_response(302)
            if self.linked:
                request.send_header("X-Linked-ETag", f'"{self.linked}"')
            request.send_header("Location", "/file")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        wanted = request.headers.get("Range")
        self.asked.append(wanted)
        manner = self.manners.pop(0) if self.manners else None
        request.close_connection = True
        if isinstance(manner, int):
            request.send_response(manner)
            request.send_header("Content-Length", "0")
            if self.retry_after:
                request.send_header("Retry-After", self.retry_after)
            request.end_headers()
            return
        start = self._start(request, wanted)
        if start is None:
            return
        self._send(request, self.content[start:], manner)

    def _start(self, request, wanted):
        same = request.headers.get("If-Range") in {None, self.etag}
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges and same else 0
        size = len(self.content)
        if start and start >= size:
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{size}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return None
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        request.send_header("Content-Length", str(size - start))
        if self.etag:
            request.send_header("ETag", self.etag)
        request.end_headers()
        return start

    def _send(self, request, body, manner):
        if isinstance(manner, tuple):
            request.wfile.write(body[: manner[1]])
        elif manner is not None:
            request.wfile.write(body[: len(body) // 2])
            request.wfile.flush()
            self.arrived.release()
            manner.wait(60)
        else:
            with contextlib.suppress(ConnectionError):  # who asked may not want it
                request.wfile.write(body)


@pytest.fixture
def file_server():
    with FileServer() as server:
        yield server
