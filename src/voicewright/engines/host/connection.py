"""One running host process seen from the parent: its pipes, its last words, its death.

Three threads serve it: one reads frames, one writes them (a stopped child must not block the caller), one
drains standard error. None of them refers to the `HostProcess`, so that one which is forgotten can be
collected and takes its child with it.
"""

from __future__ import annotations

import collections
import contextlib
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from typing import IO, TYPE_CHECKING

from voicewright.engines.errors import HostDied, StreamStalled
from voicewright.engines.host import frames
from voicewright.engines.host.events import HostUsage

if TYPE_CHECKING:
    from voicewright.engines.host.exchange import Exchange
    from voicewright.errors import AppError

_LOG = logging.getLogger(__name__)
_LAST_LINES = 20
_LAST_CHARACTERS = 1500
"""In a message; the log lines have everything."""
_LINE_BYTES = 4096
"""Longer lines of standard error are cut: a progress bar without newlines can be endless."""
_AFTERMATH_S = 2.0
"""How long to wait for what a killed process leaves behind: its exit status, its last lines."""
_STACKS_S = 0.2
"""How long a hung process gets to print the next line of the stacks of its threads."""


class Connection:
    """Talks to one child process until that ends."""

    def __init__(
        self, process: subprocess.Popen[bytes], *, name: str, stall_timeout_s: float, grace_s: float
    ) -> None:
        self._process = process
        self._name = name
        self._stall_timeout_s = stall_timeout_s
        self._grace_s = grace_s
        self._owner_pid = os.getpid()
        self._lock = threading.Lock()
        self._exchange: Exchange | None = None
        self._reason: AppError | None = None
        self._last_lines: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)
        self._line_arrived = threading.Event()
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.dead = threading.Event()
        self.frames_heard = 0
        """Grows with every sign of life."""
        self.usage = HostUsage(peak_rss_bytes=None, cpu_s=0.0)
        self._threads = [
            threading.Thread(target=target, name=f"host-{role}-{process.pid}", daemon=True)
            for role, target in (("stderr", self._drain), ("writer", self._write), ("reader", self._read))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Of the child process."""
        return self._process.pid

    def begin(self, exchange: Exchange, header: frames.Header) -> None:
        """Send a request whose answers go to `exchange`; there must be no other.

        Raises:
            FrameError: when the request can't be written as JSON; nothing was sent.
        """
        data = frames.encode({**header, "id": exchange.id})
        with self._lock:
            if not self.dead.is_set():
                self._exchange = exchange
                self._outgoing.put(data)
                return
        exchange.end(self._cause_of_death())

    def cancel(self, exchange: Exchange) -> None:
        """Ask the child to stop working on this request."""
        self._outgoing.put(frames.encode({"type": "cancel", "id": exchange.id}))

    def abandon(self, exchange: Exchange) -> None:
        """Cancel a request that nobody waits for any more; kill the child if that does not help in time."""
        exchange.discard()
        self.cancel(exchange)
        try:
            if exchange.ended.wait(self._grace_s):
                return
            _LOG.info("%s did not stop within %.1f s and was killed", self._name, self._grace_s)
        except BaseException:
            self.kill()
            raise
        self.kill()
        exchange.ended.wait(_AFTERMATH_S)

    def kill(self, reason: AppError | None = None) -> None:
        """Kill the child and all that it started; a request in flight ends with `reason`."""
        if os.getpid() != self._owner_pid:
            return  # a forked copy of the owner: the child is not ours
        with self._lock:
            if self.dead.is_set():
                return
            self._reason = self._reason or reason
        self._kill_group()
        with contextlib.suppress(OSError):
            self._process.kill()
        self._outgoing.put(None)

    def kill_if_exited(self) -> None:
        """Finish off a child that has ended while something that it started still holds its pipes."""
        if self._process.poll() is not None and not self.dead.is_set():
            self.kill()

    def kill_hung(self) -> None:
        """Kill a child that gives no sign of life, after asking it where it is stuck."""
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                self._process.send_signal(signal.SIGUSR1)
            for _ in range(_LAST_LINES):  # until it falls silent, but a chatterbox is not heard to its end
                self._line_arrived.clear()
                if not self._line_arrived.wait(_STACKS_S):
                    break
        self.kill()
        self.dead.wait(_AFTERMATH_S)

    def close(self, reason: AppError, *, polite_s: float) -> None:
        """End the child: let an idle one finish in its own way, kill a working one."""
        if os.getpid() != self._owner_pid:
            return
        if self._exchange is None and not self.dead.is_set():
            self._outgoing.put(frames.encode({"type": "stop"}))
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(polite_s)
        self.kill(reason)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(_AFTERMATH_S)

    def last_words(self) -> str:
        """Return the end of what the child wrote to standard error, as a clause to append to a message."""
        lines = " | ".join(line.strip() for line in list(self._last_lines) if line.strip())
        return f" Its last lines: {lines[-_LAST_CHARACTERS:]}" if lines else ""

    def _read(self) -> None:
        source = self._process.stdout
        if source is None:
            return
        with source:
            try:
                noise = frames.skip_to_preamble(source)
                if noise:
                    self._add_line(noise.decode(errors="replace").rstrip())
                while noise is not None and (frame := frames.read(source)) is not None:
                    self._dispatch(*frame)
            except (frames.FrameError, KeyError, TypeError) as error:
                self.kill(
                    HostDied(f"{self._name} was stopped, because it sent what can't be read: {error!r}.")
                )
        self._bury()

    def _dispatch(self, header: frames.Header, payload: bytes) -> None:
        self.frames_heard += 1
        if "usage" in header:
            self.usage = HostUsage(**header["usage"])
        exchange = self._exchange
        if exchange is None or header.get("id") != exchange.id:
            return
        if header["type"] in {"result", "error"}:
            with self._lock:
                self._exchange = None
            exchange.end((header, payload))
        elif not exchange.put(header, payload, patience_s=self._stall_timeout_s):
            self._stall(exchange)

    def _stall(self, exchange: Exchange) -> None:
        exchange.discard(
            StreamStalled(
                f"{self._name} was stopped, because nobody read what it said for {self._stall_timeout_s:g} s."
            )
        )
        self.cancel(exchange)
        # This thread has to go on reading, so another one looks whether the child obeys.
        watch = threading.Timer(self._grace_s, self._kill_unless_ended, [exchange])
        watch.daemon = True
        watch.start()

    def _kill_unless_ended(self, exchange: Exchange) -> None:
        if not exchange.ended.is_set():
            self.kill()

    def _bury(self) -> None:
        """The child has closed its output: see that it is gone, learn why, tell who waits for it."""
        try:
            self._process.wait(_AFTERMATH_S)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        self._kill_group()
        self._outgoing.put(None)
        self._threads[0].join(_AFTERMATH_S)
        with self._lock:
            self.dead.set()
            exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.end(self._cause_of_death())

    def _kill_group(self) -> None:
        """Kill the child together with what it started, which may hold our pipes open."""
        if sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _cause_of_death(self) -> AppError:
        if self._reason is not None:
            return self._reason
        return HostDied(f"{self._name} {_describe_exit(self._process.returncode)}.{self.last_words()}")

    def _write(self) -> None:
        sink = self._process.stdin
        if sink is None:
            return
        # A child that is gone is noticed by the reading thread; here it is no news.
        with contextlib.suppress(OSError):
            while (data := self._outgoing.get()) is not None:
                sink.write(data)
                sink.flush()
        with contextlib.suppress(OSError):
            sink.close()

    def _drain(self) -> None:
        source = self._process.stderr
        if source is None:
            return
        with source:
            while line := _read_line(source):
                self._add_line(line.decode(errors="replace").rstrip())

    def _add_line(self, line: str) -> None:
        self._last_lines.append(line)
        self._line_arrived.set()
        _LOG.debug("%s: %s", self._name, line)
        exchange = self._exchange
        if exchange is not None:
            exchange.offer({"type": "event", "event": "stderr", "text": line})


def _read_line(source: IO[bytes]) -> bytes:
    return source.readline(_LINE_BYTES)


def _describe_exit(status: int | None) -> str:
    if status is None or status >= 0:
        return f"ended by itself (status {status})"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
    return f"was killed ({name}{hint})"
