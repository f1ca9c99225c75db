"""The service as its operator runs it: real processes on a data directory of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

PASSWORD = "correct horse battery"  # noqa: S105


class Service:
    """A running `voicewright serve` and its first administrator."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.ready = json.loads(process.stdout.readline())
        self.token = ""

    @property
    def worker(self) -> psutil.Process:
        [child] = [
            child for child in psutil.Process(self.process.pid).children() if "worker" in child.cmdline()
        ]
        return child

    def ask(self, path: str, body: Any = None, *, method: str | None = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.ready["url"] + path, data=data, method=method)  # noqa: S310
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        with closing(urllib.request.urlopen(request, timeout=60)) as answer:  # noqa: S310
            return json.loads(answer.read() or "null")

    def sign_in(self) -> None:
        token = self.ready["first_run_link"].partition("token=")[2]
        body = {"token": token, "email": "ann@example.com", "password": PASSWORD}
        self.token = self.ask("/auth/link", body)["access_token"]


@pytest.fixture
def serve(command_line) -> Iterator[Callable[..., Service]]:
    started: list[Service] = []

    def start(*arguments: str) -> Service:
        service = Service(command_line.start("serve", "--port", "0", "--json", *arguments))
        started.append(service)
        return service

    yield start
    for service in started:
        service.process.terminate()
        service.process.communicate(timeout=60)


def form_of(path: Path, dataset: str, transcript: str) -> tuple[bytes, str]:
    """The body of an upload, as a browser writes it, and its content type."""
    edge = b"--edge\r\nContent-Disposition: form-data; name="
    body = edge + b'"dataset_name"\r\n\r\n' + dataset.encode() + b"\r\n"
    body += edge + b'"transcript"\r\n\r\n' + transcript.encode() + b"\r\n"
    body += edge + b'"audio"; filename="' + path.name.encode() + b'"\r\n\r\n' + path.read_bytes()
    return body + b"\r\n--edge--\r\n", "multipart/form-data; boundary=edge"


@pytest.mark.slow
def test_from_the_first_link_to_a_voice(
    serve: Callable[..., Service], few_recordings: Path, command_line, tmp_path: Path
) -> None:
    service = serve()
    service.sign_in()
    for line in (few_recordings / "metadata.csv").read_text(encoding="utf-8").splitlines():
        name, text = line.split("|")[:2]
        body, content_type = form_of(few_recordings / f"{name}.flac", "ann", text)
        answer = service.ask("/api/v1/admin/training/upload", body, Content_Type=content_type)
        assert answer["files"][0]["sample"]["verdict"] == "good"

    started = service.ask(
        "/training/start",
        {"datasetName": "ann", "provider": "tone", "name": "Ann", "options": {"qualityThreshold": 0}},
    )
    job = f"/training/{started['jobId']}"
    request = urllib.request.Request(service.ready["url"] + job + "/events")  # noqa: S310
    request.add_header("Authorization", f"Bearer {service.token}")
    with closing(urllib.request.urlopen(request, timeout=120)) as stream:  # noqa: S310
        told = stream.read().decode()  # the stream ends with the job

    assert '"message":"completed"' in told
    done = service.ask(job)
    assert (done["status"], done["progress"]) == ("completed", 100)
    assert done["voiceModelId"]
    heard = service.ask(f"{job}/audio")["audio"]
    assert heard
    assert heard[0]["text"]
    # the command line of the same machine speaks with it, while the service runs
    [voice] = command_line.json("voices", "list", "--owner", "ann@example.com")["voices"]
    assert voice["voice_id"] == done["voiceModelId"]
    out = tmp_path / "rain.wav"
    spoken = command_line.json(
        "say", "Rain.", "--owner", "ann@example.com", "--voice", "Ann", "--out", str(out)
    )
    assert spoken["voice_id"] == done["voiceModelId"]
    assert out.stat().st_size > 1000


@pytest.mark.slow
def test_ends_with_all_its_processes(serve: Callable[..., Service], command_line) -> None:
    service = serve()
    command_line.wait_for(service.process, "Working as")
    worker = service.worker

    service.process.send_signal(signal.SIGTERM)
    _, said = service.process.communicate(timeout=60)

    assert service.process.returncode == 0
    assert "goes on elsewhere" in said
    assert "error" not in said
    assert not worker.is_running()


@pytest.mark.slow
def test_a_worker_never_outlives_a_server_that_was_killed(
    serve: Callable[..., Service], command_line
) -> None:
    service = serve()
    command_line.wait_for(service.process, "Working as")
    worker = service.worker

    service.process.kill()

    assert psutil.wait_procs([worker], timeout=60)[1] == []


@pytest.mark.slow
def test_a_worker_that_dies_is_started_again(serve: Callable[..., Service], command_line) -> None:
    service = serve()
    command_line.wait_for(service.process, "Working as")
    first = service.worker

    first.kill()

    command_line.wait_for(service.process, "Working as")
    assert service.worker.pid != first.pid


@pytest.mark.slow
def test_a_port_that_is_taken_is_named(serve: Callable[..., Service], command_line) -> None:
    service = serve("--no-worker")
    port = service.ready["url"].rpartition(":")[2]

    second = command_line.run("serve", "--port", port, "--no-worker")

    assert second.returncode == 5
    assert f"port {port}: another program listens there" in second.stderr


@pytest.mark.slow
def test_the_first_link_is_told_to_nobody_once_there_is_somebody(serve: Callable[..., Service]) -> None:
    first = serve("--no-worker")
    first.sign_in()
    first.process.terminate()
    first.process.communicate(timeout=60)

    assert serve("--no-worker").ready["first_run_link"] is None
