"""The life of the embedded server: started once, shared, stopped by the last one, whatever was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import psutil
import psycopg
import pytest

from voicewright.db.cluster import Cluster
from voicewright.db.embedded import EmbeddedServer
from voicewright.db.errors import ClusterUnusable, DatabaseTooNew, DatabaseUnavailable, EmbeddedServerFailed
from voicewright.db.server import Database
from voicewright.home.layout import Home
from voicewright.home.locks import try_lock
from voicewright.settings import Settings

USER = """
import sys
from pathlib import Path
from voicewright.db.embedded import EmbeddedServer
from voicewright.home.layout import Home
server = EmbeddedServer(Home.open(Path(sys.argv[1])), options={"fsync": "off"})
server.join()
print(server._cluster.server_process().pid, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def new_home(short_dir):
    """A home without a cluster; a server that a failed test left running is killed."""
    home = Home.open(short_dir / "home")
    yield home
    process = Cluster(home).server_process()
    if process is not None:
        process.kill()
        wait_until(lambda: not is_running(process.pid))


@pytest.fixture
def home(new_home, home_with_cluster):
    """A home with a cluster."""
    subprocess.run(["cp", "-a", home_with_cluster / "db", new_home.root], check=True)
    return new_home


def joined(home):
    server = EmbeddedServer(home, options={"fsync": "off"})
    return server, server.join()


def server_pid(home):
    process = Cluster(home).server_process()
    return None if process is None else process.pid


def is_running(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition, timeout_s=60.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def end(process):
    """Let a USER go its ordinary way."""
    out, errors = process.communicate("go\n", timeout=60)
    assert process.returncode == 0, errors
    return out


def rows_of(database):
    try:
        with database.session() as session:
            return session.connection().exec_driver_sql("SELECT count(*) FROM kept").scalar()
    except DatabaseUnavailable:
        return None


def ask(socket_dir, query="SELECT 1"):
    with psycopg.connect(host=str(socket_dir), user="postgres", dbname="postgres") as connection:
        return connection.execute(query).fetchone()[0]


def test_commands_at_once_share_one_server_and_the_last_one_stops_it(new_home, start_python):
    users = [start_python(USER, new_home.root) for _ in range(4)]  # the cluster is made in this very rush
    pids = [int(user.stdout.readline()) for user in users]
    assert len(set(pids)) == 1
    for user in users[:-1]:
        end(user)
        assert server_pid(new_home) == pids[0]
    end(users[-1])
    assert server_pid(new_home) is None
    assert not is_running(pids[0])
    assert not list(new_home.root.glob(".db-*"))


def test_a_killed_command_leaves_a_server_that_the_next_one_uses_and_stops(home, start_python):
    user = start_python(USER, home.root)
    pid = int(user.stdout.readline())
    user.send_signal(signal.SIGKILL)
    user.wait()
    assert server_pid(home) == pid
    server, socket_dir = joined(home)
    assert (ask(socket_dir), server_pid(home)) == (1, pid)
    server.leave()
    assert server_pid(home) is None


def test_a_first_start_that_is_killed_leaves_nothing_in_the_way(new_home, start_python):
    user = start_python(USER, new_home.root)
    wait_until(lambda: list(new_home.root.glob(".db-*/*")))
    user.kill()
    user.wait()
    server, socket_dir = joined(new_home)
    assert ask(socket_dir) == 1
    server.leave()


def test_the_server_does_not_belong_to_the_terminal_of_its_starter(home):
    server, _ = joined(home)
    assert os.getsid(server_pid(home)) != os.getsid(0)
    server.leave()


def test_joining_and_leaving_twice_is_harmless(home):
    server, socket_dir = joined(home)
    assert server.join() == socket_dir
    other, _ = joined(home)
    other.leave()
    assert ask(socket_dir) == 1
    server.leave()
    server.leave()
    assert server_pid(home) is None
    assert ask(server.join()) == 1
    server.leave()


def test_a_forked_child_does_not_stop_the_server_of_its_parent(home, start_python):
    parent = start_python(
        USER.replace(
            "sys.stdin.readline()",
            """
import os
child = os.fork()
if child == 0:
    server.leave()
    sys.exit(0)
os.waitpid(child, 0)
print("child is gone", flush=True)
sys.stdin.readline()
""",
        ),
        home.root,
    )
    pid = int(parent.stdout.readline())
    assert parent.stdout.readline() == "child is gone\n"
    assert server_pid(home) == pid
    end(parent)
    assert server_pid(home) is None


def test_a_server_killed_under_a_running_program_is_started_again(short_dir):
    with Database.open(Settings(home=short_dir / "home", database_url=None)) as database:
        with database.session() as session:
            session.connection().exec_driver_sql("CREATE TABLE kept (n int)")
        first = server_pid(Home(short_dir / "home"))
        os.kill(first, signal.SIGKILL)
        # its children may answer for a moment more, and then not
        wait_until(
            lambda: rows_of(database) == 0 and server_pid(Home(short_dir / "home")) not in {None, first}
        )
    assert server_pid(Home(short_dir / "home")) is None


def test_a_path_that_no_socket_and_no_shell_can_take_works(short_dir, start_python):
    root = short_dir / ("deep" * 30) / 'o\'clock, $HOME "é" %20;x'
    user = start_python(USER, root)
    pid = int(user.stdout.readline())
    server, socket_dir = joined(Home.open(root))
    assert ask(socket_dir, "SHOW data_directory") == str(root / "db")
    assert server_pid(Home(root)) == pid
    end(user)
    server.leave()
    assert not socket_dir.exists()
    assert server_pid(Home(root)) is None


def test_a_living_stranger_in_the_lock_file_does_not_keep_the_server_down(home):
    """As after a crash, when the process id is somebody else's by now; in containers it often is."""
    server, _ = joined(home)
    pid_file = home.database_dir / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.leave()
    for path in (pid_file, home.database_dir / ".s.PGSQL.5432.lock"):
        path.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    server, socket_dir = joined(home)
    assert ask(socket_dir) == 1
    server.leave()


def test_incomplete_files_are_refused_and_left_alone(new_home):
    (new_home.database_dir / "base").mkdir(parents=True)
    with pytest.raises(ClusterUnusable, match="PG_VERSION is missing"):
        joined(new_home)
    assert (new_home.database_dir / "base").is_dir()


def test_an_empty_database_folder_is_as_good_as_none(new_home):
    new_home.database_dir.mkdir()
    server, socket_dir = joined(new_home)
    assert ask(socket_dir) == 1
    server.leave()


def test_files_of_a_newer_postgresql_are_refused_and_left_alone(home):
    server, _ = joined(home)
    server.leave()
    (home.database_dir / "PG_VERSION").write_text("99\n")
    with pytest.raises(DatabaseTooNew, match="PostgreSQL 99"):
        joined(home)


def test_a_server_that_does_not_start_says_why_at_once(home):
    server, _ = joined(home)
    server.leave()
    (home.database_dir / "postgresql.auto.conf").write_text("shared_buffers = 'plenty'\n")
    with pytest.raises(EmbeddedServerFailed, match="shared_buffers"):  # and not that it did not start in time
        joined(home)
    with try_lock(home.locks_dir / "db.users") as nobody:
        assert nobody is not None


def test_a_home_in_use_on_another_machine_is_refused(home):
    server, _ = joined(home)
    server.leave()
    with try_lock(home.locks_dir / "db.users", shared=True) as there:
        there.write_note('{"host": "attic", "boot": "another"}')
        with pytest.raises(ClusterUnusable, match="attic"):
            joined(home)
    server, socket_dir = joined(home)
    assert ask(socket_dir) == 1
    server.leave()


def test_the_log_does_not_grow_for_ever(home):
    server, _ = joined(home)
    server.leave()
    log = home.database_dir / "log"
    log.write_bytes(b"x" * (5 << 20))
    server, _ = joined(home)
    server.leave()
    assert log.stat().st_size < 10_000
    assert log.with_name("log.1").stat().st_size == 5 << 20
