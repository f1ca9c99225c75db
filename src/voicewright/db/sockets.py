"""The way to a server's Unix socket, also where the path is longer than a socket address can be.

A socket address holds about 100 bytes, and the data directory may be deeper than that. The server is started
inside its directory and given the relative path ".", so that it has no such limit; a client of a long path
goes through a symbolic link in a temporary folder of its own.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from pathlib import Path

from voicewright.db.errors import ClusterUnusable

SOCKET_NAME = ".s.PGSQL.5432"
_ADDRESS_MAX_BYTES = 103  # macOS has 104 with the final NUL, Linux 108
_CONNECT_TIMEOUT_S = 5.0


class SocketRoute:
    """How this process reaches the socket in a folder.

    Args:
        folder: the folder of the socket; it need not exist yet.

    Attributes:
        folder: the same folder by a path that fits, for `host=` in a connection string.

    Raises:
        ClusterUnusable: not even the path of a temporary folder is short enough.
    """

    def __init__(self, folder: Path) -> None:
        self._alias: Path | None = None
        self.folder = folder
        if not _fits(folder):
            self._alias = _short_temporary_folder(folder)
            self.folder = self._alias / "db"
            self.folder.symlink_to(folder)

    def answers(self) -> bool:
        """Whether somebody listens there."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(_CONNECT_TIMEOUT_S)
            try:
                client.connect(str(self.folder / SOCKET_NAME))
            except OSError:
                return False
            return True

    def close(self) -> None:
        """Remove the temporary folder, if there is one."""
        if self._alias is not None:
            shutil.rmtree(self._alias, ignore_errors=True)
            self._alias = None


def _fits(folder: Path) -> bool:
    # libpq takes a comma in `host=` for the end of the first of several hosts.
    return len(os.fsencode(folder / SOCKET_NAME)) <= _ADDRESS_MAX_BYTES and "," not in str(folder)


def _short_temporary_folder(wanted: Path) -> Path:
    for base in (None, "/tmp"):  # noqa: S108 - mkdtemp makes a private folder there
        try:
            alias = Path(tempfile.mkdtemp(prefix="voicewright-", dir=base))
        except OSError:
            continue
        if _fits(alias / "db"):
            return alias
        alias.rmdir()
    raise ClusterUnusable(
        f"The path {wanted} is too long for a Unix socket, and no temporary folder with a shorter one can be "
        "made. Set VOICEWRIGHT_HOME to a shorter path."
    )
