"""Asking in a loop of its own: answers, streams, and cancellations that are heard at once."""

from __future__ import annotations

import asyncio
import threading

import pytest

from voicewright.engines.asking import Asking
from voicewright.engines.errors import Cancelled


class Context:
    """Cancelled when it is told to."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()

    def check_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise Cancelled("The work was cancelled.")


@pytest.fixture(scope="module")
def asking():
    return Asking()


def test_it_answers_and_raises_what_is_raised(asking):
    async def answer():
        return 3

    async def fail():
        raise TimeoutError("its own")

    assert asking.answer(answer, Context()) == 3
    with pytest.raises(TimeoutError, match="its own"):
        asking.answer(fail, Context())


def test_a_cancellation_reaches_what_is_waited_for_and_what_is_to_be_done_afterwards(asking):
    context, said = Context(), []

    async def tidy():
        said.append("tidied")

    async def wait():
        context.cancelled.set()
        try:
            await asyncio.Event().wait()
        finally:
            asking.afterwards(tidy())

    with pytest.raises(Cancelled):
        asking.answer(wait, context)
    assert said == ["tidied"]


def test_nothing_is_begun_where_it_is_cancelled_already(asking):
    context = Context()
    context.cancelled.set()
    with pytest.raises(Cancelled):
        asking.answer(lambda: pytest.fail("it was asked"), context)


def test_a_stream_is_closed_by_its_end_by_its_reader_and_by_a_cancellation(asking):
    said = []

    async def count(wait_at):
        try:
            for number in range(3):
                if number == wait_at:
                    context.cancelled.set()
                    await asyncio.Event().wait()
                yield number
        finally:
            said.append(wait_at)

    context = Context()
    assert list(asking.stream(lambda: count(9), context)) == [0, 1, 2]
    half = asking.stream(lambda: count(8), context)
    assert next(half) == 0
    half.close()
    with pytest.raises(Cancelled):
        list(asking.stream(lambda: count(1), context))
    assert said == [9, 8, 1]
