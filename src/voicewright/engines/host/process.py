"""`HostProcess`: the parent's handle on a service in a child process, one request at a time.

    with HostProcess("voicewright.quality.service:MeasureService", name="The measures") as host:
        answer = host.call("speaker_embeddings", {"paths": [...]}, on_event=print)

The child starts with the first request and stays warm. One that died, hung or had to be killed is replaced by
the next request. The handle may be shared by threads: each waits for its turn.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import sys
import threading
import time
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from voicewright.engines.errors import (
    Cancelled,
    EngineContractBroken,
    HostClosed,
    HostDied,
    HostHung,
    HostStartFailed,
    HostTimedOut,
)
from voicewright.engines.host import events, failures, frames
from voicewright.engines.host.connection import Connection
from voicewright.engines.host.events import HostUsage, OnEvent
from voicewright.engines.host.exchange import Arrival, Exchange
from voicewright.engines.host.spawn import spawn
from voicewright.errors import AppError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

_LOG = logging.getLogger(__name__)
_CANCEL_TICK_S = 0.05
"""How often a caller's cancel event is looked at."""
_TICK_S = 0.5
_POLITE_S = 2.0
"""How long an idle child may take to end in its own way."""


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the caller of one request allows."""

    on_event: OnEvent | None
    cancel: threading.Event | None
    deadline_s: float | None
    """On the monotonic clock."""
    timeout_s: float | None

    def check(self, name: str) -> None:
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled(f"{name} was stopped, because the work was cancelled.")
        if self.deadline_s is not None and time.monotonic() >= self.deadline_s:
            raise HostTimedOut(f"{name} had not answered after {self.timeout_s:g} s and was stopped.")

    def tick_s(self) -> float:
        tick_s = _TICK_S if self.cancel is None else _CANCEL_TICK_S
        return (
            tick_s if self.deadline_s is None else max(0.0, min(tick_s, self.deadline_s - time.monotonic()))
        )


class HostProcess:
    """Runs the class `factory` ("module:Class") in a child process and calls its methods.

    Args:
        factory: imported in the child only; made with `arguments` as keywords.
        name: what error messages call it, for example "The engine Builtin".
        arguments: JSON values for the constructor.
        python: the interpreter, of this or of another virtual environment. For another one PYTHONPATH
            carries nothing but voicewright.
        env: environment variables added to ours, for example OMP_NUM_THREADS.
        start_timeout_s: how long starting may take, with all imports.
        hang_timeout_s: how long the child may give no sign of life while it works. Heartbeats come from a
            thread of their own, so only something that holds the interpreter this long counts.
        cancel_grace_s: how long cancelled work may take to stop before the child is killed; below one
            second, so that the caller has the answer within one.
        stall_timeout_s: how long the reader of a stream may pause, with `window_bytes` waiting, before the
            work is cancelled.
        window_bytes: how much of a stream may wait for its reader (besides the pipe of the system).
    """

    def __init__(
        self,
        factory: str,
        *,
        name: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        python: str = sys.executable,
        env: Mapping[str, str] | None = None,
        start_timeout_s: float = 120.0,
        hang_timeout_s: float = 30.0,
        cancel_grace_s: float = 0.9,
        stall_timeout_s: float = 60.0,
        window_bytes: int = 256 << 10,
    ) -> None:
        self.name = name or f"The service {factory}"
        self._factory = factory
        self._arguments = dict(arguments or {})
        self._python = python
        self._env = dict(env or {})
        self._start_timeout_s = start_timeout_s
        self._hang_timeout_s = hang_timeout_s
        self._cancel_grace_s = cancel_grace_s
        self._stall_timeout_s = stall_timeout_s
        self._window_bytes = window_bytes
        self._ids = itertools.count(1)
        self._turn = threading.Condition()
        self._busy = False
        self._closed = False
        self._connection: Connection | None = None
        self._ending: weakref.finalize[..., HostProcess] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Of the running child; None where there is none."""
        connection = self._connection
        return None if connection is None or connection.dead.is_set() else connection.pid

    def start(self, *, on_event: OnEvent | None = None, cancel: threading.Event | None = None) -> None:
        """Start the child now instead of with the first request; does nothing when it runs.

        Raises:
            AppError: as `call`.
        """
        terms = _Terms(on_event, cancel, None, None)
        self._take_turn(terms)
        try:
            self._connect(terms)
        finally:
            self._free()

    def call(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        on_event: OnEvent | None = None,
        cancel: threading.Event | None = None,
        timeout_s: float | None = None,
    ) -> dict[str, Any]:
        """Call a method that answers with a dict.

        `on_event` is called in this thread. `timeout_s` counts from now and covers waiting for the turn and
        for a start. When the wait ends early (cancelled, timed out, KeyboardInterrupt, an exception in
        `on_event`), the work is cancelled in the child, and the child killed if it does not stop.

        Raises:
            Cancelled: `cancel` was set.
            HostTimedOut, HostHung, HostDied, HostStartFailed, HostClosed: what happened to the child.
            EngineFailed: the service raised something unforeseen.
            AppError: what the service raised.
        """
        exchange = self._exchange(method, params, on_event=on_event, cancel=cancel, timeout_s=timeout_s)
        with contextlib.closing(exchange):
            try:
                next(exchange)
            except StopIteration as done:
                return dict(done.value)
        raise EngineContractBroken(f"{self.name} answered `{method}` with a stream instead of a dict.")

    def stream(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        on_event: OnEvent | None = None,
        cancel: threading.Event | None = None,
        timeout_s: float | None = None,
    ) -> Generator[bytes | dict[str, Any], None, object]:
        """Call a method that answers with an iterator; yield its items as they are made.

        The request is sent with the first `next`. Closing the iterator, or dropping it, cancels the work in
        the child. So does a reader that pauses for longer than `stall_timeout_s` (`StreamStalled` when it
        comes back). `timeout_s` limits the wait for each item, not the reader's own time.

        Raises:
            AppError: as `call`.
        """
        return self._exchange(
            method, params, on_event=on_event, cancel=cancel, timeout_s=timeout_s, per_item=True
        )

    def usage(self) -> HostUsage:
        """Return what the current child, or the last one, has used, as of its last answer or heartbeat."""
        connection = self._connection
        return connection.usage if connection is not None else HostUsage(peak_rss_bytes=None, cpu_s=0.0)

    def close(self) -> None:
        """End the child and refuse further requests; requests in flight end with `HostClosed`."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()
        if self._ending is not None:
            self._ending()

    def _exchange(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        on_event: OnEvent | None,
        cancel: threading.Event | None,
        timeout_s: float | None,
        per_item: bool = False,
    ) -> Generator[bytes | dict[str, Any], None, dict[str, Any]]:
        def terms_from_now() -> _Terms:
            deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
            return _Terms(on_event, cancel, deadline_s, timeout_s)

        terms = terms_from_now()
        self._take_turn(terms)
        try:
            connection = self._connect(terms)
        except BaseException:
            self._free()
            raise
        request = {"type": "call", "method": method, "params": dict(params)}
        with self._requesting(connection, request, on_end=self._free) as exchange:
            while True:
                header, payload = self._await(connection, exchange, terms)
                if header["type"] == "result":
                    return dict(header["value"])
                yield header.get("value", payload)
                if per_item:
                    terms = terms_from_now()

    @contextlib.contextmanager
    def _requesting(
        self, connection: Connection, request: frames.Header, *, on_end: Any
    ) -> Iterator[Exchange]:
        exchange = Exchange(next(self._ids), window_bytes=self._window_bytes, on_end=on_end)
        try:
            connection.begin(exchange, request)
        except frames.FrameError as error:
            on_end()
            raise ValueError(f"{self.name} can't be asked: {error}") from error
        except BaseException:
            on_end()
            raise
        try:
            yield exchange
        finally:
            if not exchange.ended.is_set():
                connection.abandon(exchange)

    def _await(
        self, connection: Connection, exchange: Exchange, terms: _Terms
    ) -> tuple[frames.Header, bytes]:
        """Return the next item or the result; hand events on; notice cancellation, time-out and hanging."""
        heard, silent_s = connection.frames_heard, 0.0
        while True:
            terms.check(self.name)
            tick_s = terms.tick_s()
            before_s = time.monotonic()
            arrival = exchange.take(tick_s)
            if arrival is not None:
                frame = self._open(arrival)
                if frame[0]["type"] != "event":
                    return frame
                if terms.on_event is not None:
                    terms.on_event(events.from_wire(frame[0]))
                continue
            connection.kill_if_exited()
            if heard != connection.frames_heard:
                heard, silent_s = connection.frames_heard, 0.0
                continue
            if heard == 0:
                continue  # the interpreter itself is not up yet, which is for the time limit of the start
            # At most what was waited on purpose: if this process itself was stopped (Ctrl-Z, a laptop lid),
            # the child is not to blame.
            silent_s += min(time.monotonic() - before_s, 2 * tick_s)
            if silent_s >= self._hang_timeout_s:
                connection.kill_hung()
                raise HostHung(
                    f"{self.name} gave no sign of life for {self._hang_timeout_s:g} s and was killed; "
                    f"try again.{connection.last_words()}"
                )

    def _open(self, arrival: Arrival) -> tuple[frames.Header, bytes]:
        if isinstance(arrival, AppError):
            raise arrival
        header, payload = arrival
        if header["type"] == "error":
            raise failures.from_wire(header["error"])
        return header, payload

    def _take_turn(self, terms: _Terms) -> None:
        with self._turn:
            while True:
                if self._closed:
                    raise HostClosed(f"{self.name} has been closed.")
                terms.check(self.name)
                if not self._busy:
                    self._busy = True
                    return
                self._turn.wait(terms.tick_s())

    def _free(self) -> None:
        with self._turn:
            self._busy = False
            self._turn.notify()

    def _connect(self, terms: _Terms) -> Connection:
        """Return the running child, or start one; to be called by whoever has the turn."""
        connection = self._connection
        if connection is not None and not connection.dead.is_set():
            return connection
        if self._ending is not None:
            self._ending()  # releases what is left of the dead one
        try:
            process = spawn(self._factory, self._python, self._env)
        except OSError as error:
            raise HostStartFailed(f"{self.name} can't be started with {self._python}: {error}.") from error
        connection = Connection(
            process, name=self.name, stall_timeout_s=self._stall_timeout_s, grace_s=self._cancel_grace_s
        )
        reason = HostClosed(f"{self.name} was closed while it worked.")
        with self._turn:
            self._connection = connection
            self._ending = weakref.finalize(self, connection.close, reason, polite_s=_POLITE_S)
            if self._closed:  # in the meantime
                connection.kill(reason)
        try:
            self._initialise(connection, terms)
        except BaseException:
            connection.kill()
            self._ending()
            raise
        return connection

    def _initialise(self, connection: Connection, terms: _Terms) -> None:
        started_s = time.monotonic()
        limit_s = started_s + self._start_timeout_s
        deadline_s = limit_s if terms.deadline_s is None else min(limit_s, terms.deadline_s)
        request = {
            "type": "init",
            "name": self.name,
            "arguments": self._arguments,
            "beat_s": min(1.0, self._hang_timeout_s / 4),
        }
        start_terms = _Terms(terms.on_event, terms.cancel, deadline_s, self._start_timeout_s)
        try:
            with self._requesting(connection, request, on_end=lambda: None) as exchange:
                try:
                    header, _ = self._await(connection, exchange, start_terms)
                except BaseException:
                    connection.kill()  # a constructor has no context that it could be cancelled through
                    raise
        except HostDied as error:
            raise HostStartFailed(f"{self.name} could not start: {error.message}") from error
        except HostTimedOut as error:
            terms.check(self.name)  # the caller's own limit is not a failure to start
            raise HostStartFailed(
                f"{self.name} was not ready after {self._start_timeout_s:g} s.{connection.last_words()}"
            ) from error
        _LOG.debug("%s runs as process %d: %s", self.name, connection.pid, header["value"])
