"""Asks a provider over the network so that a cancellation is heard at once.

A thread that waits for a socket can't be called back; a task in an event loop can, in whatever it waits for:
a connection, an answer, the next piece of it, or the pause before another attempt. So the asynchronous client
of a provider runs in a loop with a thread of its own, and the engine looks at its context meanwhile.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import threading
import time
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator

    from voicewright.engines.port import RunContext

T = TypeVar("T")

_LOOK_S: Final = 0.05
"""Between two looks at the cancellation."""
_SETTLE_S: Final = 0.5
"""How long a cancellation waits for what is tidied up after it; less than the host's patience."""
_FAREWELL_S: Final = 1.5
"""The same at the end of the process; less than the two seconds that the host leaves it."""
_END: Final = object()


class Asking:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._afterwards: set[asyncio.Task[object]] = set()
        threading.Thread(target=self._loop.run_forever, name="asking", daemon=True).start()
        atexit.register(self._settle, _FAREWELL_S)

    def answer(self, ask: Callable[[], Awaitable[T]], context: RunContext) -> T:
        """Run what `ask` returns to its end, and return what comes of it; an answer that is there is taken.

        Args:
            ask: called in the loop.
            context: of the engine's work.

        Raises:
            Cancelled: what was running is cancelled, and had a moment to tidy up.
        """
        context.check_cancelled()
        finished = threading.Event()

        async def watched() -> T:
            try:
                return await ask()
            finally:
                finished.set()

        future = asyncio.run_coroutine_threadsafe(watched(), self._loop)
        try:
            while not concurrent.futures.wait((future,), timeout=_LOOK_S).done:
                context.check_cancelled()
        except BaseException:
            until_s = time.monotonic() + _SETTLE_S
            future.cancel()
            finished.wait(_SETTLE_S)
            self._settle(until_s - time.monotonic())
            raise
        return future.result()

    def stream(self, ask: Callable[[], AsyncGenerator[T, None]], context: RunContext) -> Iterator[T]:
        """Yield what an asynchronous generator yields, no faster than it is taken.

        Closing the iterator, or a cancellation, closes the generator.
        """
        pieces = ask()
        try:
            while (piece := self.answer(lambda: anext(pieces, _END), context)) is not _END:
                yield cast("T", piece)
        finally:
            closing = asyncio.run_coroutine_threadsafe(_close(pieces), self._loop)
            concurrent.futures.wait((closing,), timeout=_SETTLE_S)

    def afterwards(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Have something done that goes on when whoever asked for it is cancelled; only in the loop.

        The end of the process waits a moment for it.
        """
        task = self._loop.create_task(work)
        self._afterwards.add(task)
        task.add_done_callback(self._afterwards.discard)
        return task

    def _settle(self, patience_s: float) -> None:
        """Wait for what is done afterwards, but not for long."""
        if not self._afterwards:
            return
        rest = asyncio.run_coroutine_threadsafe(_all_of(self._afterwards), self._loop)
        concurrent.futures.wait((rest,), timeout=max(patience_s, 0.0))


async def _close(pieces: AsyncGenerator[Any, None]) -> None:
    await pieces.aclose()


async def _all_of(tasks: set[asyncio.Task[object]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
