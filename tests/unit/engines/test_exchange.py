from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from voicewright.engines.errors import StreamStalled
from voicewright.engines.host.exchange import Exchange


@pytest.fixture
def ends():
    return []


@pytest.fixture
def exchange(ends):
    return Exchange(1, window_bytes=1000, on_end=lambda: ends.append(1))


def test_arrivals_are_taken_in_order(exchange):
    for number in range(3):
        assert exchange.put({"n": number}, b"", patience_s=0)
    assert [exchange.take(0)[0]["n"] for _ in range(3)] == [0, 1, 2]
    assert exchange.take(0) is None


def test_full_window_blocks_until_something_is_taken(exchange):
    exchange.put({"n": 0}, bytes(900), patience_s=0)
    with ThreadPoolExecutor(1) as pool:
        put = pool.submit(exchange.put, {"n": 1}, bytes(900), patience_s=60)
        assert exchange.take(60)[0] == {"n": 0}
        assert put.result(60) is True
    assert exchange.take(0)[0] == {"n": 1}


def test_reader_who_takes_nothing_is_told_apart_from_a_slow_one(exchange):
    exchange.put({}, bytes(900), patience_s=0)
    assert exchange.put({}, bytes(900), patience_s=0.01) is False


def test_one_frame_larger_than_the_window_passes(exchange):
    assert exchange.put({}, bytes(5000), patience_s=0)
    assert exchange.take(0) == ({}, bytes(5000))


def test_what_may_be_lost_is_lost_when_the_window_is_full(exchange):
    exchange.put({"n": 0}, bytes(790), patience_s=0)
    exchange.offer({"n": 1})
    assert exchange.take(0)[0] == {"n": 0}
    assert exchange.take(0) is None
    exchange.offer({"n": 2})
    assert exchange.take(0)[0] == {"n": 2}


def test_last_arrival_finds_room_and_frees_the_host_once(exchange, ends):
    exchange.put({"n": 0}, bytes(5000), patience_s=0)
    exchange.end(({"type": "result"}, b""))
    exchange.end(({"type": "error"}, b""))
    assert exchange.ended.is_set()
    assert ends == [1]
    assert [exchange.take(0)[0] for _ in range(2)] == [{"n": 0}, {"type": "result"}]
    assert exchange.take(0) is None


def test_discarding_unblocks_the_writer_and_leaves_only_the_reason(exchange):
    reason = StreamStalled("nobody reads")
    exchange.put({"n": 0}, bytes(900), patience_s=0)
    with ThreadPoolExecutor(1) as pool:
        put = pool.submit(exchange.put, {"n": 1}, bytes(900), patience_s=60)
        exchange.discard(reason)
        assert put.result(60) is True
    exchange.end(({"type": "result"}, b""))
    assert exchange.take(0) is reason
    assert exchange.take(0) is None
