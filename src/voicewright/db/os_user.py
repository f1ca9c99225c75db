"""Which OS user the embedded server runs as, and how programs are run as that user.

An ordinary user runs it as itself. Root can't (PostgreSQL refuses), so that root runs it as the owner of the
database's files, or, when there are none yet or root owns them, as the system user `voicewright`, which is
created.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicewright.db.errors import EmbeddedServerFailed
from voicewright.db.passage import let_pass

if TYPE_CHECKING:
    from collections.abc import Sequence

SERVER_USER = "voicewright"
_PROGRAM_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class OsUser:
    """An OS user by number; `switch` says whether this process must become it to run the server."""

    user_id: int
    group_id: int
    switch: bool

    @property
    def name(self) -> str:
        """The user's name, or its number where it has none."""
        try:
            return pwd.getpwuid(self.user_id).pw_name
        except KeyError:
            return str(self.user_id)

    def run(
        self, command: Sequence[str], folder: Path, *, new_session: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this user in a folder; its output is kept as text.

        In a new session, what it leaves in the background does not get the terminal's Ctrl-C.

        The folder is entered before the user changes, and the environment is empty, so that `PG*` variables
        of the person who runs the command don't reach the server.

        Raises:
            EmbeddedServerFailed: it can't be run at all, or hangs.
        """
        switch: dict[str, Any] = (
            {"user": self.user_id, "group": self.group_id, "extra_groups": []} if self.switch else {}
        )
        try:
            return subprocess.run(
                command, cwd=folder, env={"LC_ALL": "C"}, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, errors="replace", timeout=_PROGRAM_TIMEOUT_S, check=False,
                start_new_session=new_session, **switch,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedServerFailed(
                f"Can't run {command[0]} as the user {self.name}: {error}. Run voicewright as an ordinary "
                "user, or set DATABASE_URL to a PostgreSQL server of your own."
            ) from error

    def reach(self, *targets: Path) -> None:
        """Make sure that the user can walk to these paths (only root ever has to).

        Raises:
            EmbeddedServerFailed: a folder in between can't be opened for it.
        """
        if not self.switch:
            return
        for target in targets:
            try:
                let_pass(target, self.user_id, self.group_id)
            except OSError as error:
                raise EmbeddedServerFailed(
                    f"The database runs as the user {self.name}, which can't reach {target}: "
                    f"{error.filename} is closed to it and can't be opened ({error.strerror}). Set "
                    "VOICEWRIGHT_HOME to a directory such as /var/lib/voicewright, or run voicewright as an "
                    "ordinary user."
                ) from error


def server_user(cluster: Path) -> OsUser:
    """The user to run the server of a cluster as; the cluster need not exist yet.

    Raises:
        EmbeddedServerFailed: root's system user can't be created.
    """
    if os.geteuid() != 0:
        return OsUser(os.geteuid(), os.getegid(), switch=False)
    if cluster.exists():
        owner = cluster.stat()
        if owner.st_uid != 0:
            return OsUser(owner.st_uid, owner.st_gid, switch=True)
    entry = _system_user()
    return OsUser(entry.pw_uid, entry.pw_gid, switch=True)


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
               "--shell", "/usr/sbin/nologin", SERVER_USER]  # fmt: skip
    problem = "there is no program `useradd`"
    if shutil.which(command[0]):
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_PROGRAM_TIMEOUT_S
        )
        problem = done.stderr.strip()
    try:
        return pwd.getpwnam(SERVER_USER)  # another command may have been faster
    except KeyError:
        raise EmbeddedServerFailed(
            f"PostgreSQL can't run as root, and the system user `{SERVER_USER}` for it can't be created: "
            f"{problem}. Create it, or run voicewright as an ordinary user, or set DATABASE_URL to a "
            "PostgreSQL server of your own."
        ) from None


def own(folder: Path, user: OsUser) -> None:
    """Give a folder with all it holds to a user, without following links; the folder itself comes last."""
    for base, folders, names in os.walk(folder):
        for name in (*folders, *names):
            os.chown(Path(base, name), user.user_id, user.group_id, follow_symlinks=False)
    os.chown(folder, user.user_id, user.group_id)
