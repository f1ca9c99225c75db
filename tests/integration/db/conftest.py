"""A PostgreSQL server as an operator would have one: on TCP, with passwords."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from voicewright.db.binaries import find_binaries
from voicewright.db.os_user import server_user

PASSWORD = "correct horse"  # noqa: S105


@dataclass
class TcpServer:
    port: int

    def url(self, *, user="postgres", password=PASSWORD, database="postgres"):
        return f"postgresql://{user}:{password.replace(' ', '%20')}@127.0.0.1:{self.port}/{database}"


@pytest.fixture(scope="session")
def tcp_server():
    folder = Path(tempfile.mkdtemp(prefix="vw-tcp-", dir="/tmp"))
    data, binaries = folder / "data", find_binaries()
    user = server_user(data)
    data.mkdir(mode=0o700)
    folder.chmod(0o711)
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    os.chown(data, user.user_id, user.group_id)
    user.reach(data, binaries.folder / "postgres")

    def run(*command):
        done = user.run([binaries.program(command[0]), *command[1:]], data, new_session=True)
        assert done.returncode == 0, done.stderr

    run("initdb", "--pgdata=.", "--username=postgres", "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8",
        "--locale=C", f"--pwfile={folder / 'password'}")  # fmt: skip
    with socket.socket() as kept:  # until the server has it: it may, as nobody listens yet, and others don't
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", 0))
        port = kept.getsockname()[1]
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
        run("pg_ctl", "start", "--wait", "--pgdata=.", "--log=log", f"--options={options}")
    server = TcpServer(port)
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(server.url()).close()
            break
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, (data / "log").read_text()
            time.sleep(0.05)
    yield server
    run("pg_ctl", "stop", "--mode=immediate", "--pgdata=.")
    shutil.rmtree(folder, ignore_errors=True)
