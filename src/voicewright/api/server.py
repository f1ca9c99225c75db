"""Serves the application on a socket until it is told to stop."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, ClassVar, Final

import uvicorn

from voicewright.errors import AppError, ErrorKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

_BACKLOG: Final = 2048
_GRACE_S: Final = 5
"""How long requests that are under way may take to end; streams are cut then."""


class PortUnusable(AppError):
    """Another program listens there already, or this one may not."""

    code: ClassVar[str] = "PORT_UNUSABLE"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class Server(uvicorn.Server):
    """The HTTP server of this process.

    Args:
        app: what is served.
        listener: as `listen` gives it.
        on_ready: called once requests are answered.
    """

    def __init__(self, app: FastAPI, listener: socket.socket, *, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                loop="uvloop",
                ws="websockets-sansio",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # the application does it, for the proxies that it was told to trust
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        self._app = app
        self._listener = listener
        self._on_ready = on_ready

    def serve_until_stopped(self) -> None:
        """Answer requests until SIGINT or SIGTERM, or until `should_exit` is set."""
        self.run(sockets=[self._listener])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and tell."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new requests, end the streams, and let the other requests end."""
        self._app.state.job_watch.end()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """Take a port; 0 takes one that is free.

    Raises:
        PortUnusable: says why.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
        listener.set_inheritable(False)
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        why = "another program listens there" if taken else str(error.strerror or error)
        raise PortUnusable(
            f"Can't listen on {host}, port {port}: {why}. Name another with --port (PORT) or --host "
            "(VOICEWRIGHT_HOST)."
        ) from error
    return listener
