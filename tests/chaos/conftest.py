"""A small installation of real processes and jobs, and ways to harm it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil
import pytest
from sqlalchemy import func, select

from voicewright.accounts.caller import Caller, Role, Scope
from voicewright.accounts.service import AccountService
from voicewright.db.embedded import EmbeddedServer
from voicewright.db.server import Database
from voicewright.db.url import embedded_url
from voicewright.engines.testing import TONE_ENGINE
from voicewright.home.layout import Home
from voicewright.privacy.service import ConsentService
from voicewright.recordings.entering import Incoming, Place
from voicewright.recordings.samples import SampleService
from voicewright.settings import Settings
from voicewright.training.models import TrainingEvent, TrainingJob
from voicewright.training.schemas import TrainingRequestBody
from voicewright.training.service import TrainingService
from voicewright.voices.models import VoiceModel

ENDED = ("completed", "failed", "cancelled")
PATIENCE_S = 900.0


class Pair(NamedTuple):
    """A worker that trains a job, and one that could."""

    ids: list[uuid.UUID]
    busy: subprocess.Popen[str]
    idle: subprocess.Popen[str]
    idle_node: str


@dataclass
class Installation:
    """Processes that share a database and a data directory."""

    home: Path
    server: EmbeddedServer
    url: str
    plugin: Path
    database: Database
    training: TrainingService
    sample_ids: list[str]
    owner: Caller
    headers: dict[str, str]
    """Of the owner's requests."""
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    said: str = ""
    url_of_api: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return dict(os.environ) | {
            "VOICEWRIGHT_HOME": str(self.home),
            "DATABASE_URL": self.url,
            "PYTHONPATH": str(self.plugin),
            "TRAINING_CONCURRENCY": "1",
            "VOICEWRIGHT_LOG_LEVEL": "info",
            "VOICEWRIGHT_MIN_FREE_DISK_MB": "0",
        }

    def start_worker(self, **environment: str) -> subprocess.Popen[str]:
        """A worker that has said that it works."""
        return self._start("worker", "--until-eof", said="Working as", **environment)

    def train_beside_an_idle_worker(self, **engine: Any) -> Pair:
        """Start two workers, and then a job, which one of them takes.

        A second worker that was started beside the training might be ready only after its end.
        """
        names = ("one", "two")
        started = [self._launch("worker", "--until-eof", GPU_NODE_ID=name) for name in names]
        workers = {
            name: self._when_said("Working as", *one) for name, one in zip(names, started, strict=True)
        }
        ids = [self.start_job(**engine)]
        [job] = self.wait(ids, self.are_training)
        idle_node = next(name for name in workers if name != job.node)
        return Pair(ids, workers[str(job.node)], workers[idle_node], idle_node)

    def start_api(self) -> subprocess.Popen[str]:
        """An API that has said that it answers."""
        process = self._start("serve", "--no-worker", "--port", "0", "--json", said='"url"')
        self.url_of_api = json.loads(self.said)["url"]
        return process

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the API answers."""
        answer = httpx.request(
            method, self.url_of_api + path, json=body, headers=self.headers, timeout=60, trust_env=False
        )
        return answer.raise_for_status().json()

    def stream(self, path: str, *, last_event_id: int) -> list[dict[str, Any]]:
        """All server-sent events after one, until the server ends the stream."""
        headers = self.headers | {"Last-Event-ID": str(last_event_id)}
        with httpx.stream(
            "GET", self.url_of_api + path, headers=headers, timeout=PATIENCE_S, trust_env=False
        ) as answer:
            lines = [line for line in answer.iter_lines() if line.startswith("data:")]
        return [json.loads(line.removeprefix("data:")) for line in lines]

    def _start(self, *arguments: str, said: str, **environment: str) -> subprocess.Popen[str]:
        return self._when_said(said, *self._launch(*arguments, **environment))

    def _launch(self, *arguments: str, **environment: str) -> tuple[subprocess.Popen[str], str]:
        """A process, and the file that it logs into."""
        log = (self.home.parent / f"log-{len(self.processes)}.txt").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "voicewright", *arguments],
            env=self.environment | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        self.processes.append(process)
        return process, log.name

    def _when_said(self, said: str, process: subprocess.Popen[str], log: str) -> subprocess.Popen[str]:
        assert process.stdout is not None
        for line in process.stdout:
            if said in line:
                self.said = line
                return process
        raise AssertionError(f"{process.args} ended: {Path(log).read_text()[-3000:]}")

    def request_body(self, **engine: Any) -> dict[str, Any]:
        return {
            "voiceSampleIds": self.sample_ids,
            "provider": "tone",
            "name": f"Voice {uuid.uuid4().hex[:6]}",
            "options": {"qualityThreshold": 0.0, "engine": engine},
        }

    def start_job(self, **engine: Any) -> uuid.UUID:
        body = TrainingRequestBody.model_validate(self.request_body(**engine))
        return self.training.start(self.owner, body).job_id

    def jobs(self, ids: Sequence[uuid.UUID]) -> list[TrainingJob]:
        with self.database.session() as session:
            found = {
                job.id: job for job in session.scalars(select(TrainingJob).where(TrainingJob.id.in_(ids)))
            }
        return [found[job_id] for job_id in ids]

    def wait(self, ids: Sequence[uuid.UUID], until: Callable[[list[TrainingJob]], bool]) -> list[TrainingJob]:
        """Look until it is so; the end of patience shows where they are."""
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            jobs = self.jobs(ids)
            if until(jobs):
                return jobs
            threading.Event().wait(0.1)
        raise AssertionError(self.table(ids))

    @staticmethod
    def are_training(jobs: list[TrainingJob]) -> bool:
        """Whether they are past their preparations."""
        return all(job.status == "running" and job.progress > 20 for job in jobs)

    def wait_for_end(self, ids: Sequence[uuid.UUID]) -> list[TrainingJob]:
        return self.wait(ids, lambda jobs: all(job.status in ENDED for job in jobs))

    def voices_of(self, job_id: uuid.UUID) -> int:
        with self.database.session() as session:
            found = select(func.count()).where(VoiceModel.training_job_id == job_id)
            return session.scalar(found) or 0

    def states_of(self, job_id: uuid.UUID) -> list[str]:
        with self.database.session() as session:
            rows = select(TrainingEvent.message).where(
                TrainingEvent.job_id == job_id, TrainingEvent.kind == "status"
            )
            return list(session.scalars(rows.order_by(TrainingEvent.id)))

    def assert_each_ended_once(self, ids: Sequence[uuid.UUID], status: str = "completed") -> None:
        """Every job ends once, with exactly one voice where it ended well; none is lost, none is stuck."""
        for job in self.jobs(ids):
            states = self.states_of(job.id)
            assert job.status == status, self.table(ids)
            assert Counter(states)[status] == 1, states
            assert states[-1] == status
            assert self.voices_of(job.id) == (1 if status == "completed" else 0)

    def table(self, ids: Sequence[uuid.UUID]) -> str:
        """What became of the jobs."""
        rows = [
            "| job | state | attempts | retries | voices | took s | error |",
            "|---|---|---|---|---|---|---|",
        ]
        for number, job in enumerate(self.jobs(ids), start=1):
            took_s = ((job.completed_at or job.created_at) - job.created_at).total_seconds()
            cells = [
                number,
                job.status,
                job.attempt,
                job.retry_count,
                self.voices_of(job.id),
                f"{took_s:.1f}",
            ]
            rows.append(f"| {' | '.join(map(str, cells))} | {job.error_code or ''} |")
        return "\n" + "\n".join(rows)

    @staticmethod
    def kill(process: subprocess.Popen[str]) -> None:
        """SIGKILL, and nothing else: what it leaves behind is what the others find."""
        process.kill()
        process.wait()

    def stop_database(self) -> None:
        """End the server at once, as an operator does."""
        pid = int((self.home / "db" / "postmaster.pid").read_text().splitlines()[0])
        postmaster = psutil.Process(pid)
        postmaster.send_signal(signal.SIGINT)
        postmaster.wait(60)

    def start_database(self) -> None:
        self.server.ensure_running()

    def end(self) -> None:
        stuck: list[int] = []
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                stuck.append(process.pid)
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
            if process.stdin is not None:
                process.stdin.close()
        assert not stuck, "they did not end when they were asked to"

    def leftovers(self) -> list[psutil.Process]:
        """Processes of this installation that nobody ended, the database's apart."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("VOICEWRIGHT_HOME") == str(self.home) and process.pid != os.getpid():
                    found.append(process)
            except psutil.Error:
                continue
        return [each for each in found if "postgres" not in each.name()]


@pytest.fixture
def installation(tone_plugin: Path, sample_recordings: Path) -> Iterator[Installation]:
    memory = Path("/dev/shm")  # noqa: S108 - made private there
    root = Path(tempfile.mkdtemp(prefix="vw-chaos-", dir=memory if memory.is_dir() else None))
    root.chmod(0o711)
    home = Home.open(root / "home")
    server = EmbeddedServer(home, options={"fsync": "off"})
    url = embedded_url(str(server.join())).render_as_string(hide_password=False)
    settings = Settings(home=home.root, database_url=url)
    with Database.connect(url) as database:
        training = TrainingService(
            database, settings, ConsentService(database, "development"), engines=lambda _: TONE_ENGINE
        )
        accounts = AccountService(settings, database)
        user = accounts.users.add("ann@example.com", name="Ann", role=Role.USER)
        owner = Caller(user.id, Role.USER, frozenset(Scope))
        scopes = [Scope.TRAINING_READ, Scope.TRAINING_WRITE]
        secret = accounts.api_keys.make(user.id, name="chaos", scopes=scopes).secret
        samples = SampleService.open(settings, database)
        with samples.upload_folder() as folder:
            files = [
                Incoming.of(sample_recordings / f"sample-{number:02d}.flac", f"{number}.flac")
                for number in range(1, 6)
            ]
            taken = samples.take(files, Place(owner.user_id, speaker="Ann", language="en-us"), folder)
        samples.close()
        ids = [str(one.sample.id) for one in taken if one.sample is not None]
        assert len(ids) == 5
        headers = {"X-API-Key": secret}
        made = Installation(home.root, server, url, tone_plugin, database, training, ids, owner, headers)
        yield made
        made.end()
        left = made.leftovers()
        for process in left:
            process.kill()
    server.leave()
    shutil.rmtree(root, ignore_errors=True)
    assert left == [], "processes were left running"
