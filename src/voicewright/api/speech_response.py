"""Sends speech while it is made: a thread speaks and encodes, and the event loop sends what is ready.

    return await send_speech(
        request, services, lambda cancel: services.speech.begin(user_id, order, cancel=cancel), Sending("mp3")
    )

Between the two is room for a few pieces, so a client that reads slowly holds the engine back and not the
memory. What goes wrong before the first sound is an ordinary answer; afterwards the body is broken off, which
every client notices, and the history has the reason. The engine stops when the client has gone.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from voicewright.audio.codecs import MEDIA_TYPES, AudioFormat
from voicewright.audio.streaming import EncodedStream
from voicewright.errors import AppError
from voicewright.speech.recording import recording

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from voicewright.api.services import Services
    from voicewright.speech.speaking import Speech

_LOG = logging.getLogger(__name__)
Result = TypeVar("Result")

_AT_ONCE: Final = 256
"""Speeches that threads work on, with those that wait for an engine; they take no threads of others."""
_PIECES_AHEAD: Final = 2
"""A second of sound each at most: what waits here can leave after the permit to speak was taken back."""
_LIMITER: Final[RunVar[CapacityLimiter]] = RunVar("voicewright_speeches")
_RUNNING: Final[set[asyncio.Task[Any]]] = set()
"""The event loop itself forgets tasks that nobody holds."""

Begin = Callable[[threading.Event], "Speech"]
"""Begins a speech, in a thread; the event is set when nobody waits for it any more."""


class Wrapping(Protocol):
    """Another form around the bytes of the sound, such as server-sent events."""

    media_type: str

    def piece(self, data: bytes) -> bytes:
        """Some of the sound."""

    def end(self, speech: Speech) -> bytes:
        """What follows the last of it."""

    def broken(self, error: AppError) -> bytes:
        """What says that no more of it comes, and why."""


@dataclass(frozen=True, slots=True)
class Sending:
    """How a speech is sent.

    Attributes:
        format: of the bytes.
        rate_hz: of the sound; None: as the engine makes it.
        wrapping: a form around the bytes.
        headers: more headers, once the speech has begun.
    """

    format: AudioFormat
    rate_hz: int | None = None
    wrapping: Wrapping | None = None
    headers: Callable[[Speech], Mapping[str, str]] = field(default=lambda _speech: {})

    @property
    def media_type(self) -> str:
        """For `Content-Type`."""
        return MEDIA_TYPES[self.format] if self.wrapping is None else self.wrapping.media_type


async def send_speech(request: Request, services: Services, begin: Begin, sending: Sending) -> Response:
    """Speak, and answer once there is a sound.

    Args:
        request: its body has been read.
        services: for the history, which keeps what is sent.
        begin: begins the speech.
        sending: how it is sent.

    Raises:
        AppError: as `begin`, and whatever went wrong before the first sound.
        ClientDisconnect: the client went away before there was one.
    """
    production = _Production(services, begin, sending)
    task = asyncio.create_task(in_speech_thread(production.run))
    _RUNNING.add(task)
    task.add_done_callback(_forget)
    first = asyncio.create_task(production.passage.take())
    leaving = asyncio.create_task(_until_gone(request.receive))
    try:
        await asyncio.wait((first, leaving), return_when=asyncio.FIRST_COMPLETED)
        if first.done():
            return _SpeechResponse(production, first.result())
    except BaseException:
        production.cancel()
        raise
    finally:
        first.cancel()
        leaving.cancel()
    production.cancel()
    raise ClientDisconnect


async def while_connected(request: Request, work: Callable[[threading.Event], Result]) -> Result:
    """Run what speaks in a thread; the event that it gets is set when the client has gone.

    Raises:
        ClientDisconnect: it has, and nobody waits for the result.
        AppError: what the work raises.
    """
    cancelling = threading.Event()
    working = asyncio.create_task(in_speech_thread(lambda: work(cancelling)))
    leaving = asyncio.create_task(_until_gone(request.receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
    finally:
        cancelling.set()
        leaving.cancel()
    _RUNNING.add(working)
    working.add_done_callback(_forget)
    raise ClientDisconnect


def _forget(task: asyncio.Task[Any]) -> None:
    """Let go of what nobody waits for; what became of it is in the history."""
    _RUNNING.discard(task)
    if not task.cancelled():
        task.exception()


async def in_speech_thread(work: Callable[[], Result]) -> Result:
    """Run what speaks in one of the threads that are for speeches."""
    try:
        limiter = _LIMITER.get()
    except LookupError:
        limiter = CapacityLimiter(_AT_ONCE)
        _LIMITER.set(limiter)
    return await anyio.to_thread.run_sync(work, limiter=limiter, abandon_on_cancel=True)


class _Gone(Exception):
    """Nobody takes the pieces any more."""


class _Passage:
    """A few pieces on their way from a thread to the event loop in which it was made."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue()
        self._room = threading.Semaphore(_PIECES_AHEAD)
        self._closed = False

    def put(self, piece: bytes) -> None:
        """Wait for room, then pass it on.

        Raises:
            _Gone: nobody takes it.
        """
        self._room.acquire()
        if self._closed:
            raise _Gone
        self._send(piece)

    def end(self, error: BaseException | None) -> None:
        """There is no more; with the reason where that is no good one."""
        self._send(error)

    async def take(self) -> bytes | None:
        """The next piece; None: it was the last one.

        Raises:
            BaseException: what ended it.
        """
        piece = await self._ready.get()
        self._room.release()
        if isinstance(piece, BaseException):
            raise piece
        return piece

    def close(self) -> None:
        """Take nothing more: whoever waits for room is told."""
        self._closed = True
        self._room.release()

    def _send(self, piece: bytes | BaseException | None) -> None:
        with suppress(RuntimeError):  # the event loop has ended, and with it whoever would take it
            self._loop.call_soon_threadsafe(self._ready.put_nowait, piece)


class _Production:
    """Makes a speech in a thread."""

    def __init__(self, services: Services, begin: Begin, sending: Sending) -> None:
        self.passage = _Passage()
        self.sending = sending
        self.headers: dict[str, str] = {}
        """Complete with the first piece."""
        self._services = services
        self._begin = begin
        self._cancelling = threading.Event()
        self._speech: Speech | None = None
        self._sent = False

    def run(self) -> None:
        """Speak to the end, or until nobody listens."""
        try:
            with self._begin(self._cancelling) as speech:
                self._speech = speech
                if self._cancelling.is_set():  # before it could be told
                    speech.cancel()
                self._speak(speech)
            if self.sending.wrapping is not None:
                self.passage.put(self.sending.wrapping.end(speech))
            self.passage.end(None)
        except BaseException as error:  # noqa: BLE001 - whoever takes the pieces is told, whatever it was
            self.passage.end(None if self._has_told(error) else error)

    def _has_told(self, error: BaseException) -> bool:
        """Tell in the form around the bytes, where there is one, that no more of them comes."""
        wrapping = self.sending.wrapping
        if wrapping is None or not self._sent or not isinstance(error, AppError):
            return False
        _LOG.warning("a speech was broken off: %s (%s)", error.message, error.code)
        with suppress(_Gone):
            self.passage.put(wrapping.broken(error))
        return True

    def cancel(self) -> None:
        """Nobody listens any more."""
        self._cancelling.set()
        if self._speech is not None:
            self._speech.cancel()
        self.passage.close()

    def _speak(self, speech: Speech) -> None:
        sending = self.sending
        stream = EncodedStream(
            _sounding(speech), speech.sample_rate_hz, sending.format, target_rate_hz=sending.rate_hz
        )
        wrap = (lambda piece: piece) if sending.wrapping is None else sending.wrapping.piece
        self.headers = dict(sending.headers(speech))
        with recording(self._services.history, speech, sending.format) as record:
            for piece in stream:
                self.passage.put(wrap(piece))
                self._sent = True
                record.write(piece)
            record.keep(self._services.history, speech, stream)


def _sounding(speech: Speech) -> Iterator[NDArray[np.float32]]:
    """The sound, of which there is some before the first block comes: a header alone is no beginning."""
    blocks = iter(speech)
    first = next(blocks, None)
    return blocks if first is None else chain((first,), blocks)


class _SpeechResponse(Response):
    """Sends the pieces as they come."""

    def __init__(self, production: _Production, first: bytes | None) -> None:
        super().__init__(headers=production.headers, media_type=production.sending.media_type)
        del self.headers["content-length"]  # nobody knows it yet
        self.headers.setdefault("Cache-Control", "no-store")
        self.headers["X-Accel-Buffering"] = "no"
        self._production = production
        self._first = first

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send, until the end or until the client has gone."""
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        except AppError as error:
            # the body is left without its end: the server hangs up, and the client can tell
            _LOG.warning("a speech was broken off: %s (%s)", error.message, error.code)
        finally:
            self._production.cancel()
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        piece = self._first
        while piece is not None:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await self._production.passage.take()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
