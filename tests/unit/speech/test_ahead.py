"""What lies between whoever speaks and whoever listens."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from voicewright.engines.errors import Cancelled, HostDied
from voicewright.speech.ahead import ReadAhead
from voicewright.speech.errors import SpeechUnheard

RATE_HZ = 1000
SECOND = np.zeros(RATE_HZ, dtype=np.float32)


def test_no_piece_is_begun_while_more_than_the_limit_waits() -> None:
    ahead, stop = ReadAhead(RATE_HZ, limit_s=1.5), threading.Event()
    begun = []

    def speak() -> None:
        for piece in range(4):
            ahead.await_room(stop)
            begun.append(piece)
            ahead.put(SECOND)
        ahead.end()

    thread = threading.Thread(target=speak)
    thread.start()
    ahead.await_first()
    blocks, most = iter(ahead), 0
    for taken, _ in enumerate(blocks, start=1):
        most = max(most, len(begun) - taken)
    thread.join()
    assert begun == [0, 1, 2, 3]
    assert most <= 2, "one that fills the limit, and one that was begun below it"


def test_it_is_told_whether_there_is_anything_to_wait_for() -> None:
    ahead = ReadAhead(RATE_HZ, limit_s=1.0)
    assert not ahead.has_more()
    ahead.put(SECOND)
    assert ahead.has_more()
    next(iter(ahead))
    assert not ahead.has_more()
    ahead.end()
    assert ahead.has_more()


def test_an_error_comes_after_what_was_spoken_before_it() -> None:
    ahead = ReadAhead(RATE_HZ, limit_s=1.0)
    ahead.put(SECOND)
    ahead.end(HostDied("It died."))
    ahead.await_first()
    blocks = iter(ahead)
    assert len(next(blocks)) == RATE_HZ
    with pytest.raises(HostDied):
        next(blocks)


def test_an_error_before_any_sound_is_raised_to_who_waits_for_the_first() -> None:
    ahead = ReadAhead(RATE_HZ, limit_s=1.0)
    ahead.end(HostDied("It died."))
    with pytest.raises(HostDied):
        ahead.await_first()


def test_who_waits_for_room_hears_that_nobody_listens_or_that_it_is_to_stop() -> None:
    ahead, stop = ReadAhead(RATE_HZ, limit_s=0.5, unheard_s=0.1), threading.Event()
    ahead.put(SECOND)
    with pytest.raises(SpeechUnheard):
        ahead.await_room(stop)
    stop.set()
    with pytest.raises(Cancelled):
        ahead.await_room(stop)


def test_what_was_taken_counts_until_it_can_have_been_heard() -> None:
    ahead = ReadAhead(RATE_HZ, limit_s=10.0)
    assert ahead.lead_s() == 0.0
    for _ in range(30):
        ahead.put(SECOND)
    blocks = iter(ahead)
    for _ in range(30):
        next(blocks)
    assert ahead.waiting_s == 0.0
    assert 0.0 < ahead.lead_s() <= 30.0
