"""The files of the embedded server: made once and whole, put right when copied, served by one server."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from voicewright.db.binaries import MAJOR, Binaries, find_binaries
from voicewright.db.errors import ClusterUnusable, DatabaseFull, DatabaseTooNew, EmbeddedServerFailed
from voicewright.db.os_user import OsUser, own, server_user

if TYPE_CHECKING:
    from voicewright.home.layout import Home

_ASIDE_PREFIX = ".db-"
_LOG_MAX_BYTES = 4 << 20
_LOG_TAIL_LINES = 8
_STATUS_LINE = 7  # the eighth line of postmaster.pid
_NO_SPACE = "No space left on device"
_INITDB_OPTIONS = (
    "--username=postgres",
    # Whoever can enter the folder (its owner, and root) is let in; nobody else reaches the socket.
    "--auth=trust",
    "--encoding=UTF8",
    # PostgreSQL's own Unicode order: an index stays right when the directory moves to another machine
    # or C library.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)


class Cluster:
    """The folder of one embedded server; all but `status` wants the caller to hold the start lock."""

    def __init__(self, home: Home) -> None:
        self._root = home.root
        self.path = home.database_dir

    @property
    def log_path(self) -> Path:
        """What the server says of itself."""
        return self.path / "log"

    def prepare(self, *, durable: bool = True) -> tuple[Binaries, OsUser]:
        """Make the files if there are none, and put ownership and permissions right.

        Args:
            durable: whether new files must have reached the disk before they are used.

        Raises:
            ClusterUnusable: somebody else's files, or incomplete ones.
            DatabaseTooNew: a newer PostgreSQL wrote them.
            DatabaseFull: no room to make them.
            EmbeddedServerMissing, EmbeddedServerFailed: the programs are not there or don't run.
        """
        try:
            if self.path.exists():
                user = self._take_over()  # first of all: the files of another user can't even be looked at
                if self._has_files():
                    binaries = find_binaries(self._major())
                    user.reach(self.path, binaries.folder / "postgres")
                    return binaries, user
            return self._create(durable=durable)
        except OSError as error:
            raise _unusable(self.path, error) from error

    def _take_over(self) -> OsUser:
        """Put the ownership and the permissions of the folder right; answers who runs its server."""
        user = server_user(self.path)
        found = self.path.stat()
        if user.switch and found.st_uid == 0:  # copied by root
            own(self.path, user)
        elif found.st_uid != user.user_id:
            raise ClusterUnusable(
                f"{self.path} belongs to another user "
                f"({OsUser(found.st_uid, found.st_gid, switch=False).name}). Run voicewright as that user, "
                f"or give the directory to {user.name} (`chown -R {user.name} {self._root}`), or set "
                "VOICEWRIGHT_HOME to a directory of your own."
            )
        if found.st_mode & 0o077:  # PostgreSQL refuses a folder that others can look into
            self.path.chmod(0o700)
        return user

    def status(self) -> str:
        """What the server last wrote of itself: "starting", "ready", "stopping"; empty without one."""
        lines = self._postmaster_lines()
        return lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else ""

    def server_process(self) -> psutil.Process | None:
        """The process that serves these very files, if it runs on this machine.

        The process id in `postmaster.pid` alone proves nothing: in a copied directory it is the original's,
        after a crash or in another container it may be anybody's.
        """
        lines = self._postmaster_lines()
        try:
            process = psutil.Process(int(lines[0]))
            if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
                return None
            return process if self._works_here(process) else None
        except (IndexError, ValueError, psutil.NoSuchProcess):
            return None

    def remove_foreign_locks(self) -> None:
        """Remove lock files that name a living process which is not this cluster's server.

        PostgreSQL itself clears away locks of processes that are gone; a living stranger makes it refuse to
        start.
        """
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            path = self.path / name
            try:
                process_id = int(path.read_text().split("\n", 1)[0])
            except (OSError, ValueError):
                continue
            if psutil.pid_exists(process_id):
                path.unlink(missing_ok=True)

    def rotate_log(self) -> int:
        """Keep the log small; answers its size, so that what is new in it can be found."""
        try:
            size = self.log_path.stat().st_size
        except FileNotFoundError:
            return 0
        if size <= _LOG_MAX_BYTES:
            return size
        self.log_path.replace(self.log_path.with_name("log.1"))
        return 0

    def log_since(self, offset: int) -> str:
        """The last lines of the log after that many bytes."""
        try:
            with self.log_path.open("rb") as stream:
                stream.seek(offset)
                text = stream.read().decode(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-_LOG_TAIL_LINES:])

    def _has_files(self) -> bool:
        if (self.path / "PG_VERSION").is_file():
            return True
        if self.path.is_dir() and not any(self.path.iterdir()):
            self.path.rmdir()
            return False
        raise ClusterUnusable(
            f"{self.path} holds no complete database (PG_VERSION is missing). Restore it from a backup; or, "
            "to start with an empty one, move it away: the voices' files in `blobs` stay, but are no longer "
            "listed."
        )

    def _major(self) -> int:
        text = (self.path / "PG_VERSION").read_text().strip()
        major = int(text) if text.isdecimal() else 0
        if major > MAJOR:
            raise DatabaseTooNew(
                f"{self.path} was written by PostgreSQL {major}, and this release of voicewright brings "
                f"PostgreSQL {MAJOR}. Nothing was changed. Install a newer voicewright."
            )
        if major == 0:
            raise ClusterUnusable(
                f"{self.path / 'PG_VERSION'} holds no version. Restore the directory from a backup."
            )
        return major

    def _create(self, *, durable: bool) -> tuple[Binaries, OsUser]:
        """Run initdb aside and rename: a first start that is killed leaves no half-made database behind."""
        binaries, user = find_binaries(), server_user(self.path)
        for left in self._root.glob(f"{_ASIDE_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        aside = self._root / f"{_ASIDE_PREFIX}{uuid.uuid4().hex[:8]}"
        aside.mkdir(mode=0o700)
        try:
            if user.switch:
                os.chown(aside, user.user_id, user.group_id)
            user.reach(aside, binaries.folder / "postgres")
            # One syncfs in place of a thousand fsyncs: 1 s against 4 s on an ordinary disk.
            fast = ["--sync-method=syncfs"] if sys.platform == "linux" else []
            options = [*_INITDB_OPTIONS, *(fast if durable else ["--no-sync"])]
            done = user.run([binaries.program("initdb"), "--pgdata=.", *options], aside)
            self._check_made(done.returncode, done.stderr)
            aside.rename(self.path)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        return binaries, user

    def _check_made(self, exit_status: int, stderr: str) -> None:
        if exit_status == 0:
            return
        if _NO_SPACE in stderr:
            raise DatabaseFull(
                f"No room to make the database in {self.path} (40 MB). Nothing was left behind; free some "
                "space and try again."
            )
        last = "\n".join(stderr.strip().splitlines()[-_LOG_TAIL_LINES:])
        raise EmbeddedServerFailed(f"The database in {self.path} could not be made. initdb says:\n{last}")

    def _postmaster_lines(self) -> list[str]:
        try:
            return (self.path / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _works_here(self, process: psutil.Process) -> bool:
        """Whether a postgres has this folder as its working directory (it always does in its own)."""
        try:
            return Path(process.cwd()).samefile(self.path)
        except OSError:
            return False
        except psutil.AccessDenied:  # macOS, or another user's: ours would run as the owner of the files
            return bool(process.uids().real == self.path.stat().st_uid)


def _unusable(path: Path, error: OSError) -> ClusterUnusable | DatabaseFull:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DatabaseFull(
            f"No room for the database in {path} ({error.strerror}). Free some space and try again."
        )
    return ClusterUnusable(
        f"The database in {path} can't be used: {error.filename or path}: {error.strerror}. Check the "
        "permissions of the data directory, or set VOICEWRIGHT_HOME to one of your own."
    )


def not_started(path: Path, log: str) -> DatabaseFull | EmbeddedServerFailed:
    """The error for a server that ended while it started, from the end of its log."""
    if _NO_SPACE in log:
        return DatabaseFull(
            f"The database in {path} can't start: its disk is full. No data is lost; free some space and try "
            "again."
        )
    return EmbeddedServerFailed(
        f"The database in {path} did not start. The end of {path / 'log'}:\n{log or '(empty)'}"
    )
