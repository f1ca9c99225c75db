"""Where the request in hand comes from, for what is recorded of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class RequestOrigin:
    """A request over the network, or a command."""

    source: str
    """The address of the client; `command` for the command line, `schedule` for a worker."""
    request_id: str | None = None


SCHEDULE: Final = RequestOrigin("schedule")
"""What a worker does by itself, or because somebody asked for it earlier."""

_HERE: Final = RequestOrigin("command")
_CURRENT: Final[ContextVar[RequestOrigin]] = ContextVar("request_origin", default=_HERE)


def current_origin() -> RequestOrigin:
    """That of the request in hand."""
    return _CURRENT.get()


@contextmanager
def coming_from(origin: RequestOrigin) -> Iterator[None]:
    """What happens inside comes from there; afterwards it is as before."""
    token = _CURRENT.set(origin)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def begin_request(origin: RequestOrigin) -> None:
    """From here on, in this context, this is where the request comes from."""
    _CURRENT.set(origin)
