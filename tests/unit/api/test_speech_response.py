"""The passage between the thread that speaks and the event loop that sends."""

from __future__ import annotations

import asyncio
import threading

import pytest

from voicewright.api.speech_response import _PIECES_AHEAD, _Gone, _Passage

PATIENCE_S = 10


def test_who_takes_slowly_holds_the_maker_back():
    made = []

    async def take():
        passage = _Passage()
        room = threading.Semaphore(0)

        def make():
            for number in range(3 * _PIECES_AHEAD):
                room.release()
                passage.put(bytes([number]))
                made.append(number)
            passage.end(None)

        thread = threading.Thread(target=make)
        thread.start()
        for _ in range(_PIECES_AHEAD + 1):  # the last of these is the one that has to wait
            assert await asyncio.to_thread(room.acquire, timeout=PATIENCE_S)
        assert len(made) <= _PIECES_AHEAD
        taken = []
        while (piece := await passage.take()) is not None:
            taken += piece
            assert len(made) <= len(taken) + _PIECES_AHEAD
        thread.join(PATIENCE_S)
        return taken

    assert asyncio.run(take()) == list(range(3 * _PIECES_AHEAD)) == made


def test_a_maker_that_waits_is_told_when_nobody_takes_any_more():
    async def leave():
        passage = _Passage()
        told = threading.Event()

        def make():
            try:
                while True:
                    passage.put(b"sound")
            except _Gone:
                told.set()

        thread = threading.Thread(target=make)
        thread.start()
        await passage.take()
        passage.close()
        assert await asyncio.to_thread(told.wait, PATIENCE_S)
        thread.join(PATIENCE_S)

    asyncio.run(leave())


def test_what_ends_the_making_comes_out_after_what_was_made():
    async def take():
        passage = _Passage()
        passage.put(b"sound")
        passage.end(ValueError("the engine died"))
        assert await passage.take() == b"sound"
        with pytest.raises(ValueError, match="died"):
            await passage.take()

    asyncio.run(take())
