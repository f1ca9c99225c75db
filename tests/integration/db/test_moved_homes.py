"""Data directories that were copied, given away, closed off, or filled up."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys

import psycopg
import pytest

from voicewright.db.cluster import Cluster
from voicewright.db.embedded import EmbeddedServer
from voicewright.db.errors import DatabaseFull
from voicewright.db.os_user import SERVER_USER
from voicewright.db.server import Database
from voicewright.home.errors import HomeNotWritable
from voicewright.home.layout import Home
from voicewright.settings import Settings

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it plays several users")
STRANGER = 65534


def joined(root):
    server = EmbeddedServer(Home.open(root), options={"fsync": "off"})
    return server, server.join()


def execute(socket_dir, statement):
    with psycopg.connect(
        host=str(socket_dir), user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else None


@pytest.fixture
def used_home(short_dir, home_with_cluster):
    """A home with a table in its database and no server running."""
    subprocess.run(["cp", "-a", home_with_cluster, short_dir / "home"], check=True)
    server, socket_dir = joined(short_dir / "home")
    execute(socket_dir, "CREATE TABLE notes AS SELECT 'kept' AS text")
    server.leave()
    return short_dir / "home"


def test_a_copy_made_while_the_original_runs_is_a_home_of_its_own(used_home):
    original, original_socket = joined(used_home)
    execute(original_socket, "CHECKPOINT")
    copy = used_home.with_name("copy")
    subprocess.run(["cp", "-a", used_home, copy], check=True)
    assert (copy / "db" / "postmaster.pid").exists()
    other, other_socket = joined(copy)
    assert execute(other_socket, "SHOW data_directory") == [(str(copy / "db"),)]
    execute(other_socket, "UPDATE notes SET text = 'changed in the copy'")
    assert execute(original_socket, "SELECT text FROM notes") == [("kept",)]
    original.leave()
    assert execute(other_socket, "SELECT text FROM notes") == [("changed in the copy",)]
    other.leave()


def test_a_copy_that_lost_its_permissions_works(used_home):
    copy = used_home.with_name("copy")
    subprocess.run(["cp", "-r", used_home, copy], check=True)
    (copy / "db").chmod(0o755)
    server, socket_dir = joined(copy)
    assert execute(socket_dir, "SELECT text FROM notes") == [("kept",)]
    server.leave()
    assert stat.S_IMODE((copy / "db").stat().st_mode) == 0o700


def test_a_moved_home_works(used_home):
    moved = used_home.with_name("moved")
    used_home.rename(moved)
    server, socket_dir = joined(moved)
    assert execute(socket_dir, "SELECT text FROM notes") == [("kept",)]
    server.leave()


@root_only
def test_root_runs_the_server_as_its_system_user_and_lets_only_that_one_pass(short_dir):
    closed = short_dir / "closed"
    closed.mkdir(mode=0o700)
    server, socket_dir = joined(closed / "home")
    process = Cluster(Home(closed / "home")).server_process()
    assert process.username() == SERVER_USER
    assert execute(socket_dir, "SELECT 1") == [(1,)]
    server.leave()
    if sys.platform == "linux" and "system.posix_acl_access" in os.listxattr(closed):
        assert stat.S_IMODE(closed.stat().st_mode) & 0o067 == 0  # others: nothing; that user alone: pass
    assert stat.S_IMODE(closed.stat().st_mode) & 0o044 == 0  # nobody else may list it


@root_only
@pytest.mark.slow
def test_an_ordinary_user_runs_the_server_as_itself_and_nobody_else_gets_in(short_dir, start_python):
    short_dir.chmod(0o777)
    code = """
import sys
from voicewright.db.server import Database
from voicewright.errors import AppError
from voicewright.settings import Settings
import alembic.command, encodings.idna, glob, psycopg
become(int(sys.argv[2]))
try:
    with Database.open(Settings(home=sys.argv[1], database_url=None)) as database:
        print(database._server._cluster.server_process().username())
except AppError as error:
    print(error.code, error.message)
"""
    out, errors = start_python(code, short_dir / "home", STRANGER).communicate(timeout=90)
    assert out == "nobody\n", errors
    (short_dir / "home").chmod(0o777)
    for folder in ("locks", "blobs", "cache", "cache/voices", "work"):
        (short_dir / "home" / folder).chmod(0o777)
    (short_dir / "home" / "FORMAT").chmod(0o644)
    for file in (short_dir / "home" / "locks").iterdir():
        file.chmod(0o666)
    out, errors = start_python(code, short_dir / "home", STRANGER - 1).communicate(timeout=90)
    assert out.startswith("CLUSTER_UNUSABLE"), errors
    assert "chown -R" in out
    # Root joins as what it finds: the owner of the files.
    with Database.open(Settings(home=short_dir / "home", database_url=None)) as database:
        assert database._server._cluster.server_process().username() == "nobody"


@pytest.fixture
def disk(short_dir):
    """Mounts a file system of a size on the test's folder."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("mounting a small disk needs root on Linux")

    def mount(options):
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(short_dir)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            pytest.skip(f"this machine does not let root mount: {done.stderr.strip()}")
        short_dir.chmod(0o711)
        return short_dir

    yield mount
    subprocess.run(["umount", "--lazy", str(short_dir)], check=False, capture_output=True)


def test_a_disk_without_room_for_a_database_is_left_clean(disk):
    root = disk("size=12m")
    with pytest.raises(DatabaseFull, match="free some space"):
        Database.open(Settings(home=root / "home", database_url=None))
    assert not (root / "home" / "db").exists()
    assert not list((root / "home").glob(".db-*"))


def test_a_disk_that_fills_up_costs_the_change_and_nothing_else(disk):
    root = disk("size=90m")
    settings = Settings(home=root / "home", database_url=None)
    with Database.open(settings) as database:
        with database.session() as session:
            session.connection().exec_driver_sql("CREATE TABLE notes AS SELECT 'kept' AS text")
        filler = root / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(root).free - (1 << 20)))
        much = "INSERT INTO notes SELECT repeat(md5(n::text), 100) FROM generate_series(1, 20000) AS n"
        with pytest.raises(DatabaseFull, match="taken back"), database.session() as session:
            session.connection().exec_driver_sql(much)
        filler.unlink()
        with database.session() as session:
            assert session.connection().exec_driver_sql("SELECT text FROM notes").scalars().all() == ["kept"]
    with Database.open(settings) as database, database.session() as session:
        assert session.connection().exec_driver_sql("SELECT text FROM notes").scalars().all() == ["kept"]


def test_a_read_only_disk_is_refused_before_anything_is_started(disk):
    root = disk("size=90m")
    settings = Settings(home=root / "home", database_url=None)
    Database.open(settings).close()
    subprocess.run(["mount", "-o", "remount,ro", str(root)], check=True)
    with pytest.raises(HomeNotWritable, match="read-only"):
        Database.open(settings)
