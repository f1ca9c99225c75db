"""One client: reads what it asks while what it asked for is spoken, and stops speaking once it has gone."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

from wyoming.error import Error
from wyoming.event import Event, async_write_event
from wyoming.info import Describe
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped

from voicewright.errors import OPERATORS, AppError, ErrorKind
from voicewright.speech.order import SpeechOrder
from voicewright.wyoming.framing import NotWyoming, read_event
from voicewright.wyoming.requests import RequestUnreadable, Utterance
from voicewright.wyoming.sound import Sound

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from voicewright.wyoming.door import Door

_LOG = logging.getLogger(__name__)

_WAITING: Final = 16
"""Texts that a client may ask for before the first one is spoken."""
_UNREAD_S: Final = 60.0
"""How long a client may leave unread what is spoken for it, before it counts as gone."""
_BUG: Final = "Something unforeseen happened, which is a bug. The log of the server has the details."
_AWAY: Final = "Something that the service needs is away. The log of the server has the details."

Result = TypeVar("Result")


class Connection:
    """One client.

    Args:
        door: what is spoken with.
        threads: in which it is spoken, one for each connection.
        reader: from the client; made with `limit=LINE_BYTES`.
        writer: to the client; closed at the end.
    """

    def __init__(
        self, door: Door, threads: Executor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._door = door
        self._threads = threads
        self._reader = reader
        self._writer = writer
        self._gone = threading.Event()
        self._asked: asyncio.Queue[Utterance] = asyncio.Queue(_WAITING)
        self._streamed: Utterance | None = None

    async def serve(self) -> None:
        """Answer until the client goes, or asks for what can't be done; raises nothing of its own."""
        tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._speak())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for error in [task.exception() for task in done]:
                await self._tell(error)
        finally:
            self._gone.set()
            for task in tasks:
                task.cancel()
            try:
                await asyncio.gather(*tasks, return_exceptions=True)
                self._writer.close()
                with suppress(OSError):
                    await self._writer.wait_closed()
            finally:
                self._writer.transport.abort()  # the server ends, and waits for nobody

    async def _read(self) -> None:
        while (event := await read_event(self._reader)) is not None:
            if Describe.is_type(event.type):
                await self._write((await self._in_thread(self._door.describe)).event())
            elif SynthesizeStart.is_type(event.type):
                self._streamed = self._ask(event, streamed=True)
            elif SynthesizeChunk.is_type(event.type) and self._streamed is not None:
                self._streamed.add(event)
            elif SynthesizeStop.is_type(event.type) and self._streamed is not None:
                self._streamed.end()
                self._streamed = None
            # within a stream the whole text comes once more, for servers that know no streams
            elif Synthesize.is_type(event.type) and self._streamed is None:
                self._ask(event, streamed=False)

    def _ask(self, event: Event, *, streamed: bool) -> Utterance:
        if self._streamed is not None:
            raise RequestUnreadable("A text is still coming in parts: send synthesize-stop first.")
        asked = Utterance.of(event, streamed=streamed, most_characters=self._door.most_characters)
        try:
            self._asked.put_nowait(asked)
        except asyncio.QueueFull:
            raise RequestUnreadable(f"More than {_WAITING} texts wait to be spoken. Wait for them.") from None
        return asked

    async def _speak(self) -> None:
        while True:
            asked = await self._asked.get()
            out = Sound(self._write)
            while (part := await asked.next_part()) is not None:
                await self._speak_part(asked, part, out)
            await out.stop()
            if asked.streamed:
                await self._write(SynthesizeStopped().event())

    async def _speak_part(self, asked: Utterance, text: str, out: Sound) -> None:
        order = SpeechOrder(
            text=text,
            markup=asked.markup,
            voice=asked.voice.name or self._door.voice,
            language=asked.voice.language,
            source="wyoming",
        )
        speech = await self._in_thread(lambda: self._door.begin(order, self._gone))
        try:
            blocks = iter(speech)
            await out.begin(speech.sample_rate_hz)
            while (block := await self._in_thread(lambda: next(blocks, None))) is not None:
                await out.send(block)
            await out.end_of_part()
        finally:
            speech.cancel()
            await self._in_thread(speech.close)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        """Do what takes a while; where the client goes meanwhile, it ends soon, and that is waited for."""
        working = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            self._gone.set()
            with suppress(Exception):
                await working
            raise

    async def _write(self, event: Event) -> None:
        async with asyncio.timeout(_UNREAD_S):
            await async_write_event(event, self._writer)

    async def _tell(self, error: BaseException | None) -> None:
        if error is None or isinstance(error, OSError):
            return  # the client has gone, or reads nothing
        told = _told(error)
        with suppress(OSError):
            await self._write(told.event())


def _told(error: BaseException) -> Error:
    """What a client is told of an error; the rest is for whoever runs the server."""
    if isinstance(error, NotWyoming):
        return Error(str(error), RequestUnreadable.code)
    if not isinstance(error, AppError):
        _LOG.error("unexpected %s", type(error).__name__, exc_info=error)
        return Error(_BUG, AppError.code)
    hidden = error.kind is ErrorKind.INTERNAL or type(error).__module__.startswith(OPERATORS)
    if hidden:
        _LOG.error("%s: %s", error.code, error.message)
    return Error(_AWAY if hidden else error.message, error.code)
