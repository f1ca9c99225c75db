"""The frames between parent and host process: a JSON header and an optional binary payload.

Layout: two unsigned 32-bit big-endian lengths (header, payload), then the header (UTF-8 JSON object), then
the payload. The child opens its side with `PREAMBLE`, so that whatever an interpreter prints before it gets
there (a chatty `sitecustomize`, for example) is skipped instead of being taken for a frame.
"""

from __future__ import annotations

import json
import os
import struct
import threading
from typing import Any, Protocol

PREAMBLE = b"\x00voicewright-host-1\n"
MAX_HEADER_BYTES = 64 << 20
MAX_PAYLOAD_BYTES = 256 << 20
MAX_NOISE_BYTES = 1 << 20
"""More than this before the preamble is not noise but another program."""

_LENGTHS = struct.Struct(">II")
_JOIN_BELOW_BYTES = 64 << 10
"""Up to here copying the payload into one buffer is cheaper than a second system call."""

Header = dict[str, Any]


class FrameError(Exception):
    """The bytes are not a frame: the other side is broken or is not a host process."""


class ByteSource(Protocol):
    """A blocking binary stream, buffered."""

    def read(self, size: int, /) -> bytes:
        """Return exactly `size` bytes, or fewer at the end of the stream."""


def encode(header: Header, payload_bytes: int = 0) -> bytes:
    """Return the frame up to where its payload of `payload_bytes` bytes begins.

    Raises:
        FrameError: when the header or payload is too large, or the header is not JSON.
    """
    try:
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError) as error:
        raise FrameError(f"a message can't be written as JSON: {error}") from error
    if len(text) > MAX_HEADER_BYTES or payload_bytes > MAX_PAYLOAD_BYTES:
        raise FrameError(
            f"a message of {len(text):,} + {payload_bytes:,} bytes is larger than "
            f"{MAX_HEADER_BYTES:,} + {MAX_PAYLOAD_BYTES:,}; send it in pieces, or as a file"
        )
    return _LENGTHS.pack(len(text), payload_bytes) + text


def read(source: ByteSource) -> tuple[Header, bytes] | None:
    """Read one frame; None at the end of the stream, also where it ends in the middle of a frame.

    Raises:
        FrameError: when the bytes are not a frame.
    """
    prefix = source.read(_LENGTHS.size)
    if len(prefix) < _LENGTHS.size:
        return None
    header_bytes, payload_bytes = _LENGTHS.unpack(prefix)
    if header_bytes > MAX_HEADER_BYTES or payload_bytes > MAX_PAYLOAD_BYTES:
        raise FrameError(f"lengths of {header_bytes:,} and {payload_bytes:,} bytes are out of bounds")
    text = source.read(header_bytes)
    payload = source.read(payload_bytes) if payload_bytes else b""
    if len(text) < header_bytes or len(payload) < payload_bytes:
        return None
    try:
        header = json.loads(text.decode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise FrameError(f"a header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise FrameError("a header is not a JSON object")
    return header, payload


def skip_to_preamble(source: ByteSource) -> bytes | None:
    """Read past the preamble and return what came before it; None where the stream ends first.

    Raises:
        FrameError: when there is too much noise.
    """
    seen = bytearray()
    while not seen.endswith(PREAMBLE):
        if len(seen) > MAX_NOISE_BYTES:
            raise FrameError("the process writes something else than frames to its standard output")
        byte = source.read(1)
        if not byte:
            return None
        seen += byte
    return bytes(seen[: -len(PREAMBLE)])


class FrameWriter:
    """Writes whole frames to a file descriptor, from any thread; blocks while the pipe is full."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = threading.Lock()

    def write(self, header: Header, payload: bytes = b"") -> None:
        """Write one frame.

        Raises:
            FrameError: when it can't be encoded; nothing was written.
            OSError: when the other side is gone.
        """
        start = encode(header, len(payload))
        with self._lock:
            if len(payload) <= _JOIN_BELOW_BYTES:
                self._write_all(start + payload)
            else:
                self._write_all(start)
                self._write_all(payload)

    def write_raw(self, data: bytes) -> None:
        """Write bytes that are no frame: the preamble."""
        with self._lock:
            self._write_all(data)

    def _write_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]
