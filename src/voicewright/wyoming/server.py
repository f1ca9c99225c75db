"""Listens for clients of the Wyoming protocol until it is told to stop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from wyoming.error import Error
from wyoming.event import async_write_event

from voicewright.wyoming.connection import Connection
from voicewright.wyoming.framing import LINE_BYTES

if TYPE_CHECKING:
    import socket

    from voicewright.wyoming.door import Door

MOST_CLIENTS: Final = 64
"""Connections at once; more are told so, and closed."""


class WyomingServer:
    """The server of one door; `run` it in a thread, `stop` it from another.

    Args:
        door: what is spoken with.
        listener: bound and listening; closed at the end.
    """

    def __init__(self, door: Door, listener: socket.socket) -> None:
        self._door = door
        self._listener = listener
        self._clients: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._lock = threading.Lock()
        self._stopping = False

    def run(self) -> None:
        """Serve until `stop`; every client is hung up on at the end, and what is spoken for it stops."""
        asyncio.run(self._run())

    def stop(self) -> None:
        """End `run` soon, from any thread; also before it has begun."""
        with self._lock:
            self._stopping = True
            if self._loop is not None and self._stopped is not None:
                self._loop.call_soon_threadsafe(self._stopped.set)

    async def _run(self) -> None:
        stopped = asyncio.Event()
        with ThreadPoolExecutor(MOST_CLIENTS, thread_name_prefix="wyoming") as threads:
            server = await asyncio.start_server(
                lambda reader, writer: self._serve(threads, reader, writer),
                sock=self._listener,
                limit=LINE_BYTES,
            )
            with self._lock:
                self._loop, self._stopped = asyncio.get_running_loop(), stopped
                if self._stopping:
                    stopped.set()
            try:
                await stopped.wait()
            finally:
                with self._lock:
                    self._loop = None
                server.close()
                for client in self._clients:
                    client.cancel()
                await asyncio.gather(*self._clients, return_exceptions=True)

    async def _serve(
        self, threads: ThreadPoolExecutor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        client = asyncio.current_task()
        assert client is not None  # noqa: S101 - asyncio made it for this
        if len(self._clients) >= MOST_CLIENTS:
            full = Error(f"{MOST_CLIENTS} clients are connected already. Try again later.", "WYOMING_FULL")
            await async_write_event(full.event(), writer)
            writer.close()
            return
        self._clients.add(client)
        try:
            await Connection(self._door, threads, reader, writer).serve()
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        finally:
            self._clients.discard(client)
