from __future__ import annotations

import io
import os
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicewright.engines.host import frames

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(deadline=None, max_examples=50)
@given(header=st.dictionaries(st.text(), JSON), payload=st.binary())
def test_frame_survives_the_way(header, payload):
    data = frames.encode(header, len(payload)) + payload
    source = io.BytesIO(data + data)
    assert frames.read(source) == (header, payload)
    assert frames.read(source) == (header, payload)
    assert frames.read(source) is None


@pytest.mark.parametrize("cut", range(28))
def test_frame_cut_anywhere_is_the_end_of_the_stream(cut):
    data = frames.encode({"type": "item"}, 5) + b"12345"
    assert len(data) == 28
    assert frames.read(io.BytesIO(data[:cut])) is None


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">II", 5, 0) + b"{]}[(",
        struct.pack(">II", 2, 0) + b"[]",
        struct.pack(">II", 2, 0) + b"\xff\xfe",
    ],
)
def test_what_is_no_frame_is_refused(data):
    with pytest.raises(frames.FrameError):
        frames.read(io.BytesIO(data))


def test_what_is_too_large_is_refused_before_it_is_sent():
    with pytest.raises(frames.FrameError, match="in pieces"):
        frames.encode({}, frames.MAX_PAYLOAD_BYTES + 1)


def test_noise_before_the_preamble_is_returned():
    source = io.BytesIO(b"hello\n\x00" + frames.PREAMBLE + b"rest")
    assert frames.skip_to_preamble(source) == b"hello\n\x00"
    assert source.read() == b"rest"


def test_stream_without_preamble_has_ended():
    assert frames.skip_to_preamble(io.BytesIO(b"usage: python [option]")) is None


def test_endless_noise_is_given_up():
    with pytest.raises(frames.FrameError, match="something else"):
        frames.skip_to_preamble(io.BytesIO(bytes(frames.MAX_NOISE_BYTES + 100)))


@pytest.mark.parametrize("size", [0, 10, 40_000])
def test_writer_writes_what_the_reader_reads(size):
    reading, writing = os.pipe()
    frames.FrameWriter(writing).write({"a": 1}, bytes(size))
    os.close(writing)
    with os.fdopen(reading, "rb") as source:
        assert frames.read(source) == ({"a": 1}, bytes(size))
        assert frames.read(source) is None
