"""Reads the events of a client, none larger than a request to speak can be.

An event is a line of JSON, which may announce more JSON and bytes after it. The library reads as much as a
client announces; this reads no more than there is room for.
"""

from __future__ import annotations

import json
from asyncio import IncompleteReadError, StreamReader
from typing import Any, Final

from wyoming.event import Event

LINE_BYTES: Final = 1 << 16
_DATA_BYTES: Final = 1 << 20


class NotWyoming(Exception):
    """What came is no event of the protocol, or one that is too large; the message says why."""


async def read_event(reader: StreamReader) -> Event | None:
    """The next event; None where the client has gone.

    Args:
        reader: made with `limit=LINE_BYTES`.

    Raises:
        NotWyoming: nothing that comes after it can be read.
    """
    try:
        line = await reader.readline()
        if not line:
            return None
        head = _object(line)
        data = _members(head.get("data") or {})
        if size := _size(head, "data_length"):
            data = {**data, **_object(await reader.readexactly(size))}
        if size := _size(head, "payload_length"):
            await reader.readexactly(size)  # nothing that asks for speech has any
    except (IncompleteReadError, ConnectionError):
        return None
    except ValueError as error:
        raise NotWyoming(f"An event can't be read: {error}.") from error
    kind = head.get("type")
    if not isinstance(kind, str):
        raise NotWyoming("An event has no type.")
    return Event(kind, data)


def _object(text: bytes) -> dict[str, Any]:
    try:
        return _members(json.loads(text))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _members(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - as whatever else can't be read
    return found


def _size(head: dict[str, Any], name: str) -> int:
    size = head.get(name) or 0
    if not isinstance(size, int) or not 0 <= size <= _DATA_BYTES:
        raise ValueError(f"{name} has to be a number of bytes, at most {_DATA_BYTES}")
    return size
