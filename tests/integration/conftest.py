"""Fixtures for tests with real processes and a real PostgreSQL.

One embedded server serves the whole session. Each test that asks for `database_url` gets a database of its
own, made from a migrated template while the test before it runs. All folders have short paths.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psycopg
import pytest

from voicewright.db.embedded import EmbeddedServer
from voicewright.db.server import Database
from voicewright.db.url import embedded_url
from voicewright.engines.client import EngineClient
from voicewright.home.layout import Home
from voicewright.recordings.models import Dataset, Sample, SampleClip
from voicewright.recordings.names import dataset_key
from voicewright.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voicewright.engines.port import EngineInfo
    from voicewright.storage.vault import Vault

TEMPLATE = "migrated"
S3_CREDENTIALS = {"access_key_id": "key", "secret_access_key": "secret", "region": "us-east-1"}
_ROOMY_BYTES = 1 << 30
_NUMBERS = itertools.count(1)
_MEASURES = {"snr_db": 30.0, "clipping_ratio": 0.0, "loudness_lufs": -20.0, "bandwidth_hz": 8000.0}
_BECOME = """
import os
def become(user):
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    os.umask(0o022)
"""


def _temporary_folder(prefix: str) -> Path:
    """In memory where there is room, as a database has a thousand files; never below a closed folder."""
    memory = Path("/dev/shm")  # noqa: S108 - made private there
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOMY_BYTES
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=memory if roomy else "/tmp"))  # noqa: S108
    folder.chmod(0o711)  # root's server runs as another user
    return folder


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _digests_in(vault: Vault) -> set[str]:
    """The names of all blobs in a store, whoever they belong to."""
    paths = (path.split("/") for path in vault.objects.paths(""))
    return {"".join(parts[2:]) for parts in paths if parts[1:2] == ["sha256"]}


@pytest.fixture
def digests_in() -> Callable[[Vault], set[str]]:
    return _digests_in


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """An empty folder with a short path that every user of the machine may pass through."""
    folder = _temporary_folder("vw-")
    yield folder
    _remove(folder)


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """The connection string of the session's server, without a database."""
    folder = _temporary_folder("vw-pg-")
    server = EmbeddedServer(Home.open(folder / "home"), options={"fsync": "off", "full_page_writes": "off"})
    socket_dir = server.join()
    dsn = f"host={socket_dir} user=postgres"
    with psycopg.connect(f"{dsn} dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    Database.connect(_url(dsn, TEMPLATE)).close()
    yield dsn
    server.leave()
    _remove(folder)


@pytest.fixture(scope="session")
def home_with_cluster() -> Iterator[Path]:
    """A data directory with an empty cluster and no server, to copy (`cp -a`): faster than making one."""
    folder = _temporary_folder("vw-home-")
    server = EmbeddedServer(Home.open(folder / "home"), options={"fsync": "off"})
    server.join()
    server.leave()
    yield folder / "home"
    _remove(folder)


@pytest.fixture
def empty_database_url(postgres_dsn: str) -> Iterator[str]:
    """`DATABASE_URL` of a new database without tables."""
    with psycopg.connect(f"{postgres_dsn} dbname=postgres", autocommit=True) as connection:
        name = _make_database(connection, "template1")
        yield _url(postgres_dsn, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def migrated_databases(postgres_dsn: str) -> Iterator[MigratedDatabases]:
    """Where tests get their databases from."""
    with MigratedDatabases(postgres_dsn) as databases:
        yield databases


@pytest.fixture
def database_url(migrated_databases: MigratedDatabases) -> Iterator[str]:
    """`DATABASE_URL` of a new database with all tables and no rows; children can use it too."""
    with migrated_databases.borrow() as url:
        yield url


@pytest.fixture
def another_database_url(migrated_databases: MigratedDatabases) -> Iterator[str]:
    """`DATABASE_URL` of a second database, for what goes from one installation to another."""
    with migrated_databases.borrow() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A new database, open."""
    with Database.connect(database_url) as opened:
        yield opened


@pytest.fixture
def settings(short_dir: Path, database_url: str) -> Settings:
    """Settings with a data directory and a database of the test's own."""
    return Settings(home=short_dir / "home", database_url=database_url, speech_check=False)


@pytest.fixture
def enter_sample(database: Database) -> Callable[..., Sample]:
    """Enter an uploaded recording of somebody, without its files.

    `enter_sample(owner_id, speech_s=60.0, verdict="good", text="...", speaker="Ann", dataset=None)`.
    """

    def enter(
        owner_id: uuid.UUID,
        *,
        speech_s: float = 60.0,
        verdict: str = "good",
        text: str | None = "What is said.",
        speaker: str = "Ann",
        dataset: Dataset | None = None,
        reasons: tuple[str, ...] = (),
    ) -> Sample:
        sample_id, digest = uuid.uuid4(), uuid.uuid4().hex * 2
        clip = SampleClip(
            index=0, start_s=0.0, end_s=speech_s, speech_s=speech_s, digest=digest, text=text,
            verdict=verdict, reasons=list(reasons), measures=_MEASURES,
        )  # fmt: skip
        sample = Sample(
            id=sample_id, owner_id=owner_id, dataset_id=None if dataset is None else dataset.id,
            speaker=speaker, filename=f"{sample_id}.wav", digest=digest, size_bytes=1_000_000,
            container="wav", sound_digest=digest, transcript=text, verdict=verdict, reasons=list(reasons),
            notes=[], duration_s=speech_s, speech_s=0.0 if verdict == "rejected" else speech_s, clips=[clip],
        )  # fmt: skip
        with database.session() as session:
            session.add(sample)
        return sample

    return enter


@pytest.fixture
def enter_dataset(database: Database) -> Callable[..., Dataset]:
    """Enter an empty dataset of somebody: `enter_dataset(owner_id, name="my_voice", speaker="Ann")`."""

    def enter(
        owner_id: uuid.UUID, *, name: str = "my_voice", speaker: str = "Ann", language: str = "en-us"
    ) -> Dataset:
        dataset = Dataset(
            owner_id=owner_id, name=name, name_key=dataset_key(name), language=language, speaker=speaker
        )
        with database.session() as session:
            session.add(dataset)
        return dataset

    return enter


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A server of the real S3 protocol; its packages are imported for the few tests that need it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket_options(s3_endpoint: str) -> dict[str, str]:
    """What `ObjectStore.at_url` has to know of that server."""
    return {**S3_CREDENTIALS, "endpoint": s3_endpoint, "allow_http": "true"}


@pytest.fixture
def bucket(s3_endpoint: str) -> str:
    """The name of a new bucket there."""
    import boto3

    name = f"voices-{uuid.uuid4().hex[:8]}"
    client = boto3.client(
        "s3",
        endpoint_url=s3_endpoint,
        aws_access_key_id=S3_CREDENTIALS["access_key_id"],
        aws_secret_access_key=S3_CREDENTIALS["secret_access_key"],
        region_name=S3_CREDENTIALS["region"],
    )
    client.create_bucket(Bucket=name)
    client.close()
    return name


@pytest.fixture
def mount_disk() -> Iterator[Callable[[Path, str], None]]:
    """Mount a file system of a size (`3m`) of its own on an empty folder, until the test ends."""
    mounted: list[Path] = []

    def mount(folder: Path, size: str) -> None:
        if os.geteuid() != 0 or sys.platform != "linux":
            pytest.skip("mounting a small disk needs root on Linux")
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"this machine does not let root mount: {done.stderr.strip()}")
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def start_python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a Python program in a process of its own; what still runs at the end of the test is killed.

    `start_python(code, *arguments)`: standard input, output and errors are pipes. The code may call, as root,
    `become(uid)` once it has imported all that it needs: that user may not be able to read this Python.
    """
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", _BECOME + code, *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/",
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


class MigratedDatabases:
    """New databases, made from the template while tests run, and dropped while others run."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._threads = ThreadPoolExecutor(1, "databases")
        self._next = self._threads.submit(self._make)
        self._dropped: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()
        for dropped in self._dropped:
            dropped.result()  # raises what went wrong

    @contextlib.contextmanager
    def borrow(self) -> Iterator[str]:
        """The URL of one that nobody has used."""
        name = self._next.result()
        self._next = self._threads.submit(self._make)
        yield _url(self._dsn, name)
        self._dropped.append(self._threads.submit(self._drop, name))

    def _make(self) -> str:
        with psycopg.connect(f"{self._dsn} dbname=postgres", autocommit=True) as connection:
            return _make_database(connection, TEMPLATE)

    def _drop(self, name: str) -> None:
        with psycopg.connect(f"{self._dsn} dbname=postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _make_database(connection: psycopg.Connection, template: str) -> str:
    name = f"test_{os.getpid()}_{next(_NUMBERS)}"
    connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    return name


def _url(dsn: str, database: str) -> str:
    host = psycopg.conninfo.conninfo_to_dict(dsn)["host"]
    return embedded_url(str(host)).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def lasting_client() -> Iterator[Callable[[EngineInfo], EngineClient]]:
    """Makes the clients of engines as `SpeechService` wants it; their processes serve all tests of a file."""
    idle: list[EngineClient] = []

    class LastingClient(EngineClient):
        def start(self, *arguments: Any, **more: Any) -> None:
            if self.pid is None:
                super().start(*arguments, **more)

        def close(self) -> None:
            if self.pid is None:
                super().close()
            else:
                idle.append(self)

    def client(info: EngineInfo) -> EngineClient:
        found = next((one for one in idle if one.info == info and one.pid is not None), None)
        if found is None:
            return LastingClient(info)
        idle.remove(found)
        return found

    yield client
    for one in idle:
        EngineClient.close(one)
